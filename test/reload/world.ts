import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Collector, Job } from '../../collectors/collector.ts'
import { Daemon } from '../../src/daemon.ts'
import type { Alert } from '../../src/model/alert.ts'
import type { Device } from '../../src/model/device.ts'
import { silent } from '../../src/model/log.ts'
import type { NumberMetric, Vocabulary } from '../../src/model/metric.ts'
import type { PollResult, Reading } from '../../src/model/reading.ts'
import { good } from '../../src/model/result.ts'
import type { SeriesScope } from '../../src/model/series.ts'
import type { Site } from '../../src/model/site.ts'
import type { AlertmanagerClient } from '../../src/notify/sender.ts'
import { type Journal, openJournal } from '../../src/store/journal.ts'
import { openWeb } from '../../src/web/web-file.ts'
import { ManualClock } from '../manual-clock.ts'
import { makeDevice, makeProbe, makeRule, makeSite, temperature } from '../samples.ts'

export const minute = 60_000

const ownNames = [
  'siteward_device_up',
  'siteward_poll_duration_seconds',
  'siteward_poll_faults_total',
  'siteward_last_success_timestamp_seconds',
  'siteward_readings_unavailable',
  'siteward_alarms',
  'siteward_threshold',
  'siteward_device_info',
  'siteward_record_up',
  'siteward_drill_overdue',
  'siteward_duty_overdue',
  'siteward_duty_due_timestamp_seconds',
  'siteward_certificate_left_seconds',
]

const vocabulary: Vocabulary = new Map(
  [
    temperature,
    ...ownNames.map((name): NumberMetric => ({ ...temperature, name, unit: 'none', range: { low: 0, high: 1e12 } })),
  ].map((metric) => [metric.name, metric]),
)

/** A metric of the vocabulary. */
export function metric(name: string): NumberMetric {
  const found = vocabulary.get(name)
  if (found?.kind !== 'gauge') throw new Error(name)
  return found
}

/** Fires after two minutes above 28 °C. */
export const hot = makeRule({ for: 2 * minute, severity: 'critical' })

/** Fires after two minutes of silence. */
export const down = makeRule({
  alarm: 'DeviceDown',
  metric: metric('siteward_device_up'),
  condition: { kind: 'below', limit: { kind: 'fixed', value: 1 }, hysteresis: 0 },
  for: 2 * minute,
})

/** What a device answers: the temperatures of its sensors, or nothing at all. */
export type Answer = Readonly<Record<string, number>> | 'silent'

/** What became of the job of one probe of one device: it is made, polled and closed. */
export interface Line {
  readonly device: string
  readonly address: string
  readonly polls: number[]
  isClosed: boolean
}

/** A daemon on a clock that stands still, with devices that answer what the test says, and an Alertmanager that listens. */
export class World {
  readonly clock = new ManualClock()
  readonly alerts: Alert[] = []
  /** Every job that was ever polled. */
  readonly lines: Line[] = []
  readonly answers = new Map<string, Answer>()
  /** Who was asked to be told, by address, with what it was told. */
  readonly told = new Map<string, Alert[]>()
  readonly folder = mkdtempSync(join(tmpdir(), 'siteward-reload-'))
  site: Site
  daemon: Daemon | undefined
  /** A poll waits for this. */
  holdUp: Promise<void> | undefined

  constructor(changed: Partial<Site> = {}) {
    this.site = makeSite({
      stateDirectory: this.folder,
      alertmanagers: [new URL('http://peer')],
      devices: [deviceOf('one'), deviceOf('two')],
      vocabulary,
      ...changed,
    })
  }

  async start(): Promise<Daemon> {
    const daemon = new Daemon({
      site: this.site,
      version: '0',
      collectors: new Map([['fake', this.collector()]]),
      journal: this.journal(),
      client: (url) => this.client(url),
      clock: this.clock,
      random: () => 0.5,
      log: silent,
      web: () => openWeb,
    })
    this.daemon = daemon
    await daemon.start()
    return daemon
  }

  journal(): Journal {
    return openJournal(this.folder, 1, () => {})
  }

  /** Goes on with a site of which this is other than it was. */
  async reload(changed: Partial<Site>, elsewhere: readonly string[] = []) {
    this.site = { ...this.site, ...changed }
    const changes = await this.daemon?.reload(this.site, new Set(elsewhere))
    await this.clock.pass(100)
    if (changes === undefined) throw new Error('no daemon')
    return changes
  }

  collector(): Collector {
    const empty = { type: 'object' } as never
    return {
      protocol: 'fake',
      schemas: { point: empty, settings: empty, options: empty, credential: empty },
      prepare: (_use, device, scope) => good(this.job(device, scope)),
    }
  }

  job({ name: device, address }: Device, scope: SeriesScope): Job {
    const line: Line = { device, address, polls: [], isClosed: false }
    return {
      ...{ endpoint: address, session: address, parallel: 1, cost: 0 },
      poll: async ({ signal }) => {
        if (line.polls.length === 0) this.lines.push(line)
        line.polls.push(this.clock.now().mono)
        const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve))
        if (this.holdUp !== undefined) await Promise.race([this.holdUp, aborted])
        return this.poll(device, scope)
      },
      close: async () => {
        line.isClosed = true
      },
    }
  }

  poll(device: string, scope: SeriesScope): PollResult {
    const answer = this.answers.get(device) ?? { in: 22 }
    if (answer === 'silent') {
      return { readings: [], faults: [{ kind: 'timeout', detail: 'no answer', points: 1 }], requests: 1, doubts: [] }
    }
    const readings = Object.entries(answer).flatMap(([sensor, value]): readonly Reading[] => {
      const series = scope.series(temperature, { sensor })
      return series === undefined ? [] : [{ series, value }]
    })
    return { readings, faults: [], requests: 1, doubts: [] }
  }

  client(url: URL): AlertmanagerClient {
    const told: Alert[] = []
    this.told.set(url.href, told)
    return {
      url: url.origin,
      post: async (alerts) => {
        this.alerts.push(...alerts)
        told.push(...alerts)
        return { kind: 'taken' }
      },
      look: async () => ({ kind: 'closed' }),
      close: () => {},
    }
  }

  /** The jobs of a device that were polled, in their order. */
  linesOf(device: string): readonly Line[] {
    return this.lines.filter((line) => line.device === device)
  }

  /** What was told of an alarm of a device since the test last forgot. */
  tellings(alertname: string, device: string): readonly Alert[] {
    return this.alerts.filter(({ labels }) => labels['alertname'] === alertname && labels['device'] === device)
  }

  /** How the alert of a device stands to Alertmanager: undefined where it never heard of it. */
  standing(alertname: string, device: string): 'firing' | 'resolved' | undefined {
    const last = this.tellings(alertname, device).at(-1)
    if (last === undefined) return undefined
    return (last.endsAt ?? Number.POSITIVE_INFINITY) <= this.clock.now().wall ? 'resolved' : 'firing'
  }

  async scrape(): Promise<string> {
    return (await fetch(`${this.daemon?.url}/metrics`)).text()
  }

  /** What is exposed of a metric, by the labels of its series but site. */
  async exposed(name: string): Promise<readonly string[]> {
    const lines = (await this.scrape()).split('\n').filter((line) => line.startsWith(`${name}{`))
    return lines.map((line) => line.slice(name.length).replace('site="hospital",', ''))
  }
}

/** A device with one probe that is polled every minute, with what is given changed. */
export function deviceOf(name: string, changed: Partial<Device> = {}): Device {
  return makeDevice({
    name,
    address: `${name}.example`,
    labels: { room: 'main' },
    rules: [hot, down],
    probes: [{ probe: makeProbe('fake', [], {}), interval: minute, timeout: 5000 }],
    ...changed,
  })
}
