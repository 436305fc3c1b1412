import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { diskFiles, largestFile, whyUnreadable } from '../../src/config/files.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'siteward-files-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

/** How the reading of a path fails, in our words. */
const why = (read: Promise<unknown>): Promise<string> => read.then(() => 'read', whyUnreadable)

describe('files on disk', () => {
  it('are read up to one byte more than allowed', async () => {
    writeFileSync(join(folder, 'large'), 'x'.repeat(largestFile + 1000))
    expect((await diskFiles.read(join(folder, 'large'))).length).toBe(largestFile + 1)
  })

  it('that cannot be read say why', async () => {
    execFileSync('mkfifo', [join(folder, 'fifo')])
    expect(await why(diskFiles.read(join(folder, 'fifo')))).toBe('is not a regular file')
    expect(await why(diskFiles.read('/dev/zero'))).toBe('is not a regular file')
    expect(await why(diskFiles.read(folder))).toBe('is not a regular file')
    expect(await why(diskFiles.read(join(folder, 'none')))).toBe('does not exist')
  })

  it('are listed with those of inner folders, and without hidden ones', async () => {
    mkdirSync(join(folder, 'a/.hidden'), { recursive: true })
    for (const name of ['b.yaml', 'a/c.yaml', 'a/.hidden/d.yaml', '.e.yaml']) writeFileSync(join(folder, name), '')
    symlinkSync(join(folder, 'b.yaml'), join(folder, 'link.yaml'))
    const names = await diskFiles.list(folder)
    expect(names).toEqual(['a/c.yaml', 'b.yaml', 'link.yaml'].map((name) => join(folder, name)))
  })

  it('that a link brings in from elsewhere are refused', async () => {
    symlinkSync('/etc/hostname', join(folder, 'out.yaml'))
    expect(await why(diskFiles.list(folder))).toContain('which leads out of it')
  })

  it('tell who may read them', async () => {
    writeFileSync(join(folder, 'secret'), 'x')
    chmodSync(join(folder, 'secret'), 0o604)
    expect(await diskFiles.mode(join(folder, 'secret'))).toBe(0o604)
  })
})
