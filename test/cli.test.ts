import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { shipped } from '../src/home.ts'
import { describeWith } from './peers/peer.ts'
import { freePort, start, until } from './peers/process.ts'

const cli = shipped('dist', 'siteward.cjs')
const folder = mkdtempSync(join(tmpdir(), 'siteward-cli-'))

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

function siteward(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [cli, ...args], (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err })
    })
  })
}

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

describe('the command line', () => {
  test.each(['run', 'check', 'poll', 'simulate', 'demo', 'schema', 'probe', 'identify', 'record', 'explain'])(
    'siteward %s --help',
    async (command) => {
      const { code, out } = await siteward(command, '--help')
      expect(code).toBe(0)
      expect(out).toMatch(new RegExp(`^Usage: siteward ${command}`))
    },
  )

  test('--version and --help', async () => {
    expect((await siteward('--version')).out).toMatch(/^siteward \d+\.\d+\.\d+\n$/)
    expect((await siteward('--help')).out).toContain('siteward COMMAND')
  })

  test.each([
    [['chek'], 'did you mean check?'],
    [[], 'Usage: siteward'],
    [['check'], '--config FILE is needed'],
    [['check', '--confg', 'x'], '--confg'],
    [['poll', '--config', 'x'], 'exactly one DEVICE'],
    [['run', '--config', 'x', '--log-level', 'loud'], '--log-level takes'],
    [['simulate'], 'at least one FILE'],
    [['simulate', '--port', 'x', 'y'], '--port takes'],
  ])('%j is typed wrong: status 2', async (args, message) => {
    const { code, err } = await siteward(...args)
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(message) })
  })

  test('check tells every mistake with its place, status 1', async () => {
    const site = file(
      'bad.yaml',
      'site: x\nintervall: 5s\ndevices:\n  - { name: a, address: h, probes: [system, if-mip] }\n',
    )
    const { code, err } = await siteward('check', '--config', site)
    expect(code).toBe(1)
    expect(err.split('\n')).toEqual([
      expect.stringContaining(`${site}:2:1: unknown key "intervall"`),
      expect.stringMatching(/bad\.yaml:4:\d+: there is no probe "if-mip" \(did you mean "if-mib"\?\)/),
      '',
    ])
  })

  test('check tells what only shows when a probe is compiled for its device', async () => {
    const site = file('uncompiled.yaml', 'site: x\ndevices:\n  - { name: a, address: h, probes: [system] }\n')
    const { code, err } = await siteward('check', '--config', site)
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/uncompiled\.yaml:3:\d+: snmp needs a credential/),
    })
  })

  test('check finds a bus that needs more time than it has', async () => {
    const cabinets = Array.from(
      { length: 20 },
      (_, i) =>
        `  - { name: c${i}, address: /dev/ttyUSB0, probes: [modbus-battery-cabinet], interval: 1s, timeout: 1s, modbus: { unit: ${i + 1}, baud: 9600 } }`,
    )
    const { code, err } = await siteward(
      'check',
      '--config',
      file('bus.yaml', `site: x\ndevices:\n${cabinets.join('\n')}\n`),
    )
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/\/dev\/ttyUSB0 needs \S+ s? ?of reading every/),
    })
  })

  test('run refuses what check refuses, and says why it cannot listen', async () => {
    expect((await siteward('run', '--config', join(folder, 'none.yaml'))).code).toBe(1)
    const site = file(
      'privileged.yaml',
      `site: x\nlisten: 192.0.2.1:9879\nstate_directory: ${folder}/state\ndevices: []\n`,
    )
    const { code, err } = await siteward('run', '--config', site)
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/cannot listen on 192\.0\.2\.1:9879/) })
  })
})

test('run watches without its journal where the state folder cannot be used, and ends with status 0', async () => {
  const site = file(
    'stateless.yaml',
    `site: x\nlisten: 127.0.0.1:0\nstate_directory: ${file('no-folder', '')}\ndevices: []\n`,
  )
  const daemon = start(process.execPath, [cli, 'run', '--config', site])
  try {
    await until(
      () => daemon.output().includes('siteward watches"'),
      25,
      () => daemon.output(),
    )
    expect(daemon.output()).toContain('without its alarm journal')
    // Under npm a Ctrl-C comes twice: from the terminal, and handed on by npm.
    daemon.child.kill('SIGINT')
    expect(await daemon.stop('SIGINT')).toBe(0)
  } finally {
    daemon.child.kill('SIGKILL')
  }
})

describe('siteward simulate and poll', () => {
  const recording = shipped('config', 'demo', 'ups.snmprec')

  test('a recording is served, and polled by a device of a site file', async () => {
    const port = await freePort()
    const simulator = start(process.execPath, [cli, 'simulate', recording, '--port', String(port)])
    try {
      await until(
        () => simulator.output().includes('objects'),
        10,
        () => simulator.output(),
      )
      const site = file(
        'ups.yaml',
        `site: x\ncredentials: { net: { snmp: { version: '2c', community: { env: COMMUNITY } } } }\ndevices:\n  - { name: ups, address: '127.0.0.1:${port}', credentials: net, probes: [ups-mib] }\n`,
      )
      process.env['COMMUNITY'] = 'public'
      const table = await siteward('poll', 'ups', '--config', site)
      expect({ code: table.code, err: table.err }).toEqual({ code: 0, err: '' })
      expect(table.out).toMatch(/^ups_battery_charge_ratio +100 % +ok +UpsCharge \(warning\): at least 50 %/m)
      expect(table.out).toMatch(/ups_output_load_ratio\{phase=A\} +25 % +ok +UpsLoad \(warning\): at most 80 %/)
      const json = JSON.parse((await siteward('poll', 'ups', '--config', site, '--json')).out)
      expect(json.readings).toContainEqual(
        expect.objectContaining({ metric: 'ups_output_source', value: 'normal', verdict: 'ok' }),
      )
      expect(json.polls[0].faults).toEqual([])
      expect((await siteward('poll', 'upss', '--config', site)).err).toContain('did you mean ups?')
    } finally {
      expect(await simulator.stop('SIGINT')).toBe(0)
    }
    const site = join(folder, 'ups.yaml')
    const silent = await siteward('poll', 'ups', '--config', site)
    expect({ code: silent.code, out: silent.out }).toEqual({ code: 1, out: expect.stringContaining('fault timeout') })
  }, 120_000)

  test('a line that is none is told with its place', async () => {
    const { code, err } = await siteward('simulate', file('bad.snmprec', '1.3.6.1.2.1.1.3.0|67|1\n1.3|99|x\n'))
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('bad.snmprec:2:1: unknown tag 99') })
  })
})

describeWith(['snmpbulkwalk', 'snmpget', 'snmpset'], "siteward simulate against net-snmp's tools", () => {
  const env = { ...process.env, MIBS: '' }
  const run = (command: string, args: readonly string[]): string =>
    execFileSync(command, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

  test('the whole of a recording by GETBULK, and v1, v2c and v3', async () => {
    const port = await freePort()
    const simulator = start(process.execPath, [
      cli,
      'simulate',
      shipped('config', 'demo', 'switch.snmprec'),
      '--port',
      String(port),
    ])
    try {
      await until(
        () => simulator.output().includes('objects'),
        10,
        () => simulator.output(),
      )
      const address = `127.0.0.1:${port}`
      const walked = run('snmpbulkwalk', ['-v2c', '-c', 'public', '-On', address, '.1']).trim().split('\n')
      expect(walked.filter((line) => !line.includes('No more variables'))).toHaveLength(463)
      const name = '1.3.6.1.2.1.1.5.0'
      expect(run('snmpget', ['-v1', '-c', 'public', address, name])).toContain('access-1')
      const v3 = [
        '-v3',
        '-u',
        'siteward',
        '-l',
        'authPriv',
        '-a',
        'SHA-256',
        '-A',
        'sitewardauth',
        '-x',
        'AES',
        '-X',
        'sitewardpriv',
      ]
      expect(run('snmpget', [...v3, address, name])).toContain('access-1')
      expect(() => run('snmpset', ['-v2c', '-c', 'public', address, name, 's', 'x'])).toThrow(/notWritable/)
    } finally {
      await simulator.stop('SIGINT')
    }
  })
})
