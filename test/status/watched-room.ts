import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Collector, Job } from '../../collectors/collector.ts'
import { readSite } from '../../src/commands/site-file.ts'
import { Daemon } from '../../src/daemon.ts'
import type { Clock } from '../../src/model/clock.ts'
import type { ProbeUse } from '../../src/model/device.ts'
import { silent } from '../../src/model/log.ts'
import type { Metric } from '../../src/model/metric.ts'
import { formatProblem } from '../../src/model/problem.ts'
import type { PollResult } from '../../src/model/reading.ts'
import { good } from '../../src/model/result.ts'
import type { SeriesScope } from '../../src/model/series.ts'
import type { Site } from '../../src/model/site.ts'
import { openJournal } from '../../src/store/journal.ts'
import { openWeb } from '../../src/web/web-file.ts'

/** What a page must show as text, and never run. */
export const hostile = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`

/** The token of whoever may operate. */
export const token = 'a-token-of-the-duty-desk'
export const readToken = 'a-token-of-the-wall-screen'

const yaml = `
site: county-hospital
language: zh
listen: 127.0.0.1:0
alertmanagers: []
resend: 30s
time_zone: Asia/Shanghai
defaults: { interval: 1s, timeout: 1s }
operators:
  - { name: duty-desk, token: { env: DUTY } }
  - { name: wall-screen, token: { env: WALL }, right: read }
credentials:
  network: { snmp: { version: 2c, community: { env: DUTY } } }
rules:
  RoomTemperature: { warning: { for: 0s, keep_firing_for: 0s }, critical: { for: 0s, keep_firing_for: 0s } }
devices:
  - { name: room, address: '127.0.0.1:1502', probes: [modbus-temperature-humidity], labels: { room: main, place: 'cold <b>aisle</b>' } }
  - { name: crac-1, address: '127.0.0.1:1503', probes: [modbus-air-conditioner] }
  - { name: ups-1, address: 127.0.0.1, credentials: network, probes: [system, ups-mib] }
  - { name: switch-1, address: 127.0.0.2, credentials: network, probes: [system, if-mib], labels: { class: '${hostile.replaceAll("'", "''")}' } }
`

/** What is well. */
const usual: Readonly<Record<string, number>> = { celsius: 22, ratio: 0.55, seconds: 7200, volts: 230 }

function usualOf({ kind, unit }: Metric): number {
  return kind === 'state' || kind === 'info' ? 0 : (usual[unit] ?? 0)
}

/** A daemon on a room whose devices answer what the test says. */
export class WatchedRoom {
  /** What a metric reads; what is not named reads as its unit's usual. */
  readonly values = new Map<string, number>()
  /** Devices that do not answer, and what is said of it. */
  readonly silent = new Map<string, string>()
  daemon: Daemon | undefined
  site: Site | undefined
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get url(): string {
    return this.daemon?.url ?? ''
  }

  /** `port` 0 for any that is free. */
  async start(port = 0): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'siteward-status-'))
    const file = join(folder, 'site.yaml')
    writeFileSync(file, yaml, { mode: 0o640 })
    const { site, problems } = await readSite(file, { DUTY: token, WALL: readToken, STATE_DIRECTORY: folder })
    if (site === undefined) throw new Error(problems.map(formatProblem).join('\n'))
    this.site = site
    this.daemon = new Daemon({
      site: { ...site, alertmanagers: [], listen: { host: '127.0.0.1', port }, stateDirectory: folder },
      version: '0.0.0-test',
      collectors: new Map(['modbus', 'snmp'].map((protocol) => [protocol, this.#collector(protocol)])),
      journal: openJournal(folder, 1, () => {}),
      client: () => {
        throw new Error('there is no Alertmanager')
      },
      clock: this.#clock,
      random: () => 0.5,
      log: silent,
      web: () => openWeb,
    })
    await this.daemon.start()
  }

  async stop(): Promise<void> {
    await this.daemon?.stop()
  }

  #collector(protocol: string): Collector {
    const empty = { type: 'object' } as never
    return {
      protocol,
      schemas: { point: empty, settings: empty, options: empty, credential: empty },
      prepare: (use, device, scope) => good(this.#job(use, device.name, scope)),
    }
  }

  #job(use: ProbeUse, device: string, scope: SeriesScope): Job {
    return {
      endpoint: device,
      session: device,
      parallel: 1,
      cost: 0,
      poll: async () => this.#poll(use, device, scope),
      close: async () => {},
    }
  }

  #poll(use: ProbeUse, device: string, scope: SeriesScope): PollResult {
    const detail = this.silent.get(device)
    if (detail !== undefined)
      return { readings: [], faults: [{ kind: 'timeout', detail, points: 1 }], requests: 1, doubts: [] }
    const readings = use.probe.points.flatMap(({ metric }) => {
      const labels = metric.labels.includes('interface') ? { interface: hostile } : {}
      const series = scope.series(metric, labels)
      return series === undefined ? [] : [{ series, value: this.values.get(metric.name) ?? usualOf(metric) }]
    })
    return { readings, faults: [], requests: 1, doubts: [] }
  }
}
