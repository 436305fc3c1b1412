import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/model/clock.ts'
import { WatchedRoom } from '../status/watched-room.ts'
import { describeWith } from './peer.ts'
import { until } from './process.ts'
import { type Prometheus, startPrometheus } from './prometheus.ts'

describeWith(['prometheus'], 'devices as targets of a real Prometheus', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-discovery-'))
  const room = new WatchedRoom(systemClock)
  let prometheus: Prometheus

  beforeAll(async () => {
    await room.start()
    prometheus = await startPrometheus(
      folder,
      `global: { scrape_interval: 1s }
scrape_configs:
  - job_name: siteward-devices
    honor_labels: true
    http_sd_configs: [{ url: '${room.url}/sd/prometheus', refresh_interval: 5s }]
`,
    )
  }, 60_000)

  afterAll(async () => {
    await prometheus.stop()
    await room.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function ups(): Promise<Readonly<Record<string, string>>> {
    const samples = await prometheus.query('up')
    return Object.fromEntries(samples.map(({ metric, value }) => [metric['device'], value[1]]))
  }

  test('`up` is each device’s own, from siteward’s one poll', { timeout: 240_000 }, async () => {
    const all = { room: '1', 'crac-1': '1', 'ups-1': '1', 'switch-1': '1' }
    const are = (wanted: Readonly<Record<string, string>>) => async () =>
      JSON.stringify(Object.entries(await ups()).sort()) === JSON.stringify(Object.entries(wanted).sort())
    await until(are(all), 100, prometheus.output)
    room.silent.set('ups-1', 'no answer')
    await until(are({ ...all, 'ups-1': '0' }), 60, prometheus.output)
    room.silent.delete('ups-1')
    await until(are(all), 60, prometheus.output)
    expect(await ups()).toEqual(all)
  })
})
