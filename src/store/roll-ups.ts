import type { Milliseconds } from '../model/clock.ts'
import { labelKey } from '../model/labels.ts'
import { type Columns, type Level, levels, type RolledSeries } from '../model/roll-up.ts'
import { type Database, inTransaction, type Opening, openRollUps, viewRollUps } from './database.ts'
import { Row } from './rows.ts'

/** Rows deleted at once: of a device with a thousand series some milliseconds' work. */
const pruneStep = 200

/** A stretch of time of one device as it is kept; times are wall clock, the end not included. */
export interface KeptStretch {
  readonly level: Level
  readonly device: string
  readonly start: Milliseconds
  readonly end: Milliseconds
  readonly rolled: Columns
}

/** How columns are kept: src/rollup/packed.ts. */
export interface Packing {
  packed(columns: Columns): Buffer
  unpacked(bytes: Uint8Array): Columns | undefined
}

/** What can be asked of roll-ups, also of those of a siteward that runs. */
export interface RollUpView {
  /** Of one device, in their order, those of a level that begin in a time (its end not included). */
  stretches(level: Level, device: string, from: Milliseconds, to: Milliseconds): readonly KeptStretch[]
  /** The series of a device, by the numbers under which they are kept. */
  seriesOf(device: string): ReadonlyMap<number, RolledSeries>
  /** Devices that have stretches of a level in a time. */
  devices(level: Level, from: Milliseconds, to: Milliseconds): readonly string[]
  /** When stretches of a level begin in a time, each once. */
  starts(level: Level, from: Milliseconds, to: Milliseconds): readonly Milliseconds[]
  close(): void
}

/** The roll-ups of a siteward that writes them. Each call that writes throws where the disk refuses. */
export interface RollUps extends RollUpView {
  /** One transaction. */
  together(run: () => void): void
  /** When the newest stretch of a level begins; 0 where there is none. */
  newest(level: Level): Milliseconds
  /** The number under which a series is kept. */
  idOf(device: string, series: RolledSeries, now: Milliseconds): number
  /** Writes or replaces a stretch. */
  write(stretch: KeptStretch): void
  /** That series are still there: those that nobody has seen for as long as months are kept are forgotten. */
  seen(ids: Iterable<number>, now: Milliseconds): void
  /** Deletes a few of the oldest stretches of a level that begin before; how many it were. */
  prune(level: Level, before: Milliseconds): number
  /** Deletes a few series that were not seen since; how many it were. */
  forget(before: Milliseconds): number
  /** What is in use of the file. */
  bytes(): number
}

/** Opens the roll-ups in a folder that this process holds, as `openDatabase` does. */
export function openRollUpsIn(folder: string, packing: Packing, opening: Opening): RollUps {
  return rollUpsOf(openRollUps(folder, opening), packing)
}

export { hasRollUps } from './database.ts'

/** Opens the roll-ups of a folder to look at them only. Throws JournalError. */
export function viewRollUpsIn(folder: string, packing: Packing): RollUpView {
  return viewOf(viewRollUps(folder), packing)
}

function viewOf(database: Database, { unpacked }: Packing): RollUpView {
  const stretches = database.prepare(
    'SELECT start, finish, rolled FROM stretch WHERE level = ? AND device = ? AND start >= ? AND start < ? ORDER BY start',
  )
  const series = database.prepare('SELECT id, metric, labels FROM series WHERE device = ?')
  const devices = database.prepare(
    'SELECT DISTINCT device FROM stretch WHERE level = ? AND start >= ? AND start < ? ORDER BY device',
  )
  const starts = database.prepare(
    'SELECT DISTINCT start FROM stretch WHERE level = ? AND start >= ? AND start < ? ORDER BY start',
  )
  return {
    stretches: (level, device, from, to) =>
      stretches.all(levels.indexOf(level), device, Math.round(from), Math.round(to)).flatMap((fields) => {
        const row = new Row(fields)
        const [start, end, bytes] = [row.time('start'), row.time('finish'), row.bytes('rolled')]
        const rolled = bytes === undefined ? undefined : unpacked(bytes)
        // What does not parse (a disk's bit flip) is missing rather than believed.
        return start === undefined || end === undefined || rolled === undefined
          ? []
          : [{ level, device, start, end, rolled }]
      }),
    seriesOf: (device) =>
      new Map(
        series.all(device).flatMap((fields): readonly (readonly [number, RolledSeries])[] => {
          const row = new Row(fields)
          const [id, labels] = [row.time('id'), row.labels('labels')]
          return id === undefined || labels === undefined ? [] : [[id, { metric: row.text('metric'), labels }]]
        }),
      ),
    devices: (level, from, to) =>
      devices
        .all(levels.indexOf(level), Math.round(from), Math.round(to))
        .map((fields) => new Row(fields).text('device')),
    starts: (level, from, to) =>
      starts
        .all(levels.indexOf(level), Math.round(from), Math.round(to))
        .flatMap((fields) => new Row(fields).time('start') ?? []),
    close: () => database.close(),
  }
}

function rollUpsOf(database: Database, packing: Packing): RollUps {
  const find = database.prepare('SELECT id FROM series WHERE device = ? AND metric = ? AND labels = ?')
  const add = database.prepare('INSERT INTO series (device, metric, labels, seen) VALUES (?, ?, ?, ?)')
  const put = database.prepare(
    'INSERT OR REPLACE INTO stretch (level, device, start, finish, rolled) VALUES (?, ?, ?, ?, ?)',
  )
  const newest = database.prepare('SELECT max(start) AS start FROM stretch WHERE level = ?')
  const seen = database.prepare('UPDATE series SET seen = ?1 WHERE id = ?2 AND seen < ?1')
  const prune = database.prepare(
    `DELETE FROM stretch WHERE rowid IN
       (SELECT rowid FROM stretch WHERE level = ? AND start < ? ORDER BY start LIMIT ${pruneStep})`,
  )
  const forget = database.prepare(
    `DELETE FROM series WHERE id IN (SELECT id FROM series WHERE seen < ? LIMIT ${pruneStep})`,
  )
  const size = database.prepare(
    `SELECT (page_count - freelist_count) * page_size AS bytes
     FROM pragma_page_count, pragma_freelist_count, pragma_page_size`,
  )
  return {
    ...viewOf(database, packing),
    idOf: (device, { metric, labels }, now) => {
      const text = labelsText(labels)
      const known = new Row(find.get(device, metric, text)).time('id')
      return known ?? Number(add.run(device, metric, text, Math.round(now)).lastInsertRowid)
    },
    together: (run) => inTransaction(database, run),
    newest: (level) => new Row(newest.get(levels.indexOf(level))).time('start') ?? 0,
    write: ({ level, device, start, end, rolled }) => {
      put.run(levels.indexOf(level), device, start, end, packing.packed(rolled))
    },
    seen: (ids, now) => {
      for (const id of ids) seen.run(Math.round(now), id)
    },
    prune: (level, before) => prune.run(levels.indexOf(level), Math.round(before)).changes,
    forget: (before) => forget.run(Math.round(before)).changes,
    bytes: () => new Row(size.get()).time('bytes') ?? 0,
  }
}

/** The same whatever their order. */
function labelsText(labels: RolledSeries['labels']): string {
  return JSON.stringify(Object.fromEntries(JSON.parse(labelKey(labels))))
}
