import { pathToFileURL } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { ParseThread } from '../../src/config/parse-thread.ts'
import { Problems } from '../../src/config/problems.ts'
import { parseTree } from '../../src/config/yaml.ts'
import { shipped } from '../../src/home.ts'
import { formatProblem } from '../../src/model/problem.ts'

const program = pathToFileURL(shipped('dist', 'parse-worker.cjs'))

let thread: ParseThread

afterEach(() => thread.close())

const long = (lines: string): string => `${lines}\nx-filler:\n${'  - { a: [1, 2], b: "text" }\n'.repeat(400)}`

test('gives the same data at the same places as a parse on the spot', async () => {
  thread = new ParseThread(program)
  const text = long(
    'site: here\nx-a: &a { b: [1, 2.50, {}], "3": yes }\ndevices:\n  - <<: *a\n    name: one\n  - *a\n中文: 是',
  )
  const problems = new Problems()
  const [away, here] = [await thread.parse(text, 'f.yaml', problems), parseTree(text, 'f.yaml', problems)]
  expect(problems.list()).toEqual([])
  expect(away?.data).toEqual(here?.data)
  const paths = [
    [],
    ['devices', 0, 'b', 1],
    ['devices', 1, '3'],
    ['devices', 9],
    ['x-filler', 399, 'a'],
    ['中文'],
    ['no'],
  ]
  for (const path of paths) {
    expect([away?.at(path), away?.keyAt(path), away?.written(path)]).toEqual([
      here?.at(path),
      here?.keyAt(path),
      here?.written(path),
    ])
  }
  expect(away?.written(['devices', 0, 'b', 1])).toBe('2.50')
})

test('tells mistakes as a parse on the spot does, and goes on after one', async () => {
  thread = new ParseThread(program)
  const [away, here] = [new Problems(), new Problems()]
  const text = long('site: here\nsite: there')
  expect(await thread.parse(text, 'f.yaml', away)).toBeUndefined()
  parseTree(text, 'f.yaml', here)
  expect(away.list().map(formatProblem)).toEqual(here.list().map(formatProblem))
  expect((await thread.parse(long('site: here'), 'f.yaml', away))?.data['site']).toBe('here')
})

test('one that takes all its memory is a mistake of the file', async () => {
  thread = new ParseThread(program, 16)
  const problems = new Problems()
  expect(await thread.parse(`a: [${'[1],'.repeat(100_000)}]`, 'f.yaml', problems)).toBeUndefined()
  expect(problems.list().map(formatProblem)).toEqual([
    'f.yaml:1:1: the file takes too much memory to be parsed (split it)',
  ])
})

test('where no thread can run the file is parsed on the spot', async () => {
  thread = new ParseThread(new URL('data:text/javascript,throw new Error("not here")'))
  const problems = new Problems()
  expect((await thread.parse(long('site: here'), 'f.yaml', problems))?.data['site']).toBe('here')
  expect(problems.list()).toEqual([])
})
