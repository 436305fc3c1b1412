import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ModbusSimulator, startModbusSimulator } from '../../collectors/modbus/simulator.ts'
import { shipped } from '../../src/home.ts'
import { type Page, Pager } from '../peers/pager.ts'
import { describeWith } from '../peers/peer.ts'
import { freePort, type Started, start, until } from '../peers/process.ts'

const siteward = shipped('dist', 'siteward.cjs')

describeWith(['prometheus-alertmanager'], 'drills, with everything real', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-drills-'))
  const site = join(folder, 'site.yaml')
  const pager = new Pager()
  const started: Started[] = []
  let sensor: ModbusSimulator
  let silenceId: string
  const ports = { siteward: 0, alertmanager: 0, pager: 0 }

  const setRoom = (celsius: number): void => sensor.set(1, 'holding', 0, [Math.round(celsius * 10), 550])
  const everything = (): string =>
    started.map((one) => one.output()).join('\n---\n') + JSON.stringify(pager.pages, null, 1)
  const isDrill = ({ labels }: Page): boolean => labels['drill'] === 'true'
  const real = (alarm: string, status: string): readonly Page[] =>
    pager.of(alarm, status).filter((page) => !isDrill(page))
  const metrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${ports.siteward}/metrics`)).text()
  const command = async (...args: readonly string[]): Promise<{ readonly code: unknown; readonly output: string }> => {
    const one = start(process.execPath, [siteward, ...args, '--config', site])
    const code = await new Promise((resolve) => one.child.once('close', resolve))
    return { code, output: one.output() }
  }

  beforeAll(async () => {
    for (const name of ['siteward', 'alertmanager', 'pager'] as const) ports[name] = await freePort()
    sensor = await startModbusSimulator({ units: new Map([[1, { holding: new Map() }]]) })
    setRoom(24)
    await pager.listen(ports.pager)
    writeFileSync(join(folder, 'alertmanager.yml'), alertmanagerFile(ports.pager))
    writeFileSync(site, siteFile(ports, sensor.port))
    started.push(
      start('prometheus-alertmanager', [
        `--config.file=${join(folder, 'alertmanager.yml')}`,
        `--storage.path=${join(folder, 'alertmanager')}`,
        `--web.listen-address=127.0.0.1:${ports.alertmanager}`,
        '--cluster.listen-address=',
      ]),
    )
    await until(async () => (await fetch(`http://127.0.0.1:${ports.alertmanager}/-/ready`)).ok, 60, everything)
    silenceId = await silence(ports.alertmanager)
    started.push(start(process.execPath, [siteward, 'run', '--config', site]))
  }, 120_000)

  afterAll(async () => {
    await Promise.all(started.map((one) => one.stop('SIGKILL')))
    await sensor.close()
    pager.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('those of the plan begin by themselves; one whose page would not go out is an alarm', async () => {
    const passed = (plan: string, value: number): RegExp =>
      new RegExp(`^siteward_drill_passed\\{.*plan="${plan}".*\\} ${value}$`, 'm')
    await until(async () => passed('room', 1).test(await metrics()), 180, everything)
    await until(async () => passed('muted', 0).test(await metrics()), 180, everything)
    await until(() => real('DrillFailed', 'firing').length > 0, 60, everything)
    expect(real('DrillFailed', 'firing').map(({ labels }) => labels['plan'])).toEqual(['muted'])
    const pages = pager.of('RoomTemperature', 'firing')
    expect(pages.length).toBeGreaterThan(0)
    expect(pages.every(isDrill)).toBe(true)
    expect(pages[0]?.annotations['summary']).toMatch(/^\[DRILL 演练\] /)
    expect(pager.of('RoomHumidity', 'firing')).toEqual([])
    const { output } = await command('alarms')
    expect(output).toContain('DrillFailed')
    expect(started.map((one) => one.output()).join('')).toContain('silenced or inhibited by')
    await unsilence(ports.alertmanager, silenceId)
  }, 500_000)

  test('one by hand goes from the wire to the receipt, beside a real alarm of the same reading', async () => {
    const before = real('RoomTemperature', 'firing').length
    const drilling = command('drill', 'room', 'room_temperature_celsius=35 °C')
    setRoom(29.5)
    await until(() => real('RoomTemperature', 'firing').length > before, 120, everything)
    const { code, output } = await drilling
    expect(output).toMatch(/room itself sends (240|295) /)
    expect(output).toContain('in its place at the wire, register 0: 015e, is read as 35 °C')
    expect(output).toMatch(/RoomTemperature \(critical\) is firing\n/)
    expect(output).toContain(`http://127.0.0.1:${ports.alertmanager} has it, for pager`)
    expect(output).toMatch(/the receipt came: the page is out\n.*withdrawn: its alerts are resolved\nPASSED {2}room /)
    expect(code).toBe(0)
    expect(real('RoomTemperature', 'firing').at(-1)?.labels['severity']).toBe('warning')
    expect(real('RoomTemperature', 'resolved')).toHaveLength(before)
    setRoom(24)
    await until(() => real('RoomTemperature', 'resolved').length > before, 120, everything)
    const ids = new Set(pager.pages.filter(isDrill).map(({ annotations }) => annotations['drill_id']))
    expect(ids.has(undefined)).toBe(false)
    expect(ids.size).toBeGreaterThan(1)
  }, 500_000)

  test('--all goes through every alarm of the site, and lists what it cannot drill', async () => {
    // Roll-ups are written at the first full minute.
    await until(async () => (await metrics()).includes('\nsiteward_roll_ups_up{'), 90, everything)
    const { code, output } = await command('drill', '--all')
    const run = ['DeviceDown (critical)', 'RoomTemperature (warning)', 'RoomTemperature (critical)']
    for (const name of [...run, 'DrillOverdue (warning)']) expect(output).toContain(`${name}: `)
    expect(output).toContain('PASSED  room siteward_device_up=0')
    expect(output).toContain('NOT DRILLED  RoomSensorStuck')
    expect(output).toMatch(/\n10 of 10 pages would go out; 5 alarms were not drilled\n$/)
    expect(code).toBe(0)
    expect(sensor.refused()).toBe(0)
    expect(real('DeviceDown', 'firing')).toEqual([])
  }, 900_000)
})

/** All humidity alarms are silenced: nobody would be paged. */
async function silence(port: number): Promise<string> {
  const body = {
    matchers: [{ name: 'alertname', value: 'RoomHumidity', isRegex: false }],
    startsAt: new Date().toISOString(),
    endsAt: new Date(Date.now() + 3_600_000).toISOString(),
    createdBy: 'test',
    comment: 'forgotten',
  }
  const url = `http://127.0.0.1:${port}/api/v2/silences`
  const headers = { 'content-type': 'application/json' }
  const reply = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  expect(reply.status).toBe(200)
  return ((await reply.json()) as { silenceID: string }).silenceID
}

async function unsilence(port: number, id: string): Promise<void> {
  await fetch(`http://127.0.0.1:${port}/api/v2/silence/${id}`, { method: 'DELETE' })
}

function alertmanagerFile(pager: number): string {
  return `route: { receiver: pager, group_by: [alertname, device, drill], group_wait: 0s, group_interval: 1s, repeat_interval: 4h }
receivers:
  - name: pager
    webhook_configs: [{ url: 'http://127.0.0.1:${pager}/', send_resolved: true }]
`
}

/** The hour of the plan is this one. */
function siteFile(ports: { siteward: number; alertmanager: number; pager: number }, sensor: number): string {
  const now = new Date()
  const at = `${String(now.getHours()).padStart(2, '0')}:${String(now.getMinutes()).padStart(2, '0')}`
  return `site: e2e
listen: 127.0.0.1:${ports.siteward}
alertmanagers: [http://127.0.0.1:${ports.alertmanager}]
state_directory: state
resend: 2s
defaults: { interval: 1s, timeout: 1s }
rules:
  DeviceDown: { for: 2s }
  RecordNotWritten: { for: 2s }
  RollUpsNotWritten: { for: 2s }
  ConfigReloadFailed: { for: 2s }
drills:
  receipt: http://127.0.0.1:${ports.pager}/
  schedule:
    - { name: room, device: room, aim: 'room_temperature_celsius=35 °C', every: 30d, at: '${at}' }
    - { name: muted, device: room, aim: 'room_humidity_ratio=90%', every: 30d, at: '${at}' }
devices:
  - name: room
    address: 127.0.0.1:${sensor}
    probes: [modbus-temperature-humidity]
    rules:
      RoomTemperature: { for: 3s, keep_firing_for: 0s }
      RoomHumidity: { for: 3s, keep_firing_for: 0s }
`
}
