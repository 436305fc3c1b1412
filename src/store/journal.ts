import type { Milliseconds } from '../model/clock.ts'
import type { Labels } from '../model/labels.ts'
import type { EventKind, RecordEvent } from '../model/record.ts'
import { type Database, inTransaction, JournalError, openDatabase, viewDatabase } from './database.ts'
import type { Release } from './lock.ts'
import { type RecordQuery, type RecordTable, recordTable } from './record.ts'
import { Row } from './rows.ts'

export { JournalError } from './database.ts'

/** An alarm as the journal keeps it; stamps are wall clock. */
export interface JournalEntry {
  /** The canonical text of `labels`: the alert's identity. */
  readonly key: string
  readonly state: 'pending' | 'firing' | 'resolved'
  readonly device: string
  readonly alarm: string
  readonly severity: string
  /** The labels of its series, without site and device. */
  readonly own: Labels
  readonly labels: Labels
  readonly annotations: Labels
  readonly activeAt: Milliseconds
  readonly firedAt: Milliseconds | undefined
  readonly resolvedAt: Milliseconds | undefined
}

/** What is written at once: alarms that changed, keys that nobody needs any more, and what goes into the record. */
export interface JournalChanges {
  readonly put: readonly JournalEntry[]
  readonly drop: readonly string[]
  readonly events?: readonly RecordEvent[]
}

/** What can be asked of a journal, of one that is written or one that is only looked at. */
export interface JournalView {
  /** Everything kept, as it was at the last commit. */
  load(): readonly JournalEntry[]
  /** Entries of the record. */
  since(query: RecordQuery): readonly RecordEvent[]
  /** Entries of one kind since then, in their order. */
  ofKind(kind: EventKind, since: Milliseconds): readonly RecordEvent[]
  /** Every entry of one episode of an alarm. */
  episode(alarmId: string, activeAt: Milliseconds): readonly RecordEvent[]
  close(): void
}

/**
 * Where pending and firing alarms survive the end of the process, however sudden, and the record of all that happened:
 * SQLite with a write-ahead log, synchronised at each commit. One siteward at a time holds the folder.
 */
export interface Journal extends JournalView {
  /** Whether there is one: else each write fails. */
  readonly isKept: boolean
  /** Whether another machine's siteward may take its folder over. */
  readonly isShared: boolean
  /** One transaction; throws when it could not be made (disk full), and then nothing of it was. */
  write(changes: JournalChanges): void
  /** Deletes a few entries of the record that are older; how many it were. Throws as `write` does. */
  prune(before: Milliseconds): number
}

/** A journal that remembers nothing beyond the process: for a folder that cannot be used. Each write fails, and is counted. */
export function noJournal(): Journal {
  return {
    isKept: false,
    isShared: false,
    load: () => [],
    since: () => [],
    ofKind: () => [],
    episode: () => [],
    write: () => {
      throw new JournalError('there is no alarm journal: state_directory cannot be used')
    },
    prune: () => 0,
    close: () => {},
  }
}

/** A journal that is opened when it is loaded, since opening takes a while; before, there is none. */
export function lateJournal(open: () => Journal): Journal {
  let journal = noJournal()
  return {
    get isKept() {
      return journal.isKept
    },
    get isShared() {
      return journal.isShared
    },
    load: () => {
      journal = open()
      return journal.load()
    },
    since: (...args) => journal.since(...args),
    ofKind: (...args) => journal.ofKind(...args),
    episode: (...args) => journal.episode(...args),
    write: (changes) => journal.write(changes),
    prune: (before) => journal.prune(before),
    close: () => journal.close(),
  }
}

/** Opens the journal in `folder`, as `openDatabase` does. */
export function openJournal(
  folder: string,
  stamp: Milliseconds,
  corrupt: (kept: string) => void,
  isShared = false,
): Journal {
  const { database, release } = openDatabase(folder, { stamp, corrupt, isShared })
  try {
    return journalOf(database, release, isShared)
  } catch (error) {
    database.close()
    release()
    throw error
  }
}

/** Opens the journal of a folder to look at it only, whether a siteward runs on it or not. Throws JournalError. */
export function viewJournal(folder: string): JournalView {
  const database = viewDatabase(folder)
  return viewOf(database, recordTable(database), () => database.close())
}

function viewOf(database: Database, record: RecordTable, close: () => void): JournalView {
  return {
    load: () => database.prepare('SELECT * FROM alarm').all().flatMap(entryOf),
    since: record.since,
    ofKind: record.ofKind,
    episode: record.episode,
    close,
  }
}

function journalOf(database: Database, release: Release, isShared: boolean): Journal {
  const put = database.prepare(
    `INSERT OR REPLACE INTO alarm
     (key, state, device, alarm, severity, own, labels, annotations, active_at, fired_at, resolved_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const drop = database.prepare('DELETE FROM alarm WHERE key = ?')
  const record = recordTable(database)
  const write = (changes: JournalChanges): void =>
    inTransaction(database, () => {
      for (const entry of changes.put) put.run(...columns(entry))
      for (const key of changes.drop) drop.run(key)
      for (const event of changes.events ?? []) record.add(event)
    })
  const close = (): void => {
    database.close()
    release()
  }
  return {
    ...viewOf(database, record, close),
    isKept: true,
    isShared,
    write,
    prune: record.prune,
  }
}

function columns(entry: JournalEntry): readonly (string | number | null)[] {
  return [
    entry.key,
    entry.state,
    entry.device,
    entry.alarm,
    entry.severity,
    JSON.stringify(entry.own),
    JSON.stringify(entry.labels),
    JSON.stringify(entry.annotations),
    Math.round(entry.activeAt),
    entry.firedAt === undefined ? null : Math.round(entry.firedAt),
    entry.resolvedAt === undefined ? null : Math.round(entry.resolvedAt),
  ]
}

/** A row as an entry; one that does not parse (a disk's bit flip) is left out rather than believed. */
function entryOf(fields: unknown): JournalEntry[] {
  const row = new Row(fields)
  const state = row.text('state')
  const activeAt = row.time('active_at')
  const own = row.labels('own')
  const labels = row.labels('labels')
  const annotations = row.labels('annotations')
  if (state !== 'pending' && state !== 'firing' && state !== 'resolved') return []
  if (activeAt === undefined || own === undefined || labels === undefined || annotations === undefined) return []
  return [
    {
      key: row.text('key'),
      state,
      device: row.text('device'),
      alarm: row.text('alarm'),
      severity: row.text('severity'),
      own,
      labels,
      annotations,
      activeAt,
      firedAt: row.time('fired_at'),
      resolvedAt: row.time('resolved_at'),
    },
  ]
}
