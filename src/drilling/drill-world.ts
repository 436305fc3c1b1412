import type { Cell, Transition } from '../judge/cell.ts'
import { Judge } from '../judge/judge.ts'
import type { Milliseconds, Moment } from '../model/clock.ts'
import { drillLabels } from '../model/drill.ts'
import { type Labels, labelsMatch } from '../model/labels.ts'
import type { Reading } from '../model/reading.ts'
import type { Rule } from '../model/rule.ts'
import { type Series, type SeriesScope, SeriesTable, type Source } from '../model/series.ts'
import { Store } from '../store/store.ts'
import type { Target, TargetParts } from './target.ts'

/** Whatever of the real world a drill looks at. */
export interface WorldParts extends TargetParts {
  value(series: Series): number
}

/**
 * The world of one drill: series, values and alarms of its own, so that whatever the device really reads goes on being
 * judged beside it. Every series in it is marked.
 */
export class DrillWorld {
  readonly #target: Target
  readonly #parts: WorldParts
  readonly #store = new Store()
  readonly #judge: Judge
  readonly #table: SeriesTable
  /** What the device's limits are copied into, where the drill's own poll does not read them. */
  readonly #limits: Source
  readonly #limitMetrics: ReadonlySet<string>
  /** The longest that a rule of the target waits. */
  readonly longestWait: Milliseconds

  constructor(target: Target, parts: WorldParts) {
    this.#target = target
    this.#parts = parts
    const { device, metric } = target
    const rules = device.rules.filter((rule) => rule.metric === metric && rule.condition.kind !== 'absent')
    this.longestWait = Math.max(0, ...rules.map((rule) => rule.for))
    this.#limitMetrics = new Set(rules.flatMap(limitMetrics))
    this.#judge = new Judge(parts.site(), this.#store)
    this.#table = new SeriesTable(parts.site().name, (series) => {
      this.#store.add(series)
      this.#judge.addSeries(series)
    })
    this.#judge.addDevice({ ...device, rules })
    this.#limits = this.#table.source(device.name, 'limits')
  }

  get judge(): Judge {
    return this.#judge
  }

  get cells(): readonly Cell[] {
    return [...this.#judge.cells()]
  }

  /** Hands out marked series of a probe. */
  scope(probe: string): SeriesScope {
    const scope = this.#table.scope(this.#table.source(this.#target.device.name, probe))
    return {
      series: (metric, labels) => scope.series(metric, { ...labels, ...drillLabels }),
      row: (metrics, labels) => scope.row(metrics, { ...labels, ...drillLabels }),
    }
  }

  /** Whether a series is the one that is drilled. */
  isTarget(series: Series): boolean {
    return series.metric === this.#target.metric && sameLabels(ownOf(series), this.#target.own)
  }

  /**
   * What a poll brought, judged. Only the target and the limits that the device tells for it count: another port that
   * is really down is no part of the drill.
   */
  take(
    readings: readonly Reading[],
    now: Moment,
  ): { readonly taken: readonly Reading[]; readonly transitions: readonly Transition[] } {
    const isLimit = ({ metric, labels }: Series): boolean =>
      this.#limitMetrics.has(metric.name) && sameLabels(ownOf({ labels }), this.#target.own)
    const own = readings.filter(({ series }) => this.isTarget(series) || isLimit(series))
    const taken = [...this.#copiedLimits(), ...own]
    for (const reading of taken) this.#store.apply(reading, now.mono)
    const transitions = this.#judge.judge(
      taken.map(({ series }) => series),
      now,
    )
    return { taken, transitions }
  }

  /** The limits that another probe of the device reads hold for the drill too. */
  #copiedLimits(): readonly Reading[] {
    if (this.#limitMetrics.size === 0) return []
    const { device, own } = this.#target
    const { drill: _drill, ...real } = own
    return [...this.#parts.seriesOf(device.name)].flatMap((series) => {
      const isLike = this.#limitMetrics.has(series.metric.name) && sameLabels(ownOf(series), real)
      // Undefined where the drill's own poll has read it.
      const copy = isLike ? this.#table.scope(this.#limits).series(series.metric, own) : undefined
      return copy === undefined ? [] : [{ series: copy, value: this.#parts.value(series) }]
    })
  }
}

function ownOf({ labels }: Pick<Series, 'labels'>): Labels {
  const { site: _site, device: _device, ...own } = labels
  return own
}

function limitMetrics({ condition }: Rule): readonly string[] {
  const limits =
    condition.kind === 'within' ? [condition.low, condition.high] : 'limit' in condition ? [condition.limit] : []
  return limits.flatMap((limit) => (limit.kind === 'metric' ? [limit.metric] : []))
}

function sameLabels(one: Labels, other: Labels): boolean {
  return labelsMatch(one, other) && labelsMatch(other, one)
}
