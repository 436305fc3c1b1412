import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import type { Milliseconds } from '../model/clock.ts'
import type { Labels } from '../model/labels.ts'
import { lockFolder, type Release } from './lock.ts'

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

/** What is written at once: alarms that changed, and keys that nobody needs any more. */
export interface JournalChanges {
  readonly put: readonly JournalEntry[]
  readonly drop: readonly string[]
}

/**
 * Where pending and firing alarms survive the end of the process, however sudden: SQLite with a write-ahead log,
 * synchronised at each commit. One siteward at a time holds the folder.
 */
export interface Journal {
  /** Everything kept, as it was at the last commit. */
  load(): readonly JournalEntry[]
  /** One transaction; throws when it could not be made (disk full), and then nothing of it was. */
  write(changes: JournalChanges): void
  close(): void
}

/** Why a journal cannot be used; the message is for the operator. */
export class JournalError extends Error {
  /** Whether siteward may watch without it: not where another siteward holds the folder, which would alert twice. */
  readonly isHeld: boolean

  constructor(message: string, isHeld = false) {
    super(message)
    this.isHeld = isHeld
  }
}

/** A journal that remembers nothing beyond the process: for a folder that cannot be used. Each write fails, and is counted. */
export function noJournal(): Journal {
  return {
    load: () => [],
    write: () => {
      throw new JournalError('there is no alarm journal: state_directory cannot be used')
    },
    close: () => {},
  }
}

const fileName = 'alarms.db'
/** Told apart by SQLite's own user_version: a newer siteward's file is not touched by an older one. */
const version = 1

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
`

/**
 * Opens the journal in `folder` (made when absent). A file that is no database any more is put aside as
 * `alarms.db.corrupt-STAMP`, told to `corrupt`, and a new one begun: siteward must watch, whatever became of its memory.
 */
export function openJournal(folder: string, stamp: Milliseconds, corrupt: (kept: string) => void): Journal {
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
    return open(file, lock.release)
  } catch (error) {
    if (error instanceof JournalError) throw error
    if (!isCorrupt(error))
      throw new JournalError(`${file} cannot be opened: ${codeOf(error)}; check its owner and the disk`)
    const kept = `${file}.corrupt-${stamp}`
    renameSync(file, kept)
    for (const part of ['-wal', '-shm']) rmSync(`${file}${part}`, { force: true })
    corrupt(kept)
    return open(file, lock.release)
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

function open(file: string, release: Release): Journal {
  const database = new Database(file)
  try {
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    checkVersion(database, file)
    database.exec(layout)
    database.pragma(`user_version = ${version}`)
    return journalOf(database, release)
  } catch (error) {
    database.close()
    throw error
  }
}

function checkVersion(database: Database.Database, file: string): void {
  const found: unknown = database.prepare('SELECT user_version FROM pragma_user_version').pluck().get()
  if (typeof found === 'number' && found > version) {
    throw new JournalError(`${file} was written by a newer siteward (layout ${found}, this one knows ${version})`)
  }
}

function journalOf(database: Database.Database, release: Release): Journal {
  const put = database.prepare(
    `INSERT OR REPLACE INTO alarm
     (key, state, device, alarm, severity, own, labels, annotations, active_at, fired_at, resolved_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const drop = database.prepare('DELETE FROM alarm WHERE key = ?')
  const write = database.transaction((changes: JournalChanges) => {
    for (const entry of changes.put) put.run(...columns(entry))
    for (const key of changes.drop) drop.run(key)
  })
  return {
    load: () => database.prepare('SELECT * FROM alarm').all().flatMap(entryOf),
    write: (changes) => {
      write(changes)
    },
    close: () => {
      database.close()
      release()
    },
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
function entryOf(row: unknown): JournalEntry[] {
  const fields = row as Readonly<Record<string, unknown>>
  const text = (name: string): string => String(fields[name])
  const time = (name: string): Milliseconds | undefined => {
    const value = fields[name]
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined
  }
  const state = text('state')
  const activeAt = time('active_at')
  const own = labelsOf(fields['own'])
  const labels = labelsOf(fields['labels'])
  const annotations = labelsOf(fields['annotations'])
  if (state !== 'pending' && state !== 'firing' && state !== 'resolved') return []
  if (activeAt === undefined || own === undefined || labels === undefined || annotations === undefined) return []
  return [
    {
      key: text('key'),
      state,
      device: text('device'),
      alarm: text('alarm'),
      severity: text('severity'),
      own,
      labels,
      annotations,
      activeAt,
      firedAt: time('fired_at'),
      resolvedAt: time('resolved_at'),
    },
  ]
}

function labelsOf(text: unknown): Labels | undefined {
  try {
    const parsed: unknown = JSON.parse(String(text))
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined
    return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, String(value)]))
  } catch {
    return undefined
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}

function isCorrupt(error: unknown): boolean {
  const text = `${codeOf(error)} ${error instanceof Error ? error.message : ''}`
  return /SQLITE_NOTADB|SQLITE_CORRUPT|malformed|not a database/i.test(text)
}
