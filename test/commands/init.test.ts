import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseRecording } from '../../collectors/snmp/recording.ts'
import { type SnmpSimulator, startSnmpSimulator } from '../../collectors/snmp/simulator.ts'
import { UsageError } from '../../src/commands/command.ts'
import { initWith } from '../../src/commands/init.ts'
import { type Prompt, terminalPrompt } from '../../src/commands/prompt.ts'
import { shipped } from '../../src/home.ts'
import { draftText, parseDraftDevice } from '../../src/library/draft.ts'
import { call } from './calling.ts'

let ups: SnmpSimulator
let address = ''
beforeAll(async () => {
  const parsed = parseRecording(
    readFileSync(shipped('fixtures', 'probes', 'ups-mib', 'three-phase', 'recording.snmprec'), 'utf8'),
    'recording',
  )
  if (!parsed.ok) throw new Error('no recording')
  ups = await startSnmpSimulator({ recording: parsed.value, community: 'secret-of-ward-7' })
  address = `127.0.0.1:${ups.port}`
})
afterAll(() => ups.close())

const folder = (): string => mkdtempSync(join(tmpdir(), 'siteward-init-'))
const nobody = initWith(() => undefined)

/** Somebody who gives these answers, in this order. */
function somebody(...answers: readonly string[]): Prompt {
  const left = [...answers]
  const next = async (_: string, byDefault = ''): Promise<string> => {
    const answer = left.shift() ?? ''
    return answer === '' ? byDefault : answer
  }
  return { ask: next, askUnseen: next, close: () => {} }
}

describe('init', () => {
  test('by options: a device that is asked what it is, and one that is told', async () => {
    const here = folder()
    writeFileSync(join(here, 'community'), 'secret-of-ward-7\n', { mode: 0o600 })
    const file = join(here, 'site.yaml')
    const order = [file, '--site', '县医院', '--language', 'zh', '--alertmanager', 'http://127.0.0.1:9093']
    const { code, out, err } = await call(nobody, [
      ...order,
      ...['--community-file', join(here, 'community'), '--range', '10.1.0.0/24'],
      ...['--device', `ups-1=${address}`, '--device', 'room=192.0.2.10:502=modbus-temperature-humidity'],
    ])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/site.yaml: 2 devices, no problem found/)
    const text = readFileSync(file, 'utf8')
    expect(text).toContain('site: 县医院\nlanguage: zh\n')
    expect(text).toContain('community: { file: community }')
    expect(text).toMatch(
      /name: ups-1, address: 127.0.0.1:\d+, probes: \[ [a-z, -]*ups-mib[a-z, -]* \], credentials: network/,
    )
    expect(text).toContain('- { name: room, address: 192.0.2.10:502, probes: [ modbus-temperature-humidity ] }')
    expect(text).not.toContain('ward-7')
    await expect(call(nobody, order)).rejects.toThrow(/overwrites nothing/)
  })

  test('by questions: the community goes into a file of its own, for its owner alone', async () => {
    const here = folder()
    const file = join(here, 'site.yaml')
    const prompt = somebody(
      'ward',
      'en',
      '-',
      'secret-of-ward-7',
      address,
      '',
      'ups-1',
      '127.0.0.1:9',
      'no-such',
      'x',
      '',
    )
    const { code, out, err } = await call(
      initWith(() => prompt),
      [file],
    )
    expect(out).toContain('By SNMP nothing answers that a probe fits')
    // One probe does not exist: that is told with its place, as by siteward check.
    expect(err).toMatch(/site.yaml:\d+:\d+: .*no-such/)
    expect(code).toBe(1)
    const text = readFileSync(file, 'utf8')
    expect(text).toContain('name: ups-1')
    expect(text).not.toContain('alertmanagers')
    expect(readFileSync(join(here, 'secrets', 'community'), 'utf8')).toBe('secret-of-ward-7\n')
    expect(statSync(join(here, 'secrets', 'community')).mode & 0o077).toBe(0)
  })

  test('a device that does not say what it is, and nobody to ask', async () => {
    const here = folder()
    const order = [join(here, 'a.yaml'), '--site', 'a', '--device', 'thing=192.0.2.1']
    const { code, err } = await call(nobody, order)
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/^thing: at 192.0.2.1 nothing answers/) })
    await expect(call(nobody, [join(here, 'b.yaml')])).rejects.toThrow(/--site NAME is needed/)
    await expect(call(nobody, [...order, '--language', 'fr'])).rejects.toBeInstanceOf(UsageError)
    await expect(call(nobody, ['--site', 'a', '--device', 'x'])).rejects.toThrow(/--device takes/)
  })
})

test('a site of nothing is a site, and a device is read from one word', () => {
  const nothing = {
    language: 'en',
    listen: '127.0.0.1:9879',
    alertmanagers: [],
    community: undefined,
    ranges: [],
    devices: [],
  } as const
  expect(draftText({ site: 'a', ...nothing })).toBe('site: a\nlanguage: en\nlisten: 127.0.0.1:9879\ndevices: []\n')
  expect(parseDraftDevice('a=b=c,d')).toEqual({ name: 'a', address: 'b', probes: ['c', 'd'] })
  expect([parseDraftDevice('a'), parseDraftDevice('=b'), parseDraftDevice('a=b=c=d')]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})

test('at a terminal a secret is not shown, and an empty line takes what is proposed', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()]
  let shown = ''
  output.on('data', (data: Buffer) => {
    shown += data.toString()
  })
  const prompt = terminalPrompt(input, output)
  const first = prompt.ask('Name', 'ward')
  input.write('\n')
  expect(await first).toBe('ward')
  const second = prompt.askUnseen('Community')
  input.write('secret\n')
  expect(await second).toBe('secret')
  prompt.close()
  expect(shown).toContain('Name [ward]: ')
  expect(shown).toContain('Community: ')
  expect(shown).not.toContain('secret')
})
