import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { loadSite } from '../config/load.ts'
import { Memory } from '../config/shipped.ts'
import { formatProblem } from '../model/problem.ts'
import type { Site } from '../model/site.ts'
import type { Plan } from '../reload/plan.ts'
import { changeLines, endingLines } from '../reload/plan-text.ts'
import { changesBetween } from '../reload/site-changes.ts'
import { checkJobs } from './check.ts'
import { type Command, type Io, UsageError } from './command.ts'
import { keptList } from './device-lists.ts'
import { DaemonError, daemonOptions, daemonUsage, findDaemon, goodBody } from './operate.ts'
import { reported } from './reload.ts'
import { depsOf, printProblems } from './site-file.ts'

const usage = `Usage: siteward plan FILE [--config FILE | --url URL] [--from OLDFILE] [--json] [--detailed-exitcode]

Shows what a reload with the site file FILE would change, and changes nothing: devices, groups and rules that come (+), go
(-) and change (~), alarms that would be over with them, and what waits for a restart (!). Asks the siteward that runs, by
default the one that FILE itself is for; it looks at YAML files in the folder of its own site file. Limits that change are
judged when they are in force: which alarms they end is not foreseen.

  --from OLDFILE       compare with this file, and ask no siteward
  --json               print JSON
  --detailed-exitcode  exit status 2 when something would change
${daemonUsage}
Exit status: 0 when FILE is right, 1 when it has a mistake or siteward does not answer, 2 for a wrong command line.
`

const options = {
  ...daemonOptions,
  from: { type: 'string' },
  json: { type: 'boolean', default: false },
  'detailed-exitcode': { type: 'boolean', default: false },
} as const

/** What is printed. */
interface Planned extends Plan {
  readonly warnings: readonly string[]
}

/** \`siteward plan\`. */
export const plan: Command = {
  name: 'plan',
  summary: 'show what a changed site file would change, before it does',
  usage,
  async run(args, io) {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [file, more] = positionals
    if (file === undefined || more !== undefined) throw new UsageError('exactly one FILE is needed')
    const isAsked = values.config !== undefined || values.url !== undefined
    if (values.from !== undefined && isAsked) throw new UsageError('either --from, or the siteward that runs')
    const where = isAsked ? values : { ...values, config: file }
    const planned = values.from === undefined ? await asked(file, where, io) : await compared(file, values.from, io)
    if (planned === undefined) return 1
    for (const warning of planned.warnings) io.err.write(`warning: ${warning}\n`)
    const lines = linesOf(planned)
    io.out.write(values.json ? `${JSON.stringify(planned, null, 2)}\n` : `${textOf(planned, lines)}\n`)
    return values['detailed-exitcode'] && lines.length > 0 ? 2 : 0
  },
}

function linesOf({ changes, endings = [] }: Plan): readonly string[] {
  return [...changeLines(changes), ...endingLines(endings)]
}

function textOf({ changes }: Plan, lines: readonly string[]): string {
  const { kept } = changes.devices
  return lines.length === 0
    ? `nothing would change: ${kept} devices stay as they are`
    : [...lines, `${kept} devices stay as they are`].join('\n')
}

/** By the siteward that runs; undefined, with the reason printed, where there is no answer. */
async function asked(file: string, values: Parameters<typeof findDaemon>[0], io: Io): Promise<Planned | undefined> {
  const daemon = await findDaemon(values, io)
  if (daemon === undefined) return undefined
  try {
    const reply = await daemon.call('POST', '/api/v1/plan', { file: resolve(file) })
    return goodBody(reported(reply, io)) as Planned
  } catch (error) {
    if (!(error instanceof DaemonError)) throw error
    io.err.write(`siteward plan: ${error.message}; --from OLDFILE compares with a file\n`)
    return undefined
  }
}

/** By the two files alone; undefined, with the problems printed, where one of them has mistakes. */
async function compared(file: string, from: string, io: Io): Promise<Planned | undefined> {
  const memory = new Memory()
  const [old, next] = [await read(from, memory, io), await read(file, memory, io)]
  if (old === undefined || next === undefined) return undefined
  const changes = await changesBetween(old.site, next.site, async () => {})
  return { changes, endings: undefined, warnings: next.warnings }
}

/** Secrets are not looked at: whoever plans need not be able to read them. */
async function read(
  file: string,
  memory: Memory,
  io: Io,
): Promise<{ readonly site: Site; readonly warnings: readonly string[] } | undefined> {
  const { site, problems } = await loadSite(file, { ...depsOf(io.env, keptList), withoutSecrets: true, memory })
  const all = site === undefined ? problems : [...problems, ...checkJobs(site)]
  const mistakes = all.filter(({ level }) => level !== 'warning')
  printProblems(mistakes, io)
  if (site === undefined || mistakes.length > 0) return undefined
  return { site, warnings: all.map(formatProblem) }
}
