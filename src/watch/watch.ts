import type { Job } from '../../collectors/collector.ts'
import type { Transition } from '../judge/cell.ts'
import type { Judge } from '../judge/judge.ts'
import type { Clock, Moment } from '../model/clock.ts'
import type { Device, ProbeUse } from '../model/device.ts'
import type { Fault } from '../model/fault.ts'
import type { Log } from '../model/log.ts'
import { outcomeOf, type Poll, type PollOutcome, type Reading } from '../model/reading.ts'
import type { Series, SeriesTable, Source } from '../model/series.ts'
import type { OwnSeries } from '../store/own-series.ts'
import type { Store } from '../store/store.ts'
import type { DerivedSeries } from './derived-series.ts'
import type { LinkSeries } from './link-series.ts'

/** What a watch is wired to. */
export interface WatchParts {
  readonly device: Device
  readonly use: ProbeUse
  readonly job: Job
  readonly source: Source
  readonly own: OwnSeries
  /** The device's readings that are made of others; undefined where it has none. */
  derived(): DerivedSeries | undefined
  /** The site's links, where this probe tells the device's neighbours. */
  readonly links: LinkSeries | undefined
  readonly table: SeriesTable
  readonly store: Store
  readonly judge: Judge
  readonly clock: Clock
  readonly log: Log
}

/** What is kept of a poll for those who look: its readings are in the store, of them only how many and the first. */
export interface Seen extends Omit<Poll, 'readings'> {
  readonly at: Moment
  readonly count: number
  readonly first: readonly Reading[]
}

/** Readings kept of a poll, for the live table. */
const firstReadings = 4

/** One probe of one device under watch: takes the outcome of each poll to store and judge. */
export class Watch {
  readonly #parts: WatchParts
  #polled: Seen | undefined
  /** What the log has said of it last: a dead device is told of once, not at each poll. */
  #said: PollOutcome | undefined
  #isExpired = true

  constructor(parts: WatchParts) {
    this.#parts = parts
  }

  get parts(): WatchParts {
    return this.#parts
  }

  /** The last poll, if there was one. */
  get polled(): Seen | undefined {
    return this.#polled
  }

  /** Whether what it last read is still to be believed. */
  get isFresh(): boolean {
    return !this.#isExpired
  }

  /** Takes a poll's outcome; returns what the judge made of it. */
  take(poll: Poll): readonly Transition[] {
    const { device, source, table, store, judge, clock, own, derived, links } = this.#parts
    const at = clock.now()
    const outcome = outcomeOf(poll)
    const isUp = outcome !== 'failed'
    const { readings, ...rest } = poll
    this.#polled = { ...rest, at, count: readings.length, first: readings.slice(0, firstReadings) }
    // What this poll did not bring is not known any more: a row that vanished, a table that timed out, a silent device.
    for (const row of table.rowsOf(source)) store.expireRow(row)
    for (const reading of poll.readings) store.apply(reading, at.mono)
    this.#isExpired = !isUp
    const owned = own.readings({
      isUp,
      seconds: poll.duration / 1000,
      wallSeconds: at.wall / 1000,
      unavailable: poll.readings.reduce(
        (count, { value }) => count + (Number.isNaN(value) ? 1 : 0),
        poll.doubts.length,
      ),
      faults: poll.faults.map(({ kind }) => kind),
    })
    for (const reading of owned) store.apply(reading, at.mono)
    this.#say(outcome, poll)
    const made = derived()?.update(at.mono) ?? []
    return judge.judge(
      chain(
        table.seriesOf(source),
        made,
        links?.update(device.name, at.mono) ?? [],
        owned.map(({ series }) => series),
      ),
      at,
    )
  }

  /** Nothing has come for far longer than it should (the schedule is stuck): old readings are no longer believed. */
  expireIfSilent(at: Moment): readonly Transition[] {
    if (this.#polled === undefined || this.#isExpired) return []
    const { use, table, source, store, judge, derived } = this.#parts
    if (at.mono - this.#polled.at.mono < 2 * use.interval + use.timeout) return []
    this.#isExpired = true
    for (const row of table.rowsOf(source)) store.expireRow(row)
    return judge.judge(chain(table.seriesOf(source), derived()?.update(at.mono) ?? []), at)
  }

  #say(now: PollOutcome, { faults, doubts, requests }: Poll): void {
    const { device, use, log } = this.#parts
    if (now === this.#said) return
    const was = this.#said
    this.#said = now
    const fields = { device: device.name, probe: use.probe.name, ...describe(faults) }
    if (now === 'failed') log.warn({ ...fields, requests }, 'device does not answer')
    else if (now === 'partial') log.warn(fields, 'poll incomplete')
    else if (was !== undefined) log.info(fields, 'device answers again')
    else log.info({ ...fields, doubts: doubts.length }, 'device answers')
  }
}

function describe(faults: readonly Fault[]): { fault?: string; detail?: string } {
  const [first] = faults
  return first === undefined ? {} : { fault: first.kind, detail: first.detail }
}

function* chain(...lists: readonly Iterable<Series>[]): Iterable<Series> {
  for (const list of lists) yield* list
}
