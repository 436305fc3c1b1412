import { boundsOf } from '../judge/breach.ts'
import { phase } from '../judge/cell.ts'
import type { Judge } from '../judge/judge.ts'
import type { Milliseconds } from '../model/clock.ts'
import type { Device } from '../model/device.ts'
import { type Labels, labelKey } from '../model/labels.ts'
import type { Rule } from '../model/rule.ts'
import type { Series, SeriesScope, SeriesTable, Source } from '../model/series.ts'
import type { OwnMetricNames } from '../store/own-series.ts'
import type { Store } from '../store/store.ts'

interface Count {
  readonly pending: Series | undefined
  readonly firing: Series | undefined
}

/** A limit of a rule, with the labels of its series. */
interface Threshold {
  readonly labels: Labels
  readonly value: number
}

/** What siteward exposes of a device's rules: its limits, and how many of its alarms are pending and firing. */
export class DeviceSeries {
  #device: Device
  readonly #table: SeriesTable
  readonly #store: Store
  readonly #metrics: OwnMetricNames
  readonly #source: Source
  readonly #scope: SeriesScope
  readonly #counts = new Map<string, Count>()

  constructor(device: Device, table: SeriesTable, metrics: OwnMetricNames, store: Store) {
    this.#device = device
    this.#table = table
    this.#store = store
    this.#metrics = metrics
    this.#source = table.source(device.name, 'alarms', true)
    this.#scope = table.scope(this.#source)
    for (const rule of device.rules) {
      const labels = { alarm: rule.alarm, severity: rule.severity }
      this.#counts.set(labelKey(labels), {
        pending: this.#scope.series(metrics.alarms, { ...labels, state: 'pending' }),
        firing: this.#scope.series(metrics.alarms, { ...labels, state: 'firing' }),
      })
    }
    this.#set(this.#scope.series(metrics.info, device.labels), 1, 0)
    this.#expose()
  }

  /** How many fire, of each alarm. */
  get firing(): readonly Series[] {
    return [...this.#counts.values()].flatMap(({ firing }) => firing ?? [])
  }

  /** Counts the device's alarms anew. */
  count(judge: Judge, at: Milliseconds): void {
    const found = new Map<string, { pending: number; firing: number }>()
    for (const key of this.#counts.keys()) found.set(key, { pending: 0, firing: 0 })
    for (const { rule, alarm } of judge.cellsOfDevice(this.#device.name)) {
      const count = found.get(labelKey({ alarm: rule.alarm, severity: rule.severity }))
      const state = phase(alarm)
      if (count !== undefined && state !== 'inactive') count[state]++
    }
    for (const [key, { pending, firing }] of found) {
      const series = this.#counts.get(key)
      this.#set(series?.pending, pending, at)
      this.#set(series?.firing, firing, at)
    }
  }

  /** Takes other limits over; false where the device with its rules of today has other series, and all must be made anew. */
  change(device: Device): boolean {
    if (shapeOf(device) !== shapeOf(this.#device)) return false
    this.#device = device
    this.#expose()
    return true
  }

  /** Gives up all of its series, and returns them. */
  release(): readonly Series[] {
    return this.#table.release(this.#source)
  }

  #expose(): void {
    for (const { labels, value } of this.#device.rules.flatMap(thresholdsOf)) {
      this.#set(this.#scope.series(this.#metrics.threshold, labels), value, 0)
    }
  }

  #set(series: Series | undefined, value: number, at: Milliseconds): void {
    if (series !== undefined) this.#store.apply({ series, value }, at)
  }
}

function thresholdsOf({ alarm, severity, metric, match, measure, condition }: Rule): readonly Threshold[] {
  // A limit on what is measured of a series would stand beside the series as if it were one of its value.
  if (measure !== undefined) return []
  // A limit that the device reports is a reading of its own.
  const { low, high } = boundsOf(condition, () => Number.NaN)
  const labels = { metric: metric.name, alarm, severity, ...match }
  const both = [
    { labels: { ...labels, bound: 'low' }, value: low },
    { labels: { ...labels, bound: 'high' }, value: high },
  ]
  return both.filter(({ value }) => Number.isFinite(value))
}

/** Two devices of one shape have the same series. */
function shapeOf({ labels, rules }: Device): string {
  const alarms = rules.map(({ alarm, severity }) => `${alarm} ${severity}`)
  const thresholds = rules.flatMap(thresholdsOf).map((one) => labelKey(one.labels))
  return JSON.stringify([labelKey(labels), [...new Set([...alarms, ...thresholds])].sort()])
}
