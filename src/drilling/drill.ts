import { randomBytes } from 'node:crypto'
import type { AlarmKeeper } from '../alarms/alarm-keeper.ts'
import { type DrillReport, type DrillStep, type Sighting, sightingText, verdictOf } from '../drill/report.ts'
import { type Cell, phase, type Transition } from '../judge/cell.ts'
import { type Cancel, elapsed, type Milliseconds, type Moment } from '../model/clock.ts'
import { formatDuration } from '../model/duration.ts'
import type { Labels } from '../model/labels.ts'
import type { Reading } from '../model/reading.ts'
import { aboutNoAlarm } from '../model/record.ts'
import { DrillWorld, type WorldParts } from './drill-world.ts'
import { type Injection, type InjectionParts, injectionFor } from './injection.ts'
import type { Target } from './target.ts'

/** How often the drill looks where it stands. */
const lookEvery: Milliseconds = 1000
/** Beyond the rule's own `for`: two polls, and the way to Alertmanager. */
const patience: Milliseconds = 60_000
/** How long Alertmanager may take to have the alert, once it fires. */
const untilHeld: Milliseconds = 60_000
/** What every Alertmanager holds back is waited for no longer than this: an alert that it knows may only have come before. */
const untilLetGo: Milliseconds = 10_000
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
export interface DrillParts extends WorldParts, InjectionParts {
  readonly keeper: Pick<AlarmKeeper, 'take' | 'release' | 'record'>
  /** Shows the drill's readings on /metrics; what it returns takes them away. */
  expose(device: string, readings: readonly Reading[], at: Moment): void
  unexpose(): void
  /** How each Alertmanager holds an alert. Never rejects. */
  look(labels: Labels): Promise<readonly Sighting[]>
  /** Whether the far end tells of a page that holds this text; undefined where nobody is asked. Never rejects. */
  receipt(): ((text: string) => Promise<boolean>) | undefined
  ended(report: DrillReport): void
}

/**
 * One drill, from the value on the wire to the page. Only from the keeper on do drill and reality share the way: disk,
 * book, Alertmanager.
 */
export class Drill {
  readonly #target: Target
  readonly #parts: DrillParts
  readonly #world: DrillWorld
  readonly #injection: Injection
  readonly #id = `drill-${randomBytes(4).toString('hex')}`
  readonly #order: DrillOrder
  readonly #began: Moment
  readonly #hold: Milliseconds
  readonly #receipt: ReturnType<DrillParts['receipt']>
  readonly #steps: DrillStep[] = []
  #report: DrillReport
  #timer: Cancel = () => {}
  #firedAt: Moment | undefined
  #heldAt: Moment | undefined
  #sightings: readonly Sighting[] = []
  #isReceived: boolean | undefined
  #isLooking = false
  #isOver = false
  /** Settles when nothing of the drill is on the wire any more. */
  closed: Promise<void> = Promise.resolve()

  constructor(target: Target, order: DrillOrder, parts: DrillParts) {
    this.#target = target
    this.#order = order
    this.#parts = parts
    this.#began = parts.clock.now()
    this.#receipt = parts.receipt()
    this.#world = new DrillWorld(target, parts)
    this.#injection = injectionFor(target, this.#world, parts, {
      take: (readings) => this.#take(readings),
      say: (text) => this.#step(text),
      fail: (why) => this.#end('failed', why),
    })
    const usual = this.#world.longestWait + 2 * this.#injection.interval + patience
    this.#hold = order.hold ?? Math.min(longestHold, usual)
    this.#report = {
      id: this.#id,
      device: target.device.name,
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
    this.#step(`${this.#order.aim} is drilled, for ${formatDuration(this.#hold)} at most`)
    this.#injection.begin()
    if (!this.#isOver) this.#tick()
  }

  words(key: string): Labels {
    return this.#world.judge.cell(this.#target.device.name, key) === undefined ? {} : { drill_id: this.#id }
  }

  withdraw(why: string): void {
    this.#end('withdrawn', why)
  }

  #tick(): void {
    const now = this.#parts.clock.now()
    if (this.#firedAt !== undefined && !this.#isLooking) void this.#look()
    const verdict = this.#verdictAt(now)
    if (verdict !== undefined) this.#end(verdict.passed ? 'passed' : 'failed', verdict.text)
    else this.#timer = this.#parts.clock.after(lookEvery, () => this.#tick())
  }

  /** What has been read, on its way: stored, judged, and what follows from it taken to disk and told. */
  #take(readings: readonly Reading[]): void {
    if (this.#isOver) return
    const now = this.#parts.clock.now()
    const { taken, transitions } = this.#world.take(readings, now)
    this.#parts.expose(this.#target.device.name, taken, now)
    if (transitions.length === 0) return
    this.#parts.keeper.take(transitions, this.#world.judge)
    for (const transition of transitions) this.#tell(transition)
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
    const { look, clock } = this.#parts
    const receipt = this.#receipt
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
    return this.#world.cells.filter((cell) => phase(cell.alarm) === 'firing')
  }

  /** The verdict once there is nothing more to wait for. */
  #verdictAt(now: Moment): ReturnType<typeof verdictOf> | undefined {
    const seen = { hasFired: this.#firedAt !== undefined, sightings: this.#sightings, isReceived: this.#isReceived }
    if (this.#firedAt === undefined) return elapsed(this.#began, now) >= this.#hold ? verdictOf(seen) : undefined
    const verdict = verdictOf(seen)
    const isWaiting = this.#receipt !== undefined && this.#isReceived !== true
    if (verdict.passed && !isWaiting) return verdict
    const isHeldBack = this.#sightings.length > 0 && this.#sightings.every(({ state }) => state === 'suppressed')
    const limit = isHeldBack ? untilLetGo : isWaiting && this.#heldAt !== undefined ? untilReceived : untilHeld
    return elapsed(this.#firedAt, now) >= limit ? verdict : undefined
  }

  #end(state: Exclude<DrillReport['state'], 'running'>, text: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#timer()
    this.closed = this.#injection.end()
    const now = this.#parts.clock.now()
    this.#parts.keeper.release(this.#world.cells, now, this.#world.judge)
    this.#parts.unexpose()
    this.#step('withdrawn: its alerts are resolved')
    this.#report = { ...this.#report, state, verdict: text }
    this.#record(`${state}: ${this.#order.aim}: ${text}`)
    this.#parts.ended(this.report)
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
