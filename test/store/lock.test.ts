import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { JournalError, openJournal } from '../../src/store/journal.ts'
import { lockFolder } from '../../src/store/lock.ts'

function lockedBy(pid: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-lock-'))
  const lock = lockFolder(folder)
  if ('holder' in lock) throw new Error('a new folder is free')
  const file = join(folder, 'lock')
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^\d+/, String(pid)))
  return folder
}

test('a folder held by another living process is refused, with its process id', () => {
  const folder = lockedBy(process.ppid)
  expect(lockFolder(folder)).toEqual({ holder: process.ppid })
  expect(() => openJournal(folder, 1, () => {})).toThrow(JournalError)
})

test('a folder held by a process that was killed is taken over', () => {
  const folder = lockedBy(2 ** 22 + 1)
  expect(lockFolder(folder)).toHaveProperty('release')
})

test('a folder held before the machine started anew is taken over', () => {
  const folder = lockedBy(process.ppid)
  writeFileSync(join(folder, 'lock'), `${process.ppid} another-boot\n`)
  expect(lockFolder(folder)).toHaveProperty('release')
})
