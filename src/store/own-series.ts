import type { FaultKind } from '../model/fault.ts'
import type { Labels } from '../model/labels.ts'
import type { Metric, Vocabulary } from '../model/metric.ts'
import type { Reading } from '../model/reading.ts'
import type { Series, SeriesScope } from '../model/series.ts'

/** The metrics that siteward gives of each device itself; their entries are in config/metrics.yaml like all others. */
const names = {
  up: 'siteward_device_up',
  duration: 'siteward_poll_duration_seconds',
  faults: 'siteward_poll_faults_total',
  lastSuccess: 'siteward_last_success_timestamp_seconds',
  unavailable: 'siteward_readings_unavailable',
  alarms: 'siteward_alarms',
  threshold: 'siteward_threshold',
  info: 'siteward_device_info',
} as const

export type OwnMetricNames = Readonly<Record<keyof typeof names, Metric>>

/** Finds siteward's own metrics in the vocabulary; throws when the file that ships with it lacks one. */
export function ownMetricsOf(vocabulary: Vocabulary): OwnMetricNames {
  const find = (name: string): Metric => {
    const metric = vocabulary.get(name)
    if (metric === undefined) throw new Error(`config/metrics.yaml lacks ${name}`)
    return metric
  }
  return {
    up: find(names.up),
    duration: find(names.duration),
    faults: find(names.faults),
    lastSuccess: find(names.lastSuccess),
    unavailable: find(names.unavailable),
    alarms: find(names.alarms),
    threshold: find(names.threshold),
    info: find(names.info),
  }
}

/** The series that siteward keeps of one device and probe. */
export class OwnSeries {
  readonly #scope: SeriesScope
  readonly #metrics: OwnMetricNames
  readonly #probe: Labels
  readonly #faults = new Map<FaultKind, number>()
  readonly #fixed: Readonly<Record<'up' | 'duration' | 'lastSuccess' | 'unavailable', Series | undefined>>

  constructor(scope: SeriesScope, metrics: OwnMetricNames, probe: string) {
    this.#scope = scope
    this.#metrics = metrics
    this.#probe = { probe }
    const series = (metric: Metric): Series | undefined => scope.series(metric, this.#probe)
    this.#fixed = {
      up: series(metrics.up),
      duration: series(metrics.duration),
      lastSuccess: series(metrics.lastSuccess),
      unavailable: series(metrics.unavailable),
    }
  }

  /** The series on which the alarm of a silent device rests. */
  get up(): Series | undefined {
    return this.#fixed.up
  }

  /** The readings of one poll's outcome; times in seconds. */
  readings(outcome: Outcome): readonly Reading[] {
    const { up, duration, lastSuccess, unavailable } = this.#fixed
    const list: Reading[] = []
    const add = (series: Series | undefined, value: number): void => {
      if (series !== undefined) list.push({ series, value })
    }
    add(up, outcome.isUp ? 1 : 0)
    add(duration, outcome.seconds)
    if (outcome.isUp) add(lastSuccess, outcome.wallSeconds)
    add(unavailable, outcome.unavailable)
    for (const kind of outcome.faults) {
      const count = (this.#faults.get(kind) ?? 0) + 1
      this.#faults.set(kind, count)
      add(this.#scope.series(this.#metrics.faults, { ...this.#probe, fault: kind }), count)
    }
    return list
  }
}

/** What one poll says of its device. */
export interface Outcome {
  readonly isUp: boolean
  readonly seconds: number
  readonly wallSeconds: number
  readonly unavailable: number
  readonly faults: readonly FaultKind[]
}
