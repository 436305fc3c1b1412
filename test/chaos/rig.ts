import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { startModbusSimulator } from '../../collectors/modbus/simulator.ts'
import { shipped } from '../../src/home.ts'
import { type Started, start, until } from '../peers/process.ts'
import { Link } from './link.ts'
import { type Page, Pager } from './pager.ts'
import { type Fault, type Member, patience, peerTimeout, rooms } from './schedule.ts'

/** Ports of one rig: below the range from which the system takes those of outgoing connections. */
export class Ports {
  #next: number

  constructor(first: number) {
    this.#next = first
  }

  take(): number {
    return this.#next++
  }
}

/** What judges in a rig. */
export type JudgeKind = 'siteward' | 'prometheus'

interface Wires {
  readonly devices: Link
  readonly alertmanagers: readonly Link[]
}

/** Two that judge, two Alertmanagers in a cluster, a pager; every wire between them can be cut, and each of them killed. */
export class Rig {
  readonly pager = new Pager()
  readonly #kind: JudgeKind
  readonly #folder: string
  readonly #ports: Ports
  readonly #programs = new Map<Member, { run(): Started; now: Started }>()
  readonly #wires: Wires[] = []
  readonly #alertmanagerPorts: number[] = []

  constructor(kind: JudgeKind, folder: string, ports: Ports) {
    this.#kind = kind
    this.#folder = folder
    this.#ports = ports
  }

  /** Starts everything; `devicesPort` is where the devices (or, for Prometheus, their exporter) are reached. */
  async start(devicesPort: number): Promise<void> {
    mkdirSync(this.#folder, { recursive: true })
    const pagerPort = await this.pager.listen()
    const gossip = [this.#ports.take(), this.#ports.take()]
    for (const i of [0, 1]) {
      this.#alertmanagerPorts.push(this.#ports.take())
      this.#program(`alertmanager-${i as 0 | 1}`, this.#alertmanager(i, gossip, pagerPort))
    }
    for (const i of [0, 1]) {
      const devices = new Link(() => devicesPort)
      const alertmanagers = this.#alertmanagerPorts.map((port) => new Link(() => port))
      this.#wires.push({ devices, alertmanagers })
      const ports = await Promise.all(alertmanagers.map((link) => link.listen()))
      const run = this.#kind === 'siteward' ? this.#siteward : this.#prometheus
      this.#program(`judge-${i as 0 | 1}`, run.call(this, i, await devices.listen(), ports))
    }
    const said = (): string => [...this.#programs.values()].map(({ now }) => now.output()).join('\n')
    await until(async () => this.#isWatching(), 60, said)
  }

  strike({ kind, member }: Fault): void {
    if (kind === 'kill') void this.#programs.get(member)?.now.stop('SIGKILL')
    else for (const link of this.#linksOf(member, kind)) kind === 'reset' ? link.reset() : link.cut()
  }

  mend({ kind, member }: Fault): void {
    const program = this.#programs.get(member)
    if (kind === 'kill' && program !== undefined) program.now = program.run()
    else for (const link of this.#linksOf(member, kind)) link.mend()
  }

  /** What the programs have said, for the message of a failed test. */
  said(): string {
    return [...this.#programs].map(([name, { now }]) => `--- ${name}\n${now.output().slice(-4000)}`).join('\n')
  }

  async stop(): Promise<readonly Page[]> {
    await Promise.all([...this.#programs.values()].map(({ now }) => now.stop('SIGKILL')))
    const wires = this.#wires.flatMap(({ devices, alertmanagers }) => [devices, ...alertmanagers])
    for (const link of wires) link.close()
    this.pager.close()
    return this.pager.pages
  }

  #program(member: Member, run: () => Started): void {
    this.#programs.set(member, { run, now: run() })
  }

  #linksOf(member: Member, kind: Fault['kind']): readonly Link[] {
    const i = Number(member.at(-1))
    if (member.startsWith('judge')) {
      const wires = this.#wires[i]
      if (wires === undefined) return []
      return kind === 'blind' ? [wires.devices] : [wires.devices, ...wires.alertmanagers]
    }
    return this.#wires.flatMap((wires) => wires.alertmanagers[i] ?? [])
  }

  /** Alertmanager answers, and both judges have told it that they live, or are ready. */
  async #isWatching(): Promise<boolean> {
    const replies = await Promise.all(
      this.#alertmanagerPorts.map((port) => fetch(`http://127.0.0.1:${port}/api/v2/alerts`)),
    )
    const lists = await Promise.all(replies.map((reply) => reply.json() as Promise<unknown[]>))
    return lists.every((list) => list.length > 0)
  }

  #alertmanager(i: number, gossip: readonly number[], pagerPort: number): () => Started {
    const file = join(this.#folder, `alertmanager-${i}.yml`)
    writeFileSync(
      file,
      `route:
  receiver: nobody
  group_by: [alertname, device]
  group_wait: 1s
  group_interval: 5s
  repeat_interval: 4h
  routes: [{ matchers: [alertname = RoomTemperature], receiver: pager }]
receivers:
  - name: nobody
  - name: pager
    webhook_configs: [{ url: 'http://127.0.0.1:${pagerPort}/alertmanager-${i}', send_resolved: true }]
`,
    )
    const args = [
      `--config.file=${file}`,
      `--storage.path=${join(this.#folder, `alertmanager-${i}`)}`,
      `--web.listen-address=127.0.0.1:${this.#alertmanagerPorts[i]}`,
      `--cluster.listen-address=127.0.0.1:${gossip[i]}`,
      `--cluster.peer=127.0.0.1:${gossip[1 - i]}`,
      // Everything is some ten times as fast as people have it, so that a schedule fits a minute.
      `--cluster.peer-timeout=${peerTimeout}s`,
      '--cluster.gossip-interval=25ms',
      '--cluster.settle-timeout=2s',
      '--cluster.pushpull-interval=2s',
      '--cluster.reconnect-interval=1s',
    ]
    return () => start('prometheus-alertmanager', args)
  }

  #siteward(i: number, devicesPort: number, alertmanagerPorts: readonly number[]): () => Started {
    const file = join(this.#folder, `siteward-${i}.yaml`)
    writeFileSync(
      file,
      `site: chaos
listen: 127.0.0.1:${this.#ports.take()}
alertmanagers: [${alertmanagerPorts.map((port) => `'http://127.0.0.1:${port}'`).join(', ')}]
state_directory: state-${i}
resend: 2s
defaults: { interval: 1s, timeout: 1s }
rules:
  RoomHumidity: off
  RoomTemperature: { hysteresis: 0, for: ${patience}s, keep_firing_for: 0s, warning: off, critical: { within: 20..28 } }
devices:
${Array.from({ length: rooms }, (_, room) => `  - { name: room-${room}, address: '127.0.0.1:${devicesPort}', probes: [modbus-temperature-humidity], modbus: { unit: ${room + 1} } }`).join('\n')}
`,
    )
    const command = [shipped('dist', 'siteward.cjs'), 'run', '--config', file, '--log-level', 'info']
    return () => start(process.execPath, command)
  }

  #prometheus(i: number, devicesPort: number, alertmanagerPorts: readonly number[]): () => Started {
    const file = join(this.#folder, `prometheus-${i}.yml`)
    writeFileSync(
      file,
      `global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
alerting:
  alertmanagers: [{ static_configs: [{ targets: [${alertmanagerPorts.map((port) => `'127.0.0.1:${port}'`).join(', ')}] }] }]
scrape_configs:
  - job_name: rooms
    static_configs: [{ targets: ['127.0.0.1:${devicesPort}'] }]
`,
    )
    writeFileSync(
      join(this.#folder, 'rules.yml'),
      `groups:
  - name: rooms
    rules:
      - alert: Watchdog
        expr: vector(1)
      - alert: RoomTemperature
        expr: max by (site, device) (room_temperature_celsius) > 28
        for: ${patience}s
        labels: { severity: critical }
`,
    )
    const args = [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(this.#folder, `prometheus-${i}`)}`,
      `--web.listen-address=127.0.0.1:${this.#ports.take()}`,
      '--rules.alert.resend-delay=2s',
      // The least that it restores a pending alert for: else none of these short ones would outlive a restart.
      '--rules.alert.for-grace-period=1s',
    ]
    return () => start('prometheus', args)
  }
}

/** The rooms, as siteward polls them and as Prometheus scrapes them: one truth for both. */
export class Rooms {
  #simulator: Awaited<ReturnType<typeof startModbusSimulator>> | undefined
  #exporter: Server | undefined
  readonly #celsius = new Array<number>(rooms).fill(24)

  /** Resolves to the ports of the Modbus units and of the exporter. */
  async start(): Promise<{ readonly modbus: number; readonly exporter: number }> {
    this.#simulator = await startModbusSimulator({ units: new Map() })
    for (let room = 0; room < rooms; room++) this.set(room, 24)
    const exporter = createServer((_, response) => {
      const lines = this.#celsius.map(
        (value, room) => `room_temperature_celsius{site="chaos",device="room-${room}"} ${value}\n`,
      )
      response.setHeader('content-type', 'text/plain; version=0.0.4')
      response.end(lines.join(''))
    })
    this.#exporter = exporter
    await new Promise<void>((resolve) => exporter.listen(0, '127.0.0.1', resolve))
    const address = exporter.address()
    return {
      modbus: this.#simulator.port,
      exporter: typeof address === 'object' && address !== null ? address.port : 0,
    }
  }

  set(room: number, celsius: number): void {
    this.#celsius[room] = celsius
    this.#simulator?.set(room + 1, 'holding', 0, [celsius * 10, 550])
  }

  async close(): Promise<void> {
    await this.#simulator?.close()
    this.#exporter?.close()
    this.#exporter?.closeAllConnections()
  }
}
