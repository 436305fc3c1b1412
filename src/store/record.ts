import type { Milliseconds } from '../model/clock.ts'
import { type EventKind, eventKinds, type RecordEvent } from '../model/record.ts'
import type { Database } from './database.ts'
import { Row } from './rows.ts'

/** The most entries that one question brings: the newest ones. */
const mostEvents = 20_000
/** Rows deleted at once, about a millisecond's work. */
const pruneStep = 500
/** The record's size, whatever it may keep by time: about 300 MB. */
const largestRecord = 1_000_000

/** Which entries are asked for. */
export interface RecordQuery {
  /** Episodes and operations with an entry since then (wall clock) are brought whole. */
  readonly since: Milliseconds
  readonly device?: string | undefined
  /** The most entries that are brought, the newest ones; 20,000 where nothing is said. */
  readonly most?: number
}

/** The record of all that happened, inside the journal's database. */
export interface RecordTable {
  add(event: RecordEvent): void
  /** Entries in their order, of every episode that has one since then. */
  since(query: RecordQuery): readonly RecordEvent[]
  /** Entries of one kind since then, in their order. */
  ofKind(kind: EventKind, since: Milliseconds): readonly RecordEvent[]
  /** Every entry of one episode. */
  episode(alarmId: string, activeAt: Milliseconds): readonly RecordEvent[]
  /** Deletes at most 500 entries that are older, or over the record's size; how many it were. */
  prune(before: Milliseconds): number
}

/** The record in an open database. */
export function recordTable(database: Database): RecordTable {
  const add = database.prepare(
    `INSERT INTO event (kind, at, alarm_id, active_at, device, alarm, severity, own, who, note)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const since = database.prepare(
    `SELECT * FROM event WHERE (at >= ?1 OR alarm_id <> '' AND (alarm_id, active_at) IN
       (SELECT alarm_id, active_at FROM event WHERE at >= ?1)) AND (?2 IS NULL OR device = ?2)
     ORDER BY id DESC LIMIT ?3`,
  )
  const episode = database.prepare('SELECT * FROM event WHERE alarm_id = ? AND active_at = ? ORDER BY id')
  const ofKind = database.prepare('SELECT * FROM event WHERE kind = ? AND at >= ? ORDER BY id')
  const prune = database.prepare(
    `DELETE FROM event WHERE id IN (SELECT id FROM event WHERE at < ?1
       OR id <= (SELECT max(id) FROM event) - ${largestRecord} ORDER BY id LIMIT ${pruneStep})`,
  )
  return {
    add: (event) => {
      add.run(...columns(event))
    },
    since: (query) =>
      since
        .all(Math.round(query.since), query.device ?? null, query.most ?? mostEvents)
        .flatMap(eventOf)
        .reverse(),
    ofKind: (kind, from) => ofKind.all(kind, Math.round(from)).flatMap(eventOf),
    episode: (alarmId, activeAt) => episode.all(alarmId, Math.round(activeAt)).flatMap(eventOf),
    prune: (before) => prune.run(Math.round(before)).changes,
  }
}

function columns(event: RecordEvent): readonly (string | number)[] {
  const { kind, at, alarmId, activeAt, device, alarm, severity, own, by, note } = event
  return [kind, Math.round(at), alarmId, Math.round(activeAt), device, alarm, severity, JSON.stringify(own), by, note]
}

/** A row as an entry; one that does not parse (a disk's bit flip) is left out rather than believed. */
function eventOf(fields: unknown): RecordEvent[] {
  const row = new Row(fields)
  const kind = eventKinds.find((one) => one === row.text('kind'))
  const at = row.time('at')
  const activeAt = row.time('active_at')
  const own = row.labels('own')
  if (kind === undefined || at === undefined || activeAt === undefined || own === undefined) return []
  return [
    {
      kind,
      at,
      alarmId: row.text('alarm_id'),
      activeAt,
      device: row.text('device'),
      alarm: row.text('alarm'),
      severity: row.text('severity'),
      own,
      by: row.text('who'),
      note: row.text('note'),
    },
  ]
}
