import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { check } from '../../src/commands/check.ts'
import { compilePattern } from '../../src/model/pattern.ts'
import { call } from '../commands/calling.ts'
import { badConfigurations, environmentOf, withoutOffsets, writeBeside, writeUsual } from './bad-configurations.ts'

const folder = mkdtempSync(join(tmpdir(), 'siteward-bad-'))
const site = join(folder, 'site.yaml')

beforeAll(() => writeUsual(folder))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Checked {
  readonly status: number
  /** What was printed, a line a problem. */
  readonly told: readonly string[]
}

/** What `siteward check` says of the folder. */
async function checked(): Promise<Checked> {
  const { code, out, err } = await call(check, ['--config', site], environmentOf(folder))
  return { status: code, told: `${err}${out}`.trim().split('\n').map(withoutOffsets) }
}

/** The same of a site file with other files beside it, which go afterwards. */
async function checkedWith(files: Readonly<Record<string, string | Buffer>>): Promise<Checked> {
  for (const [name, text] of Object.entries(files)) writeBeside(folder, name, text)
  try {
    return await checked()
  } finally {
    for (const name of Object.keys(files)) rmSync(join(folder, name), { recursive: true, force: true })
  }
}

const siteOf = (devices: string, more = ''): string =>
  `site: clinic\nprobe_directories: [probes]\n${more}credentials: { bmc: { ipmi: { user: u, password: { file: secrets/good } } } }\ndevices:\n${devices}\n`
const device = '  - { name: a, address: 10.0.0.1, probes: [room], credentials: bmc }'

const corpus = badConfigurations().map((one) => [one.row ?? 'other mistakes', one.name, one] as const)

test('there are bad configurations by the hundreds, of every row', () => {
  expect(corpus.length).toBeGreaterThan(200)
  const rows = new Set(corpus.map(([row]) => row))
  for (const row of ['C2', 'C3', 'C4', 'C5', 'C6', 'C7', 'C8', 'C9', 'C10', 'C12', 'C14', 'C15'])
    expect(rows).toContain(row)
})

test.each(corpus)(
  '%s: %s is refused, each mistake with file, line and column',
  async (_row, _name, { files, told }) => {
    const { status, told: lines } = await checkedWith(files)
    expect(status).toBe(1)
    const expected = told(folder).map(withoutOffsets)
    expect(expected.length).toBeGreaterThan(0)
    for (const one of expected)
      expect(
        lines.filter((line) => line.startsWith(one)),
        lines.join('\n'),
      ).toHaveLength(1)
    expect(lines.join('\n')).not.toContain('hush-hush')
  },
)

test.each([
  ['an empty file', '', '1:1: the file is empty'],
  ['comments alone', '# nothing\n', '1:1: the file is empty'],
  ['a text', 'hello\n', '1:1: keys and values (key: value) are needed at the top of the file'],
  ['a list', '- a\n- b\n', '1:1: keys and values (key: value) are needed at the top of the file'],
  ['null', '~\n', '1:1: the file is empty'],
])('C4: %s is refused, and no TypeError', async (_, text, expected) => {
  const { status, told } = await checkedWith({ 'site.yaml': text })
  expect(status).toBe(1)
  expect(told).toEqual([expect.stringContaining(`${site}:${expected}`)])
})

test('C5: a merged mapping gives its keys, and what is written beside it stands before them', async () => {
  const merged = siteOf(
    '  - &base { name: a, address: 10.0.0.1, probes: [room], credentials: bmc }\n  - { <<: *base, name: b }',
  )
  const { status, told } = await checkedWith({ 'site.yaml': merged })
  expect([status, told.at(-1)]).toEqual([0, expect.stringContaining('clinic: 2 devices')])
})

test.each([
  ['a byte order mark', (text: string) => `\ufeff${text}`],
  ['line ends of Windows', (text: string) => text.replaceAll('\n', '\r\n')],
])('C6: %s changes nothing', async (_, change) => {
  expect(await checkedWith({ 'site.yaml': change(siteOf(device)) })).toMatchObject({ status: 0 })
})

test.each([
  ['an OID', "credentials: { lan: { snmp: { community: 'x', version: 2c } } }", 'oid: 1.30', '7:'],
  ['a community', 'credentials: { lan: { snmp: { version: 2c, community: 0123 } } }', "oid: '1.3.6.1'", '3:'],
])('C9: %s that YAML takes for a number is refused, and quotes are asked for', async (_, credentials, oid, place) => {
  const probe = `probe: p\ntitle: x\ncollector: snmp\nproof: register-map\npoints:\n  - metric: device_uptime_seconds\n    ${oid}\n`
  const text = `site: clinic\nprobe_directories: [probes]\n${credentials}\ndevices:\n  - { name: a, address: 10.0.0.1, probes: [p], credentials: lan }\n`
  const { status, told } = await checkedWith({ 'site.yaml': text, 'probes/p.yaml': probe })
  expect(status).toBe(1)
  const [found = ''] = told.filter((line) => line.includes(`.yaml:${place}`))
  expect(found).toMatch(/quotes|text/)
})

test('C11: a file of 10 MB is refused before it is parsed', async () => {
  const line = `${device.replace('name: a', 'name: d')}\n`
  const begun = performance.now()
  const { status, told } = await checkedWith({ 'site.yaml': siteOf(line.repeat(10_000_000 / line.length)) })
  // To parse it takes longer than this on any machine, and some hundred megabytes.
  expect(performance.now() - begun).toBeLessThan(4000)
  expect([status, told]).toEqual([1, [expect.stringContaining('site.yaml:1:1: the file is larger than 2 MiB')]])
})

test('C13: a pattern that backtracking engines need ages for is searched in linear time', () => {
  const pattern = compilePattern('^(a+)+$')
  if (typeof pattern === 'string') throw new Error(pattern)
  const begun = performance.now()
  expect(pattern.fits(`${'a'.repeat(60_000)}!`)).toBe(false)
  // With backtracking 28 characters take ten seconds, and each more doubles it.
  expect(performance.now() - begun).toBeLessThan(5000)
})

test.each(['(?=a)', '(a)\\\\1', '(?<!a)b'])(
  'C13: %s, which no linear engine has, is refused with its place',
  async (pattern) => {
    const probe = `probe: p\ntitle: x\ncollector: ipmi\nproof: register-map\npoints:\n  - { metric: room_temperature_celsius, sensor: { name: T }, pattern: "${pattern}" }\n`
    const { status, told } = await checkedWith({
      'site.yaml': siteOf(device.replace('room', 'p')),
      'probes/p.yaml': probe,
    })
    expect(status).toBe(1)
    expect(told.join('\n')).toMatch(/p\.yaml:6:\d+: not a regular expression/)
  },
)

describe('C16: files that are no plain files', () => {
  test('C16: a link out of the folder of probes is refused, and one that leads to itself', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'siteward-outside-'))
    writeFileSync(join(outside, 'x.yaml'), 'probe: x\n')
    const made = [
      [join(outside, 'x.yaml'), 'out.yaml'],
      ['loop.yaml', 'loop.yaml'],
    ] as const
    for (const [target, name] of made) {
      symlinkSync(target, join(folder, 'probes', name))
      const { status, told } = await checkedWith({ 'site.yaml': siteOf(device) })
      rmSync(join(folder, 'probes', name))
      expect(status).toBe(1)
      expect(told.join('\n')).toContain(`site.yaml:2:21: the folder ${join(folder, 'probes')} holds the link`)
    }
    rmSync(outside, { recursive: true })
  })

  test('C16: a pipe and a folder in place of a site file are refused at once', async () => {
    execFileSync('mkfifo', [site])
    expect(await checked()).toEqual({ status: 1, told: [expect.stringContaining('is not a regular file')] })
    rmSync(site)
    expect(await checkedWith({ 'site.yaml/x': '' })).toMatchObject({ status: 1 })
    rmSync(site, { recursive: true })
  })

  test('C16: a list of devices cannot name further lists', async () => {
    const sources = 'device_sources: [{ files: more.yaml }]\n'
    const { status, told } = await checkedWith({
      'site.yaml': siteOf(device, sources),
      'more.yaml': `${sources}devices: []\n`,
    })
    expect(status).toBe(1)
    expect(told.join('\n')).toContain('more.yaml:1:1: unknown key "device_sources"')
  })

  test('C16: a file of which an editor has written only a part is refused, or is whole', async () => {
    const whole = siteOf(Array.from({ length: 6 }, (_, i) => device.replace('name: a', `name: d${i}`)).join('\n'))
    for (let length = 0; length < whole.length; length += 7) {
      const { status, told } = await checkedWith({ 'site.yaml': whole.slice(0, length) })
      // What ends behind a device is a site with fewer devices: nobody can tell.
      if (status === 0) expect(whole.slice(0, length)).toMatch(/\}\n?(?: {2}-?)?$/)
      else expect(told[0]).toMatch(/:\d+:\d+: /)
    }
  })
})
