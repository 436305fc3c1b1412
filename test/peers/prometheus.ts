import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, type Started, start } from './process.ts'

/** A sample as Prometheus answers a query with. */
export interface Sampled {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

/** A real Prometheus at work. */
export interface Prometheus {
  readonly url: string
  readonly started: Started
  /** What it has printed. */
  output(): string
  /** What an expression gives now; rejects with Prometheus' own words where it is none. */
  query(expression: string): Promise<readonly Sampled[]>
  stop(): Promise<unknown>
}

/** Starts a Prometheus of a configuration; its data lies in `data` of the folder, which may hold some already. */
export async function startPrometheus(
  folder: string,
  configuration: string,
  ...options: readonly string[]
): Promise<Prometheus> {
  const file = join(folder, 'prometheus.yml')
  writeFileSync(file, configuration)
  const address = `127.0.0.1:${await freePort()}`
  const own = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=${address}`,
  ]
  const started = start('prometheus', [...own, ...options])
  const url = `http://${address}`
  return {
    url,
    started,
    output: () => started.output(),
    async query(expression) {
      const body = new URLSearchParams({ query: expression })
      const response = await fetch(`${url}/api/v1/query`, { method: 'POST', body })
      const { data, error } = (await response.json()) as { data?: { result: readonly Sampled[] }; error?: string }
      if (data === undefined) throw new Error(`${expression}: ${error}`)
      return data.result
    },
    stop: () => started.stop('SIGKILL'),
  }
}
