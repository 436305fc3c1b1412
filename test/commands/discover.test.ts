import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseRecording } from '../../collectors/snmp/recording.ts'
import { type SnmpSimulator, startSnmpSimulator } from '../../collectors/snmp/simulator.ts'
import { UsageError } from '../../src/commands/command.ts'
import { discover } from '../../src/commands/discover.ts'
import { shipped } from '../../src/home.ts'
import { call } from './calling.ts'

const folder = mkdtempSync(join(tmpdir(), 'siteward-discover-'))
const agents: SnmpSimulator[] = []
let port = 0
let listener: Server

async function agent(host: string, community: string, ...recording: readonly string[]): Promise<void> {
  const parsed = parseRecording(readFileSync(shipped('fixtures', 'probes', ...recording), 'utf8'), 'recording')
  if (!parsed.ok) throw new Error('no recording')
  agents.push(await startSnmpSimulator({ recording: parsed.value, host, port, community }))
  port = agents.at(-1)?.port ?? 0
}

beforeAll(async () => {
  await agent('127.0.9.1', 'public', 'ups-mib', 'three-phase', 'recording.snmprec')
  await agent('127.0.9.2', 'other', 'if-mib', 'access-switch', 'recording.snmprec')
  await agent('127.0.9.3', 'public', 'ups-mib', 'three-phase', 'recording.snmprec')
  listener = createServer((socket) => socket.destroy()).listen(port, '127.0.9.5')
})
afterAll(async () => {
  await Promise.all(agents.map((one) => one.close()))
  listener.close()
})

function site(text: string): string {
  const file = join(folder, 'site.yaml')
  writeFileSync(file, text)
  return file
}

function hospital(): string {
  return site(`site: test
discovery_ranges: [127.0.9.0/29]
credentials:
  first: { snmp: { version: 2c, community: { env: FIRST } } }
  second: { snmp: { version: 2c, community: { env: SECOND } } }
devices:
  - { name: ups-1, address: '127.0.9.3:${port}', probes: [ups-mib], credentials: first }
`)
}

const env = { FIRST: 'public', SECOND: 'other' }

describe('discover', () => {
  test('asks each address by each credential, marks what is known and proposes what is new', async () => {
    const order = ['--config', hospital(), '--credentials', 'first', '--credentials', 'second', '--port', String(port)]
    const { code, out } = await call(discover, [...order, '--rate', '1000', '--json', '--protocol', 'modbus'], env)
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual([
      {
        kind: 'new',
        address: `127.0.9.1:${port}`,
        credential: 'first',
        description: 'EATON 93E 80',
        probes: expect.arrayContaining(['ups-mib']),
      },
      expect.objectContaining({ kind: 'new', address: `127.0.9.2:${port}`, credential: 'second' }),
      { kind: 'known', address: '127.0.9.3', device: 'ups-1' },
      { kind: 'open', address: `127.0.9.5:${port}`, port, protocol: 'modbus' },
    ])
  })

  test('what is known is not asked, and as text it proposes entries', async () => {
    const before = agents.map(({ requests }) => [...requests.values()].reduce((sum, count) => sum + count, 0))
    const order = ['127.0.9.0/30', '--config', hospital(), '--credentials', 'first', '--port', String(port)]
    const { code, out } = await call(discover, [...order, '--rate', '1000'], env)
    expect(code).toBe(0)
    expect(out).toContain(
      `devices:\n  - { name: device-127-0-9-1-${port}, address: 127.0.9.1:${port}, credentials: first, `,
    )
    expect(out).not.toContain('127.0.9.5')
    const third = [...(agents[2]?.requests.values() ?? [])].reduce((sum, count) => sum + count, 0)
    expect(third).toBe(before[2])
  })

  test.each([
    [['10.0.0.0/8'], /not within discovery_ranges/],
    [['127.0.9.1/29'], /is no range of IPv4 addresses/],
    [['--rate', '0'], /--rate takes/],
  ])('%j is refused before anything is sent', async (args, message) => {
    const order = ['--config', hospital(), '--credentials', 'first', ...args]
    await expect(call(discover, order, env)).rejects.toThrow(message)
    await expect(call(discover, order, env)).rejects.toBeInstanceOf(UsageError)
  })

  test('a site that declares no range is swept nowhere, and no call sweeps more than a /20', async () => {
    const none = site('site: test\ndevices: []\n')
    await expect(call(discover, ['--config', none, '--protocol', 'modbus'])).rejects.toThrow(/declares no range/)
    const wide = site('site: test\ndiscovery_ranges: [10.0.0.0/16]\ndevices: []\n')
    await expect(call(discover, ['--config', wide, '--protocol', 'modbus'])).rejects.toThrow(
      /65536 addresses are too many/,
    )
  })

  test('a range with bits of hosts in it is a mistake of the site file, with its place', async () => {
    const { code, err } = await call(discover, [
      ...[
        '--config',
        site('site: test\ndiscovery_ranges: [10.0.0.0/24, 10.0.1.7/24]\ndevices: []\n'),
        '--protocol',
        'modbus',
      ],
    ])
    expect(code).toBe(1)
    expect(err).toMatch(/site.yaml:2:\d+: 10.0.1.7\/24 is no range/)
  })
})
