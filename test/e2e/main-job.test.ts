import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startModbusSimulator } from '../../collectors/modbus/simulator.ts'
import { shipped } from '../../src/home.ts'
import { Pager } from '../peers/pager.ts'
import { describeWith } from '../peers/peer.ts'
import { freePort, pause, type Started, start, until } from '../peers/process.ts'

describeWith(['prometheus', 'prometheus-alertmanager', 'promtool'], 'the main job, with everything real', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-e2e-'))
  const pager = new Pager()
  const started: Started[] = []
  let daemon: Started
  let sensor: Awaited<ReturnType<typeof startModbusSimulator>>
  const ports = { siteward: 0, prometheus: 0, alertmanager: 0, pager: 0 }

  const setRoom = (celsius: number, humidity: number): void => {
    sensor.set(1, 'holding', 0, [Math.round(celsius * 10), Math.round(humidity * 1000)])
  }
  const runDaemon = (): Started =>
    start(process.execPath, [shipped('dist', 'siteward.cjs'), 'run', '--config', join(folder, 'site.yaml')])
  const query = async (
    text: string,
  ): Promise<readonly { metric: Record<string, string>; value: [number, string] }[]> => {
    const url = `http://127.0.0.1:${ports.prometheus}/api/v1/query?query=${encodeURIComponent(text)}`
    const reply = (await (await fetch(url)).json()) as { data: { result: [] } }
    return reply.data.result
  }
  const everything = (): string =>
    [daemon, ...started].map((one) => one.output()).join('\n---\n') + JSON.stringify(pager.pages, null, 1)

  beforeAll(async () => {
    for (const name of ['siteward', 'prometheus', 'alertmanager', 'pager'] as const) ports[name] = await freePort()
    sensor = await startModbusSimulator({ units: new Map([[1, { holding: new Map() }]]) })
    setRoom(24, 0.55)
    await pager.listen(ports.pager)
    writeConfigurations(folder, ports, sensor.port)
    started.push(
      start('prometheus', [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'prometheus')}`,
        `--web.listen-address=127.0.0.1:${ports.prometheus}`,
      ]),
      start('prometheus-alertmanager', [
        `--config.file=${join(folder, 'alertmanager.yml')}`,
        `--storage.path=${join(folder, 'alertmanager')}`,
        `--web.listen-address=127.0.0.1:${ports.alertmanager}`,
        '--cluster.listen-address=',
      ]),
    )
    await until(
      async () => (await fetch(`http://127.0.0.1:${ports.alertmanager}/-/ready`)).ok,
      30,
      () => started.map((one) => one.output()).join('\n'),
    )
    daemon = runDaemon()
  })

  afterAll(async () => {
    await daemon.stop()
    await Promise.all(started.map((one) => one.stop('SIGKILL')))
    await sensor.close()
    pager.close()
  })

  test('a threshold is crossed, the engineer is paged once, over a kill -9, and told when it is over', async () => {
    await until(async () => (await query('room_temperature_celsius'))[0]?.value[1] === '24', 30, everything)
    const scrape = await (await fetch(`http://127.0.0.1:${ports.siteward}/metrics`)).text()
    expect(scrape).toContain('siteward_threshold{site="e2e",device="room",metric="room_temperature_celsius"')
    await until(() => pager.of('SitewardWatchdog', 'firing').length > 0, 30, everything)
    expect(pager.pages).toHaveLength(1)

    setRoom(29.5, 0.55)
    const state = (name: string): string => `siteward_alarms{alarm="RoomTemperature",state="${name}"} == 1`
    await until(async () => (await query(state('pending'))).length > 0, 15, everything)
    await until(() => pager.of('RoomTemperature', 'firing').length > 0, 30, everything)
    const [page] = pager.of('RoomTemperature', 'firing')
    expect(page?.labels).toMatchObject({ site: 'e2e', device: 'room', severity: 'warning', floor: '1' })
    expect(page?.annotations['summary_zh']).toContain('29.5 °C')

    expect(await daemon.stop('SIGKILL')).toBe('SIGKILL')
    await pause(2000)
    daemon = runDaemon()
    await until(async () => (await query(state('firing'))).length > 0, 20, everything)
    // Long enough for several sendings and Alertmanager's group interval.
    await pause(6000)
    expect(pager.of('RoomTemperature', 'firing')).toHaveLength(1)
    expect(pager.of('RoomTemperature', 'resolved')).toEqual([])

    setRoom(24, 0.55)
    await until(() => pager.of('RoomTemperature', 'resolved').length > 0, 30, everything)
    expect(pager.of('RoomTemperature', 'firing')).toHaveLength(1)
    expect(pager.of('RoomTemperature', 'resolved')[0]?.startsAt).toBe(page?.startsAt)
    expect(sensor.refused()).toBe(0)
  }, 180_000)

  test('what is exposed passes promtool, in both formats', async () => {
    for (const accept of ['text/plain', 'application/openmetrics-text']) {
      const reply = await fetch(`http://127.0.0.1:${ports.siteward}/metrics`, { headers: { accept } })
      const text = await reply.text()
      expect(text.endsWith('# EOF\n')).toBe(accept !== 'text/plain')
      if (accept !== 'text/plain') continue
      const file = join(folder, 'metrics.txt')
      writeFileSync(file, text)
      const lint = start('/bin/sh', ['-c', `promtool check metrics < ${file}`])
      const status = await new Promise((resolve) => lint.child.once('exit', resolve))
      expect({ status, output: lint.output() }).toEqual({ status: 0, output: '' })
    }
    expect((await query('up{job="siteward"}'))[0]?.value[1]).toBe('1')
  })
})

function writeConfigurations(
  folder: string,
  ports: { siteward: number; prometheus: number; alertmanager: number; pager: number },
  sensor: number,
): void {
  writeFileSync(
    join(folder, 'site.yaml'),
    `site: e2e
listen: 127.0.0.1:${ports.siteward}
alertmanagers: [http://127.0.0.1:${ports.alertmanager}]
state_directory: state
resend: 2s
defaults: { interval: 1s, timeout: 1s }
devices:
  - name: room
    address: 127.0.0.1:${sensor}
    probes: [modbus-temperature-humidity]
    labels: { floor: "1" }
    rules:
      RoomTemperature: { for: 3s, keep_firing_for: 0s }
`,
  )
  writeFileSync(
    join(folder, 'prometheus.yml'),
    `global: { scrape_interval: 1s }
scrape_configs:
  - job_name: siteward
    static_configs: [{ targets: ['127.0.0.1:${ports.siteward}'] }]
`,
  )
  writeFileSync(
    join(folder, 'alertmanager.yml'),
    `route: { receiver: pager, group_by: [alertname, device], group_wait: 0s, group_interval: 1s, repeat_interval: 4h }
receivers:
  - name: pager
    webhook_configs: [{ url: 'http://127.0.0.1:${ports.pager}/', send_resolved: true }]
`,
  )
}
