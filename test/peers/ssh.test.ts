import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir, totalmem, uptime, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { collectors } from '../../collectors/registry.ts'
import { ssh } from '../../collectors/ssh/collector.ts'
import type { SshSpec } from '../../collectors/ssh/schema.ts'
import { diskFiles } from '../../src/config/files.ts'
import { loadProbes } from '../../src/config/probes.ts'
import { loadVocabulary } from '../../src/config/vocabulary.ts'
import { shipped } from '../../src/home.ts'
import { systemClock } from '../../src/model/clock.ts'
import { silent } from '../../src/model/log.ts'
import type { Point, Probe } from '../../src/model/probe.ts'
import type { PollResult } from '../../src/model/reading.ts'
import { Secret } from '../../src/model/secret.ts'
import { SeriesTable } from '../../src/model/series.ts'
import { bytesTotal, makeDevice, makePoint, makeProbe, temperature } from '../samples.ts'
import { describeWith, peer } from './peer.ts'
import { freePort, type Started, start, until } from './process.ts'

const load = { ...temperature, name: 'host_load', unit: 'none', range: { low: 0, high: 10_000 } } as const
const size = { ...bytesTotal, name: 'filesystem_size_bytes', kind: 'gauge', labels: ['mount'] } as const

const settings = {
  commands: {
    load: { run: 'cat /proc/loadavg', parse: { regex: '^(?P<one>[0-9.]+) ' } },
    df: {
      run: 'df -PT -B1 /',
      parse: { table: { columns: ['source', 'type', 'size', 'used', 'free', 'percent', 'mount'], skip: 1 } },
    },
    missing: { run: 'no-such-command-here', parse: 'text' },
  },
}
const points: readonly Point<SshSpec>[] = [
  makePoint({ command: 'load', value: 'one' }, { metric: load }),
  makePoint({ command: 'df', value: 'size', labels: { mount: 'mount' } }, { metric: size }),
  makePoint({ command: 'missing' }),
]

const script = makeProbe('ssh', points, settings)

const lines = makeProbe(
  'ssh',
  [makePoint({ command: 'version', value: 'weeks' }, { metric: load }), makePoint({ command: 'wrong' })],
  {
    shell: { prompt: '^<[^<>]+>$', more: '^-+ More -+$', answers: { '\\[Y/N\\]:$': 'N' }, refused: '^Error:' },
    commands: {
      version: { run: 'display version', parse: { regex: 'Uptime is (?P<weeks>[0-9]+) weeks' } },
      wrong: { run: 'display nothing', parse: 'text' },
    },
  },
)

/** A command line like a switch's, on the terminal that OpenSSH gives it. */
const commandLine = `
trap '' INT
printf 'Warning: the password is old. Change now? [Y/N]:'
read -r answer
while printf '<sw-1>'; read -r line; do
  case $line in
    'display version') printf 'VRP (R) software\\nUptime is 5 weeks\\n---- More ----'
      stty -icanon; dd bs=1 count=1 >/dev/null 2>&1; stty icanon; printf '\\r              \\rend\\n' ;;
    *) printf 'Error: Unrecognized command found.\\n' ;;
  esac
done
`

describeWith(['sshd', 'ssh-keygen', 'ssh-keyscan'], 'SSH against OpenSSH', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-sshd-'))
  const started: Started[] = []
  const ports = { first: 0, second: 0, line: 0 }
  let key: Secret

  const keygen = (...args: string[]): string => execFileSync('ssh-keygen', args, { encoding: 'utf8' })

  const sshd = (name: string, port: number, more = ''): void => {
    keygen('-q', '-t', 'ed25519', '-N', '', '-f', join(folder, `host-${name}`))
    const file = join(folder, `sshd-${name}`)
    writeFileSync(
      file,
      `Port ${port}
ListenAddress 127.0.0.1
HostKey ${join(folder, `host-${name}`)}
AuthorizedKeysFile ${join(folder, 'authorized')}
StrictModes no
UsePAM no
PasswordAuthentication no
PidFile none
${more}
`,
    )
    // sshd wants its own absolute path, to start itself anew for each connection.
    started.push(start(peer('sshd') ?? 'sshd', ['-D', '-e', '-f', file]))
  }

  const listens = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = createConnection(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('data', () => socket.destroy())
      socket.once('connect', () => socket.destroy())
    })

  beforeAll(async () => {
    mkdirSync('/run/sshd', { recursive: true })
    keygen('-q', '-t', 'ed25519', '-N', 'a passphrase', '-f', join(folder, 'id'))
    writeFileSync(join(folder, 'authorized'), readFileSync(join(folder, 'id.pub')))
    key = new Secret(readFileSync(join(folder, 'id'), 'utf8'))
    ports.first = await freePort()
    ports.second = await freePort()
    sshd('first', ports.first)
    sshd('second', ports.second)
    ports.line = await freePort()
    writeFileSync(join(folder, 'line.sh'), commandLine)
    sshd('line', ports.line, `ForceCommand /bin/sh ${join(folder, 'line.sh')}`)
    for (const port of Object.values(ports)) {
      await until(
        () => listens(port),
        10,
        () => started.map((one) => one.output()).join('\n'),
      )
    }
  })

  afterAll(async () => {
    await Promise.all(started.map((one) => one.stop()))
  })

  async function poll(port: number, credential: object, probe: Probe<SshSpec> = script): Promise<PollResult> {
    const device = makeDevice({
      address: `127.0.0.1:${port}`,
      credentials: {
        ssh: { user: userInfo().username, key, passphrase: new Secret('a passphrase'), ...credential },
      },
    })
    const table = new SeriesTable('hospital')
    const scope = table.scope(table.source(device.name, probe.name))
    const job = ssh.prepare({ probe, interval: 60_000, timeout: 10_000 }, device, scope)
    if (!job.ok) throw new Error(JSON.stringify(job.problems))
    const result = await job.value.poll({ signal: AbortSignal.timeout(25_000), clock: systemClock, log: silent })
    await job.value.close()
    return result
  }

  const fingerprint = (name: string): string => keygen('-lf', join(folder, `host-${name}.pub`)).split(' ')[1] ?? ''

  const isRead = ({ readings, faults }: PollResult): void => {
    expect(faults).toEqual([
      { kind: 'config', detail: 'command missing ended with status 127: no such command on the device', points: 1 },
    ])
    expect(readings.map(({ series }) => series.metric.name)).toEqual(['host_load', 'filesystem_size_bytes'])
    expect(readings[1]?.series.labels['mount']).toBe('/')
    expect(readings[1]?.value).toBeGreaterThan(1e6)
  }

  test('a key with a passphrase, a pinned host key, commands in one script', async () => {
    isRead(await poll(ports.first, { host_key: fingerprint('first') }))
  })

  test('a key that only the agent holds', async () => {
    const loose = join(folder, 'id-agent')
    keygen('-q', '-t', 'ed25519', '-N', '', '-f', loose)
    appendFileSync(join(folder, 'authorized'), readFileSync(`${loose}.pub`))
    const socket = join(folder, 'agent')
    started.push(start('ssh-agent', ['-D', '-a', socket]))
    await until(
      () => existsSync(socket),
      10,
      () => started.at(-1)?.output() ?? '',
    )
    execFileSync('ssh-add', ['-q', loose], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' })
    vi.stubEnv('SSH_AUTH_SOCK', socket)
    try {
      isRead(
        await poll(ports.first, {
          host_key: fingerprint('first'),
          key: undefined,
          passphrase: undefined,
          agent: true,
        }),
      )
    } finally {
      vi.unstubAllEnvs()
    }
  })

  test('known_hosts as ssh-keyscan and ssh-keygen -H make it', async () => {
    const file = join(folder, 'known')
    const scanned = execFileSync('ssh-keyscan', ['-p', String(ports.first), '127.0.0.1'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    writeFileSync(file, scanned)
    isRead(await poll(ports.first, { known_hosts: file }))
    keygen('-H', '-f', file)
    expect(readFileSync(file, 'utf8')).toMatch(/^\|1\|/)
    isRead(await poll(ports.first, { known_hosts: file }))
  })

  test("another host's key is refused before anything is sent that could tell who asks", async () => {
    const { faults } = await poll(ports.first, { host_key: fingerprint('second') })
    expect(faults[0]).toMatchObject({ kind: 'hostkey', points: 3 })
    expect(faults[0]?.detail).toContain(fingerprint('first'))
    expect(started[0]?.output()).not.toContain('Invalid user')
  })

  test('linux-ssh reads this very machine', async () => {
    const { vocabulary } = await loadVocabulary(shipped('config', 'metrics.yaml'), diskFiles)
    const protocols = new Map(Object.entries(collectors).map(([name, { schemas }]) => [name, schemas]))
    const { probes } = await loadProbes(shipped('probes'), { files: diskFiles, protocols, vocabulary })
    const probe = probes.get('linux-ssh')
    if (probe === undefined) throw new Error('there is no probe linux-ssh')
    // The loader has checked it against the protocol's schemas.
    const { readings, faults } = await poll(ports.first, { host_key: fingerprint('first') }, probe as Probe<SshSpec>)
    const value = (name: string): number | undefined =>
      readings.find(({ series }) => series.metric.name === name)?.value
    expect(value('device_memory_size_bytes')).toBe(totalmem())
    expect(Math.abs((value('device_uptime_seconds') ?? 0) - uptime())).toBeLessThan(60)
    for (const ratio of ['device_cpu_load_ratio', 'device_memory_used_ratio']) {
      expect(value(ratio)).toBeGreaterThanOrEqual(0)
      expect(value(ratio)).toBeLessThanOrEqual(1)
    }
    expect(value('server_processes')).toBeGreaterThan(1)
    expect(readings.some(({ series }) => series.labels['mount'] === '/')).toBe(true)
    // In a container there is no systemd to ask.
    expect(faults.filter(({ detail }) => !detail.startsWith('command units'))).toEqual([])
  })

  test('a command line of its own: a question, a prompt, pages, a command that it does not know', async () => {
    const { readings, faults } = await poll(ports.line, { host_key: fingerprint('line') }, lines)
    expect(readings.map(({ value }) => value)).toEqual([5])
    expect(faults).toEqual([
      {
        kind: 'config',
        detail: 'command wrong: the device does not take it ("Error: Unrecognized command found.")',
        points: 1,
      },
    ])
  })

  test('over a jump host', async () => {
    const jump = {
      address: `127.0.0.1:${ports.second}`,
      user: userInfo().username,
      key,
      passphrase: new Secret('a passphrase'),
      host_key: fingerprint('second'),
    }
    isRead(await poll(ports.first, { host_key: fingerprint('first'), jump }))
    const untrusted = { ...jump, host_key: fingerprint('first') }
    expect((await poll(ports.first, { host_key: fingerprint('first'), jump: untrusted })).faults[0]?.kind).toBe(
      'hostkey',
    )
  })

  test('a key that is not welcome', async () => {
    const other = join(folder, 'other')
    keygen('-q', '-t', 'ed25519', '-N', '', '-f', other)
    const stranger = { key: new Secret(readFileSync(other, 'utf8')), passphrase: undefined }
    const { faults } = await poll(ports.first, { host_key: fingerprint('first'), ...stranger })
    expect(faults[0]).toMatchObject({ kind: 'auth', points: 3 })
  })
})
