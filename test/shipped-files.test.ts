import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { diskFiles } from '../src/config/files.ts'
import { loadVocabulary } from '../src/config/vocabulary.ts'
import { shipped } from '../src/home.ts'
import { files } from '../src/shipped-files.ts'

const metrics = shipped('config', 'metrics.yaml')
const probe = shipped('probes', 'room', 'modbus-temperature-humidity.yaml')

test('what the build leaves of a file holds for its text only', () => {
  for (const file of [metrics, probe]) {
    const text = readFileSync(file, 'utf8')
    expect(files.packed?.(file, text)).toMatchObject({ text })
    expect(files.packed?.(file, `${text}# edited\n`)).toBe(undefined)
  }
  expect(files.packed?.('/etc/siteward/site.yaml', 'site: a\n')).toBe(undefined)
  expect(files.packed?.(shipped('config', 'hospital.yaml'), '')).toBe(undefined)
})

test('the vocabulary that the build leaves is what becomes of config/metrics.yaml', async () => {
  const packed = await loadVocabulary(metrics, files)
  expect(packed).toEqual(await loadVocabulary(metrics, diskFiles))
  expect(packed.vocabulary.size).toBeGreaterThan(100)
})
