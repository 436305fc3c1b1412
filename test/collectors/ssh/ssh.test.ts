import { afterEach, describe, expect, test } from 'vitest'
import type { Job } from '../../../collectors/collector.ts'
import { ssh } from '../../../collectors/ssh/collector.ts'
import { entriesFor, fingerprint, judgeKey, parseKnownHosts } from '../../../collectors/ssh/host-keys.ts'
import { parseOutput, selectRows } from '../../../collectors/ssh/parse.ts'
import type { SshSpec } from '../../../collectors/ssh/schema.ts'
import { Sections, scriptOf } from '../../../collectors/ssh/script.ts'
import { type Printed, type SshSimulator, startSshSimulator } from '../../../collectors/ssh/simulator.ts'
import { systemClock } from '../../../src/model/clock.ts'
import { silent } from '../../../src/model/log.ts'
import { compilePattern } from '../../../src/model/pattern.ts'
import type { Point } from '../../../src/model/probe.ts'
import type { PollResult } from '../../../src/model/reading.ts'
import { Secret } from '../../../src/model/secret.ts'
import { SeriesTable } from '../../../src/model/series.ts'
import { bytesTotal, makeDevice, makePoint, makeProbe, temperature } from '../../samples.ts'

const load = {
  ...temperature,
  name: 'host_load',
  unit: 'none',
  labels: ['minutes'],
  range: { low: 0, high: 10_000 },
} as const
const used = { ...bytesTotal, name: 'filesystem_used_bytes', kind: 'gauge', labels: ['mount'] } as const

const settings = {
  commands: {
    load: { run: 'cat /proc/loadavg', parse: { table: { columns: ['one', 'five', 'rest'] } }, timeout: '20s' },
    df: { run: 'df -P', parse: { table: { columns: ['source', 'used', 'mount'], skip: 1 } }, timeout: '20s' },
    facts: { run: 'facts', parse: 'json', timeout: '20s', most_output: 4096 },
  },
}
type CommandName = keyof typeof settings.commands

/** The settings, with little patience for one command. */
function impatient(name: CommandName): object {
  return { commands: { ...settings.commands, [name]: { ...settings.commands[name], timeout: '300ms' } } }
}

const points: readonly Point<SshSpec>[] = [
  makePoint({ command: 'load', value: 'one', labels: { minutes: { text: '1' } } }, { metric: load }),
  makePoint(
    { command: 'df', value: 'used', labels: { mount: 'mount' }, only: { source: { not: ['tmpfs'] } } },
    { metric: used },
  ),
  makePoint({ command: 'facts', select: 'room.temperature' }, { metric: temperature }),
]

const good: Readonly<Record<string, Printed>> = {
  'cat /proc/loadavg': { stdout: '0.42 0.50 0.61 1/200 1234\n' },
  'df -P': { stdout: 'Filesystem Used Mounted\n/dev/sda1 1000 /\n/dev/sdb1 2000 /srv/a b\ntmpfs 1 /run\n' },
  facts: { stdout: '{"room":{"temperature":21.5}}' },
}

let simulator: SshSimulator | undefined
let job: Job | undefined

afterEach(async () => {
  await job?.close()
  await simulator?.close()
})

type Faulty = 'hang' | 'flood' | 'reset'

async function host(changed: Readonly<Record<string, Printed | Faulty>> = {}): Promise<SshSimulator> {
  const table: Readonly<Record<string, Printed | Faulty>> = { ...good, ...changed }
  simulator = await startSshSimulator({ user: 'siteward', password: 'right', command: (run) => table[run] })
  return simulator
}

function prepare(port: number, credential: object, changed: object = settings): Job {
  const probe = makeProbe('ssh', points, changed)
  const device = makeDevice({
    address: `127.0.0.1:${port}`,
    credentials: { ssh: { user: 'siteward', password: new Secret('right'), ...credential } },
  })
  const table = new SeriesTable('hospital')
  const source = table.source(device.name, probe.name)
  const prepared = ssh.prepare({ probe, interval: 60_000, timeout: 5000 }, device, table.scope(source))
  if (!prepared.ok) throw new Error(JSON.stringify(prepared.problems))
  job = prepared.value
  return job
}

function poll(one: Job): Promise<PollResult> {
  return one.poll({ signal: AbortSignal.timeout(25_000), clock: systemClock, log: silent })
}

function values({ readings }: PollResult): Readonly<Record<string, number>> {
  return Object.fromEntries(
    readings.map(({ series, value }) => {
      const { site: _site, device: _device, ...own } = series.labels
      return [[series.metric.name, ...Object.values(own)].join(' '), value]
    }),
  )
}

const all = {
  'host_load 1': 0.42,
  'filesystem_used_bytes /': 1000,
  'filesystem_used_bytes /srv/a b': 2000,
  room_temperature_celsius: 21.5,
}

describe('against a simulated host', () => {
  test('all commands go in one script, and the connection is kept', async () => {
    const { port, fingerprint: key, requested, logins } = await host()
    const one = prepare(port, { host_key: key })
    expect(values(await poll(one))).toEqual(all)
    const result = await poll(one)
    expect(values(result)).toEqual(all)
    expect(result.faults).toEqual([])
    expect(requested).toHaveLength(2)
    expect(logins()).toBeLessThanOrEqual(2)
  })

  test('one command a channel where there is no shell', async () => {
    const { port, fingerprint: key, requested } = await host()
    expect(values(await poll(prepare(port, { host_key: key }, { ...settings, join: false })))).toEqual(all)
    expect(requested).toEqual(['cat /proc/loadavg', 'df -P', 'facts'])
  })

  test('a host key that is not the pinned one is refused before anything is tried', async () => {
    const { port, logins } = await host()
    const { readings, faults } = await poll(prepare(port, { host_key: 'SHA256:another' }))
    expect(readings).toEqual([])
    expect(faults[0]).toMatchObject({ kind: 'hostkey', points: 3 })
    expect(faults[0]?.detail).toContain('SHA256:another')
    expect(logins()).toBe(0)
  })

  test('a wrong password is tried once, and its words hold no secret', async () => {
    const { port, fingerprint: key, logins } = await host()
    const { faults } = await poll(prepare(port, { host_key: key, password: new Secret('hunter2-canary') }))
    expect(faults[0]?.kind).toBe('auth')
    expect(JSON.stringify(faults)).not.toContain('hunter2-canary')
    // ssh2 asks with "none" first, which is no password.
    expect(logins()).toBeLessThanOrEqual(2)
  })

  test('a command that hangs costs itself and what came behind it, and at the next poll only itself', async () => {
    const { port, fingerprint: key } = await host({ 'cat /proc/loadavg': 'hang' })
    const one = prepare(port, { host_key: key }, impatient('load'))
    const first = await poll(one)
    expect(first.faults[0]).toMatchObject({ kind: 'timeout', points: 3 })
    const second = await poll(one)
    expect(values(second)).toEqual({ ...all, 'host_load 1': undefined })
    expect(second.faults[0]).toMatchObject({ kind: 'timeout', points: 1, detail: 'command load did not end in time' })
  })

  test('endless output costs no more than its cap', async () => {
    const { port, fingerprint: key } = await host({ facts: 'flood' })
    const before = process.memoryUsage().arrayBuffers
    const { faults, readings } = await poll(prepare(port, { host_key: key }, impatient('facts')))
    expect(readings).toHaveLength(3)
    expect(faults[0]?.kind).toBe('limit')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000)
  })

  test('a connection cut in a command is a fault; the next poll connects again', async () => {
    const table: Record<string, Printed | Faulty> = { ...good, 'df -P': 'reset' }
    simulator = await startSshSimulator({ user: 'siteward', password: 'right', command: (run) => table[run] })
    const one = prepare(simulator.port, { host_key: simulator.fingerprint })
    const result = await poll(one)
    expect(result.faults[0]?.kind).toBe('refused')
    Object.assign(table, good)
    expect(values(await poll(one))).toEqual(all)
  })

  test('a connection that is cut while nothing runs does not end the process', async () => {
    const { port, fingerprint: key, cut } = await host()
    const one = prepare(port, { host_key: key })
    await poll(one)
    cut()
    // Timers run before what has come is heard: a loop that was held up hears of the cut only behind them.
    await new Promise((resolve) => setTimeout(resolve, 50))
    await new Promise((resolve) => setImmediate(resolve))
    expect(values(await poll(one))).toEqual(all)
  })

  test('a command that is not there is named; the others are read', async () => {
    const { port, fingerprint: key } = await host({ facts: { stdout: '', code: 127 } })
    const result = await poll(prepare(port, { host_key: key }))
    expect(result.readings).toHaveLength(3)
    expect(result.faults).toEqual([
      { kind: 'config', detail: 'command facts ended with status 127: no such command on the device', points: 1 },
    ])
  })

  test('nothing listens', async () => {
    const { port, fingerprint: key } = await host()
    await simulator?.close()
    const { faults } = await poll(prepare(port, { host_key: key }))
    expect(faults[0]).toMatchObject({ kind: 'refused', points: 3 })
  })
})

describe('what a probe may say', () => {
  const problems = (spec: object, from: object = {}): readonly string[] => {
    const probe = makeProbe('ssh', [makePoint(spec)], settings)
    const credentials = { ssh: { user: 'u', password: new Secret('p'), host_key: 'accept-any', ...from } }
    const scope = new SeriesTable('s').scope(new SeriesTable('s').source('d', 'p'))
    const made = ssh.prepare({ probe, interval: 1, timeout: 1 }, makeDevice({ credentials }), scope)
    return made.ok ? [] : made.problems.map(({ message }) => message)
  }

  test.each([
    [{ command: 'nothing' }, 'no command "nothing"'],
    [{ command: 'facts' }, 'a point of a json command needs select: (JMESPath)'],
    [{ command: 'facts', select: 'a[' }, /^not a JMESPath/],
    [{ command: 'df', value: 'size' }, 'the command gives no "size"'],
    [{ command: 'df', value: 'used', select: 'x' }, 'select: is for commands with parse: json or json_lines'],
  ])('%j', (spec, message) => {
    expect(problems(spec)).toEqual([typeof message === 'string' ? message : expect.stringMatching(message)])
  })

  test('a host must be known by something, and logged in to by something', () => {
    const spec = { command: 'facts', select: 'a' }
    expect(problems(spec, { host_key: undefined })[0]).toMatch(/nothing says by which key/)
    expect(problems(spec, { password: undefined })[0]).toMatch(/no password, key or agent/)
  })
})

describe('known_hosts', () => {
  const key = Buffer.from('a key').toString('base64')
  const other = Buffer.from('another').toString('base64')
  // printf %s 'host.example' | openssl dgst -sha1 -hmac salt -binary | base64
  const text = `# comment
host.example,10.0.0.1 ssh-ed25519 ${key} name
[host.example]:2222 ssh-rsa ${key}
*.lan,!bad.lan ssh-ed25519 ${key}
@revoked host.example ssh-ed25519 ${other}
@cert-authority *.lan ssh-ed25519 ${other}
broken
`
  const entries = parseKnownHosts(text)

  test.each([
    ['host.example', 22, 2],
    ['10.0.0.1', 22, 1],
    ['host.example', 2222, 1],
    ['a.lan', 22, 1],
    ['bad.lan', 22, 0],
    ['elsewhere', 22, 0],
  ])('%s:%d has %d entries', (name, port, count) => {
    expect(entriesFor(entries, name, port)).toHaveLength(count)
  })

  test('known, unknown, changed, revoked', () => {
    const trust = { kind: 'known', entries, file: 'known' } as const
    expect(judgeKey(trust, Buffer.from('a key'), 'host.example', 22).trusted).toBe(true)
    expect(judgeKey(trust, Buffer.from('new'), 'host.example', 22).why).toContain(fingerprint(Buffer.from('a key')))
    expect(judgeKey(trust, Buffer.from('a key'), 'elsewhere', 22).why).toContain('has no key of this host')
    expect(judgeKey(trust, Buffer.from('another'), 'host.example', 22).why).toContain('revoked')
  })
})

describe('parsers', () => {
  const section = (output: string, code = 0) => ({ output, code, isCut: false })

  test('text, lines, exit status, key and value', () => {
    expect(parseOutput({ kind: 'text' }, section(' 42 \n'))).toEqual({ kind: 'rows', rows: [{ value: '42' }] })
    expect(parseOutput({ kind: 'lines' }, section('a\n\nb\n'))).toEqual({ kind: 'rows', rows: [{ value: 2 }] })
    expect(parseOutput({ kind: 'exit_status' }, section('', 3))).toEqual({ kind: 'rows', rows: [{ value: 3 }] })
    expect(parseOutput({ kind: 'key_value', separator: '=' }, section('a=1\nb = x=y\nnone\n'))).toEqual({
      kind: 'rows',
      rows: [{ a: '1', b: 'x=y' }],
    })
  })

  test('the last column of a table has the rest of the line as it stands there', () => {
    const table = { kind: 'table', columns: ['name', 'value'], skip: 0, separator: ',' } as const
    // Without its blanks it would be the number 4,41.
    expect(parseOutput(table, section('inlet , 23 \noutlet, 4 , 41\n'))).toEqual({
      kind: 'rows',
      rows: [
        { name: 'inlet', value: '23' },
        { name: 'outlet', value: '4 , 41' },
      ],
    })
  })

  test('regular expressions give a row a match', () => {
    const pattern = compilePattern('^(?P<name>\\w+): (?P<state>up|down)$')
    if (typeof pattern === 'string') throw new Error(pattern)
    expect(parseOutput({ kind: 'regex', pattern }, section('a: up\nb: down\nc: ?\n'))).toEqual({
      kind: 'rows',
      rows: [
        { name: 'a', state: 'up' },
        { name: 'b', state: 'down' },
      ],
    })
  })

  test('a pattern that would take for ever elsewhere does not here', () => {
    const pattern = compilePattern('^(a+)+$')
    if (typeof pattern === 'string') throw new Error(pattern)
    const begin = performance.now()
    expect(pattern.first(`${'a'.repeat(50_000)}b`)).toBeUndefined()
    expect(performance.now() - begin).toBeLessThan(1000)
  })

  test('JSON: lists of objects are rows, deep or broken JSON is refused', () => {
    const data = {
      nodes: [
        { name: 'a', up: true },
        { name: 'b', up: false, more: { x: 1 } },
      ],
      count: 2,
    }
    expect(selectRows(data, 'nodes')).toEqual([
      { name: 'a', up: true },
      { name: 'b', up: false, more: '{"x":1}' },
    ])
    expect(selectRows(data, 'count')).toEqual([{ value: 2 }])
    expect(selectRows(data, 'missing')).toEqual([{ value: null }])
    expect(selectRows(data, 'abs(nodes)')).toBeUndefined()
    expect(parseOutput({ kind: 'json' }, section('{'))).toMatchObject({ kind: 'unreadable' })
    expect(parseOutput({ kind: 'json' }, section('['.repeat(5000) + ']'.repeat(5000)))).toMatchObject({
      kind: 'unreadable',
    })
  })
})

test('sections come apart at marks, however they are cut into pieces, and only at marks', () => {
  const steps = [
    { run: 'a', most: 100 },
    { run: 'b', most: 4 },
    { run: 'c', most: 100 },
  ]
  const output = 'one\nMARK? no\n\nmark 0 0\nlonger than four\nmark 1 7\n\nmark 2 0\n'
  for (let size = 1; size <= output.length; size++) {
    const seen: [number, string, number, boolean][] = []
    const sections = new Sections(steps, 'mark', (index, { output: text, code, isCut }) =>
      seen.push([index, text, code, isCut]),
    )
    for (let at = 0; at < output.length; at += size) sections.take(Buffer.from(output.slice(at, at + size)))
    expect(seen).toEqual([
      [0, 'one\nMARK? no\n', 0, false],
      [1, 'long', 7, true],
      [2, '', 0, false],
    ])
    expect(sections.index).toBe(3)
  }
  expect(scriptOf(steps, 'mark').split('\n')).toHaveLength(7)
})
