import { chmodSync, copyFileSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Secret } from '../../src/model/secret.ts'
import { at, pollOnce, values } from '../collectors/snmp/poll-snmp.ts'
import { describeOnRecordings, realRecordings } from '../real-recordings.ts'
import { describeWith, peer } from './peer.ts'
import { freePort, type Started, start, until } from './process.ts'

const sysName = '1.3.6.1.2.1.1.5.0'
const sysUpTime = '1.3.6.1.2.1.1.3.0'
const auths = ['md5', 'sha', 'sha224', 'sha256', 'sha384', 'sha512'] as const
const privs = ['aes', 'aes256b', 'aes256r'] as const
const names = {
  md5: 'MD5',
  sha: 'SHA',
  sha224: 'SHA-224',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
} as const

const uptime = [at('uptime', { oid: sysUpTime })]
const interfaces = [
  at('status', {
    column: '1.3.6.1.2.1.2.2.1.8',
    labels: { i: { column: ['1.3.6.1.2.1.31.1.1.1.1', '1.3.6.1.2.1.2.2.1.2'] } },
  }),
]

describeWith(['snmpd'], 'SNMP against net-snmp', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-snmpd-'))
  let daemon: Started
  let port = 0

  beforeAll(async () => {
    port = await freePort()
    const users = auths.map(
      (auth) => `createUser ${auth} ${names[auth]} authsecret AES privsecret\nrouser ${auth} auth`,
    )
    writeFileSync(
      join(folder, 'snmpd.conf'),
      `agentaddress udp:127.0.0.1:${port}
rocommunity public 127.0.0.1
sysName peer
${users.join('\n')}
createUser aes256b SHA-256 authsecret AES-256 privsecret
rouser aes256b priv
createUser aes256r SHA-256 authsecret AES-256-C privsecret
rouser aes256r priv
`,
    )
    const env = { ...process.env, SNMP_PERSISTENT_DIR: folder, SNMPCONFPATH: folder }
    daemon = start(peer('snmpd') ?? 'snmpd', ['-f', '-Lo', '-C', '-c', join(folder, 'snmpd.conf')], env)
    const community = { version: '2c', community: new Secret('public') }
    await until(
      async () => (await pollOnce(port, uptime, community)).readings.length > 0,
      15,
      () => daemon.output(),
    )
  })

  afterAll(() => daemon.stop())

  test.each([['1'], ['2c']])('v%s: a scalar and the interfaces', async (version) => {
    const result = await pollOnce(port, [...uptime, ...interfaces], { version, community: new Secret('public') })
    expect(result.faults).toEqual([])
    expect(values(result)).toMatchObject({ 'status lo': 1, uptime: expect.any(Number) })
  })

  test.each(auths)('v3 with %s, with and without encryption', async (protocol) => {
    const auth = { protocol, secret: new Secret('authsecret') }
    const plain = await pollOnce(port, uptime, { version: 3, user: protocol, auth })
    expect(plain.faults).toEqual([])
    const priv = { protocol: 'aes', secret: new Secret('privsecret') }
    const result = await pollOnce(port, [...uptime, ...interfaces], { version: 3, user: protocol, auth, priv })
    expect(values(result)).toMatchObject({ 'status lo': 1 })
  })

  test.each(privs.slice(1))('v3 with %s', async (protocol) => {
    const auth = { protocol: 'sha256', secret: new Secret('authsecret') }
    const priv = { protocol, secret: new Secret('privsecret') }
    expect((await pollOnce(port, uptime, { version: 3, user: protocol, auth, priv })).faults).toEqual([])
  })

  test('a wrong key and an unknown user are told as such, without the key', async () => {
    const auth = { protocol: 'sha256', secret: new Secret('canary-wrong') }
    for (const user of ['sha256', 'nobody']) {
      const result = await pollOnce(port, uptime, { version: 3, user, auth })
      expect(result.faults[0]).toMatchObject({ kind: 'auth', points: 1 })
      expect(JSON.stringify(result)).not.toContain('canary')
    }
  })

  test('a wrong community is a timeout that says what else it may be', async () => {
    const { faults } = await pollOnce(port, uptime, { version: '2c', community: new Secret('canary') })
    expect(faults[0]?.detail).toMatch(/a wrong community looks the same/)
    expect(JSON.stringify(faults)).not.toContain('canary')
  })
})

/** Recordings of real devices, which are not ours to ship: beside the checkout, or where the variable says. */
const files = [
  'firewall-topsec-ngfw4000',
  'storage-huawei-oceanstor-ism',
  'switch-cisco-c3750',
  'switch-huawei-s5720',
  'ups-huawei-ups5000e',
  'host-linux-centos7-netsnmp',
]

/** Admin states as the recording has them, by interface. */
function recorded(file: string): ReadonlyMap<string, number> {
  const text = readFileSync(join(realRecordings, `${file}.snmprec`), 'latin1')
  const rows = text.matchAll(/^1\.3\.6\.1\.2\.1\.2\.2\.1\.7\.(\d+)\|2\|(\d+)$/gm)
  return new Map([...rows].map(([, index = '', value]) => [index, Number(value)]))
}

describeOnRecordings('SNMP against recordings', () => {
  describeWith(['snmpsimd'], 'served by snmpsim', () => {
    const folder = mkdtempSync(join(tmpdir(), 'siteward-snmpsim-'))
    let simulator: Started
    let port = 0

    beforeAll(async () => {
      port = await freePort()
      // It gives up its rights before it makes its cache.
      chmodSync(folder, 0o777)
      for (const file of files) copyFileSync(join(realRecordings, `${file}.snmprec`), join(folder, `${file}.snmprec`))
      expect(readdirSync(folder)).toHaveLength(files.length)
      simulator = start('snmpsimd', [
        `--data-dir=${folder}`,
        `--agent-udpv4-endpoint=127.0.0.1:${port}`,
        `--cache-dir=${join(folder, 'cache')}`,
        ...(process.getuid?.() === 0 ? ['--process-user=nobody', '--process-group=nogroup'] : []),
      ])
      const community = { version: '2c', community: new Secret('switch-cisco-c3750') }
      const asked = [at('name', { oid: sysName }), ...uptime]
      await until(
        async () => (await pollOnce(port, asked, community, { timeout: '2s' })).readings.length > 0,
        60,
        () => simulator.output(),
      )
    }, 90_000)

    afterAll(() => simulator.stop('SIGKILL'))

    test.each(files)('%s: every interface, in the state that was recorded', async (file) => {
      const points = [at('admin', { column: '1.3.6.1.2.1.2.2.1.7', labels: { i: 'index' } })]
      const community = { version: '2c', community: new Secret(file) }
      const result = await pollOnce(port, points, community, { timeout: '2s', retries: 1 })
      const found = new Map(result.readings.map(({ series, value }) => [series.labels['i'], value]))
      expect(found).toEqual(recorded(file))
    })

    test.each([
      ['ups-huawei-ups5000e', '1.3.6.1.4.1.2011.6.174.1'],
      ['firewall-topsec-ngfw4000', '1.3.6.1.4.1.14331.5.5.1'],
    ])('%s repeats an OID: the walk ends there and says so', async (file, oid) => {
      const community = { version: '2c', community: new Secret(file) }
      const { faults, readings } = await pollOnce(port, [at('x', { column: oid, labels: { i: 'index' } })], community, {
        timeout: '2s',
      })
      expect(readings.length + faults.length).toBeGreaterThan(0)
      for (const { kind } of faults) expect(kind).toBe('protocol')
    })
  })
})
