import { boundsOf } from '../judge/breach.ts'
import { phase } from '../judge/cell.ts'
import type { Judge } from '../judge/judge.ts'
import type { Milliseconds } from '../model/clock.ts'
import type { Device } from '../model/device.ts'
import { labelKey } from '../model/labels.ts'
import type { Rule } from '../model/rule.ts'
import type { Series, SeriesScope, SeriesTable } from '../model/series.ts'
import type { OwnMetricNames } from '../store/own-series.ts'
import type { Store } from '../store/store.ts'

interface Count {
  readonly pending: Series | undefined
  readonly firing: Series | undefined
}

/** What siteward exposes of a device's rules: its limits, and how many of its alarms are pending and firing. */
export class DeviceSeries {
  readonly #device: Device
  readonly #store: Store
  readonly #counts = new Map<string, Count>()

  constructor(device: Device, table: SeriesTable, metrics: OwnMetricNames, store: Store) {
    this.#device = device
    this.#store = store
    const scope = table.scope(table.source(device.name, 'alarms', true))
    for (const rule of device.rules) {
      const labels = { alarm: rule.alarm, severity: rule.severity }
      this.#counts.set(labelKey(labels), {
        pending: scope.series(metrics.alarms, { ...labels, state: 'pending' }),
        firing: scope.series(metrics.alarms, { ...labels, state: 'firing' }),
      })
    }
    this.#set(scope.series(metrics.info, device.labels), 1, 0)
    for (const rule of device.rules) this.#expose(rule, scope, metrics)
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

  #expose(rule: Rule, scope: SeriesScope, metrics: OwnMetricNames): void {
    // A limit on what is measured of a series would stand beside the series as if it were one of its value.
    if (rule.measure !== undefined) return
    // A limit that the device reports is a reading of its own.
    const { low, high } = boundsOf(rule.condition, () => Number.NaN)
    const labels = { metric: rule.metric.name, alarm: rule.alarm, severity: rule.severity, ...rule.match }
    for (const [bound, value] of [
      ['low', low],
      ['high', high],
    ] as const) {
      if (Number.isFinite(value)) this.#set(scope.series(metrics.threshold, { ...labels, bound }), value, 0)
    }
  }

  #set(series: Series | undefined, value: number, at: Milliseconds): void {
    if (series !== undefined) this.#store.apply({ series, value }, at)
  }
}
