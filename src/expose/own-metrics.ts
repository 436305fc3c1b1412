import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Format } from './exposition.ts'

/** What siteward says of itself as a process; what it says of each device is in the store like any reading. */
export interface OwnMetrics {
  readonly lateness: Histogram
  /** `cancelled`: the poll was under way when siteward stopped, or the device was taken out. */
  readonly polls: Counter<'outcome'>
  readonly skipped: Counter
  readonly bugs: Counter
  readonly journalErrors: Counter
  readonly recordEventsLost: Counter
  readonly serviceSeconds: Histogram<'level'>
  readonly serviceLevels: Counter<'level' | 'result'>
  readonly otlpPoints: Counter<'receiver' | 'result'>
  readonly alertsSent: Counter<'alertmanager'>
  readonly sendFailures: Counter<'alertmanager'>
  readonly alertsRefused: Counter<'alertmanager'>
  readonly traps: Counter<'outcome'>
  readonly alertmanagerUp: Gauge<'alertmanager'>
  readonly alertmanagerReached: Gauge<'site' | 'alertmanager'>
  readonly httpRequests: Counter<'path' | 'code'>
  /** The text of all of them. */
  render(format: Format): Promise<string>
}

/** Facts that only the running daemon knows, asked at each scrape. */
export interface Inside {
  readonly version: string
  devices(): number
  pollsRunning(): number
  series(): number
  alerts(): number
  /** How many alarms that fire are late, by service level. */
  late(): Readonly<Record<string, number>>
  /** Only of a siteward that polls by a lease. */
  holdsLease?(): boolean
  /** How often lines of the log could not be written. */
  logFailures(): number
  history(): { readonly bytes: number; readonly size: number; readonly left: number }
  /** Alarms that fire and that nobody is told of, by reason. */
  held(): Readonly<Record<string, number>>
}

/** Also what a siteward says that stands by. */
export const leaseHeld = {
  name: 'siteward_lease_held',
  help: 'Whether this siteward holds the lease and polls',
} as const

/** Gauges that prom-client names like counters, which promtool refuses; their like without _total is there too. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

/** Makes the metrics, in a registry of their own. */
export function ownMetrics(inside: Inside): OwnMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  for (const name of misnamed) registry.removeSingleMetric(name)
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> =>
    new Counter({ name, help, labelNames: [...labelNames], registers })
  const live = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect: function collect() {
        this.set(value())
      },
    })
  }
  new Gauge({
    name: 'siteward_build_info',
    help: 'Version of siteward',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version: inside.version, node: process.version }, 1)
  live('siteward_devices', 'Devices watched', inside.devices)
  live('siteward_polls_running', 'Polls under way', inside.pollsRunning)
  live('siteward_series', 'Series known', inside.series)
  const { holdsLease } = inside
  if (holdsLease !== undefined) live(leaseHeld.name, leaseHeld.help, () => Number(holdsLease()))
  new Counter({
    name: 'siteward_log_failures_total',
    help: 'Writes of the log that failed: its lines are lost',
    registers,
    collect: function collect() {
      this.reset()
      this.inc(inside.logFailures())
    },
  })
  live('siteward_history_bytes', 'Memory of the readings of the last day', () => inside.history().bytes)
  live('siteward_history_series', 'Series of which the last day is kept', () => inside.history().size)
  live('siteward_history_left_readings', 'Readings not kept for want of memory', () => inside.history().left)
  new Gauge({
    name: 'siteward_alarms_held',
    help: 'Alarms that fire and are held back: quiet time, dead parent, inhibited, or not clear yet',
    labelNames: ['reason'],
    registers,
    collect: function collect() {
      for (const [reason, count] of Object.entries(inside.held())) this.set({ reason }, count)
    },
  })
  live('siteward_alerts', 'Alerts firing, or resolved and still being told', inside.alerts)
  new Gauge({
    name: 'siteward_service_level_late_alarms',
    help: 'Firing alarms that have waited for this step longer than the site allows',
    labelNames: ['level'],
    registers,
    collect: function collect() {
      for (const [level, count] of Object.entries(inside.late())) this.set({ level }, count)
    },
  })
  return {
    lateness: new Histogram({
      name: 'siteward_schedule_lateness_seconds',
      help: 'How long after its due time a poll started',
      buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    }),
    polls: counter('siteward_polls_total', 'Polls that have ended: good, partial, failed or cancelled', ['outcome']),
    skipped: counter('siteward_polls_skipped_total', 'Polls left out because the one before had not ended'),
    bugs: counter('siteward_bugs_total', 'Exceptions that siteward did not expect; each is in the log with its stack'),
    journalErrors: counter('siteward_journal_errors_total', 'Writes of the alarm journal that failed'),
    recordEventsLost: counter(
      'siteward_record_events_lost_total',
      'Entries of the record given up: the disk refused them',
    ),
    serviceSeconds: new Histogram({
      name: 'siteward_service_seconds',
      help: 'From the firing of an alarm until it was taken (response), somebody was on site, and it was repaired',
      labelNames: ['level'],
      buckets: [60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 172_800, 604_800],
      registers,
    }),
    serviceLevels: counter('siteward_service_level_alarms_total', 'Alarms whose step was done in time (met) or not', [
      'level',
      'result',
    ]),
    traps: counter('siteward_traps_total', 'Traps that came, by what became of them', ['outcome']),
    otlpPoints: counter('siteward_otlp_points_total', 'Readings sent by OTLP, or dropped', ['receiver', 'result']),
    alertsSent: counter('siteward_alerts_sent_total', 'Alerts that Alertmanager took', ['alertmanager']),
    sendFailures: counter('siteward_alert_send_failures_total', 'Sendings that failed and are repeated', [
      'alertmanager',
    ]),
    alertsRefused: counter('siteward_alerts_refused_total', 'Alerts that Alertmanager refused', ['alertmanager']),
    alertmanagerUp: new Gauge({
      name: 'siteward_alertmanager_up',
      help: 'Whether the last sending was taken',
      labelNames: ['alertmanager'],
      registers,
    }),
    alertmanagerReached: new Gauge({
      name: 'siteward_alertmanager_last_success_timestamp_seconds',
      help: 'When Alertmanager last answered',
      labelNames: ['site', 'alertmanager'],
      registers,
    }),
    httpRequests: counter('siteward_http_requests_total', 'HTTP requests answered', ['path', 'code']),
    render: async (format) => {
      const text = await textOf(registry)
      return format === 'openmetrics' ? asOpenMetrics(text) : text
    },
  }
}

/** As `registry.metrics()` gives it, with a turn for other work between two metrics: all at once they take a millisecond. */
async function textOf(registry: Registry): Promise<string> {
  const texts: string[] = []
  for (const { name } of registry.getMetricsAsArray()) {
    texts.push(await registry.getSingleMetricAsString(name))
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  return `${texts.join('\n\n')}\n`
}

/**
 * The text format as OpenMetrics, which differs here in two things: a counter's family is named without _total, and there
 * are no empty lines. prom-client's own OpenMetrics renames the metrics for good, so that the text format then lacks it.
 */
function asOpenMetrics(text: string): string {
  const counters = new Set([...text.matchAll(/^# TYPE (\S+)_total counter$/gm)].map(([, name]) => `${name}_total`))
  const family = (line: string, kind: string, name: string): string =>
    counters.has(name) ? line.replace(`${kind} ${name}`, `${kind} ${name.replace(/_total$/, '')}`) : line
  return text.replace(/^# (HELP|TYPE) (\S+)/gm, family).replace(/\n{2,}/g, '\n')
}
