import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Job } from '../../../collectors/collector.ts'
import { ssh } from '../../../collectors/ssh/collector.ts'
import { Dialog, type Manners } from '../../../collectors/ssh/dialog.ts'
import type { SshSpec } from '../../../collectors/ssh/schema.ts'
import type { Section } from '../../../collectors/ssh/script.ts'
import { type SimulatedHost, type SshSimulator, startSshSimulator } from '../../../collectors/ssh/simulator.ts'
import { rendered } from '../../../collectors/ssh/terminal.ts'
import { silent } from '../../../src/model/log.ts'
import { Mask } from '../../../src/model/mask.ts'
import { compilePattern, type LinePattern } from '../../../src/model/pattern.ts'
import type { Point } from '../../../src/model/probe.ts'
import type { PollResult } from '../../../src/model/reading.ts'
import { Secret } from '../../../src/model/secret.ts'
import { SeriesTable } from '../../../src/model/series.ts'
import { ManualClock } from '../../manual-clock.ts'
import { info, makeDevice, makePoint, makeProbe, telltales, temperature } from '../../samples.ts'

function pattern(source: string): LinePattern {
  const compiled = compilePattern(source)
  if (typeof compiled === 'string') throw new Error(compiled)
  return compiled
}

const manners: Manners = {
  prompt: pattern('^<[^<>]+>$'),
  begin: ['screen-length 0 temporary'],
  more: pattern('^-+ More -+$'),
  answers: [[pattern('\\[Y/N\\]:?$'), 'N']],
  refused: pattern('^Error:'),
}

/** Speaks for the device in pieces; returns what was said and what was read. */
function talk(pieces: readonly string[], runs: readonly string[] = ['display clock']) {
  const sections: Section[] = []
  const dialog = new Dialog(
    manners,
    runs.map((run) => ({ run, most: 10_000 })),
    (_, section) => sections.push(section),
  )
  const said = pieces.map((piece) => dialog.take(Buffer.from(piece)))
  return { said, sections, isOver: dialog.isOver, index: dialog.index }
}

describe('a dialog', () => {
  test('says nothing before the prompt, paging first, and reads what stands between echo and prompt', () => {
    const { said, sections, isOver } = talk([
      '\r\nInfo: The max number of VTY users is 5.\r\n',
      '<SW-1>',
      'screen-length 0 temporary\r\nInfo: done\r\n<SW-1>',
      'display clock\r\n2026-11-25 ',
      '10:00:00\r\n<S',
      'W-1>',
    ])
    expect(said).toEqual([undefined, 'screen-length 0 temporary\n', 'display clock\n', undefined, undefined, undefined])
    expect(sections).toEqual([{ output: '2026-11-25 10:00:00\n', code: 0, isCut: false }])
    expect(isOver).toBe(true)
  })

  test('no line of an output is a prompt, though it looks like one', () => {
    const { sections } = talk(['<SW-1>', '<SW-1>', 'display clock\r\n<another>', '\r\nend\r\n<SW-1>'])
    expect(sections[0]?.output).toBe('<another>\nend\n')
  })

  test('a question is answered as declared, and pages are turned and wiped out', () => {
    const { said, sections } = talk([
      'The password is old. Change now? [Y/N]:',
      'N\r\n<SW-1>',
      '<SW-1>',
      'display clock\r\na\r\n  ---- More ----',
      `\u001b[16D${' '.repeat(16)}\u001b[16Db\r\n--- More ---`,
      '\r            \rc\r\n<SW-1>',
    ])
    expect(said).toEqual(['N\n', 'screen-length 0 temporary\n', 'display clock\n', ' ', ' ', undefined])
    expect(sections[0]?.output).toBe('a\nb\nc\n')
  })

  test('a command that the device does not take is told', () => {
    const { sections } = talk(['<SW-1>', '<SW-1>', 'display clock\r\n     ^\r\nError: Unrecognized command\r\n<SW-1>'])
    expect(sections[0]?.refusal).toBe('Error: Unrecognized command')
  })

  test('a device that asks without end is not answered without end', () => {
    const { said } = talk(new Array<string>(100).fill('Sure? [Y/N]:'))
    expect(said.filter((word) => word === 'N\n')).toHaveLength(20)
  })
})

test.each([
  ['plain', 'plain'],
  ['abc\rX', 'Xbc'],
  ['abc\b\bX', 'aXc'],
  ['\u001b[31mred\u001b[0m', 'red'],
  ['a\u001b[5Cb', 'a     b'],
  ['abcdef\u001b[3G\u001b[K!', 'ab!'],
  ['abc\u001b[2KX', '   X'],
  ['a\tb', 'a       b'],
  ['\u001b', ''],
  ['\u001b[99999999999Dx', 'x'],
  ['x'.repeat(10_000), 'x'.repeat(4096)],
])('on a terminal %j is %j', (raw, seen) => {
  expect(rendered(raw)).toBe(seen)
})

const age = { ...temperature, name: 'age_seconds', unit: 'seconds', labels: [], range: { low: 0, high: 1e9 } } as const
const same = { ...age, name: 'same', unit: 'none' } as const
const version = { ...info, labels: ['version'] }

const points: readonly Point<SshSpec>[] = [
  makePoint({ command: 'running', value: 'age' }, { metric: age }),
  makePoint({ command: 'running', value: 'same' }, { metric: same }),
  makePoint({ command: 'running', value: 'hash', labels: { version: 'hash' } }, { metric: version }),
]

const settings = {
  shell: { prompt: '^<[^<>]+>$', more: '^-+ More -+$', refused: '^Error:' },
  commands: {
    saved: { run: 'display saved', parse: { digest: {} } },
    running: {
      run: 'display current',
      parse: {
        digest: { from: '^sysname', ignore: ['^!Time'], mask: ['^( local-user \\S+ pw ).*'], against: 'saved' },
      },
    },
  },
}

const configuration = (hour: number, more = '', secret = 'secret-canary'): string =>
  `!Time ${hour}\nsysname sw-1\n!Time ${hour}\n local-user ops pw ${secret}\nsnmp-agent community read cipher ${secret}\n${more}${'interface\n'.repeat(60)}return\n`

let simulator: SshSimulator | undefined
let job: Job | undefined

afterEach(async () => {
  await job?.close()
  await simulator?.close()
})

const clock = new ManualClock()

async function prepare(table: Record<string, string>, folder?: string, changed: Partial<SimulatedHost> = {}) {
  simulator ??= await startSshSimulator({
    user: 'u',
    password: 'p',
    prompt: '<sw-1>',
    command: (run) => (table[run] === undefined ? undefined : { stdout: table[run] }),
    ...changed,
  })
  const device = makeDevice({
    name: 'sw-1',
    address: `127.0.0.1:${simulator.port}`,
    options: folder === undefined ? {} : { ssh: { configurations: join(folder, 'texts') } },
    credentials: { ssh: { user: 'u', password: new Secret('p'), host_key: simulator.fingerprint } },
  })
  const probe = makeProbe('ssh', points, settings)
  const series = new SeriesTable('hospital')
  const scope = series.scope(series.source(device.name, probe.name))
  const made = ssh.prepare({ probe, interval: 60_000, timeout: 5000 }, device, scope, undefined, folder)
  if (!made.ok) throw new Error(JSON.stringify(made.problems))
  job = made.value
  return made.value
}

const poll = (one: Job): Promise<PollResult> => one.poll({ signal: AbortSignal.timeout(20_000), clock, log: silent })

const values = ({ readings }: PollResult): Record<string, number> =>
  Object.fromEntries(readings.map(({ series, value }) => [series.metric.name, value]))

const version1 = ({ readings }: PollResult): string | undefined =>
  readings.find(({ series }) => series.metric.kind === 'info')?.series.labels['version']

describe('a switch with a command line of its own', () => {
  test('its configuration is compared with the saved one and with the one before, over a restart too', async () => {
    simulator = undefined
    const folder = mkdtempSync(join(tmpdir(), 'siteward-seen-'))
    const table = { 'display saved': configuration(1), 'display current': configuration(2) }
    const first = await poll(await prepare(table, folder))
    expect(first.faults).toEqual([])
    expect(values(first)).toEqual({ age_seconds: Number.NaN, same: 1, device_info: 1 })

    await clock.pass(1000)
    table['display current'] = configuration(3, 'vlan 7\n')
    await job?.close()
    const changed = await poll(await prepare(table, folder))
    expect(values(changed)).toEqual({ age_seconds: 0, same: 0, device_info: 1 })
    expect(version1(changed)).not.toBe(version1(first))

    await clock.pass(60_000)
    await job?.close()
    expect(values(await poll(await prepare(table, folder)))['age_seconds']).toBeCloseTo(60)

    const texts = readdirSync(join(folder, 'texts', 'sw-1'))
    expect(texts.filter((name) => name.startsWith('running-'))).toHaveLength(2)
    for (const name of texts) {
      const file = join(folder, 'texts', 'sw-1', name)
      expect(statSync(file).mode & 0o077).toBe(0)
      const text = readFileSync(file, 'utf8')
      expect(text).toContain('local-user ops pw ***')
      expect(text).toContain('community ***')
      expect(text).not.toContain('canary')
    }
    expect(readFileSync(join(folder, 'seen', 'sw-1.sample.json'), 'utf8')).not.toContain('canary')
  })

  test('what is remembered may be broken: the next text is then the first', async () => {
    simulator = undefined
    const folder = mkdtempSync(join(tmpdir(), 'siteward-seen-'))
    const table = { 'display saved': configuration(1), 'display current': configuration(1) }
    await poll(await prepare(table, folder))
    await job?.close()
    writeFileSync(join(folder, 'seen', 'sw-1.sample.json'), '{"running":{"hash":7}')
    const { faults, readings } = await poll(await prepare(table, folder))
    expect(faults).toEqual([])
    expect(values({ readings, faults, requests: 1, doubts: [] })).toMatchObject({ same: 1 })
  })

  test('a refused command is a fault, and no configuration', async () => {
    simulator = undefined
    const { readings, faults } = await poll(await prepare({ 'display saved': configuration(1) }))
    expect(readings).toEqual([])
    expect(faults).toEqual([
      {
        kind: 'config',
        points: 3,
        detail: 'command running: the device does not take it ("Error: Unrecognized command")',
      },
    ])
  })

  test('a folder that cannot be written is told', async () => {
    simulator = undefined
    const table = { 'display saved': configuration(1), 'display current': configuration(1) }
    const file = join(mkdtempSync(join(tmpdir(), 'siteward-seen-')), 'file')
    writeFileSync(file, '')
    const { faults, readings } = await poll(await prepare(table, join(file, 'state')))
    expect(readings).toHaveLength(3)
    expect(faults[0]?.detail).toMatch(/cannot be written \(E[A-Z]+\)/)
  })

  test.each(['hang', 'flood'] as const)('a command line that does %s ends the poll at the deadline', async (fault) => {
    simulator = undefined
    const one = await prepare({}, undefined, { command: () => fault })
    const { faults } = await one.poll({ signal: AbortSignal.timeout(500), clock, log: silent })
    expect(faults[0]).toMatchObject({ kind: 'timeout', points: 3 })
  })

  test('a secret that is written differently each time is no change', async () => {
    simulator = undefined
    const table = { 'display saved': configuration(1, '', 'a'), 'display current': configuration(1, '', 'b') }
    expect(values(await poll(await prepare(table)))).toMatchObject({ same: 1 })
  })
})

test('a recording of it holds no secret, and plays as the device did', async () => {
  simulator = await startSshSimulator({
    user: 'u',
    password: 'p',
    prompt: '<sw-1>',
    command: () => ({ stdout: configuration(1) }),
  })
  const { fingerprint: key, port } = simulator
  const credentials = { ssh: { user: 'u', password: new Secret('p'), host_key: key } }
  const device = makeDevice({ name: 'sw-1', address: `127.0.0.1:${port}`, credentials })
  const use = { probe: makeProbe('ssh', points, settings), interval: 60_000, timeout: 5000 }
  const series = new SeriesTable('hospital')
  const scope = series.scope(series.source('sw-1', 'sample'))
  const context = { signal: AbortSignal.timeout(20_000), clock, log: silent }
  const order = { whole: false, mask: new Mask(telltales) }
  const recorded = await ssh.recordings?.record([use], device, scope, order, context)
  if (recorded?.ok !== true) throw new Error('nothing was recorded')
  expect(recorded.value).toMatchObject({ faults: [], values: 3 })
  expect(recorded.value.text).not.toContain('canary')
  const played = await ssh.recordings?.play(recorded.value.text, 'commands.yaml')
  if (played?.ok !== true) throw new Error('it cannot be played')
  const { address, credential, close } = played.value
  const stand = makeDevice({ name: 'played', address, credentials: { ssh: credential } })
  const made = ssh.prepare(use, stand, series.scope(series.source('played', 'sample')))
  if (!made.ok) throw new Error('it cannot be compiled')
  job = made.value
  expect(values(await poll(job))).toMatchObject({ same: 1 })
  await close()
})

test('a digest is compared with one above it', () => {
  const commands = { running: { run: 'x', parse: { digest: { against: 'saved' } } } }
  const probe = makeProbe('ssh', [makePoint({ command: 'running', value: 'hash' })], { commands })
  const device = makeDevice({ credentials: { ssh: { user: 'u', password: new Secret('p'), host_key: 'accept-any' } } })
  const table = new SeriesTable('s')
  const made = ssh.prepare({ probe, interval: 1, timeout: 1 }, device, table.scope(table.source('a', 'b')))
  expect(made.ok ? [] : made.problems.map(({ message }) => message)).toEqual([
    'command running: against: "saved" is no command with a digest above it',
  ])
})
