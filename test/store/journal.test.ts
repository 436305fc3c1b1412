import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type JournalEntry, JournalError, lateJournal, openJournal } from '../../src/store/journal.ts'

const entry: JournalEntry = {
  key: 'k',
  state: 'firing',
  device: 'crac-1',
  alarm: 'RoomTemperature',
  severity: 'critical',
  own: { sensor: '回风' },
  labels: { alertname: 'RoomTemperature' },
  annotations: { summary: '温度过高' },
  activeAt: 1000,
  firedAt: 2000,
  resolvedAt: undefined,
}

function folder(): string {
  return mkdtempSync(join(tmpdir(), 'siteward-journal-'))
}

test('what was written is there after it is opened again', () => {
  const where = folder()
  const first = openJournal(where, 1, () => {})
  first.write({
    put: [entry, { ...entry, key: 'l' }, { ...entry, key: 'm', state: 'pending', firedAt: undefined }],
    drop: [],
  })
  first.write({ put: [{ ...entry, state: 'resolved', resolvedAt: 3000 }], drop: ['l'] })
  first.close()
  const second = openJournal(where, 1, () => {})
  expect(second.load().map(({ key, state, firedAt, resolvedAt }) => [key, state, firedAt, resolvedAt])).toEqual([
    ['k', 'resolved', 2000, 3000],
    ['m', 'pending', undefined, undefined],
  ])
  expect(second.load()[0]).toEqual({ ...entry, state: 'resolved', resolvedAt: 3000 })
  second.close()
})

test('a late journal is opened when it is loaded; before, nothing can be written to it', () => {
  const where = folder()
  const journal = lateJournal(() => openJournal(where, 1, () => {}))
  expect(journal.isKept).toBe(false)
  expect(() => journal.write({ put: [entry], drop: [] })).toThrow(JournalError)
  journal.close()
  expect(readdirSync(where)).toEqual([])
  expect(journal.load()).toEqual([])
  expect(journal.isKept).toBe(true)
  journal.write({ put: [entry], drop: [] })
  expect(journal.load()).toEqual([entry])
  journal.close()
})

test('a file that is no database is put aside and told of', () => {
  const where = folder()
  writeFileSync(join(where, 'alarms.db'), 'not a database '.repeat(500))
  const kept: string[] = []
  const journal = openJournal(where, 7, (file) => kept.push(file))
  expect(journal.load()).toEqual([])
  journal.write({ put: [entry], drop: [] })
  expect(journal.load()).toHaveLength(1)
  journal.close()
  expect(kept).toEqual([join(where, 'alarms.db.corrupt-7')])
  expect(readdirSync(where)).toContain('alarms.db.corrupt-7')
})

test('a folder that cannot be used is told in our words, and is no other siteward', () => {
  const where = join(folder(), 'file')
  writeFileSync(where, '')
  for (const bad of [where, join(where, 'below')]) {
    expect(() => openJournal(bad, 1, () => {})).toThrow(JournalError)
    try {
      openJournal(bad, 1, () => {})
    } catch (error) {
      expect(error).toMatchObject({ isHeld: false, message: expect.stringContaining('state_directory') })
    }
  }
})
