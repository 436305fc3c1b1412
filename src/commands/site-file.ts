import type { Collector } from '../../collectors/collector.ts'
import { collectors } from '../../collectors/registry.ts'
import type { FetchList } from '../config/device-sources.ts'
import { type LoadDeps, type Loaded, loadSite } from '../config/load.ts'
import { shipped } from '../home.ts'
import { formatProblem, type Problem } from '../model/problem.ts'
import type { Schemas } from '../model/protocol.ts'
import { files } from '../shipped-files.ts'
import { type Io, UsageError } from './command.ts'
import { fetchList } from './device-lists.ts'

/** Every collector by its protocol's name. */
export const byProtocol: ReadonlyMap<string, Collector> = new Map(Object.entries(collectors))

/** The part of every protocol in the YAML. */
export const protocols: ReadonlyMap<string, Schemas> = new Map(
  [...byProtocol].map(([name, { schemas }]) => [name, schemas]),
)

/** The site of a file, with every problem in it and in the probes that it uses; `lists` is where lists of devices come from. */
export function readSite(file: string, env: Io['env'], lists: FetchList = fetchList): Promise<Loaded> {
  return loadSite(file, depsOf(env, lists))
}

/** The same for commands that ask no device: whoever types them need not be able to read the site's secrets. */
export function readSiteWithoutSecrets(file: string, env: Io['env']): Promise<Loaded> {
  return loadSite(file, { ...depsOf(env, fetchList), withoutSecrets: true })
}

export function depsOf(env: Io['env'], lists: FetchList): LoadDeps {
  return {
    fetchList: lists,
    files,
    env,
    protocols,
    shipped: {
      probes: shipped('probes'),
      metrics: shipped('config', 'metrics.yaml'),
      rules: shipped('config', 'rules.yaml'),
      checks: shipped('config', 'checks.yaml'),
      holidays: shipped('config', 'holidays.yaml'),
    },
  }
}

/** The value of --config, which these commands need. */
export function configOf(values: Readonly<Record<string, unknown>>): string {
  const { config } = values
  if (typeof config !== 'string') throw new UsageError('--config FILE is needed')
  return config
}

/** Prints problems, one a line, as file:line:column: message. */
export function printProblems(problems: readonly Problem[], io: Io): void {
  for (const problem of problems)
    io.err.write(`${problem.level === 'warning' ? 'warning: ' : ''}${formatProblem(problem)}\n`)
}
