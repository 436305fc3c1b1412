import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { home, shipped } from '../../src/home.ts'
import { version } from '../../src/version.ts'

const names = readdirSync(shipped('dist')).flatMap((file) =>
  file.endsWith('.cache') ? [basename(file, '.cache')] : [],
)

/** Whether V8 refuses the cache of a chunk, in a process that does as src/launch/chunks.ts. */
const isRefused = `
  const { readFileSync } = require('node:fs')
  const [, file, ...flags] = process.argv
  for (const flag of flags) require('node:v8').setFlagsFromString(flag)
  const cachedData = readFileSync(file.replace(/cjs$/, 'cache'))
  const script = new (require('node:vm').Script)(readFileSync(file, 'utf8'), { filename: file, cachedData })
  process.stdout.write(String(script.cachedDataRejected))
`

test.each(names)('V8 takes the cache of %s', (name) => {
  const args = [
    '-e',
    isRefused,
    shipped('dist', `${name}.cjs`),
    '--heap-growing-percent=30',
    '--semi-space-growth-factor=1',
  ]
  expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe('false')
})

test('siteward itself and the libraries of the protocols are chunks', () => {
  expect(names).toEqual(expect.arrayContaining(['cli', 'modbus-serial', 'net-snmp', 'ssh2', 'systeminformation']))
})

test.each(names)('%s is of one byte a letter, as it is read', (name) => {
  expect(readFileSync(shipped('dist', `${name}.cjs`)).findIndex((byte) => byte > 0x7f)).toBe(-1)
})

describe('where V8 does not take the cache', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-chunks-'))

  beforeAll(() => {
    for (const part of ['dist', 'package.json']) cpSync(join(home, part), join(folder, part), { recursive: true })
    symlinkSync(join(home, 'node_modules'), join(folder, 'node_modules'))
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  function said(...flags: readonly string[]): string {
    const args = [...flags, join(folder, 'dist', 'siteward.cjs'), '--version']
    return execFileSync(process.execPath, args, { encoding: 'utf8' })
  }

  test('siteward starts all the same, with other options of V8, a cache of something else, and none', () => {
    expect(said('--max-old-space-size=300')).toBe(`siteward ${version}\n`)
    writeFileSync(join(folder, 'dist', 'cli.cache'), 'no cache')
    expect(said()).toBe(`siteward ${version}\n`)
    rmSync(join(folder, 'dist', 'cli.cache'))
    expect(said()).toBe(`siteward ${version}\n`)
  })
})
