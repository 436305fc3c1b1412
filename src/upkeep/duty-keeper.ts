import { listedDuty } from '../duties/listing.ts'
import { doneEntry, planned, type Recorded, recorded, sinceOf, withdrawn } from '../duties/record.ts'
import { type Known, type Standing, standingOf } from '../duties/standing.ts'
import type { Transition } from '../judge/cell.ts'
import type { Judge } from '../judge/judge.ts'
import { bad, good, type Outcome, parseValue } from '../model/aim.ts'
import { addDays, type Day, dayOf, startOf } from '../model/calendar.ts'
import type { Clock, Milliseconds, Moment } from '../model/clock.ts'
import type { Done, Duty } from '../model/duty.ts'
import type { Labels } from '../model/labels.ts'
import type { Metric } from '../model/metric.ts'
import type { RecordEvent } from '../model/record.ts'
import type { Series, SeriesTable, Source } from '../model/series.ts'
import type { Site } from '../model/site.ts'
import type { JournalView } from '../store/journal.ts'
import type { Store } from '../store/store.ts'

/** Days go by slowly: how often duties are looked at. */
const every: Milliseconds = 60_000
/** What was done may be written down so many days later. */
const longestAgo = 400

/** What the keeper of duties is wired to. */
export interface DutyParts {
  readonly journal: JournalView
  readonly table: SeriesTable
  readonly store: Store
  readonly judge: Judge
  readonly clock: Clock
  site(): Site
  record(event: RecordEvent): void
  /** A reading of the past, for charts. */
  remember(series: Series, value: number, at: Moment): void
  /** Forgets series that are said no more. */
  forget(gone: readonly Series[]): void
}

/** What somebody says was done. */
export interface DoneWord {
  readonly by: string
  readonly note: string
  /** The day on which it was done; today where nothing is said. */
  readonly day: string | undefined
  /** As typed, by the names of readings; the empty name for the only one. */
  readonly values: Readonly<Record<string, string>>
}

/** How a duty stood when it was last looked at. */
interface Found {
  readonly duty: Duty
  readonly today: Day
  readonly done: readonly Done[]
  readonly standing: Standing
}

/** One reading to be given. */
interface Value {
  readonly metric: Metric
  readonly labels: Labels
  readonly value: number
}

/** What siteward knows of its duties: which are due, what was typed in, and what it says of them. */
export class DutyKeeper {
  readonly #parts: DutyParts
  #recorded = new Map<string, Recorded>()
  /** By device: its readings by hand; of siteward what it says of its duties. */
  readonly #sources = new Map<string, Source>()
  /** As they were last found: they change with the day, and with what is written down. */
  readonly #standings = new Map<string, Found>()
  #next: Milliseconds = 0

  constructor(parts: DutyParts) {
    this.#parts = parts
  }

  /** What the record knows of the time before the start. */
  start(): void {
    this.#recorded = new Map(recorded(this.#parts.journal.ofKind('duty', 0)))
  }

  /** The site is another now: says all anew at once, so that what it says no more is known. */
  follow(): void {
    for (const source of this.#sources.values()) this.#parts.forget(this.#parts.table.release(source))
    this.#sources.clear()
    this.#standings.clear()
    this.#next = 0
  }

  /** Every duty as it stands today. */
  get listed(): readonly ReturnType<typeof listedDuty>[] {
    const today = this.#today()
    return this.#parts.site().duties.map((duty) => listedDuty(this.#known(duty), today))
  }

  /** Writes down that a duty was done. */
  done(name: string, word: DoneWord): Outcome<Done> | undefined {
    const duty = this.#parts.site().duties.find((one) => one.name === name)
    if (duty === undefined) return undefined
    const day = dayIn(word.day, this.#today())
    const values = valuesOf(duty, word.values)
    if (!day.ok) return day
    if (!values.ok) return values
    const at = this.#parts.clock.now().wall
    const done: Done = { day: day.value, at, by: word.by, note: word.note, values: values.value }
    this.#put(doneEntry(name, done))
    return good(done)
  }

  /** Takes back that a duty was done last; false where it was not. Undefined where there is no such duty. */
  withdraw(name: string, by: string, note: string): boolean | undefined {
    const duty = this.#parts.site().duties.find((one) => one.name === name)
    if (duty === undefined) return undefined
    if (this.#known(duty).done.length === 0) return false
    this.#put(withdrawn(name, this.#parts.clock.now().wall, by, note))
    return true
  }

  /** Looks again when it is time; returns what the judge made of it. */
  tick(now: Moment): readonly Transition[] {
    return now.mono < this.#next ? [] : this.look(now)
  }

  /** Says what is due and what was read by hand, as it stands now; returns what the judge made of it. */
  look(now: Moment): readonly Transition[] {
    this.#next = now.mono + every
    const { store, table, judge, forget } = this.#parts
    const wanted = this.#wanted(now)
    for (const [device, source] of this.#sources) {
      for (const row of table.rowsOf(source)) store.expireRow(row)
      if (wanted.has(device)) continue
      forget(table.release(source))
      this.#sources.delete(device)
    }
    const judged: Series[] = []
    for (const [device, readings] of wanted) judged.push(...this.#give(device, readings, now))
    return judge.judge(judged, now)
  }

  /** Every reading that there should be, by device: what was typed in, and of siteward what is due. */
  #wanted(now: Moment): ReadonlyMap<string, readonly Value[]> {
    const { duties, itself, timeZone } = this.#parts.site()
    const wanted = new Map<string, Value[]>()
    // Without duties nothing of calendars is loaded.
    if (duties.length === 0) return wanted
    const today = dayOf(now.wall, timeZone())
    const add = (device: string, value: Value): void => {
      const list = wanted.get(device)
      if (list === undefined) wanted.set(device, [value])
      else list.push(value)
    }
    for (const duty of duties) {
      const known = this.#known(duty)
      const standing = this.#standing(known, today)
      for (const value of this.#sayingsOf(duty, standing)) add(itself.name, value)
      for (const { name, device, metric, labels } of duty.readings) {
        // When a duty is overdue, nobody knows its values any more.
        const value = standing.isOverdue ? Number.NaN : (lastValue(known.done, name) ?? Number.NaN)
        add(device, { metric, labels, value })
      }
    }
    return wanted
  }

  #give(device: string, values: readonly Value[], now: Moment): readonly Series[] {
    const { store, table, remember } = this.#parts
    const source = this.#sources.get(device) ?? table.source(device, 'duties', true)
    this.#sources.set(device, source)
    const scope = table.scope(source)
    return values.flatMap(({ metric, labels, value }) => {
      const series = scope.series(metric, labels)
      if (series === undefined) return []
      store.apply({ series, value }, now.mono)
      remember(series, value, now)
      return [series]
    })
  }

  #sayingsOf(duty: Duty, { due, isOverdue, last }: Standing): readonly Value[] {
    const { timeZone, vocabulary } = this.#parts.site()
    const labels = { duty: duty.name }
    const say = (name: string, value: number): readonly Value[] => {
      const metric = vocabulary.get(name)
      return metric === undefined ? [] : [{ metric, labels, value }]
    }
    return [
      ...say('siteward_duty_overdue', isOverdue ? 1 : 0),
      ...say('siteward_duty_due_timestamp_seconds', startOf(addDays(due, 1), timeZone()) / 1000),
      ...(last === undefined ? [] : say('siteward_duty_done_timestamp_seconds', startOf(last.day, timeZone()) / 1000)),
    ]
  }

  #standing(known: Known, today: Day): Standing {
    const { duty, done } = known
    const found = this.#standings.get(duty.name)
    if (found?.duty === duty && found.today === today && found.done === done) return found.standing
    const standing = standingOf(known, today)
    this.#standings.set(duty.name, { duty, today, done, standing })
    return standing
  }

  #known(duty: Duty): Known {
    const { holidays, timeZone } = this.#parts.site()
    const { plannedAt, done } = this.#recorded.get(duty.name) ?? this.#plan(duty.name)
    const heard = dayOf(plannedAt ?? this.#parts.clock.now().wall, timeZone())
    return { duty, since: sinceOf(duty, heard), done, holidays }
  }

  #plan(name: string): Recorded {
    const { wall } = this.#parts.clock.now()
    const known = { plannedAt: wall, done: [] }
    this.#recorded.set(name, known)
    this.#parts.record(planned(name, wall))
    return known
  }

  /** Into the record, and into what is known, by the same reading of the record as after a restart. */
  #put(event: RecordEvent): void {
    const name = event.own['duty'] ?? ''
    const known = this.#recorded.get(name)
    const past = [
      ...(known?.plannedAt === undefined ? [] : [planned(name, known.plannedAt)]),
      ...(known?.done ?? []).map((done) => doneEntry(name, done)),
    ]
    this.#recorded.set(name, recorded([...past, event]).get(name) ?? { plannedAt: undefined, done: [] })
    this.#parts.record(event)
  }

  #today(): Day {
    return dayOf(this.#parts.clock.now().wall, this.#parts.site().timeZone())
  }
}

function lastValue(done: readonly Done[], reading: string): number | undefined {
  return done.findLast(({ values }) => reading in values)?.values[reading]
}

function dayIn(text: string | undefined, today: Day): Outcome<Day> {
  const day = text ?? today
  if (day > today) return bad(`${day} is still to come`)
  return day < addDays(today, -longestAgo) ? bad(`${day} is more than ${longestAgo} days ago`) : good(day)
}

/** Every reading of the duty must be there, as a value of its metric that is possible. */
function valuesOf(duty: Duty, typed: DoneWord['values']): Outcome<Readonly<Record<string, number>>> {
  const values: Record<string, number> = {}
  const names = duty.readings.map(({ name }) => name)
  const strange = Object.keys(typed).find((name) => name !== '' && !names.includes(name))
  if (strange !== undefined)
    return bad(`${duty.name} has no reading ${strange}${names.length === 0 ? '' : `: it has ${names.join(', ')}`}`)
  if (typed[''] !== undefined && names.length !== 1)
    return bad(
      names.length === 0
        ? `${duty.name} has no reading: it takes no value`
        : `which of ${names.join(', ')}? write --value NAME=VALUE`,
    )
  for (const { name, metric } of duty.readings) {
    const text = typed[name] ?? typed['']
    if (text === undefined) return bad(`the value of ${name} is missing: ${metric.text.en}`)
    const value = parseValue(text, metric)
    if (!value.ok) return value
    if (
      metric.kind !== 'state' &&
      metric.kind !== 'info' &&
      (value.value < metric.range.low || value.value > metric.range.high)
    )
      return bad(`${text} cannot be: ${metric.text.en} is ${metric.range.low} to ${metric.range.high} in base units`)
    values[name] = value.value
  }
  return good(values)
}
