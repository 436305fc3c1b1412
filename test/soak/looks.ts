import { samplesOf } from '../peers/exposed.ts'

/** What one look at /metrics has shown. `at` and `took` are milliseconds, the first since the begin of the soak. */
export interface Look {
  readonly at: number
  readonly took: number
  /** When the process that answered was started: counters begin anew with another. */
  readonly process: number
  readonly bugs: number
  /** Faults of polls, by device. */
  readonly faults: ReadonlyMap<string, number>
  /** Devices that are watched, and whether they answer. */
  readonly up: ReadonlyMap<string, boolean>
  /** Polls that began more than 2.5 s late. */
  readonly late: number
  readonly sendFailures: number
  readonly isReloaded: boolean
  readonly lastReload: number
  readonly residentBytes: number
  /** What the readings of the last day take, which grow until they have their bound. */
  readonly historyBytes: number
}

/** Beyond this bound of the histogram a poll counts as late. */
const timely = '2.5'
const wanted =
  /^(siteward_(poll_faults|bugs|alert_send|device_up|schedule|config_last|history_bytes)|process_(start|resident))/

/** Reads a page in Prometheus' text format. */
export function lookOf(at: number, took: number, page: string): Look {
  const samples = samplesOf(
    page
      .split('\n')
      .filter((line) => wanted.test(line))
      .join('\n'),
  )
  const sum = (name: string, labels: Readonly<Record<string, string>> = {}): number =>
    samples
      .filter((one) => one.name === name && Object.entries(labels).every(([label, text]) => one.labels[label] === text))
      .reduce((total, { value }) => total + value, 0)
  const faults = new Map<string, number>()
  const up = new Map<string, boolean>()
  for (const { name, labels, value } of samples) {
    const { device = '' } = labels
    if (name === 'siteward_poll_faults_total') faults.set(device, (faults.get(device) ?? 0) + value)
    if (name === 'siteward_device_up') up.set(device, (up.get(device) ?? true) && value === 1)
  }
  const lateness = 'siteward_schedule_lateness_seconds'
  return {
    at,
    took,
    process: sum('process_start_time_seconds'),
    bugs: sum('siteward_bugs_total'),
    faults,
    up,
    late: sum(`${lateness}_count`) - sum(`${lateness}_bucket`, { le: timely }),
    sendFailures: sum('siteward_alert_send_failures_total'),
    isReloaded: sum('siteward_config_last_reload_successful') === 1,
    lastReload: sum('siteward_config_last_reload_success_timestamp_seconds'),
    residentBytes: sum('process_resident_memory_bytes'),
    historyBytes: sum('siteward_history_bytes'),
  }
}

/** How much a counter has grown in a time, over the lives of several processes. */
export function grown(looks: readonly Look[], from: number, to: number, counter: (look: Look) => number): number {
  let sum = 0
  for (const [i, look] of looks.entries()) {
    const before = looks[i - 1]
    if (before === undefined || look.at < from || before.at > to) continue
    const begins = before.process === look.process ? counter(before) : 0
    sum += Math.max(0, counter(look) - begins)
  }
  return sum
}
