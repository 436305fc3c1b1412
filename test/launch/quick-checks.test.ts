import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Script } from 'node:vm'
import type { ValidateFunction } from 'ajv'
import { describe, expect, test } from 'vitest'
import { protocols } from '../../src/commands/site-file.ts'
import { ajvWith, closeObjects, schemas } from '../../src/config/check.ts'
import '../../src/config/duty-plan.ts'
import '../../src/config/masking.ts'
import { Problems } from '../../src/config/problems.ts'
import { checksOf } from '../../src/config/protocols.ts'
import type { quickChecks } from '../../src/config/quick-checks.ts'
import '../../src/config/web-config.ts'
import { parseTree } from '../../src/config/yaml.ts'
import { shipped } from '../../src/home.ts'

/** What the build has made: the chunk, run. */
const built = builtChecks()

function builtChecks(): typeof quickChecks {
  const file = shipped('dist', 'quick-checks.cjs')
  const module: { exports: typeof quickChecks } = { exports: {} }
  new Script(readFileSync(file, 'utf8')).runInThisContext()(module.exports, createRequire(file), module)
  return module.exports
}

for (const [name, own] of protocols) checksOf(name, own)

test('the build has made a quick check of each schema', () => {
  expect(Object.keys(built).sort()).toEqual([...schemas.keys()].sort())
})

function dataOf(file: string): Readonly<Record<string, unknown>> {
  return parseTree(readFileSync(shipped('config', file), 'utf8'), file, new Problems())?.data ?? {}
}

/** Data and a check that it passes. */
const right: readonly (readonly [string, unknown])[] = [
  ['metrics', dataOf('metrics.yaml')],
  ...Object.values(Object(dataOf('metrics.yaml')['metrics'])).map((metric) => ['metric', metric] as const),
  ...[dataOf('rules.yaml')['rules']].flat().map((rule) => ['rule', rule] as const),
  ['checks', dataOf('checks.yaml')],
  ['masking', dataOf('masking.yaml')],
  ['site', dataOf('hospital.yaml')],
  ['modbus point', { register: 0 }],
  ['snmp credential', { version: '2c', community: { env: 'COMMUNITY' } }],
]

describe('what is quickly checked comes out as by ajv, defaults and all', () => {
  const made = new Map<string, ValidateFunction>()
  const slowCheck = (name: string): ValidateFunction => {
    const schema = schemas.get(name)
    if (schema === undefined) throw new Error(`no schema ${name}`)
    const check = made.get(name) ?? ajvWith({ allErrors: true }).compile(closeObjects(schema))
    made.set(name, check)
    return check
  }
  const verdict = (name: string, data: unknown): readonly unknown[] => {
    const [quick, slow] = [structuredClone(data), structuredClone(data)]
    const isRight = [built[name]?.()(quick), slowCheck(name)(slow)]
    if (isRight[0] === true) expect(quick).toEqual(slow)
    return isRight
  }

  test('right data', () => {
    for (const [name, data] of right) expect([name, ...verdict(name, data)]).toEqual([name, true, true])
  })

  test('with a key too many', () => {
    for (const [name, data] of right)
      expect([name, ...verdict(name, { ...Object(data), nosuch: 1 })]).toEqual([name, false, false])
  })
})
