import { expect, test } from 'vitest'
import type { Files } from '../../src/config/files.ts'
import { SeenFiles } from '../../src/config/seen-files.ts'

/** A file system of texts, with a mark that tells how often each was written. */
function disk(texts: Record<string, string>) {
  const files: Files = {
    read: async (path) => {
      const text = texts[path]
      if (text === undefined) throw Object.assign(new Error(), { code: 'ENOENT' })
      return Buffer.from(text)
    },
    list: async (folder) => Object.keys(texts).filter((path) => path.startsWith(`${folder}/`)),
    mode: async () => 0o600,
  }
  return new SeenFiles(files, async (path) => texts[path] ?? '-')
}

test('what is not fresh is as the last good reading saw it', async () => {
  const texts: Record<string, string> = { 'site.yaml': 'a', 'sd/x.json': '1' }
  const seen = disk(texts)
  const read = async (isFresh: (path: string) => boolean): Promise<string> => {
    const files = seen.reading(isFresh)
    const found = await Promise.all((await files.list('sd')).map((path) => files.read(path)))
    return [await files.read('site.yaml'), ...found].map(String).join(' ')
  }
  expect(await read(() => true)).toBe('a 1')
  seen.keep()
  texts['site.yaml'] = 'half'
  texts['sd/y.json'] = '2'
  expect(await read((path) => path.startsWith('sd'))).toBe('a 1 2')
  seen.keep()
  expect(await read(() => true)).toBe('half 1 2')
  // It was not good: not kept.
  expect(await read((path) => path.startsWith('sd'))).toBe('a 1 2')
})

test('every file has the mark from before it was read, a missing one too, until a good reading does without it', async () => {
  const texts: Record<string, string> = { 'site.yaml': 'a', 'old.csv': 'x' }
  const seen = disk(texts)
  let files = seen.reading(() => true)
  for (const path of ['site.yaml', 'old.csv']) await files.read(path)
  seen.keep()
  files = seen.reading(() => true)
  texts['site.yaml'] = 'b'
  await files.read('site.yaml')
  await expect(files.read('none.csv')).rejects.toThrow()
  expect([...seen.marks]).toEqual([
    ['site.yaml', 'b'],
    ['old.csv', 'x'],
    ['none.csv', '-'],
  ])
  texts['none.csv'] = 'n'
  await files.read('none.csv')
  seen.keep()
  expect([...seen.marks.keys()]).toEqual(['site.yaml', 'none.csv'])
})
