import { randomBytes } from 'node:crypto'
import type { AlarmKeeper } from '../alarms/alarm-keeper.ts'
import { type DrillReport, type DrillStep, type Sighting, sightingText, verdictOf } from '../drill/report.ts'
import { type Cell, phase, type Transition } from '../judge/cell.ts'
import { Judge } from '../judge/judge.ts'
import { injectionFor, type Outcome, parseAim, parseValue } from '../model/aim.ts'
import { type Cancel, type Clock, elapsed, type Milliseconds, type Moment } from '../model/clock.ts'
import type { Device, ProbeUse } from '../model/device.ts'
import { drillLabels } from '../model/drill.ts'
import { formatDuration } from '../model/duration.ts'
import { Harvest } from '../model/harvest.ts'
import { type Labels, labelsMatch } from '../model/labels.ts'
import type { Log } from '../model/log.ts'
import type { Metric } from '../model/metric.ts'
import type { Point } from '../model/probe.ts'
import type { Reading } from '../model/reading.ts'
import { aboutNoAlarm } from '../model/record.ts'
import type { Rule } from '../model/rule.ts'
import { type Series, SeriesTable, type Source } from '../model/series.ts'
import type { Site } from '../model/site.ts'
import { Store } from '../store/store.ts'

/** How often the drill looks where it stands. */
const lookEvery: Milliseconds = 1000
/** A value is injected as often as the device is polled, and no less than this. */
const slowestInjection: Milliseconds = 10_000
/** Beyond the rule's own `for`: two polls, and the way to Alertmanager. */
const patience: Milliseconds = 60_000
/** How long Alertmanager may take to have the alert, once it fires. */
const untilHeld: Milliseconds = 60_000
/** How long the page may take; Alertmanager's usual group_wait is 30 s and group_interval 5 min. */
const untilReceived: Milliseconds = 420_000
export const longestHold: Milliseconds = 3_600_000

/** Somebody's order for a drill. */
export interface DrillOrder {
  readonly device: string
  readonly aim: string
  readonly hold: Milliseconds | undefined
  readonly by: string
}

/** What drills are wired to. */
export interface DrillParts {
  readonly site: Site
  readonly keeper: AlarmKeeper
  readonly clock: Clock
  readonly log: Log
  /** The real series of a device, and their values. */
  seriesOf(device: string): Iterable<Series>
  value(series: Series): number
  /** Shows the drill's readings on /metrics; what it returns takes them away. */
  expose(device: string, readings: readonly Reading[], at: Moment): void
  unexpose(): void
  /** How each Alertmanager holds an alert. Never rejects. */
  look(labels: Labels): Promise<readonly Sighting[]>
  /** Whether the far end tells of a page that holds this text; undefined where nobody is asked. Never rejects. */
  receipt: ((text: string) => Promise<boolean>) | undefined
  ended(report: DrillReport): void
}

/** What is injected: one series of a device, at the raw value that the device would have to send. */
interface Target {
  readonly device: Device
  readonly metric: Metric
  /** The series' labels, without site and device, and with the mark of the drill. */
  readonly own: Labels
  readonly value: number
  /** undefined for a reading that no point gives: a derived one, or one of siteward's own. */
  readonly use: { readonly point: Point; readonly raw: Parameters<Harvest['labelled']>[2] } | undefined
  readonly interval: Milliseconds
  readonly level: string
}

/** Runs drills, one at a time. */
export class Drills {
  readonly #parts: DrillParts
  #running: Drill | undefined
  #last: DrillReport | undefined

  constructor(parts: DrillParts) {
    this.#parts = parts
  }

  /** The drill that runs, or the last one since the start. */
  get newest(): DrillReport | undefined {
    return this.#running?.report ?? this.#last
  }

  /** Begins a drill; why not, otherwise. */
  start(order: DrillOrder): Outcome<DrillReport> {
    if (this.#running !== undefined) return refuse(`the drill ${this.#running.report.id} runs: one at a time`)
    if (this.#parts.site.judge === 'prometheus') return refuse('Prometheus alone judges here: siteward pages nobody')
    const target = findTarget(order, this.#parts)
    if (!target.ok) return target
    const drill = new Drill(target.value, order, this.#parts, (report) => {
      this.#running = undefined
      this.#last = report
      this.#parts.ended(report)
    })
    this.#running = drill
    drill.begin()
    return { ok: true, value: drill.report }
  }

  /** Ends the drill before its time; false where it does not run. */
  withdraw(id: string): boolean {
    if (this.#running?.report.id !== id) return false
    this.#running.withdraw('withdrawn by hand before its end')
    return true
  }

  /** What is added to the annotations of an alert of the drill. */
  words(key: string): Labels {
    return this.#running?.words(key) ?? {}
  }

  /** Ends what runs: siteward stops. */
  stop(): void {
    this.#running?.withdraw('siteward stopped before its end')
  }
}

/** Which series, and what the device would have to send. */
function findTarget({ device: name, aim: text }: DrillOrder, parts: DrillParts): Outcome<Target> {
  const device = [...parts.site.devices, parts.site.itself].find((one) => one.name === name)
  if (device === undefined) return refuse(`the site has no device ${name}`)
  const aim = parseAim(text)
  if (!aim.ok) return aim
  const metric = parts.site.vocabulary.get(aim.value.metric)
  if (metric === undefined) return refuse(`there is no metric ${aim.value.metric}`)
  const rules = device.rules.filter((rule) => rule.metric === metric)
  if (rules.length === 0) return refuse(`no alarm of ${name} looks at ${metric.name}`)
  const value = parseValue(aim.value.value, metric)
  if (!value.ok) return value
  const labels = ownLabelsOf(device, metric, aim.value.match, parts)
  if (labels === undefined) return refuse(`${name} has not given ${text.split('=')[0]?.trim()} since siteward started`)
  return withInjection(device, metric, { ...labels, ...drillLabels }, value.value)
}

/** The labels of the first real series that fits, best one that a rule looks at. */
function ownLabelsOf(device: Device, metric: Metric, match: Labels, parts: DrillParts): Labels | undefined {
  const found = [...parts.seriesOf(device.name)].filter(
    (series) => series.metric === metric && labelsMatch(series.labels, match),
  )
  const isRuled = (series: Series): boolean =>
    device.rules.some((rule) => rule.metric === metric && labelsMatch(series.labels, rule.match))
  const series = found.find(isRuled) ?? found[0]
  if (series === undefined) return metric.labels.length === 0 ? {} : undefined
  const { site: _site, device: _device, ...own } = series.labels
  return own
}

function withInjection(device: Device, metric: Metric, own: Labels, value: number): Outcome<Target> {
  const uses = device.probes.flatMap((use) =>
    use.probe.points.flatMap((point) => (point.metric === metric ? [{ use, point }] : [])),
  )
  const [first] = uses
  const target = { device, metric, own, value, interval: slowestInjection }
  if (first === undefined) {
    return { ok: true, value: { ...target, use: undefined, level: 'as a reading: no point of a probe gives it' } }
  }
  let why = ''
  for (const { use, point } of uses) {
    const injection = injectionFor(point, value)
    if (injection.ok) {
      const { raw, passedOver } = injection.value
      const level = `as the raw value ${JSON.stringify(raw)} of ${use.probe.name}${passedOver === undefined ? '' : `, past ${passedOver}`}`
      return { ok: true, value: { ...target, use: { point, raw }, interval: pace(use), level } }
    }
    why = injection.why
  }
  return refuse(why)
}

function pace({ interval }: ProbeUse): Milliseconds {
  return Math.min(interval, slowestInjection)
}

/**
 * One drill: a world of its own, with its own series, values and alarms, so that whatever the device really reads goes on
 * being judged beside it. Only from the keeper on do both share the way: disk, book, Alertmanager.
 */
class Drill {
  readonly #target: Target
  readonly #parts: DrillParts
  readonly #ended: (report: DrillReport) => void
  readonly #store = new Store()
  readonly #judge: Judge
  readonly #table: SeriesTable
  readonly #source: Source
  readonly #id = `drill-${randomBytes(4).toString('hex')}`
  readonly #order: DrillOrder
  readonly #began: Moment
  readonly #hold: Milliseconds
  /** The metrics that tell a limit of the rules that are drilled. */
  readonly #limitMetrics: ReadonlySet<string>
  readonly #steps: DrillStep[] = []
  #report: DrillReport
  #timer: Cancel = () => {}
  #injectedAt: Moment | undefined
  #firedAt: Moment | undefined
  #heldAt: Moment | undefined
  #sightings: readonly Sighting[] = []
  #isReceived: boolean | undefined
  #isLooking = false
  #isOver = false

  constructor(target: Target, order: DrillOrder, parts: DrillParts, ended: (report: DrillReport) => void) {
    this.#target = target
    this.#order = order
    this.#parts = parts
    this.#ended = ended
    this.#began = parts.clock.now()
    const { device, metric } = target
    const rules = device.rules.filter((rule) => rule.metric === metric && rule.condition.kind !== 'absent')
    const longest = Math.max(0, ...rules.map((rule) => rule.for))
    this.#hold = order.hold ?? Math.min(longestHold, longest + 2 * target.interval + patience)
    this.#limitMetrics = new Set(rules.flatMap(limitMetrics))
    this.#judge = new Judge(parts.site, this.#store)
    this.#table = new SeriesTable(parts.site.name, (series) => {
      this.#store.add(series)
      this.#judge.addSeries(series)
    })
    this.#judge.addDevice({ ...device, rules })
    this.#source = this.#table.source(device.name, 'drill')
    this.#report = {
      id: this.#id,
      device: device.name,
      aim: order.aim,
      by: order.by,
      startedAt: this.#began.wall,
      state: 'running',
      verdict: '',
      steps: this.#steps,
    }
  }

  get report(): DrillReport {
    return { ...this.#report, steps: [...this.#steps] }
  }

  begin(): void {
    this.#record(`begun: ${this.#order.aim}`)
    this.#step(`injected ${this.#order.aim} ${this.#target.level}, for ${formatDuration(this.#hold)} at most`)
    this.#tick()
  }

  words(key: string): Labels {
    return this.#judge.cell(this.#target.device.name, key) === undefined ? {} : { drill_id: this.#id }
  }

  withdraw(why: string): void {
    this.#end({ passed: false, text: why })
  }

  #tick(): void {
    const now = this.#parts.clock.now()
    if (this.#injectedAt === undefined || elapsed(this.#injectedAt, now) >= this.#target.interval) this.#inject(now)
    if (this.#isOver) return
    if (this.#firedAt !== undefined && !this.#isLooking) void this.#look()
    const verdict = this.#verdictAt(now)
    if (verdict !== undefined) this.#end(verdict)
    else this.#timer = this.#parts.clock.after(lookEvery, () => this.#tick())
  }

  /** The value on its way: raw, converted, stored, judged, and what follows from it taken to disk and told. */
  #inject(now: Moment): void {
    this.#injectedAt = now
    const readings = this.#read()
    if (readings === undefined) return
    for (const reading of readings) this.#store.apply(reading, now.mono)
    this.#parts.expose(this.#target.device.name, readings, now)
    const transitions = this.#judge.judge(
      readings.map(({ series }) => series),
      now,
    )
    if (transitions.length === 0) return
    this.#parts.keeper.take(transitions, this.#judge)
    for (const transition of transitions) this.#tell(transition)
  }

  #read(): readonly Reading[] | undefined {
    const { device, metric, own, value, use } = this.#target
    const scope = this.#table.scope(this.#source)
    const harvest = new Harvest(scope)
    if (use !== undefined) harvest.labelled(use.point, own, use.raw)
    const { readings, doubts } = harvest.result(0)
    const series = scope.series(metric, own)
    const direct = use === undefined && series !== undefined ? [{ series, value }] : []
    if (doubts.length === 0 && readings.length + direct.length > 0) {
      return [...this.#limits(device, own), ...readings, ...direct]
    }
    this.#end({ passed: false, text: `siteward does not believe the value: ${doubts.join('; ')}` })
    return undefined
  }

  /** The limits that the device itself tells hold for the drill too. */
  #limits(device: Device, own: Labels): readonly Reading[] {
    const { drill: _drill, ...real } = own
    return [...this.#parts.seriesOf(device.name)].flatMap((series) => {
      const { site: _site, device: _device, ...labels } = series.labels
      const isLike = this.#limitMetrics.has(series.metric.name) && sameLabels(labels, real)
      const copy = isLike ? this.#table.scope(this.#source).series(series.metric, own) : undefined
      return copy === undefined ? [] : [{ series: copy, value: this.#parts.value(series) }]
    })
  }

  #tell({ cell, from, to }: Transition): void {
    const { alarm, severity, for: wait } = cell.rule
    const is = phase(to)
    const text = is === 'pending' ? `${is} (it fires when this lasts for ${formatDuration(wait)})` : is
    if (is !== phase(from)) this.#step(`${alarm} (${severity}) is ${text}`)
    if (is === 'firing') this.#firedAt ??= this.#parts.clock.now()
  }

  async #look(): Promise<void> {
    this.#isLooking = true
    const cell = this.#firing.find(({ rule }) => rule.severity === 'critical') ?? this.#firing[0]
    const { look, receipt, clock } = this.#parts
    if (cell !== undefined) {
      const sightings = await look(cell.labels)
      if (this.#isOver) return
      for (const sighting of sightings) this.#see(sighting)
      this.#sightings = sightings
      if (sightings.some(({ state }) => state === 'active')) this.#heldAt ??= clock.now()
    }
    if (receipt !== undefined && this.#heldAt !== undefined && this.#isReceived !== true) {
      this.#isReceived = await receipt(this.#id)
      if (this.#isReceived && !this.#isOver) this.#step('the receipt came: the page is out')
    }
    this.#isLooking = false
  }

  #see(sighting: Sighting): void {
    const before = this.#sightings.find(({ alertmanager }) => alertmanager === sighting.alertmanager)
    if (before?.state !== sighting.state && sighting.state !== 'absent') this.#step(sightingText(sighting))
  }

  get #firing(): readonly Cell[] {
    return [...this.#judge.cells()].filter((cell) => phase(cell.alarm) === 'firing')
  }

  /** The verdict once there is nothing more to wait for. */
  #verdictAt(now: Moment): ReturnType<typeof verdictOf> | undefined {
    const seen = { hasFired: this.#firedAt !== undefined, sightings: this.#sightings, isReceived: this.#isReceived }
    if (this.#firedAt === undefined) return elapsed(this.#began, now) >= this.#hold ? verdictOf(seen) : undefined
    const verdict = verdictOf(seen)
    const isWaiting = this.#parts.receipt !== undefined && this.#isReceived !== true
    if (verdict.passed && !isWaiting) return verdict
    const limit = isWaiting && this.#heldAt !== undefined ? untilReceived : untilHeld
    return elapsed(this.#firedAt, now) >= limit ? verdict : undefined
  }

  #end({ passed, text }: ReturnType<typeof verdictOf>): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#timer()
    const now = this.#parts.clock.now()
    this.#parts.keeper.release([...this.#judge.cells()], now, this.#judge)
    this.#parts.unexpose()
    this.#step('withdrawn: its alerts are resolved')
    this.#report = { ...this.#report, state: passed ? 'passed' : 'failed', verdict: text }
    this.#record(`${passed ? 'passed' : 'failed'}: ${this.#order.aim}: ${text}`)
    this.#ended(this.report)
  }

  #step(text: string): void {
    const { wall } = this.#parts.clock.now()
    this.#steps.push({ at: wall, text })
    this.#parts.log.info({ drill: 'true', id: this.#id, device: this.#target.device.name, step: text }, 'drill')
  }

  #record(note: string): void {
    const { wall } = this.#parts.clock.now()
    const { device } = this.#target
    this.#parts.keeper.record({
      ...aboutNoAlarm,
      kind: 'drill',
      at: wall,
      device: device.name,
      by: this.#order.by,
      note,
    })
  }
}

function refuse(why: string): { readonly ok: false; readonly why: string } {
  return { ok: false, why }
}

function limitMetrics({ condition }: Rule): readonly string[] {
  const limits =
    condition.kind === 'within' ? [condition.low, condition.high] : 'limit' in condition ? [condition.limit] : []
  return limits.flatMap((limit) => (limit.kind === 'metric' ? [limit.metric] : []))
}

function sameLabels(one: Labels, other: Labels): boolean {
  return labelsMatch(one, other) && labelsMatch(other, one)
}
