import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, type Started, start, until } from './process.ts'

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
  writeFileSync(join(folder, 'prometheus.yml'), 'global: { scrape_interval: 1m }\n')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const prometheus = start('prometheus', [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${data}`,
    '--storage.tsdb.retention.time=50y',
    `--web.listen-address=127.0.0.1:${port}`,
    ...options,
  ])
  await until(async () => (await fetch(`${url}/-/ready`)).ok, 60, prometheus.output)
  return { prometheus, url }
}
