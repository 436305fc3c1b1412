import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { JournalError, openJournal } from '../../src/store/journal.ts'
import { identityOf, lockFolder } from '../../src/store/lock.ts'

function lockedBy(identity: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-lock-'))
  writeFileSync(join(folder, 'lock'), `${identity}\n`)
  return folder
}

test('a folder held by another living process is refused, with its process id', () => {
  const folder = lockedBy(identityOf(process.ppid))
  expect(lockFolder(folder)).toEqual({ holder: process.ppid })
  expect(() => openJournal(folder, 1, () => {})).toThrow(JournalError)
})

test('a free folder is taken, and given back', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-lock-'))
  const lock = lockFolder(folder)
  expect(readFileSync(join(folder, 'lock'), 'utf8').trim()).toBe(identityOf(process.pid))
  if ('release' in lock) lock.release()
  expect(() => readFileSync(join(folder, 'lock'))).toThrow()
})

test.each([
  ['by a process that was killed', identityOf(2 ** 22 + 1)],
  ['by a process whose number another has now', identityOf(process.ppid).replace(/\d+$/, '1')],
  ['before the machine started anew', `${process.ppid} another-boot 1`],
  ['by something that is no lock', 'garbage'],
])('a folder held %s is taken over', (_, identity) => {
  expect(lockFolder(lockedBy(identity))).toHaveProperty('release')
})
