import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import { expect, test } from 'vitest'
import { aboutNoAlarm, type RecordEvent } from '../../src/model/record.ts'
import { JournalError, openJournal, viewJournal } from '../../src/store/journal.ts'

const day = 86_400_000

function folder(): string {
  return mkdtempSync(join(tmpdir(), 'siteward-record-'))
}

function event(at: number, changed: Partial<RecordEvent> = {}): RecordEvent {
  return {
    kind: 'firing',
    at,
    alarmId: 'k7m2x9q4',
    activeAt: 5,
    device: 'crac-1',
    alarm: 'RoomTemperature',
    severity: 'critical',
    own: { sensor: '回风' },
    by: '',
    note: '温度过高',
    ...changed,
  }
}

test('an episode with an entry since then is brought whole', () => {
  const journal = openJournal(folder(), 1, () => {})
  const other = event(20, { alarmId: 'aaaaaaaa', device: 'ups-1' })
  const operation: RecordEvent = { ...aboutNoAlarm, kind: 'operation', at: 60, by: 'local', note: 'POST /x' }
  const events = [event(10), other, event(50, { kind: 'resolved' }), operation]
  journal.write({ put: [], drop: [], events })
  expect(journal.since({ since: 40 })).toEqual([event(10), event(50, { kind: 'resolved' }), operation])
  expect(journal.since({ since: 0, device: 'ups-1' })).toEqual([other])
  expect(journal.episode('k7m2x9q4', 5)).toEqual([event(10), event(50, { kind: 'resolved' })])
  journal.close()
})

test('a file of the first layout keeps its alarms and gains a record', () => {
  const where = folder()
  const old = new Database(join(where, 'alarms.db'))
  old.exec(`
    CREATE TABLE alarm (key TEXT PRIMARY KEY, state TEXT NOT NULL, device TEXT NOT NULL, alarm TEXT NOT NULL,
      severity TEXT NOT NULL, own TEXT NOT NULL, labels TEXT NOT NULL, annotations TEXT NOT NULL,
      active_at INTEGER NOT NULL, fired_at INTEGER, resolved_at INTEGER) STRICT, WITHOUT ROWID;
    INSERT INTO alarm VALUES ('k', 'firing', 'crac-1', 'RoomTemperature', 'critical', '{}', '{}', '{}', 1, 2, NULL);
    PRAGMA user_version = 1;
  `)
  old.close()
  const journal = openJournal(where, 1, () => {})
  expect(journal.load()).toMatchObject([{ key: 'k', state: 'firing', firedAt: 2 }])
  journal.write({ put: [], drop: [], events: [event(10)] })
  expect(journal.since({ since: 0 })).toHaveLength(1)
  journal.close()
})

test('a file of a newer siteward is left alone', () => {
  const where = folder()
  const newer = new Database(join(where, 'alarms.db'))
  newer.exec('PRAGMA user_version = 99')
  newer.close()
  expect(() => openJournal(where, 1, () => {})).toThrow(/newer siteward \(layout 99/)
})

test('what is old goes in small steps, the rest stays', () => {
  const journal = openJournal(folder(), 1, () => {})
  const events = Array.from({ length: 1200 }, (_, i) => event(i < 1100 ? i : 10 * day + i))
  journal.write({ put: [], drop: [], events })
  expect([1, 2, 3, 4].map(() => journal.prune(day))).toEqual([500, 500, 100, 0])
  expect(journal.since({ since: 10 * day })).toHaveLength(100)
  journal.close()
})

test('a view looks at what a running siteward has written, and cannot write', () => {
  const where = folder()
  expect(() => viewJournal(where)).toThrow(JournalError)
  const journal = openJournal(where, 1, () => {})
  journal.write({ put: [], drop: [], events: [event(10)] })
  const view = viewJournal(where)
  expect(view.since({ since: 0 })).toEqual([event(10)])
  expect(Object.keys(view).sort()).toEqual(['close', 'episode', 'load', 'ofKind', 'since'])
  view.close()
  journal.close()
})
