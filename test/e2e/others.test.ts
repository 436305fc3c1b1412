import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { shipped } from '../../src/home.ts'
import { describeWith } from '../peers/peer.ts'
import { freePort, type Started, start, until } from '../peers/process.ts'
import { decode, type Point } from '../push/proto.ts'
import { Sensors } from './sensors.ts'

const siteward = shipped('dist', 'siteward.cjs')

/*
 * The built siteward, a real Prometheus that has it ask targets, and a receiver of OTLP that keeps what it gets: the
 * Prometheus of Debian 12 (2.42) has none of its own, which came with 2.47.
 */
describeWith(['prometheus', 'promtool'], 'readings on other ways than by /metrics', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-others-'))
  const sensors = new Sensors()
  const ports = { siteward: 0, prometheus: 0, receiver: 0 }
  const started: Started[] = []
  const points: Point[] = []
  let status = 503
  const receiver = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const isMeant = request.headers.authorization === 'Bearer of nobody'
      response.writeHead(isMeant ? status : 401).end()
      if (isMeant && status === 200) points.push(...decode(gunzipSync(Buffer.concat(parts))).points)
    })
  })
  const everything = (): string => started.map((one) => one.output()).join('\n---\n')
  const query = async (
    text: string,
  ): Promise<readonly { readonly metric: object; readonly value: [number, string] }[]> => {
    const url = `http://127.0.0.1:${ports.prometheus}/api/v1/query?query=${encodeURIComponent(text)}`
    return ((await (await fetch(url)).json()) as { data: { result: [] } }).data.result
  }

  beforeAll(async () => {
    for (const name of ['siteward', 'prometheus', 'receiver'] as const) ports[name] = await freePort()
    await sensors.listen()
    await new Promise<void>((resolve) => receiver.listen(ports.receiver, '127.0.0.1', resolve))
    mkdirSync(join(folder, 'textfile'))
    writeFileSync(join(folder, 'token'), 'Bearer of nobody\n', { mode: 0o600 })
    writeFileSync(join(folder, 'site.yaml'), siteFile(ports, sensors.port))
    writeFileSync(join(folder, 'prometheus.yml'), prometheusFile(ports.siteward, sensors.port))
    started.push(start(process.execPath, [siteward, 'run', '--config', join(folder, 'site.yaml')]))
    started.push(
      start('prometheus', [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${ports.prometheus}`,
      ]),
    )
  }, 60_000)

  afterAll(async () => {
    await Promise.all(started.map((one) => one.stop('SIGKILL')))
    sensors.close()
    receiver.close()
    receiver.closeAllConnections()
    rmSync(folder, { recursive: true, force: true })
  })

  test('Prometheus has targets asked that it keeps itself, and nothing else is', async () => {
    sensors.at('127.0.1.5').celsius = 27.5
    await until(async () => (await query('siteward_probe_success == 1')).length === 1, 120, everything)
    const [reading] = await query('room_temperature_celsius')
    expect(reading?.metric).toMatchObject({ instance: `127.0.1.5:${sensors.port}`, job: 'rooms', site: 'others' })
    expect(Number(reading?.value[1])).toBe(27.5)
    expect(await query('up{job="rooms"} == 1')).toHaveLength(1)
    await until(async () => (await query('up{job="rooms"} == 0')).length === 1, 60, everything)
    expect(sensors.at('127.0.2.5').connections).toBe(0)
  }, 200_000)

  test('what a receiver does not take yet comes later, with its own time, and nothing is lost', async () => {
    const counted = async (result: string): Promise<number> => {
      const metrics = await (await fetch(`http://127.0.0.1:${ports.siteward}/metrics`)).text()
      const line = new RegExp(`^siteward_otlp_points_total\\{.*result="${result}"\\} (\\d+)$`, 'm').exec(metrics)
      return Number(line?.[1] ?? 0)
    }
    await until(() => started[0]?.output().includes('they wait') === true, 60, everything)
    await new Promise((resolve) => setTimeout(resolve, 11_000))
    status = 200
    const room = (): readonly Point[] => points.filter(({ name }) => name === 'room_temperature_celsius')
    await until(() => room().length >= 3, 120, everything)
    const times = room().map(({ nanoseconds }) => Number(BigInt(nanoseconds) / 1_000_000n))
    expect([...times].sort((a, b) => a - b)).toEqual(times)
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(3000)
    expect(room()[0]).toMatchObject({ kind: 'gauge', labels: { site: 'others', device: 'own' }, value: 24 })
    const names = new Set(points.map(({ name }) => name))
    for (const name of ['siteward_device_up', 'siteward_alarms', 'room_humidity_ratio']) expect(names).toContain(name)
    expect(await counted('sent')).toBeGreaterThan(0)
    expect(await counted('dropped')).toBe(0)
    expect(everything()).not.toContain('of nobody')
  }, 300_000)

  test('the textfile is what promtool takes, and goes on being written', async () => {
    const path = join(folder, 'textfile', 'siteward.prom')
    const read = (): string => readFileSync(path, 'utf8')
    await until(() => read().includes('room_temperature_celsius{site="others",device="own"} 24'), 60, everything)
    execFileSync('promtool', ['check', 'metrics'], { input: read() })
    sensors.at('127.0.1.1').celsius = 25.5
    await until(() => read().includes('room_temperature_celsius{site="others",device="own"} 25.5'), 60, everything)
  }, 200_000)
})

function siteFile(ports: { readonly siteward: number; readonly receiver: number }, sensor: number): string {
  return `site: others
listen: 127.0.0.1:${ports.siteward}
state_directory: state
defaults: { interval: 1s, timeout: 1s }
otlp:
  - url: http://127.0.0.1:${ports.receiver}/v1/metrics
    interval: 5s
    headers: { Authorization: { file: token } }
textfile: { path: textfile/siteward.prom, interval: 5s }
probing:
  targets: [127.0.1.0/24]
  probes: [modbus-temperature-humidity]
devices:
  - { name: own, address: "127.0.1.1:${sensor}", probes: [modbus-temperature-humidity] }
`
}

/** The second target is none that may be asked. */
function prometheusFile(siteward: number, sensor: number): string {
  return `global: { scrape_interval: 2s, scrape_timeout: 2s }
scrape_configs:
  - job_name: rooms
    metrics_path: /probe
    params: { probe: [modbus-temperature-humidity] }
    static_configs: [{ targets: ['127.0.1.5:${sensor}', '127.0.2.5:${sensor}'] }]
    relabel_configs:
      - { source_labels: [__address__], target_label: __param_target }
      - { source_labels: [__param_target], target_label: instance }
      - { target_label: __address__, replacement: '127.0.0.1:${siteward}' }
`
}
