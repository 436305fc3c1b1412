import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadChecks } from '../src/config/checks.ts'
import { loadSite } from '../src/config/load.ts'
import { loadMasking } from '../src/config/masking.ts'
import { loadProbe } from '../src/config/probes.ts'
import { Problems } from '../src/config/problems.ts'
import { loadRules } from '../src/config/rules.ts'
import { loadVocabulary } from '../src/config/vocabulary.ts'
import type { Problem } from '../src/model/problem.ts'
import { fixtures, sampleDeps } from './config-samples.ts'

/** What a fixture is, by the beginning of its name. */
async function problemsOf(file: string): Promise<readonly Problem[]> {
  const deps = sampleDeps()
  const { vocabulary } = await loadVocabulary(deps.shipped.metrics, deps.files)
  switch (basename(file).split('-')[0]) {
    case 'site':
      return (await loadSite(file, deps)).problems
    case 'probe': {
      const problems = new Problems()
      await loadProbe(file, { ...deps, vocabulary }, problems)
      return problems.list()
    }
    case 'metrics':
      return (await loadVocabulary(file, deps.files)).problems
    case 'rules':
      return (await loadRules(file, deps.files, vocabulary)).problems
    case 'checks': {
      const problems = new Problems()
      await loadChecks(file, deps.files, problems)
      return problems.list()
    }
    case 'masking': {
      const masking = await loadMasking(file, deps.files)
      return masking.ok ? [] : masking.problems
    }
    default:
      throw new Error(`what is ${file}?`)
  }
}

/** A problem as an expectation writes it; problems of other files name them. */
function toLine({ place, level, message, hint }: Problem, file: string): string {
  const where = place.file === file ? '' : `${basename(place.file)}:`
  return `${where}${place.line}:${place.column} ${level === undefined ? '' : `${level}: `}${message}${hint === undefined ? '' : ` (${hint})`}`
}

/** The lines `# expect: LINE:COLUMN MESSAGE` of a file, which may be of any encoding. */
function expectations(file: string): readonly string[] {
  const text = readFileSync(file, 'latin1')
  return [...text.matchAll(/^(?:\xef\xbb\xbf)?# expect: (.*?)\r?$/gm)].map((match) =>
    Buffer.from(match[1] ?? '', 'latin1').toString(),
  )
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(join(fixtures, folder))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(fixtures, folder, name))
}

describe('configurations that are right', () => {
  it.each(filesOf('good').map((file) => [basename(file), file]))('%s', async (_, file) => {
    expect((await problemsOf(file)).map((problem) => toLine(problem, file))).toEqual([])
  })
})

describe('configurations with one mistake', () => {
  it.each(filesOf('bad').map((file) => [basename(file), file]))('%s', async (_, file) => {
    const found = (await problemsOf(file)).map((problem) => toLine(problem, file))
    const expected = expectations(file)
    expect(expected.length).toBeGreaterThan(0)
    // An expectation may be the beginning of what is told.
    expect(found.map((line, index) => (line.startsWith(expected[index] ?? '\n') ? expected[index] : line))).toEqual(
      expected,
    )
  })
})
