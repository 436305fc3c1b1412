import { type FiringAlarm, isSilence } from '../hold/hold.ts'
import type { Cell, Transition } from '../judge/cell.ts'
import { alertKey, alertLabels, phase } from '../judge/cell.ts'
import type { Judge, Replaced, Restored } from '../judge/judge.ts'
import { annotations } from '../judge/text.ts'
import { type Alarm, inactive, lastKnown } from '../model/alarm.ts'
import { type Cancel, type Clock, type Milliseconds, type Moment, momentOf } from '../model/clock.ts'
import { isDrill, markDrill } from '../model/drill.ts'
import type { Labels } from '../model/labels.ts'
import type { Log } from '../model/log.ts'
import { alarmId, type EventKind, type RecordEvent } from '../model/record.ts'
import type { Rule } from '../model/rule.ts'
import { ruledDevices, type Site, type SiteNow } from '../model/site.ts'
import type { Notifier } from '../notify/notifier.ts'
import type { Journal, JournalEntry } from '../store/journal.ts'
import { isEscalation } from './escalation.ts'
import { type HoldKeeper, heldAnnotation, holdIn, holdText } from './hold-keeper.ts'

/** Transitions that come within this time are one commit: thousands at once must not mean thousands of disk syncs. */
const gathering: Milliseconds = 20
/** When a commit failed (disk full), the next try. */
const nextTry: Milliseconds = 10_000
/** Entries of the record in one commit, and those that wait for a disk that refuses. */
const eventsAtOnce = 500
const mostWaiting = 20_000

/** What the keeper is wired to. */
export interface KeeperParts {
  readonly site: SiteNow
  readonly journal: Journal
  readonly notifier: Notifier
  readonly clock: Clock
  readonly log: Log
  readonly journalFailed: () => void
  readonly holds: Holding
  /** Entries of the record that were given up, oldest first: the disk has refused for too long. */
  readonly eventsLost: (count: number) => void
  readonly attendance: Attending
}

/** What stands between an alarm that fires and the telling of it: hold-keeper.ts. */
export type Holding = Pick<HoldKeeper, 'pending' | 'began' | 'over' | 'words'>

/** Who looks after alarms that fire. */
export interface Attending {
  /** An alarm fires: everybody is told at once, or nobody is, or it is told now after it was held back. */
  began(entry: JournalEntry, toldAt: Moment): void
  held(entry: JournalEntry, why: string, at: Moment): void
  told(entry: JournalEntry, toldAt: Moment): void
  ended(key: string, at: Moment): void
  /** Another siteward looks after it now. */
  left(key: string): void
  /** What is added to an alert's annotations: the alarm's id, and who has taken it. */
  words(key: string): Labels
}

/**
 * Takes the judge's transitions to disk, and then to everybody: what is told was written before, so that a daemon killed
 * at any moment finds, when it starts, all that it has told. Where the disk refuses, people are told all the same.
 */
export class AlarmKeeper {
  readonly #parts: KeeperParts
  readonly #put = new Map<string, JournalEntry>()
  readonly #drop = new Set<string>()
  #events: RecordEvent[] = []
  #told: (() => void)[] = []
  #timer: Cancel | undefined
  #isFailing = false
  #isStopped = false

  constructor(parts: KeeperParts) {
    this.#parts = parts
  }

  /** Entries of the record that are not on disk yet. */
  get waiting(): readonly RecordEvent[] {
    return this.#events
  }

  /** Whether the disk has taken what it was last given. */
  get isWriting(): boolean {
    return !this.#isFailing
  }

  /** Takes transitions in; they are on disk and told within 20 ms. */
  take(transitions: readonly Transition[], judge: Judge): void {
    for (const { cell, from, to, at } of transitions) this.#takeOne(cell, from, to, at, judge)
    if (transitions.length > 0) this.#later(gathering)
  }

  /** Resolves what fires of cells that left the site. */
  release(cells: readonly Cell[], at: Moment, judge: Judge): void {
    for (const cell of cells) {
      if (phase(cell.alarm) !== 'inactive') this.#takeOne(cell, cell.alarm, inactive, at, judge)
    }
    this.#later(gathering)
  }

  /** Follows alarms under other rules or labels: one that is another alert now ends as the old and begins as the new. */
  replace({ carried, ended }: Replaced, at: Moment, judge: Judge): void {
    for (const { from, to } of carried) {
      if (from.key === to.key) continue
      this.#takeOne(from, from.alarm, inactive, at, judge)
      this.#takeOne(to, inactive, to.alarm, at, judge)
    }
    this.release(ended, at, judge)
  }

  /** Alarms of the journal whose device or rule is gone: what was firing is kept as resolved until everybody knows. */
  orphaned(entries: readonly JournalEntry[], at: Moment): void {
    for (const entry of entries) {
      if (entry.state === 'firing')
        this.record({ ...eventOf(entry, 'resolved', at.wall), note: 'its rule or device is gone' })
      const isTold = entry.state === 'firing' && holdIn(entry.annotations) === undefined
      if (isTold) this.#putEntry({ ...entry, state: 'resolved', resolvedAt: at.wall })
      else this.#dropKey(entry.key)
    }
    if (entries.length > 0) this.#later(gathering)
  }

  /** Everybody was told long enough of these resolved alerts. */
  forget(keys: readonly string[]): void {
    for (const key of keys) this.#dropKey(key)
    this.#later(gathering)
  }

  /** Alarms that another siteward looks after now: nothing more is told of them here, and nobody has seen them end. */
  leave(keys: readonly string[]): void {
    this.flush()
    for (const key of keys) {
      this.#parts.holds.over(key)
      this.#parts.attendance.left(key)
      this.#parts.notifier.drop(key)
    }
    this.forget(keys)
  }

  /** Puts an entry into the record. */
  record(event: RecordEvent): void {
    this.#events.push(event)
    const over = this.#events.length - mostWaiting
    if (over > 0) {
      this.#events = this.#events.slice(over)
      this.#parts.eventsLost(over)
    }
    this.#later(gathering)
  }

  /** Keeps an alert, and has it told once it is on disk. */
  keep(entry: JournalEntry, tell: (notifier: Notifier) => void): void {
    this.#putEntry(entry)
    this.#tell(tell)
    this.#later(gathering)
  }

  /** Deletes a little of what the record has kept for long enough. */
  prune(before: Milliseconds): void {
    try {
      this.#parts.journal.prune(before)
    } catch {
      // A disk that refuses shows at the next entry; what is too old may stay till then.
      this.#parts.journalFailed()
    }
  }

  /** Writes and tells at once what is waiting. */
  flush(): void {
    this.#timer?.()
    this.#timer = undefined
    this.#write()
    const told = this.#told
    this.#told = []
    for (const tell of told) tell()
  }

  /** Writes all that is left; what the disk refuses now is lost, and nothing is tried again. */
  stop(): void {
    this.#isStopped = true
    do this.flush()
    while (this.#events.length > 0 && this.isWriting)
  }

  #takeOne(cell: Cell, from: Alarm, to: Alarm, at: Moment, judge: Judge): void {
    const { attendance, holds, site, clock } = this.#parts
    const words = (): Labels => {
      const now = currentOf(cell, judge)
      const said = annotations(now, judge.bounds(now), { ...site(), now: clock.now().wall })
      const marked = isDrill(cell.labels) ? markDrill(said) : said
      return { ...marked, ...attendance.words(cell.key), ...holds.words(cell.key) }
    }
    const was = phase(from)
    this.#log(cell, was, to)
    switch (phase(to)) {
      case 'pending':
        if (!isDrill(cell.labels)) holds.pending(firingAlarmOf(cell, to))
        this.#keepEntry(entryOf(cell, 'pending', to, undefined, words()), 'pending', at)
        return
      case 'firing':
        this.#begin(cell, to, at, words, judge)
        return
      case 'inactive':
        if (was === 'firing') this.#end(cell, entryOf(cell, 'resolved', from, at.wall, words()), at)
        else {
          holds.over(cell.key)
          this.record(eventOf(entryOf(cell, 'pending', from, undefined, {}), 'cleared', at.wall))
          this.#dropKey(cell.key)
        }
    }
  }

  #begin(cell: Cell, to: Alarm, at: Moment, words: () => Labels, judge: Judge): void {
    const { holds, clock, attendance } = this.#parts
    const entry = entryOf(cell, 'firing', to, undefined, words())
    this.record(eventOf(entry, 'firing', at.wall))
    const fire = (told: 'began' | 'told', now: Moment): void => this.#fire({ cell, judge }, to, now, words, told)
    // A drill proves the path: nothing stands in its way, and it explains nothing.
    const hold = isDrill(cell.labels)
      ? undefined
      : holds.began(firingAlarmOf(cell, to), () => fire('told', clock.now()))
    if (hold === undefined) fire('began', at)
    else {
      attendance.held(entry, holdText(hold), at)
      this.#putEntry({ ...entry, annotations: { ...entry.annotations, [heldAnnotation]: holdText(hold) } })
    }
  }

  /** What was held back is over for those alone who read the record. */
  #end(cell: Cell, entry: JournalEntry, at: Moment): void {
    this.record(eventOf(entry, 'resolved', at.wall))
    if (this.#parts.holds.over(cell.key)) {
      this.#dropKey(cell.key)
      return
    }
    this.#putEntry(entry)
    this.#parts.attendance.ended(cell.key, at)
    this.#tell((notifier) => notifier.resolve(cell.key, at))
  }

  #keepEntry(entry: JournalEntry, kind: EventKind, at: Moment): void {
    this.#putEntry(entry)
    this.record(eventOf(entry, kind, at.wall))
  }

  /** Told now (`at`): at once, or when nothing holds it back any more; from now on somebody is to take it. */
  #fire({ cell, judge }: Judged, to: Alarm, at: Moment, words: () => Labels, told: 'began' | 'told'): void {
    const entry = entryOf(cell, 'firing', to, undefined, words())
    this.#parts.attendance[told](entry, at)
    const { key, labels } = cell
    const lifetime = (): Milliseconds => lifetimeOf(this.#parts.site())
    const confirmedAt = (): Milliseconds => currentOf(cell, judge).brokenAt
    const startsAt = firedAt(to, at).wall
    this.keep(entry, (notifier) => notifier.fire({ key, labels, annotations: words, startsAt, lifetime, confirmedAt }))
  }

  /** Once it is on disk; where Prometheus alone judges, siteward tells nobody. */
  #tell(tell: (notifier: Notifier) => void): void {
    if (this.#parts.site().judge !== 'prometheus') this.#told.push(() => tell(this.#parts.notifier))
  }

  #log(cell: Cell, was: string, to: Alarm): void {
    const is = phase(to)
    const drill = isDrill(cell.labels) ? { drill: 'true' } : {}
    const fields = { ...drill, device: cell.device.name, alarm: cell.rule.alarm, severity: cell.rule.severity, was }
    const state = was === 'firing' && is === 'inactive' ? 'resolved' : is
    if (state === 'firing') this.#parts.log.warn({ ...fields, state }, 'alarm')
    else this.#parts.log.info({ ...fields, state }, 'alarm')
  }

  #putEntry(entry: JournalEntry): void {
    this.#drop.delete(entry.key)
    this.#put.set(entry.key, entry)
  }

  #dropKey(key: string): void {
    this.#put.delete(key)
    this.#drop.add(key)
  }

  #later(delay: Milliseconds): void {
    if (this.#isStopped) return
    this.#timer ??= this.#parts.clock.after(delay, () => this.flush())
  }

  #write(): void {
    if (this.#put.size === 0 && this.#drop.size === 0 && this.#events.length === 0) return
    const events = this.#events.slice(0, eventsAtOnce)
    try {
      this.#parts.journal.write({ put: [...this.#put.values()], drop: [...this.#drop], events })
      this.#put.clear()
      this.#drop.clear()
      this.#events = this.#events.slice(events.length)
      if (this.#events.length > 0) this.#later(gathering)
      if (this.#isFailing) this.#parts.log.info({}, 'the alarm journal can be written again')
      this.#isFailing = false
    } catch (error) {
      this.#parts.journalFailed()
      const why = error instanceof Error ? error.message : String(error)
      if (!this.#isFailing)
        this.#parts.log.error({ why }, 'the alarm journal cannot be written; alarms go on without it')
      this.#isFailing = true
      this.#later(nextTry)
    }
  }
}

/** A cell, and who judges it. */
interface Judged {
  readonly cell: Cell
  readonly judge: Judge
}

/** The cell that stands for an alert now: after a reload it may be another. */
function currentOf(cell: Cell, judge: Judge): Cell {
  return judge.cell(cell.device.name, cell.key) ?? cell
}

/** An entry of the record about an alarm of the journal. */
export function eventOf(entry: JournalEntry, kind: EventKind, at: Milliseconds): RecordEvent {
  const { key, activeAt, device, alarm, severity, own } = entry
  const note = entry.annotations['summary'] ?? ''
  return { kind, at, alarmId: alarmId(key), activeAt, device, alarm, severity, own, by: '', note }
}

function entryOf(
  cell: Cell,
  state: JournalEntry['state'],
  alarm: Alarm,
  resolvedAt: Milliseconds | undefined,
  words: Labels,
): JournalEntry {
  const known = lastKnown(alarm)
  return {
    key: cell.key,
    state,
    device: cell.device.name,
    alarm: cell.rule.alarm,
    severity: cell.rule.severity,
    own: cell.own,
    labels: cell.labels,
    annotations: words,
    activeAt: known.state === 'inactive' ? (resolvedAt ?? 0) : known.activeAt.wall,
    firedAt: known.state === 'firing' ? known.firedAt.wall : undefined,
    resolvedAt,
  }
}

function firedAt(alarm: Alarm, otherwise: Moment): Moment {
  const known = lastKnown(alarm)
  return known.state === 'firing' ? known.firedAt : otherwise
}

/** An alarm as the holds see it. */
function firingAlarmOf({ key, device, rule, labels }: Cell, alarm: Alarm): FiringAlarm {
  const known = lastKnown(alarm)
  return {
    key,
    device: device.name,
    alarm: rule.alarm,
    labels,
    isSilence: isSilence(rule),
    activeAt: known.state === 'inactive' ? 0 : known.activeAt.mono,
  }
}

/** An alarm that the journal knows as firing, as the holds see it. */
export function rememberedAlarm(
  { key, device, alarm, severity, labels, activeAt }: JournalEntry,
  site: Site,
  now: Moment,
): FiringAlarm {
  const rules = ruledDevices(site).find(({ name }) => name === device)?.rules ?? []
  const rule = rules.find((one) => one.alarm === alarm && one.severity === severity)
  const silent = rule !== undefined && isSilence(rule)
  return { key, device, alarm, labels, isSilence: silent, activeAt: momentOf(activeAt, now).mono }
}

/** How long a firing alert stands when siteward falls silent: late rather than early, and never for a lost telling or two. */
export function lifetimeOf({ runOut, resend }: Site): Milliseconds {
  return Math.max(runOut, 4 * resend)
}

/**
 * What the journal remembers, sorted by what must become of it under the site file of today: `alarms` go on, `firing`
 * must be told again, `resolved` may not have been told to everybody, `orphans` have lost their device or rule.
 */
export interface Remembered {
  readonly alarms: readonly Restored[]
  readonly firing: readonly JournalEntry[]
  readonly resolved: readonly JournalEntry[]
  readonly orphans: readonly JournalEntry[]
}

/** Pure: sorts the journal's entries by the site of today. Time while siteward was away counts as unknown. */
export function remember(entries: readonly JournalEntry[], site: Site, now: Moment): Remembered {
  const alarms: Restored[] = []
  const firing: JournalEntry[] = []
  const resolved: JournalEntry[] = []
  const orphans: JournalEntry[] = []
  const rules = rulesOf(entries, site)
  const known = new Set([...rules.keys()].map(alarmId))
  for (const entry of entries) {
    if (entry.state === 'resolved') resolved.push(entry)
    else if (isEscalation(entry) && known.has(entry.labels['alarm_id'] ?? '')) firing.push(entry)
    else {
      const rule = rules.get(entry.key)
      if (rule === undefined) {
        orphans.push(entry)
        continue
      }
      alarms.push({ device: entry.device, rule, own: entry.own, alarm: alarmOf(entry, now) })
      if (entry.state === 'firing') firing.push(entry)
    }
  }
  return { alarms, firing, resolved, orphans }
}

/** The rules by which today's site file would still give the very alerts of the journal, by their keys. */
function rulesOf(entries: readonly JournalEntry[], site: Site): ReadonlyMap<string, Rule> {
  const devices = new Map(ruledDevices(site).map((device) => [device.name, device]))
  return new Map(
    entries.flatMap((entry): readonly (readonly [string, Rule])[] => {
      const device = devices.get(entry.device)
      const rule = device?.rules.find(
        (one) =>
          one.alarm === entry.alarm &&
          one.severity === entry.severity &&
          alertKey(alertLabels(one, device, site, entry.own)) === entry.key,
      )
      return rule === undefined ? [] : [[entry.key, rule]]
    }),
  )
}

function alarmOf(entry: JournalEntry, now: Moment): Alarm {
  const activeAt = momentOf(entry.activeAt, now)
  if (entry.state === 'pending') return { state: 'unknown', since: now, was: { state: 'pending', activeAt } }
  const fired = momentOf(entry.firedAt ?? entry.activeAt, now)
  return { state: 'unknown', since: now, was: { state: 'firing', activeAt, firedAt: fired, clearSince: undefined } }
}
