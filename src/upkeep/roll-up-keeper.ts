import type { Transition } from '../judge/cell.ts'
import type { Judge } from '../judge/judge.ts'
import { dayOf } from '../model/calendar.ts'
import type { Cancel, Clock, Milliseconds, Moment } from '../model/clock.ts'
import type { Log } from '../model/log.ts'
import type { Metric } from '../model/metric.ts'
import { unknownState } from '../model/metric.ts'
import { type Columns, grid, isRolledUp, type Level, levels } from '../model/roll-up.ts'
import type { Row, SeriesTable } from '../model/series.ts'
import type { Site } from '../model/site.ts'
import { type Gathered, Gatherer } from '../rollup/gatherer.ts'
import { packed, unpacked } from '../rollup/packed.ts'
import { hourAt, type Stretch, stretchAt } from '../rollup/stretches.ts'
import { Sums } from '../rollup/sums.ts'
import type { Journal, JournalView } from '../store/journal.ts'
import { type KeptStretch, openRollUpsIn, type RollUps } from '../store/roll-ups.ts'
import type { Store } from '../store/store.ts'
import { SelfSeries } from '../watch/self-series.ts'

/** How often what was gathered is written: what a killed process takes with it is missing, and shown as missing. */
const writing: Milliseconds = 300_000
/** Between two steps of the writing polls go on. */
const pause: Milliseconds = 5
/** Series that one step looks at, numbers, or writes: some milliseconds of work. */
const seriesAtOnce = { look: 4000, number: 100, write: 1000 } as const
/** The most series that are rolled up: more is a site gone wild. */
const mostSeries = 500_000
/** Hours that wait for a disk that refuses. */
const mostWaiting = 3
/** A clock that is set back by more is taken at its word. */
const smallStep = 60

/** What the keeper of roll-ups is wired to. */
export interface RollUpParts {
  readonly journal: JournalView & Pick<Journal, 'isKept' | 'isShared'>
  readonly table: SeriesTable
  readonly store: Store
  readonly judge: Judge
  readonly clock: Clock
  readonly log: Log
  site(): Site
}

/** One hour with what was gathered in it, waiting for the disk. */
interface Waiting {
  readonly hour: Stretch
  readonly gatherer: Gatherer
}

/** Rolls readings up: looks at all of them each minute, and writes what came of it, off the way of any reading. */
export class RollUpKeeper {
  readonly #parts: RollUpParts
  #gatherer = new Gatherer(mostSeries)
  /** The look of this minute, where it is not done yet. */
  #looking: Generator<void> | undefined
  #lookStep: Cancel | undefined
  #says: SelfSeries | undefined
  #minute: number
  #hour: Stretch | undefined
  #waiting: Waiting[] = []
  /** What was on disk of an hour, by device, before this process wrote it. */
  readonly #before = new Map<Milliseconds, Map<string, Columns | undefined>>()
  /** The numbers of series on disk. */
  #ids = new WeakMap<Row, Int32Array>()
  #rollUps: RollUps | undefined
  /** Up to when each level has been made of the one below it. */
  readonly #made = new Map<Level, Milliseconds>()
  #writeAt: Milliseconds
  #work: Generator<void> | undefined
  #step: Cancel | undefined
  #isWriting = true

  constructor(parts: RollUpParts) {
    this.#parts = parts
    const { wall, mono } = parts.clock.now()
    // The minute in which siteward began may have been looked at before a restart.
    this.#minute = Math.floor(wall / grid)
    // What an hour had before a restart is read at once: the file is there from the first minute on.
    this.#writeAt = mono
  }

  /** Whether the disk has taken what it was last given. */
  get isWriting(): boolean {
    return this.#isWriting && this.#parts.journal.isKept
  }

  /** Looks at all readings when a minute is full, and has them written now and then; returns what the judge made of it. */
  tick(now: Moment): readonly Transition[] {
    const minute = Math.floor(now.wall / grid)
    const isBack = minute < this.#minute && this.#minute - minute <= smallStep
    if (minute === this.#minute || isBack) return []
    this.#endLook()
    this.#minute = minute
    this.#looking = this.#look(minute)
    this.#lookOn()
    if (now.mono >= this.#writeAt) this.#write(now)
    return this.#say(now)
  }

  /** Writes what was gathered, at once: siteward ends. */
  stop(): void {
    this.#endLook()
    this.#step?.()
    try {
      for (const _ of this.#writeHours()) {
        // Each step is a part of it.
      }
    } catch (error) {
      this.#failed(error)
    }
    this.#rollUps?.close()
    this.#rollUps = undefined
  }

  /** A few milliseconds of the look at a time: polls go on in between. */
  #lookOn(): void {
    if (this.#looking?.next().done !== false) this.#looking = undefined
    else this.#lookStep = this.#parts.clock.after(0, () => this.#lookOn())
  }

  #endLook(): void {
    this.#lookStep?.()
    while (this.#looking?.next().done === false) {
      // All of it, at once.
    }
    this.#looking = undefined
  }

  *#look(minute: number): Generator<void> {
    const at = minute * grid
    if (this.#hour === undefined || at < this.#hour.start || at >= this.#hour.end) this.#begin(at)
    const { store, judge } = this.#parts
    let seen = 0
    for (const [metric, { ranks }] of store.families) {
      if (!isRolledUp(metric)) continue
      const unknown = unknownOf(metric)
      for (const rank of ranks) {
        const { rows, n } = rank
        for (const row of rows) {
          if (++seen % seriesAtOnce.look === 0) {
            yield
            // A device may have left meanwhile, and its numbers be another's.
            if (store.families.get(metric)?.ranks.includes(rank) !== true) break
          }
          const id = row.first + n
          const value = store.valueAt(id)
          // A state that nobody knows is no reading.
          if (Number.isNaN(value) || value === unknown) continue
          this.#gatherer.take({ row, n, value, isOutside: judge.isOutside(id, value) }, minute)
        }
      }
    }
  }

  #begin(at: Milliseconds): void {
    if (this.#hour !== undefined) {
      this.#waiting.push({ hour: this.#hour, gatherer: this.#gatherer })
      this.#gatherer = new Gatherer(mostSeries, this.#gatherer)
    }
    this.#hour = hourAt(at, this.#parts.site().timeZone())
    if (this.#waiting.length <= mostWaiting) return
    const [lost] = this.#waiting.splice(0, this.#waiting.length - mostWaiting)
    const hour = new Date(lost?.hour.start ?? 0).toISOString()
    this.#parts.log.warn({ hour }, 'an hour of roll-ups is lost: the disk has refused it for too long')
  }

  #say(now: Moment): readonly Transition[] {
    const { site } = this.#parts
    this.#says ??= new SelfSeries(site().itself.name, 'roll-ups', { ...this.#parts, vocabulary: site().vocabulary })
    return this.#says.say([{ metric: 'siteward_roll_ups_up', labels: {}, value: this.isWriting ? 1 : 0 }], now)
  }

  /** Begins to write, unless it is still at it. */
  #write(now: Moment): void {
    this.#writeAt = now.mono + writing
    if (this.#work !== undefined) return
    this.#work = this.#steps()
    this.#goOn()
  }

  #goOn(): void {
    this.#step = this.#parts.clock.after(pause, () => {
      try {
        if (this.#work?.next().done === false) {
          this.#goOn()
          return
        }
        if (!this.#isWriting) this.#parts.log.info({}, 'roll-ups can be written again')
        this.#isWriting = true
      } catch (error) {
        this.#failed(error)
      }
      this.#work = undefined
    })
  }

  #failed(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error)
    if (this.#isWriting) this.#parts.log.error({ why }, 'roll-ups cannot be written; reports will lack this time')
    this.#isWriting = false
  }

  /** All that is to be written, step by step. */
  *#steps(): Generator<void> {
    if (!this.#parts.journal.isKept) return
    yield* this.#writeHours()
    const rollUps = this.#open()
    yield* this.#rollUp(rollUps)
    yield* this.#prune(rollUps)
  }

  *#writeHours(): Generator<void> {
    if (!this.#parts.journal.isKept) return
    const rollUps = this.#open()
    for (const waiting of [...this.#waiting]) {
      yield* this.#writeHour(rollUps, waiting)
      this.#waiting = this.#waiting.filter((one) => one !== waiting)
      this.#before.delete(waiting.hour.start)
    }
    if (this.#hour !== undefined) yield* this.#writeHour(rollUps, { hour: this.#hour, gatherer: this.#gatherer })
  }

  #open(): RollUps {
    const { site, clock, log, journal } = this.#parts
    this.#rollUps ??= openRollUpsIn(
      site().stateDirectory,
      { packed, unpacked },
      {
        stamp: clock.now().wall,
        corrupt: (kept) => log.error({ kept }, 'the roll-ups were damaged and are put aside; new ones are begun'),
        isShared: journal.isShared,
      },
    )
    return this.#rollUps
  }

  *#writeHour(rollUps: RollUps, { hour, gatherer }: Waiting): Generator<void> {
    const before = this.#before.get(hour.start) ?? new Map<string, Columns | undefined>()
    this.#before.set(hour.start, before)
    let [batch, count]: [KeptStretch[], number] = [[], 0]
    for (const device of gatherer.devices) {
      const gathered = gatherer.of(device)
      yield* this.#number(gathered, rollUps)
      // What an earlier process has left of this hour is a part of it.
      if (!before.has(device))
        before.set(device, rollUps.stretches('hour', device, hour.start, hour.start + 1)[0]?.rolled)
      const sums = new Sums()
      const past = before.get(device)
      if (past !== undefined) sums.add(past)
      for (const one of gathered) sums.put(this.#idOf(one, rollUps), one.rolled)
      batch.push({ level: 'hour', device, ...hour, rolled: sums.columns() })
      count += gathered.length
      if (count < seriesAtOnce.write) continue
      writeAll(batch, rollUps)
      yield
      batch = []
      count = 0
    }
    writeAll(batch, rollUps)
  }

  /** Gives series that are new on disk their numbers, some at a time. */
  *#number(gathered: readonly Gathered[], rollUps: RollUps): Generator<void> {
    const fresh = gathered.filter(({ row, n }) => (this.#ids.get(row)?.[n] ?? 0) === 0)
    for (let from = 0; from < fresh.length; from += seriesAtOnce.number) {
      rollUps.together(() => {
        for (const one of fresh.slice(from, from + seriesAtOnce.number)) this.#idOf(one, rollUps)
      })
      yield
    }
  }

  #idOf({ row, n }: Gathered, rollUps: RollUps): number {
    const ids = this.#ids.get(row) ?? new Int32Array(row.metrics.length)
    this.#ids.set(row, ids)
    const known = ids[n] ?? 0
    if (known > 0) return known
    const { site: _site, device, ...labels } = row.labels
    const id = rollUps.idOf(
      device ?? row.source.device,
      { metric: row.metrics[n]?.name ?? '', labels },
      this.#minute * grid,
    )
    ids[n] = id
    return id
  }

  /** Days of hours, xun of days, months of xun: of what is over, and has not been made yet. */
  *#rollUp(rollUps: RollUps): Generator<void> {
    const timeZone = this.#parts.site().timeZone()
    const today = dayOf(this.#minute * grid, timeZone)
    for (const [n, level] of levels.entries()) {
      const finer = levels[n - 1]
      if (finer === undefined || level === 'hour') continue
      const { start: now } = stretchAt(today, level, timeZone)
      // A process that was killed may have left the newest one half made.
      const from = this.#made.get(level) ?? rollUps.newest(level)
      if (from >= now) continue
      const days = rollUps.starts(finer, from, now).map((start) => dayOf(start, timeZone))
      const stretches = new Map(days.map((day) => stretchAt(day, level, timeZone)).map((one) => [one.start, one]))
      for (const stretch of stretches.values()) yield* this.#make(rollUps, level, finer, stretch)
      this.#made.set(level, now)
    }
  }

  *#make(rollUps: RollUps, level: Level, finer: Level, { start, end }: Stretch): Generator<void> {
    for (const device of rollUps.devices(finer, start, end)) {
      rollUps.together(() => {
        const sums = new Sums()
        for (const { rolled } of rollUps.stretches(finer, device, start, end)) sums.add(rolled)
        const rolled = sums.columns()
        rollUps.write({ level, device, start, end, rolled })
        if (level === 'day') rollUps.seen(rolled.ids, start)
      })
      yield
    }
  }

  /** What was kept for long enough goes, in whole days and months; and the oldest of it where it is too much. */
  *#prune(rollUps: RollUps): Generator<void> {
    const { timeZone, rollUps: plan } = this.#parts.site()
    const now = this.#minute * grid
    const limitOf = (level: Level): Milliseconds => {
      const day = dayOf(now - plan.keep[level], timeZone())
      return stretchAt(day, level === 'hour' ? 'day' : 'month', timeZone()).start
    }
    for (const level of levels) while (rollUps.prune(level, limitOf(level)) > 0) yield
    while (rollUps.forget(now - Math.max(...Object.values(plan.keep))) > 0) {
      // Their numbers are given out again.
      this.#ids = new WeakMap()
      yield
    }
    const { start: today } = stretchAt(dayOf(now, timeZone()), 'day', timeZone())
    for (const level of levels)
      while (rollUps.bytes() > plan.bytes && rollUps.prune(level, level === 'hour' ? today : now) > 0) yield
  }
}

function writeAll(stretches: readonly KeptStretch[], rollUps: RollUps): void {
  if (stretches.length === 0) return
  rollUps.together(() => {
    for (const stretch of stretches) rollUps.write(stretch)
  })
}

/** The number of the state that stands for what nobody knows; NaN, which is no number, where there is none. */
function unknownOf(metric: Metric): number {
  if (metric.kind !== 'state') return Number.NaN
  const index = metric.states.indexOf(unknownState)
  return index < 0 ? metric.states.length : index
}
