import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import type { Milliseconds } from '../model/clock.ts'
import { lockFolder, type Release } from './lock.ts'
import { Row } from './rows.ts'

export type { Database } from 'libsql'

/** Why the database cannot be used; the message is for the operator. */
export class JournalError extends Error {
  /** Whether siteward may watch without it: not where another siteward holds the folder, which would alert twice. */
  readonly isHeld: boolean

  constructor(message: string, isHeld = false) {
    super(message)
    this.isHeld = isHeld
  }
}

/** One file of the state folder. */
interface Shape {
  readonly fileName: string
  /** Told apart by SQLite's own user_version: a newer siteward's file is not touched by an older one. */
  readonly version: number
  readonly layout: string
  /** FULL: what is committed survives a power failure; NORMAL: the last commits may be gone, the file is whole. */
  readonly synchronous: 'FULL' | 'NORMAL'
  /** Whether damage is looked for at the start, and not only found by whoever comes upon it. */
  readonly isLookedThrough: boolean
}

/**
 * `alarm` is what is pending, firing, or resolved and still being told (layout 1); `event` is the record of all that
 * happened (since layout 2). Each layout only adds to the one before, so an older file grows into a newer one.
 */
const alarmLayout = `
  CREATE TABLE IF NOT EXISTS alarm (
    key TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('pending', 'firing', 'resolved')),
    device TEXT NOT NULL,
    alarm TEXT NOT NULL,
    severity TEXT NOT NULL,
    own TEXT NOT NULL,
    labels TEXT NOT NULL,
    annotations TEXT NOT NULL,
    active_at INTEGER NOT NULL,
    fired_at INTEGER,
    resolved_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    alarm_id TEXT NOT NULL,
    active_at INTEGER NOT NULL,
    device TEXT NOT NULL,
    alarm TEXT NOT NULL,
    severity TEXT NOT NULL,
    own TEXT NOT NULL,
    who TEXT NOT NULL,
    note TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS event_at ON event (at);
  CREATE INDEX IF NOT EXISTS event_episode ON event (alarm_id, active_at);
  CREATE INDEX IF NOT EXISTS event_kind ON event (kind, at);
`

const alarms: Shape = {
  fileName: 'alarms.db',
  version: 2,
  layout: alarmLayout,
  synchronous: 'FULL',
  isLookedThrough: true,
}

/**
 * A file of its own: however large it is, and whatever becomes of it, alarms have theirs. `stretch` has one row for a
 * device and an hour, day, xun or month (`level`, by its place in the model's list) with all its series in `rolled`.
 */
const rollUps: Shape = {
  fileName: 'roll-ups.db',
  version: 1,
  synchronous: 'NORMAL',
  isLookedThrough: false,
  layout: `
  CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY,
    device TEXT NOT NULL,
    metric TEXT NOT NULL,
    labels TEXT NOT NULL,
    seen INTEGER NOT NULL,
    UNIQUE (device, metric, labels)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS stretch (
    level INTEGER NOT NULL,
    device TEXT NOT NULL,
    start INTEGER NOT NULL,
    finish INTEGER NOT NULL,
    rolled BLOB NOT NULL,
    UNIQUE (level, device, start)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS stretch_start ON stretch (level, start);
`,
}

/** How a database is opened. */
export interface Opening {
  readonly stamp: Milliseconds
  corrupt(kept: string): void
  /** Whether another machine's siteward may take the folder over. */
  readonly isShared: boolean
}

/** An open database, and how the folder is given back. */
export interface Opened {
  readonly database: Database.Database
  readonly release: Release
}

/**
 * Opens the database in `folder` (made when absent). A file that is no database any more is put aside as
 * `alarms.db.corrupt-STAMP`, told to `corrupt`, and a new one begun: siteward must watch, whatever became of its memory.
 */
export function openDatabase(folder: string, opening: Opening): Opened {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o750 })
  } catch (error) {
    throw new JournalError(`state_directory ${folder} cannot be made: ${codeOf(error)}; make it or name another one`)
  }
  const lock = tryLock(folder)
  if ('holder' in lock) {
    throw new JournalError(`state_directory ${folder} is in use by another siteward (process ${lock.holder})`, true)
  }
  return { database: openWhole(folder, alarms, opening), release: lock.release }
}

/** Opens the roll-ups in a folder that this process holds; a damaged file is put aside as that of alarms is. */
export function openRollUps(folder: string, opening: Opening): Database.Database {
  return openWhole(folder, rollUps, opening)
}

function openWhole(folder: string, shape: Shape, { stamp, corrupt, isShared }: Opening): Database.Database {
  const file = join(folder, shape.fileName)
  try {
    return open(file, shape, isShared)
  } catch (error) {
    if (error instanceof JournalError) throw error
    if (!isCorrupt(error))
      throw new JournalError(`${file} cannot be opened: ${codeOf(error)}; check its owner and the disk`)
    const kept = `${file}.corrupt-${stamp}`
    renameSync(file, kept)
    for (const part of ['-wal', '-shm']) rmSync(`${file}${part}`, { force: true })
    corrupt(kept)
    return open(file, shape, isShared)
  }
}

/**
 * Opens the database of a folder to look at it only, whether a siteward runs on it or not. The library's own `readonly`
 * lets writes through (libsql 0.5.29), so SQLite itself is told: https://www.sqlite.org/pragma.html#pragma_query_only
 */
export function viewDatabase(folder: string): Database.Database {
  return view(folder, alarms, 'record')
}

/** Whether anything was rolled up in a folder. */
export function hasRollUps(folder: string): boolean {
  return existsSync(join(folder, rollUps.fileName))
}

/** The same for the roll-ups of a folder. */
export function viewRollUps(folder: string): Database.Database {
  return view(folder, rollUps, 'roll-up')
}

function view(folder: string, { fileName, version }: Shape, what: string): Database.Database {
  const file = join(folder, fileName)
  if (!existsSync(file)) throw new JournalError(`there is no ${what} in ${folder}: no siteward has run on it`)
  try {
    const database = new Database(file)
    database.pragma('query_only = 1')
    const found = versionOf(database)
    if (found !== version) throw new JournalError(`${file} has layout ${found}; this siteward knows ${version}`)
    return database
  } catch (error) {
    if (error instanceof JournalError) throw error
    throw new JournalError(`${file} cannot be read: ${codeOf(error)}; ask as the user that siteward runs as`)
  }
}

/**
 * All or nothing. Not by the library's `transaction`: on a full disk SQLite rolls back by itself, the library's own
 * rollback then fails, and its error stands in the place of the one that matters.
 */
export function inTransaction(database: Database.Database, run: () => void): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    run()
    database.exec('COMMIT')
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function tryLock(folder: string): ReturnType<typeof lockFolder> {
  try {
    return lockFolder(folder)
  } catch (error) {
    throw new JournalError(
      `state_directory ${folder} cannot be written: ${codeOf(error)}; check its owner and the disk`,
    )
  }
}

function open(file: string, shape: Shape, isShared: boolean): Database.Database {
  const { layout, version, synchronous, isLookedThrough } = shape
  const database = new Database(file)
  try {
    // The write-ahead log needs memory that all its processes share: it is for one machine (https://www.sqlite.org/wal.html).
    database.pragma(`journal_mode = ${isShared ? 'DELETE' : 'WAL'}`)
    database.pragma(`synchronous = ${synchronous}`)
    if (isLookedThrough) assertWhole(database, file)
    const found = versionOf(database)
    if (found > version) {
      throw new JournalError(`${file} was written by a newer siteward (layout ${found}, this one knows ${version})`)
    }
    // One transaction: a process killed here leaves the old layout or the new one.
    database.exec(`BEGIN; ${layout} PRAGMA user_version = ${version}; COMMIT`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** As much of a file is looked through at the start as that takes a moment: some hundred thousand entries of the record. */
const lookedThrough = 64 * 2 ** 20

/** Throws where the file is damaged in a place that nobody may come upon for long. */
function assertWhole(database: Database.Database, file: string): void {
  if (statSync(file).size > lookedThrough) return
  const found = new Row(database.prepare('PRAGMA quick_check(1)').get()).text('quick_check')
  if (found !== 'ok') throw new Error(`database disk image is malformed: ${found}`)
}

/** A new file has 0. Not by `pluck()`: it gives the whole row back (libsql 0.5.29). */
function versionOf(database: Database.Database): number {
  return new Row(database.prepare('SELECT user_version FROM pragma_user_version').get()).time('user_version') ?? 0
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}

function isCorrupt(error: unknown): boolean {
  const text = `${codeOf(error)} ${error instanceof Error ? error.message : ''}`
  return /SQLITE_NOTADB|SQLITE_CORRUPT|malformed|not a database/i.test(text)
}
