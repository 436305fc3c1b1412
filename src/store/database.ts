import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
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

const fileName = 'alarms.db'
/** Told apart by SQLite's own user_version: a newer siteward's file is not touched by an older one. */
const version = 2

/**
 * `alarm` is what is pending, firing, or resolved and still being told (layout 1); `event` is the record of all that
 * happened (since layout 2). Each layout only adds to the one before, so an older file grows into a newer one.
 */
const layout = `
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

/** An open database, and how the folder is given back. */
export interface Opened {
  readonly database: Database.Database
  readonly release: Release
}

/**
 * Opens the database in `folder` (made when absent). A file that is no database any more is put aside as
 * `alarms.db.corrupt-STAMP`, told to `corrupt`, and a new one begun: siteward must watch, whatever became of its memory.
 */
export function openDatabase(folder: string, stamp: Milliseconds, corrupt: (kept: string) => void): Opened {
  const file = join(folder, fileName)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o750 })
  } catch (error) {
    throw new JournalError(`state_directory ${folder} cannot be made: ${codeOf(error)}; make it or name another one`)
  }
  const lock = tryLock(folder)
  if ('holder' in lock) {
    throw new JournalError(`state_directory ${folder} is in use by another siteward (process ${lock.holder})`, true)
  }
  try {
    return { database: open(file), release: lock.release }
  } catch (error) {
    if (error instanceof JournalError) throw error
    if (!isCorrupt(error))
      throw new JournalError(`${file} cannot be opened: ${codeOf(error)}; check its owner and the disk`)
    const kept = `${file}.corrupt-${stamp}`
    renameSync(file, kept)
    for (const part of ['-wal', '-shm']) rmSync(`${file}${part}`, { force: true })
    corrupt(kept)
    return { database: open(file), release: lock.release }
  }
}

/**
 * Opens the database of a folder to look at it only, whether a siteward runs on it or not. The library's own `readonly`
 * lets writes through (libsql 0.5.29), so SQLite itself is told: https://www.sqlite.org/pragma.html#pragma_query_only
 */
export function viewDatabase(folder: string): Database.Database {
  const file = join(folder, fileName)
  if (!existsSync(file)) throw new JournalError(`there is no record in ${folder}: no siteward has run on it`)
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

function tryLock(folder: string): ReturnType<typeof lockFolder> {
  try {
    return lockFolder(folder)
  } catch (error) {
    throw new JournalError(
      `state_directory ${folder} cannot be written: ${codeOf(error)}; check its owner and the disk`,
    )
  }
}

function open(file: string): Database.Database {
  const database = new Database(file)
  try {
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
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
