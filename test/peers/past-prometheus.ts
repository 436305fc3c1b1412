import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Started, until } from './process.ts'
import { startPrometheus } from './prometheus.ts'

/** A real Prometheus in a folder whose past is a text in OpenMetrics; resolves when it answers. */
export async function pastPrometheus(
  folder: string,
  past: string,
  options: readonly string[],
): Promise<{ readonly prometheus: Started; readonly url: string }> {
  writeFileSync(join(folder, 'past.txt'), past)
  const data = join(folder, 'data')
  mkdirSync(data)
  execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'past.txt'), data], {
    stdio: 'pipe',
  })
  const configuration = 'global: { scrape_interval: 1m }\n'
  const long = '--storage.tsdb.retention.time=50y'
  const { started, url } = await startPrometheus(folder, configuration, long, ...options)
  await until(async () => (await fetch(`${url}/-/ready`)).ok, 60, started.output)
  return { prometheus: started, url }
}
