import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ModbusSimulator, startModbusSimulator } from '../../collectors/modbus/simulator.ts'
import { shipped } from '../../src/home.ts'
import type { Listed } from '../../src/record/listing.ts'
import { Pager } from '../peers/pager.ts'
import { describeWith } from '../peers/peer.ts'
import { freePort, pause, type Started, start, until } from '../peers/process.ts'

/** Two sitewards of one site and a real Alertmanager: what people tell one of them, by a command, must hold on both. */

const token = 'the-token-of-the-duty-desk'
/** By then somebody is to have taken an alarm, and if nobody has, it is called louder. */
const response = 15_000

type Side = 0 | 1

class Pair {
  readonly folder = mkdtempSync(join(tmpdir(), 'siteward-two-'))
  readonly pager = new Pager()
  readonly #started: Started[] = []
  readonly #ports: number[] = []
  readonly #sides = new Map<Side, Started>()
  #sensor: ModbusSimulator | undefined

  /** Everything but the sitewards. */
  async begin(): Promise<void> {
    const [pagerPort, alertmanager] = [await freePort(), await freePort()]
    this.#ports.push(await freePort(), await freePort())
    await this.pager.listen(pagerPort)
    this.#sensor = await startModbusSimulator({ units: new Map() })
    for (const room of [1, 2]) this.set(room, 24)
    writeFileSync(join(this.folder, 'alertmanager.yml'), alertmanagerFile(pagerPort))
    writeFileSync(this.site, siteFile(this.#sensor.port, alertmanager, this.#ports))
    const storage = `--storage.path=${join(this.folder, 'alertmanager')}`
    const config = `--config.file=${join(this.folder, 'alertmanager.yml')}`
    const listen = [`--web.listen-address=127.0.0.1:${alertmanager}`, '--cluster.listen-address=']
    this.#started.push(start('prometheus-alertmanager', [config, storage, ...listen]))
    await until(async () => (await fetch(`http://127.0.0.1:${alertmanager}/-/ready`)).ok, 60, this.said)
  }

  get site(): string {
    return join(this.folder, 'site.yaml')
  }

  /** Starts a siteward on a state folder; `more` are further options. */
  run(side: Side, state: string, ...more: readonly string[]): Started {
    const stateDirectory = join(this.folder, state)
    mkdirSync(stateDirectory, { recursive: true })
    const args = ['run', '--config', this.site, '--listen', `127.0.0.1:${this.#ports[side]}`, ...more]
    const env = { ...process.env, DESK_TOKEN: token, STATE_DIRECTORY: stateDirectory }
    const daemon = start(process.execPath, [shipped('dist', 'siteward.cjs'), ...args], env)
    this.#started.push(daemon)
    this.#sides.set(side, daemon)
    return daemon
  }

  /** As a machine that fails. */
  async kill(side: Side): Promise<void> {
    await this.#sides.get(side)?.stop('SIGKILL')
  }

  said = (): string =>
    `${this.#started.map((one) => one.output().slice(-3000)).join('\n---\n')}${JSON.stringify(this.pager.pages)}`

  set(room: number, celsius: number): void {
    this.#sensor?.set(room, 'holding', 0, [celsius * 10, 550])
  }

  async ask(side: Side, path: string): Promise<{ readonly status: number; readonly text: string }> {
    const reply = await fetch(`http://127.0.0.1:${this.#ports[side]}${path}`)
    return { status: reply.status, text: await reply.text() }
  }

  async reads(side: Side): Promise<boolean> {
    const { text } = await this.ask(side, '/metrics')
    return (text.match(/^room_temperature_celsius\{/gm) ?? []).length === 2
  }

  async standsBy(side: Side): Promise<boolean> {
    return (await this.ask(side, '/metrics')).text.includes('siteward_lease_held 0')
  }

  /** The alarm of a room that fires, as one of them lists it. */
  async alarm(side: Side, room: string): Promise<Listed | undefined> {
    const { alarms } = JSON.parse((await this.ask(side, '/api/v1/alarms')).text) as { alarms: readonly Listed[] }
    return alarms.find((one) => one.device === room && one.alarm === 'RoomTemperature' && one.state === 'firing')
  }

  /** What of a room was paged. */
  paged(room: string, alarm = 'RoomTemperature', status = 'firing'): number {
    return this.pager.of(alarm, status).filter(({ labels }) => labels['device'] === room).length
  }

  async command(...args: readonly string[]): Promise<{ readonly code: unknown; readonly output: string }> {
    const env = { ...process.env, SITEWARD_TOKEN: token }
    const one = start(process.execPath, [shipped('dist', 'siteward.cjs'), ...args, '--config', this.site], env)
    const code = await new Promise((resolve) => one.child.once('close', resolve))
    return { code, output: one.output() }
  }

  url(side: Side): string {
    return `http://127.0.0.1:${this.#ports[side]}`
  }

  async end(): Promise<void> {
    await Promise.all(this.#started.map((one) => one.stop('SIGKILL')))
    await this.#sensor?.close()
    this.pager.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

describeWith(['prometheus-alertmanager'], 'two sitewards that both watch', () => {
  const pair = new Pair()

  beforeAll(async () => {
    await pair.begin()
    for (const side of [0, 1] as const) pair.run(side, `state-${side}`)
    for (const side of [0, 1] as const) await until(() => pair.reads(side), 60, pair.said)
  }, 180_000)

  afterAll(() => pair.end())

  test('a quiet time that was told once holds on both; what fires at its end is one page', async () => {
    const add = await pair.command('quiet', 'add', '--by', 'desk', '--for', '1h', '--device', 'room-1')
    expect(add).toMatchObject({ code: 0 })
    for (const side of [0, 1] as const) {
      expect(add.output).toContain(`${pair.url(side)}: quiet-1`)
      expect((await pair.ask(side, '/api/v1/quiet')).text).toContain('"name":"quiet-1"')
    }
    pair.set(1, 35)
    for (const side of [0, 1] as const) {
      await until(async () => (await pair.alarm(side, 'room-1'))?.told_at === null, 60, pair.said)
    }
    await pause(3000)
    expect(pair.paged('room-1')).toBe(0)
    const refused = await pair.command('quiet', 'end', 'quiet-1')
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('not all under it is well') })
    expect(await pair.command('quiet', 'end', 'quiet-1', '--anyway')).toMatchObject({ code: 0 })
    await until(() => pair.paged('room-1') > 0, 60, pair.said)
    pair.set(1, 24)
    await until(() => pair.paged('room-1', 'RoomTemperature', 'resolved') > 0, 60, pair.said)
    expect(pair.paged('room-1')).toBe(1)
  }, 300_000)

  test('an alarm that was taken once is taken on both: one page, and nobody is called louder', async () => {
    pair.set(2, 35)
    for (const side of [0, 1] as const)
      await until(async () => (await pair.alarm(side, 'room-2')) !== undefined, 60, pair.said)
    const { id = '' } = (await pair.alarm(0, 'room-2')) ?? {}
    const ack = await pair.command('ack', id, '--by', 'desk', '--note', 'on my way')
    expect(ack).toMatchObject({ code: 0 })
    for (const side of [0, 1] as const) {
      expect(ack.output).toContain(`${pair.url(side)}: `)
      expect((await pair.alarm(side, 'room-2'))?.taken).toMatchObject({ by: 'desk', note: 'on my way' })
    }
    await pause(response + 5000)
    expect(
      pair.pager.of('AlarmUnacknowledged', 'firing').filter(({ labels }) => labels['device'] === 'room-2'),
    ).toEqual([])
    expect(pair.paged('room-2')).toBe(1)
    // The proof of the proof: what nobody takes is called louder by then, once.
    pair.set(1, 35)
    await until(() => pair.paged('room-1', 'AlarmUnacknowledged') > 0, 90, pair.said)
    await pause(3000)
    expect(pair.paged('room-1', 'AlarmUnacknowledged')).toBe(1)
  }, 300_000)

  test('where one does not answer the command says so, and the other is told all the same', async () => {
    const elsewhere = `http://127.0.0.1:${await freePort()}`
    const urls = ['--url', pair.url(0), '--url', elsewhere]
    const env = { ...process.env, SITEWARD_TOKEN: token }
    const words = ['quiet', 'add', '--by', 'desk', '--for', '1h', '--device', 'room-2', ...urls]
    const one = start(process.execPath, [shipped('dist', 'siteward.cjs'), ...words], env)
    expect(await new Promise((resolve) => one.child.once('close', resolve))).toBe(1)
    expect(one.output()).toContain(`${elsewhere}: no siteward answers`)
    expect((await pair.ask(0, '/api/v1/quiet')).text).toContain('"devices":["room-2"]')
    expect((await pair.ask(1, '/api/v1/quiet')).text).not.toContain('"devices":["room-2"]')
  }, 60_000)
})

describeWith(['prometheus-alertmanager'], 'two sitewards that share a lease and their state', () => {
  const pair = new Pair()
  const run = (side: Side): Started => pair.run(side, 'state', '--lease', join(pair.folder, 'lease'))

  beforeAll(async () => {
    await pair.begin()
    mkdirSync(join(pair.folder, 'lease'))
    run(0)
    await until(() => pair.reads(0), 60, pair.said)
    run(1)
    await until(() => pair.standsBy(1), 60, pair.said)
  }, 180_000)

  afterAll(() => pair.end())

  test('what the holder was told is known to the other when it takes over', async () => {
    const add = await pair.command('quiet', 'add', '--by', 'desk', '--for', '1h', '--device', 'room-1')
    expect(add).toMatchObject({ code: 0, output: expect.stringContaining(`${pair.url(1)}: stands by`) })
    for (const path of ['/api/v1/quiet', '/api/v1/alarms']) {
      const { status, text } = await pair.ask(1, path)
      expect({ status, ...JSON.parse(text) }).toMatchObject({ status: 503, stands_by: true })
    }
    pair.set(1, 35)
    pair.set(2, 35)
    await until(async () => (await pair.alarm(0, 'room-2')) !== undefined, 60, pair.said)
    await until(async () => (await pair.alarm(0, 'room-1')) !== undefined, 60, pair.said)
    await until(() => pair.paged('room-2') > 0, 60, pair.said)
    const before = await pair.alarm(0, 'room-2')
    const ack = await pair.command('ack', before?.id ?? '', '--by', 'desk')
    expect(ack).toMatchObject({ code: 0, output: expect.stringContaining(`${pair.url(1)}: stands by`) })

    // A death, not an orderly end.
    await pair.kill(0)
    await until(() => pair.reads(1), 90, pair.said)
    const after = await pair.alarm(1, 'room-2')
    expect(after).toMatchObject({ fired_at: before?.fired_at, taken: { by: 'desk' } })
    expect((await pair.alarm(1, 'room-1'))?.told_at).toBeNull()
    expect((await pair.ask(1, '/api/v1/quiet')).text).toContain('"name":"quiet-1"')
    await pause(response + 5000)
    expect(pair.pager.pages.filter(({ status }) => status === 'resolved')).toEqual([])
    expect(pair.pager.of('AlarmUnacknowledged', 'firing')).toEqual([])
    expect([pair.paged('room-1'), pair.paged('room-2')]).toEqual([0, 1])
  }, 300_000)

  test('one that stands by alone takes nothing, and says why', async () => {
    run(0)
    await until(() => pair.standsBy(0), 60, pair.said)
    const env = { ...process.env, SITEWARD_TOKEN: token }
    const words = ['quiet', 'add', '--by', 'desk', '--for', '1h', '--device', 'room-2', '--url', pair.url(0)]
    const one = start(process.execPath, [shipped('dist', 'siteward.cjs'), ...words], env)
    expect(await new Promise((resolve) => one.child.once('close', resolve))).toBe(1)
    expect(one.output()).toContain('no other that was asked holds the lease')
  }, 120_000)
})

function alertmanagerFile(pager: number): string {
  return `route: { receiver: pager, group_by: [alertname, device], group_wait: 0s, group_interval: 1s, repeat_interval: 4h }
receivers:
  - name: pager
    webhook_configs: [{ url: 'http://127.0.0.1:${pager}/', send_resolved: true }]
`
}

function siteFile(sensor: number, alertmanager: number, ports: readonly number[]): string {
  const rooms = [1, 2].map(
    (unit) =>
      `  - { name: room-${unit}, address: '127.0.0.1:${sensor}', probes: [modbus-temperature-humidity], modbus: { unit: ${unit} } }`,
  )
  return `site: two
alertmanagers: [http://127.0.0.1:${alertmanager}]
sitewards: [${ports.map((port) => `http://127.0.0.1:${port}`).join(', ')}]
operators: [{ name: desk, token: { env: DESK_TOKEN } }]
resend: 2s
watchdog: off
service_levels: { response: ${response / 1000}s }
defaults: { interval: 1s, timeout: 1s }
rules:
  RoomHumidity: off
  RoomTemperature: { for: 2s, keep_firing_for: 0s, warning: off, critical: { within: 20..28 } }
devices:
${rooms.join('\n')}
`
}
