import { type Alarm, inactive, lastKnown } from '../model/alarm.ts'
import type { Moment } from '../model/clock.ts'
import type { Device } from '../model/device.ts'
import type { DeviceGroup } from '../model/group.ts'
import { type Labels, labelKey, labelsMatch } from '../model/labels.ts'
import type { Limit, Rule } from '../model/rule.ts'
import type { Series } from '../model/series.ts'
import { type Bounds, type Breach, boundsOf, breach, unknownIndex } from './breach.ts'
import { alertKey, alertLabels, type Cell, isTransition, phase, type Subject, type Transition } from './cell.ts'
import { countBreach, distances, type Group, groupKey, leaveSeries } from './group.ts'
import { inherit, isFor, measuresSame, type Pair, pairCells } from './inherit.ts'
import { step } from './step.ts'
import { isWindowMeasure, Window } from './window.ts'

/** What the judge sees of the readings: the newest value of a series, NaN when there is none. */
export interface Values {
  value(series: Series): number
}

/** An alarm as it was before a restart; its series, if it is on one, has not come yet. */
export interface Restored {
  readonly device: string
  readonly rule: Rule
  /** The labels of its series, without site and device. */
  readonly own: Labels
  readonly alarm: Alarm
}

/** What became of the alarms of a device, pending or firing, when it got other rules or labels. */
export interface Replaced {
  /** Those that go on; with another key they go on under another alert. */
  readonly carried: readonly Pair[]
  /** Those whose rule is gone. */
  readonly ended: readonly Cell[]
}

const none: readonly Cell[] = []

/** What a judge labels alerts by. */
type AlertSite = { readonly name: string; readonly labels: Labels }

/** Keeps every alarm of the site and moves it on as readings come, fail to come, or time passes. */
export class Judge {
  readonly #values: Values
  #site: AlertSite
  readonly #bySeries = new Map<number, Cell[]>()
  readonly #byDevice = new Map<string, DeviceCells>()
  /** Series that are judged beside others: the groups in which they are. */
  readonly #groups = new Map<number, Group[]>()
  /** The groups of devices in which a device is. */
  readonly #groupsOf = new Map<string, readonly string[]>()
  /** Cells that time alone can move: absence and staleness, and pending ones whose value siteward itself holds. */
  readonly #timed = new Set<Cell>()

  constructor(site: AlertSite, values: Values) {
    this.#site = site
    this.#values = values
  }

  /** From now on alerts have the labels of this site; those that there are get them when their device is replaced. */
  label(site: AlertSite): void {
    this.#site = site
  }

  /** Every alarm there is. */
  *cells(): Iterable<Cell> {
    for (const { cells } of this.#byDevice.values()) yield* cells.values()
  }

  /** The alarm with this key. */
  cell(device: string, key: string): Cell | undefined {
    return this.#byDevice.get(device)?.cells.get(key)
  }

  /** A device's alarms. */
  cellsOfDevice(device: string): Iterable<Cell> {
    return this.#byDevice.get(device)?.cells.values() ?? []
  }

  /** Takes the rules of a group of devices in, by which series of its members are counted. */
  addGroup({ device, members }: DeviceGroup): void {
    this.addDevice(device, members)
    this.#joinGroup(device.name, members)
  }

  /** Takes a device's rules in; rules on absence begin at once, the others with the first reading of a series. */
  addDevice(device: Device, members: readonly string[] = [device.name]): void {
    const known = { device, cells: new Map(), wanted: wantedBy(device.rules), series: new Map(), groups: new Map() }
    this.#byDevice.set(device.name, known)
    for (const rule of device.rules) {
      if (rule.measure?.kind === 'count') {
        const group: Group = {
          rule,
          members,
          series: [],
          cells: [this.#add(rule, device, { kind: 'device' }, rule.match)],
        }
        known.groups.set(groupKey(rule, {}), group)
      } else if (rule.condition.kind === 'absent') {
        this.#timed.add(this.#add(rule, device, { kind: 'device' }, rule.match))
      }
    }
  }

  /** Alarms of devices that are there already go on as they were. */
  restore(alarms: Iterable<Restored>): void {
    for (const { device, rule, own, alarm } of alarms) {
      const known = this.#byDevice.get(device)
      if (known === undefined) continue
      const key = alertKey(alertLabels(rule, known.device, this.#site, own))
      const cell = known.cells.get(key) ?? this.#add(rule, known.device, { kind: 'awaited' }, own)
      cell.alarm = alarm
    }
  }

  /**
   * Puts a device with other rules or labels in the place of the one of its name; `series` are all that it has. An alarm
   * goes on where its rule still has its name, severity and metric and speaks of its series: under other limits, and by
   * the time since which it was broken.
   */
  replaceDevice(device: Device, series: Iterable<Series>, members: readonly string[] = [device.name]): Replaced {
    const before = this.#take(device.name)
    this.addDevice(device, members)
    const known = this.#byDevice.get(device.name)
    for (const one of series) this.#addTo(known, one)
    return known === undefined ? { carried: [], ended: before } : this.#inherit(known, before)
  }

  /** The same for a group of devices; `series` are those of its members. */
  replaceGroup({ device, members }: DeviceGroup, series: Iterable<Series>): Replaced {
    this.#leaveGroup(device.name)
    const replaced = this.replaceDevice(device, series, members)
    this.#joinGroup(device.name, members)
    return replaced
  }

  /** Forgets a device or a group; returns its cells, so that what fires can be resolved. Its series are removed before. */
  removeDevice(name: string): readonly Cell[] {
    this.#leaveGroup(name)
    return this.#take(name)
  }

  /** Forgets series; those of their alarms that are pending or fire wait for the series to come again. */
  removeSeries(series: Iterable<Series>, at: Moment): void {
    for (const one of series) {
      for (const cell of this.#bySeries.get(one.id) ?? []) this.#await(cell, at)
      this.#bySeries.delete(one.id)
      for (const group of this.#groups.get(one.id) ?? []) leaveSeries(group, one)
      this.#groups.delete(one.id)
      const { device } = one.source
      const key = seriesKey(one.metric.name, one.labels)
      for (const name of [device, ...(this.#groupsOf.get(device) ?? [])]) this.#byDevice.get(name)?.series.delete(key)
    }
  }

  /** Forgets the alarms of a device whose series have not come again, and returns them: what it has has all come. */
  dropAwaited(name: string): readonly Cell[] {
    const cells = this.#byDevice.get(name)?.cells
    const gone = [...(cells?.values() ?? [])].filter(({ subject }) => subject.kind === 'awaited')
    for (const { key } of gone) cells?.delete(key)
    return gone
  }

  #await(cell: Cell, at: Moment): void {
    this.#timed.delete(cell)
    if (phase(cell.alarm) === 'inactive') {
      this.#byDevice.get(cell.device.name)?.cells.delete(cell.key)
      return
    }
    cell.subject = { kind: 'awaited' }
    cell.window = undefined
    if (cell.alarm.state !== 'unknown') cell.alarm = { state: 'unknown', since: at, was: lastKnown(cell.alarm) }
  }

  /** Takes a device's cells away, wherever they are looked up. */
  #take(name: string): readonly Cell[] {
    const known = this.#byDevice.get(name)
    if (known === undefined) return []
    this.#byDevice.delete(name)
    const gone = [...known.cells.values()]
    for (const cell of gone) {
      this.#timed.delete(cell)
      if (cell.subject.kind === 'series') this.#bySeries.delete(cell.subject.series.id)
    }
    for (const group of known.groups.values()) {
      for (const { id } of group.series) {
        const left = (this.#groups.get(id) ?? []).filter((one) => one !== group)
        if (left.length === 0) this.#groups.delete(id)
        else this.#groups.set(id, left)
      }
    }
    return gone
  }

  #joinGroup(group: string, members: readonly string[]): void {
    for (const member of members) this.#groupsOf.set(member, [...(this.#groupsOf.get(member) ?? []), group])
  }

  #leaveGroup(group: string): void {
    for (const [member, groups] of this.#groupsOf) {
      const left = groups.filter((one) => one !== group)
      if (left.length === 0) this.#groupsOf.delete(member)
      else if (left.length < groups.length) this.#groupsOf.set(member, left)
    }
  }

  /** Hands on what the cells before were, each to the one that has its place now. */
  #inherit({ device, cells }: DeviceCells, before: readonly Cell[]): Replaced {
    const { pairs, left } = pairCells(before, [...cells.values()])
    const ended: Cell[] = []
    const awaited: Pair[] = []
    for (const from of left.filter(({ alarm }) => phase(alarm) !== 'inactive')) {
      const rule = from.subject.kind === 'device' ? undefined : device.rules.find((one) => isFor(one, from))
      if (rule === undefined) ended.push(from)
      else awaited.push({ from, to: this.#add(rule, device, { kind: 'awaited' }, from.own) })
    }
    const all = [...pairs, ...awaited]
    for (const { from, to } of all) {
      inherit(from, to)
      this.#watchTime(to)
    }
    return { carried: all.filter(({ from }) => phase(from.alarm) !== 'inactive'), ended }
  }

  /** A new series: binds the rules of its device that speak of it. */
  addSeries(series: Series): void {
    const { device } = series.source
    for (const name of [device, ...(this.#groupsOf.get(device) ?? [])]) this.#addTo(this.#byDevice.get(name), series)
  }

  #addTo(known: DeviceCells | undefined, series: Series): void {
    if (known === undefined) return
    if (!known.wanted.has(series.metric.name)) return
    known.series.set(seriesKey(series.metric.name, series.labels), series)
    const own = ownLabels(series.labels)
    for (const rule of known.device.rules) {
      if (rule.metric.name !== series.metric.name || !labelsMatch(series.labels, rule.match)) continue
      if (rule.condition.kind === 'absent') continue
      if (rule.measure?.kind === 'count') this.#join(known, rule, series, undefined)
      else this.#bind(known, rule, series, own)
    }
  }

  #bind(known: DeviceCells, rule: Rule, series: Series, own: Labels): void {
    const cells = this.#bySeries.get(series.id) ?? []
    const cell = this.#add(rule, known.device, { kind: 'series', series }, own)
    if (isWindowMeasure(rule.measure)) {
      // A warning and a critical limit on the same measure look back over the same readings.
      const same = cells.find((other) => other.rule.measure === rule.measure || measuresSame(other.rule, rule))
      cell.window = same?.window ?? new Window(rule.measure, rule.metric.kind === 'counter')
    }
    if (rule.condition.kind === 'stale') this.#timed.add(cell)
    if (rule.measure?.kind === 'spread') this.#join(known, rule, series, cell)
    cells.push(cell)
    this.#bySeries.set(series.id, cells)
  }

  /** Takes a series, and the alarm on it if there is one for each, into its group. */
  #join(known: DeviceCells, rule: Rule, series: Series, cell: Cell | undefined): void {
    const key = groupKey(rule, series.labels)
    const group = known.groups.get(key) ?? { rule, members: [], series: [], cells: [] }
    known.groups.set(key, group)
    group.series.push(series)
    if (cell !== undefined) group.cells.push(cell)
    const groups = this.#groups.get(series.id)
    if (groups === undefined) this.#groups.set(series.id, [group])
    else groups.push(group)
  }

  /** Judges series whose values have just changed, or been confirmed, or been lost (NaN). */
  judge(changed: Iterable<Series>, at: Moment): readonly Transition[] {
    return this.#judgeAll(changed, at, () => true)
  }

  /** Judges readings that were judged before, by other rules; what looks back waits for the next reading. */
  rejudge(known: Iterable<Series>, at: Moment): readonly Transition[] {
    return this.#judgeAll(known, at, ({ window }) => window === undefined)
  }

  #judgeAll(changed: Iterable<Series>, at: Moment, isDue: (cell: Cell) => boolean): readonly Transition[] {
    const transitions: Transition[] = []
    const touched = new Set<Group>()
    for (const series of changed) {
      for (const cell of this.#bySeries.get(series.id) ?? []) {
        if (!isJudgedElsewhere(cell.rule) && isDue(cell)) this.#judgeOne(cell, series, at, transitions)
      }
      for (const group of this.#groups.get(series.id) ?? []) touched.add(group)
    }
    for (const group of touched) this.#judgeGroup(group, at, transitions)
    return transitions
  }

  #judgeOne(cell: Cell, series: Series, at: Moment, transitions: Transition[]): void {
    const value = this.#values.value(series)
    cell.window?.take(value, at.mono)
    this.#move(cell, this.#breachOf(cell, value, at), at, transitions)
  }

  #judgeGroup(group: Group, at: Moment, transitions: Transition[]): void {
    const { rule, series, cells } = group
    const values = series.map((one) => this.#values.value(one))
    if (rule.measure?.kind === 'count') {
      for (const cell of cells) this.#move(cell, countBreach(cell, rule.measure.of, group, values), at, transitions)
      return
    }
    const far = rule.measure?.kind === 'spread' ? distances(values, rule.measure) : values
    for (const [i, cell] of cells.entries()) {
      this.#move(cell, this.#breachOf(cell, far[i] ?? Number.NaN, at), at, transitions)
    }
  }

  /** Lets time pass for rules on absence and staleness, and for what siteward itself holds to be true. */
  sweep(at: Moment): readonly Transition[] {
    const transitions: Transition[] = []
    for (const cell of this.#timed) this.#move(cell, this.#timedBreach(cell, at), at, transitions)
    return transitions
  }

  /** The alarms on one series. */
  cellsOf({ id }: Pick<Series, 'id'>): readonly Cell[] {
    return this.#bySeries.get(id) ?? none
  }

  /** Whether a value breaks a rule on the value of the series with this id, however long it has. */
  isOutside(id: number, value: number): boolean {
    for (const cell of this.#bySeries.get(id) ?? none) {
      const { rule } = cell
      if (rule.measure !== undefined || rule.condition.kind === 'stale') continue
      if (breach(rule.condition, this.bounds(cell), value, unknownIndex(rule)) === 'broken') return true
    }
    return false
  }

  /** The bounds of a cell now, for those who show a limit. */
  bounds(cell: Cell): Bounds {
    return cell.bounds ?? boundsOf(cell.rule.condition, (metric) => this.#limit(cell, metric))
  }

  #add(rule: Rule, device: Device, subject: Subject, own: Labels): Cell {
    const labels = alertLabels(rule, device, this.#site, own)
    const key = alertKey(labels)
    const cells = this.#byDevice.get(device.name)?.cells
    const waiting = cells?.get(key)
    if (waiting?.subject.kind === 'awaited') {
      waiting.subject = subject
      return waiting
    }
    const cell: Cell = {
      key,
      rule,
      device,
      subject,
      labels,
      own,
      alarm: inactive,
      brokenAt: 0,
      value: Number.NaN,
      bounds: fixedBounds(rule.condition),
      window: undefined,
    }
    cells?.set(key, cell)
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
    if (cell.subject.kind !== 'series' || isJudgedElsewhere(cell.rule)) return
    if (!cell.subject.series.source.held) return
    const waits =
      cell.alarm.state === 'pending' || (cell.alarm.state === 'firing' && cell.alarm.clearSince !== undefined)
    if (waits) this.#timed.add(cell)
    else this.#timed.delete(cell)
  }

  /**
   * A value against its rule. The cell keeps the last number that could be judged, which is what people are told while a
   * device is silent. What is only known to be at least so much can break an upper limit, and nothing else.
   */
  #breachOf(cell: Cell, value: number, at: Moment): Breach {
    const { rule, window } = cell
    if (window === undefined || Number.isNaN(value)) return this.#keep(cell, value)
    const measured = window.measured(at.mono)
    const found = this.#keep(cell, measured.value)
    return measured.isLeast && (found !== 'broken' || rule.condition.kind !== 'above') ? 'unknown' : found
  }

  #keep(cell: Cell, value: number): Breach {
    if (!Number.isNaN(value)) cell.value = value
    return breach(cell.rule.condition, this.bounds(cell), value, unknownIndex(cell.rule))
  }

  #timedBreach(cell: Cell, at: Moment): Breach {
    const { rule, subject } = cell
    if (subject.kind !== 'series') return this.#isPresent(rule, cell.device) ? 'clear' : 'broken'
    const value = this.#values.value(subject.series)
    if (rule.condition.kind !== 'stale') return this.#breachOf(cell, value, at)
    if (!Number.isNaN(value)) cell.value = value
    return Number.isNaN(value) ? 'broken' : 'clear'
  }

  #isPresent(rule: Rule, device: Device): boolean {
    for (const series of this.#byDevice.get(device.name)?.series.values() ?? []) {
      if (series.metric.name !== rule.metric.name || !labelsMatch(series.labels, rule.match)) continue
      if (!Number.isNaN(this.#values.value(series))) return true
    }
    return false
  }

  #limit(cell: Cell, metric: string): number {
    if (cell.subject.kind !== 'series') return Number.NaN
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
  readonly groups: Map<string, Group>
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

/** Whether a rule is judged by time alone, or together with other series. */
function isJudgedElsewhere({ condition, measure }: Rule): boolean {
  return condition.kind === 'stale' || measure?.kind === 'spread'
}

/** Bounds that never change; undefined where the device tells a limit. */
function fixedBounds(condition: Rule['condition']): Bounds | undefined {
  let isFixed = true
  const bounds = boundsOf(condition, () => {
    isFixed = false
    return Number.NaN
  })
  return isFixed ? bounds : undefined
}
