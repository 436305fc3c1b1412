import { elapsed, type Milliseconds, type Moment, momentOf } from '../model/clock.ts'
import { isDrill } from '../model/drill.ts'
import type { Labels } from '../model/labels.ts'
import { alarmId, type RecordEvent, type Step } from '../model/record.ts'
import type { SiteNow } from '../model/site.ts'
import type { Firing } from '../notify/book.ts'
import { continued, doneAt, type Episode, episodesOf, type StepTime, stepTimes } from '../record/episodes.ts'
import type { Journal, JournalEntry } from '../store/journal.ts'
import { type AlarmKeeper, type Attending, eventOf, lifetimeOf } from './alarm-keeper.ts'
import { escalationOf, isEscalation } from './escalation.ts'
import { firingEpisode } from './record-view.ts'

/** What was done about an alarm may be written down so long after its end. */
const afterwards: Milliseconds = 7 * 86_400_000
/** As few letters of an id as are taken for it. */
const shortestPrefix = 4

/** What attendance is wired to. */
export interface AttendanceParts {
  readonly site: SiteNow
  readonly journal: Journal
  readonly keeper: AlarmKeeper
  /** Whether a new alert about it would be held back by a quiet time. */
  isQuiet(entry: JournalEntry, now: Moment): boolean
  /** A step's time is settled: in time or not, or not needed any more. */
  settled(time: StepTime): void
}

/** Somebody's word about an alarm. */
export interface Word {
  readonly step: Step
  readonly by: string
  readonly note: string
}

/** What became of a word. */
export type Attended =
  | { readonly kind: 'done'; readonly episode: Episode; readonly isWritten: boolean }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'ambiguous'; readonly ids: readonly string[] }

interface Open {
  readonly entry: JournalEntry
  readonly toldAt: Moment
  readonly episode: Episode
  readonly escalation: JournalEntry | undefined
}

/** Looks after the alarms that fire: who has taken them, who is on site, and the alert that nobody has. */
export class Attendance implements Attending {
  readonly #parts: AttendanceParts
  readonly #open = new Map<string, Open>()

  constructor(parts: AttendanceParts) {
    this.#parts = parts
  }

  /** What fired before a restart, with what people had said of it. */
  restore(entries: readonly JournalEntry[], now: Moment): void {
    for (const entry of entries) {
      if (isEscalation(entry)) continue
      const escalation = entries.find((one) => isEscalation(one) && one.labels['alarm_id'] === alarmId(entry.key))
      const episode = this.#recorded(entry)
      if (episode === undefined) continue
      const toldAt = momentOf(episode.toldAt ?? episode.firedAt, now)
      this.#open.set(entry.key, { entry, toldAt, episode, escalation })
    }
  }

  /** An alarm fires, and everybody is told at once. A drill is nobody's to take. */
  began(entry: JournalEntry, toldAt: Moment): void {
    if (isDrill(entry.labels)) return
    const episode = firingEpisode(entry, [])
    if (episode !== undefined) this.#open.set(entry.key, { entry, toldAt, episode, escalation: undefined })
  }

  /** An alarm fires, and nobody is told: no clock runs yet. */
  held(entry: JournalEntry, why: string, at: Moment): void {
    this.#parts.keeper.record({ ...eventOf(entry, 'held', at.wall), note: why })
  }

  /** One that was held back is told now; people may have said something of it before. */
  told(entry: JournalEntry, toldAt: Moment): void {
    const event = eventOf(entry, 'told', toldAt.wall)
    const known = this.#recorded(entry)
    this.#parts.keeper.record(event)
    if (known === undefined) return
    this.#open.set(entry.key, { entry, toldAt, episode: continued(known, event), escalation: undefined })
  }

  ended(key: string, at: Moment): void {
    const open = this.#open.get(key)
    if (open === undefined) return
    this.#open.delete(key)
    this.#settle(open.episode, { ...open.episode, endedAt: at.wall }, at)
    this.#withdraw(open, at)
  }

  left(key: string): void {
    const escalation = this.#open.get(key)?.escalation
    this.#open.delete(key)
    if (escalation !== undefined) this.#parts.keeper.leave([escalation.key])
  }

  words(key: string): Labels {
    const taken = this.#open.get(key)?.episode.attended.taken
    const id = { alarm_id: alarmId(key) }
    if (taken === undefined) return id
    const { at, by, note } = taken
    return { ...id, acknowledged: `${by}, ${new Date(at).toISOString()}${note === '' ? '' : `: ${note}`}` }
  }

  /** Writes down what somebody says of an alarm that fires, or of its last episode within a week. */
  attend(id: string, word: Word, now: Moment): Attended {
    const open = [...this.#open.values()].filter(({ episode }) => fits(episode, id))
    const [only, ...more] = open.length > 0 ? open.map(({ episode }) => episode) : this.#lastEnded(id, now)
    if (only === undefined) return { kind: 'unknown' }
    if (more.length > 0) return { kind: 'ambiguous', ids: [only, ...more].map((episode) => episode.id) }
    const { alarm, severity, device, own, activeAt } = only
    const event: RecordEvent = {
      kind: word.step,
      at: now.wall,
      alarmId: only.id,
      activeAt,
      device,
      alarm,
      severity,
      own,
      by: word.by,
      note: word.note,
    }
    const episode = continued(only, event)
    this.#parts.keeper.record(event)
    const known = open[0]
    if (known !== undefined) this.#attended(known, episode, now)
    else this.#settle(only, episode, now)
    // The caller is told what is true on disk.
    this.#parts.keeper.flush()
    return { kind: 'done', episode, isWritten: this.#parts.keeper.isWriting }
  }

  /** Lets time pass: whoever should have taken an alarm by now is called louder. */
  sweep(now: Moment): void {
    for (const open of this.#open.values()) if (this.#isOverdue(open, now)) this.#escalate(open, now)
  }

  /** How many alarms that fire are late in each step. */
  late(now: Moment): Readonly<Record<Step, number>> {
    const late = { taken: 0, on_site: 0, repaired: 0 }
    for (const { episode } of this.#open.values()) {
      for (const { step, state } of stepTimes(episode, this.#parts.site().serviceLevels, now.wall)) {
        if (state === 'late') late[step]++
      }
    }
    return late
  }

  /** What fires now. */
  get firing(): readonly Episode[] {
    return [...this.#open.values()].map(({ episode }) => episode)
  }

  #isOverdue({ entry, episode, toldAt, escalation }: Open, now: Moment): boolean {
    const { severities, taken } = this.#parts.site().serviceLevels
    if (escalation !== undefined || doneAt(episode, 'taken') !== undefined) return false
    if (!severities.some((one) => one === entry.severity) || elapsed(toldAt, now) <= taken) return false
    return !this.#parts.isQuiet(entry, now)
  }

  /** The episode of an alarm that fires, with all that the record has of it by now. */
  #recorded(entry: JournalEntry): Episode | undefined {
    const { journal, keeper } = this.#parts
    const id = alarmId(entry.key)
    const isOf = (one: RecordEvent): boolean => one.alarmId === id && one.activeAt === entry.activeAt
    return firingEpisode(entry, [...journal.episode(id, entry.activeAt), ...keeper.waiting.filter(isOf)])
  }

  #escalate(open: Open, now: Moment): void {
    const { keeper } = this.#parts
    const site = this.#parts.site()
    const escalation = escalationOf(open.entry, now.wall, site)
    const event = eventOf(open.entry, 'escalated', now.wall)
    this.#open.set(open.entry.key, { ...open, escalation, episode: continued(open.episode, event) })
    keeper.record(event)
    keeper.keep(escalation, (notifier) =>
      notifier.fire(firingOf(escalation, now.wall, () => lifetimeOf(this.#parts.site()))),
    )
  }

  #attended(open: Open, episode: Episode, now: Moment): void {
    this.#settle(open.episode, episode, now)
    this.#open.set(open.entry.key, { ...open, episode, escalation: undefined })
    this.#withdraw(open, now)
  }

  #withdraw({ escalation }: Open, at: Moment): void {
    const { keeper } = this.#parts
    if (escalation === undefined) return
    const ended: JournalEntry = { ...escalation, state: 'resolved', resolvedAt: at.wall }
    keeper.keep(ended, (notifier) => notifier.resolve(escalation.key, at))
  }

  /** Tells of each step whose time has just been settled. */
  #settle(before: Episode, after: Episode, { wall }: Moment): void {
    const levels = this.#parts.site().serviceLevels
    const were = stepTimes(before, levels, wall)
    for (const [index, time] of stepTimes(after, levels, wall).entries()) {
      const was = were[index]?.state
      if ((was === 'open' || was === 'late') && time.state !== was) this.#parts.settled(time)
    }
  }

  /** The last episode of each alarm whose id begins so. */
  #lastEnded(id: string, now: Moment): readonly Episode[] {
    const { journal, keeper } = this.#parts
    const events = [...journal.since({ since: now.wall - afterwards }), ...keeper.waiting]
    const last = new Map<string, Episode>()
    for (const episode of episodesOf(events)) if (fits(episode, id)) last.set(episode.id, episode)
    return [...last.values()]
  }
}

function fits({ id }: Episode, typed: string): boolean {
  return typed.length >= shortestPrefix && id.startsWith(typed.toLowerCase())
}

/**
 * An escalation for the book. No reading ever confirms it: where another siteward of the site has ended it, because
 * somebody has taken the alarm there, this one does not begin it anew.
 */
function firingOf(
  { key, labels, annotations }: JournalEntry,
  startsAt: Milliseconds,
  lifetime: () => Milliseconds,
): Firing {
  return { key, labels, annotations: () => annotations, startsAt, lifetime, confirmedAt: () => 0 }
}
