import { type Alarm, inactive } from '../model/alarm.ts'
import type { Moment } from '../model/clock.ts'
import type { Device } from '../model/device.ts'
import { type Labels, labelKey, labelsMatch } from '../model/labels.ts'
import { type Metric, unknownState } from '../model/metric.ts'
import type { Limit, Rule } from '../model/rule.ts'
import type { Series } from '../model/series.ts'
import { type Bounds, type Breach, boundsOf, breach } from './breach.ts'
import { alertKey, alertLabels, type Cell, isTransition, type Subject, type Transition } from './cell.ts'
import { step } from './step.ts'

/** What the judge sees of the readings: the newest value of a series, NaN when there is none. */
export interface Values {
  value(series: Series): number
}

/** The state of an alarm as the journal kept it, by its alert's key. */
export type Restored = ReadonlyMap<string, Alarm>

/** Keeps every alarm of the site and moves it on as readings come, fail to come, or time passes. */
export class Judge {
  readonly #site: { readonly name: string; readonly labels: Labels }
  readonly #values: Values
  readonly #restored: Map<string, Alarm>
  readonly #bySeries = new Map<number, Cell[]>()
  readonly #byDevice = new Map<string, DeviceCells>()
  /** Cells that time alone can move: absence and staleness, and pending ones whose value siteward itself holds. */
  readonly #timed = new Set<Cell>()

  constructor(site: { name: string; labels: Labels }, values: Values, restored: Restored = new Map()) {
    this.#site = site
    this.#values = values
    this.#restored = new Map(restored)
  }

  /** Every alarm there is. */
  *cells(): Iterable<Cell> {
    for (const { cells } of this.#byDevice.values()) yield* cells.values()
  }

  /** The alarm with this key, once a reading has come for it. */
  cell(device: string, key: string): Cell | undefined {
    return this.#byDevice.get(device)?.cells.get(key)
  }

  /** A device's alarms. */
  cellsOfDevice(device: string): Iterable<Cell> {
    return this.#byDevice.get(device)?.cells.values() ?? []
  }

  /** Takes a device's rules in; rules on absence begin at once, the others with the first reading of a series. */
  addDevice(device: Device): void {
    this.#byDevice.set(device.name, { device, cells: new Map(), wanted: wantedBy(device.rules), series: new Map() })
    for (const rule of device.rules) {
      if (rule.condition.kind !== 'absent') continue
      this.#timed.add(this.#add(rule, device, { kind: 'device' }, rule.match))
    }
  }

  /** Forgets a device; returns its cells, so that what fires can be resolved. */
  removeDevice(name: string): readonly Cell[] {
    const known = this.#byDevice.get(name)
    if (known === undefined) return []
    const gone = [...known.cells.values()]
    this.#byDevice.delete(name)
    for (const cell of gone) {
      this.#timed.delete(cell)
      if (cell.subject.kind === 'series') this.#bySeries.delete(cell.subject.series.id)
    }
    return gone
  }

  /** A new series: binds the rules of its device that speak of it. */
  addSeries(series: Series): void {
    const known = this.#byDevice.get(series.source.device)
    if (known === undefined) return
    if (!known.wanted.has(series.metric.name)) return
    known.series.set(seriesKey(series.metric.name, series.labels), series)
    const own = ownLabels(series.labels)
    for (const rule of known.device.rules) {
      if (rule.metric.name !== series.metric.name || !labelsMatch(series.labels, rule.match)) continue
      if (rule.condition.kind === 'absent') continue
      const cell = this.#add(rule, known.device, { kind: 'series', series }, own)
      if (rule.condition.kind === 'stale') this.#timed.add(cell)
      const cells = this.#bySeries.get(series.id)
      if (cells === undefined) this.#bySeries.set(series.id, [cell])
      else cells.push(cell)
    }
  }

  /** Judges series whose values have just changed, or been confirmed, or been lost (NaN). */
  judge(changed: Iterable<Series>, at: Moment): readonly Transition[] {
    const transitions: Transition[] = []
    for (const series of changed) {
      for (const cell of this.#bySeries.get(series.id) ?? []) {
        if (cell.rule.condition.kind === 'stale') continue
        this.#move(cell, this.#breachOf(cell, this.#read(cell, series)), at, transitions)
      }
    }
    return transitions
  }

  /** Lets time pass for rules on absence and staleness, and for what siteward itself holds to be true. */
  sweep(at: Moment): readonly Transition[] {
    const transitions: Transition[] = []
    for (const cell of this.#timed) this.#move(cell, this.#timedBreach(cell), at, transitions)
    return transitions
  }

  /** The alarms on one series. */
  cellsOf(series: Series): readonly Cell[] {
    return this.#bySeries.get(series.id) ?? []
  }

  /** The bounds of a cell now, for those who show a limit. */
  bounds(cell: Cell): Bounds {
    return boundsOf(cell.rule.condition, (metric) => this.#limit(cell, metric))
  }

  #add(rule: Rule, device: Device, subject: Subject, own: Labels): Cell {
    const labels = alertLabels(rule, device, this.#site, own)
    const key = alertKey(labels)
    const restored = this.#restored.get(key)
    this.#restored.delete(key)
    const cell: Cell = {
      key,
      rule,
      device,
      subject,
      labels,
      own,
      alarm: restored ?? inactive,
      brokenAt: 0,
      value: Number.NaN,
    }
    this.#byDevice.get(device.name)?.cells.set(key, cell)
    return cell
  }

  #move(cell: Cell, found: Breach, at: Moment, transitions: Transition[]): void {
    const from = cell.alarm
    if (found === 'broken' || found === 'near') cell.brokenAt = at.mono
    const to = step(cell.rule, from, found, at)
    if (to === from) return
    cell.alarm = to
    this.#watchTime(cell)
    if (isTransition(from, to)) transitions.push({ cell, from, to, at })
  }

  /** A pending or clearing alarm on siteward's own word (a device is down) moves by time: the word holds till withdrawn. */
  #watchTime(cell: Cell): void {
    if (cell.subject.kind === 'device' || cell.rule.condition.kind === 'stale') return
    if (!cell.subject.series.source.held) return
    const waits =
      cell.alarm.state === 'pending' || (cell.alarm.state === 'firing' && cell.alarm.clearSince !== undefined)
    if (waits) this.#timed.add(cell)
    else this.#timed.delete(cell)
  }

  #breachOf(cell: Cell, value: number): Breach {
    return breach(cell.rule.condition, this.bounds(cell), value, unknownIndex(cell.rule.metric))
  }

  #timedBreach(cell: Cell): Breach {
    const { rule, subject } = cell
    if (subject.kind === 'device') return this.#isPresent(rule, cell.device) ? 'clear' : 'broken'
    const value = this.#read(cell, subject.series)
    if (rule.condition.kind !== 'stale') return this.#breachOf(cell, value)
    return Number.isNaN(value) ? 'broken' : 'clear'
  }

  /** The value now; the cell keeps the last real one, which is what people are told while a device is silent. */
  #read(cell: Cell, series: Series): number {
    const value = this.#values.value(series)
    if (!Number.isNaN(value)) cell.value = value
    return value
  }

  #isPresent(rule: Rule, device: Device): boolean {
    for (const series of this.#byDevice.get(device.name)?.series.values() ?? []) {
      if (series.metric.name !== rule.metric.name || !labelsMatch(series.labels, rule.match)) continue
      if (!Number.isNaN(this.#values.value(series))) return true
    }
    return false
  }

  #limit(cell: Cell, metric: string): number {
    if (cell.subject.kind === 'device') return Number.NaN
    const known = this.#byDevice.get(cell.device.name)
    const series = known?.series.get(seriesKey(metric, cell.subject.series.labels))
    return series === undefined ? Number.NaN : this.#values.value(series)
  }
}

interface DeviceCells {
  readonly device: Device
  readonly cells: Map<string, Cell>
  /** Names of the metrics that its rules speak of: of the many thousand other series nothing is kept. */
  readonly wanted: ReadonlySet<string>
  readonly series: Map<string, Series>
}

function wantedBy(rules: readonly Rule[]): ReadonlySet<string> {
  const limits = ({ condition }: Rule): readonly Limit[] => {
    if (condition.kind === 'within') return [condition.low, condition.high]
    return condition.kind === 'above' || condition.kind === 'below' ? [condition.limit] : []
  }
  return new Set(
    rules.flatMap((rule) => [
      rule.metric.name,
      ...limits(rule).flatMap((limit) => (limit.kind === 'metric' ? [limit.metric] : [])),
    ]),
  )
}

function seriesKey(metric: string, labels: Labels): string {
  return `${metric}${labelKey(labels)}`
}

/** A series' labels without site and device, which the alert has anyway. */
function ownLabels({ site: _site, device: _device, ...own }: Labels): Labels {
  return own
}

function unknownIndex(metric: Metric): number {
  return metric.kind === 'state' ? metric.states.indexOf(unknownState) : -1
}
