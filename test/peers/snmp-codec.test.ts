import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import snmp from 'net-snmp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sliceOf, variableAt } from '../../collectors/snmp/codec.ts'
import { parseRecording, tags } from '../../collectors/snmp/recording.ts'
import { snmpTransport } from '../../collectors/snmp/transport.ts'
import { Turn } from '../../collectors/snmp/turn.ts'
import { home, shipped } from '../../src/home.ts'
import { systemClock } from '../../src/model/clock.ts'
import { Secret } from '../../src/model/secret.ts'
import { describeWith, peer } from './peer.ts'
import { freePort, type Started, start, until } from './process.ts'

/** Recordings of real devices, which are not ours to ship: beside the checkout, or where the variable says. */
const recorded = process.env['SITEWARD_RECORDINGS'] ?? join(home, '..', 'shared', 'recordings')
const files = [
  shipped('config', 'demo', 'ups.snmprec'),
  shipped('config', 'demo', 'switch.snmprec'),
  ...[
    'crac-stulz-wib8000',
    'firewall-fortigate-60f-ha',
    'meter-janitza-umg96',
    'ups-apc-smx750i-powernet',
    'ups-huawei-ups5000e',
    'ups-liebert-apm',
  ].map((name) => join(recorded, `${name}.snmprec`)),
].filter(existsSync)

/** A variable in a form in which all three sides can be compared. */
type Told = readonly [oid: string, type: number, value: unknown]

/** What snmpd can be given of a recording: below the internet's OIDs, and neither Null nor Opaque. */
function expected(file: string): readonly Told[] {
  const recording = parseRecording(readFileSync(file, 'utf8'), file)
  if (!recording.ok) throw new Error(JSON.stringify(recording.problems))
  const list: Told[] = []
  for (let found = recording.value.next('1.3.6.1'); found !== undefined; found = recording.value.next(found.oid)) {
    if (!found.oid.startsWith('1.3.6.1.')) break
    if (found.tag !== tags.null && found.tag !== tags.opaque)
      list.push([found.oid, found.tag, plain(found.tag, found.value)])
  }
  return list
}

function plain(type: number, value: unknown): unknown {
  if (!Buffer.isBuffer(value)) return value
  return type === tags.counter64
    ? Number(BigInt.asUintN(53, BigInt(`0x0${value.toString('hex')}`)))
    : value.toString('hex')
}

/** All that an agent has, by our transport. */
async function ours(port: number): Promise<readonly Told[]> {
  const credential = { version: '2c' as const, community: new Secret('public') }
  const transport = snmpTransport({ host: '127.0.0.1', port, credential, timeout: 5000, retries: 2 })
  const turn = new Turn({ clock: systemClock, signal: AbortSignal.timeout(60_000) })
  const list: Told[] = []
  try {
    for (let last = sliceOf('1.3.6.1'); ; ) {
      const reply = await transport.bulk([last], 25, turn)
      if (reply.kind !== 'varbinds') throw new Error(JSON.stringify(reply))
      for (const [i, type] of reply.varbinds.types.entries()) {
        if (type === 130) return list
        const { oid } = variableAt(reply.varbinds, i)
        list.push([oid, type, plain(type, reply.varbinds.values[i])])
        last = sliceOf(oid)
      }
    }
  } finally {
    turn.end()
    transport.close()
  }
}

/** The same by the library. */
function theirs(port: number): Promise<readonly Told[]> {
  const session = snmp.createSession('127.0.0.1', 'public', { port, version: snmp.Version2c, timeout: 5000 } as never)
  const list: Told[] = []
  return new Promise((resolve, reject) => {
    const feed = (varbinds: readonly { oid: string; type?: number; value?: unknown }[]): void => {
      for (const { oid, type = 0, value } of varbinds) list.push([oid, type, plain(type, value)])
    }
    session.subtree('1.3.6.1', 25, feed as never, (error: unknown) => {
      session.close()
      if (error === null || error === undefined) resolve(list)
      else reject(error)
    })
  })
}

describeWith(['snmpd'], "SNMP messages of Debian's snmpd", () => {
  describe.each(files.map((file) => [basename(file), file]))('%s', (_, file) => {
    const folder = mkdtempSync(join(tmpdir(), 'siteward-snmpd-'))
    let daemon: Started
    let port = 0

    beforeAll(async () => {
      port = await freePort()
      const tsx = join(home, 'node_modules', 'tsx', 'dist', 'esm', 'index.mjs')
      const program = `${process.execPath} --import ${tsx} ${join(home, 'test', 'peers', 'pass-recording.ts')} ${file}`
      const lines = [
        `agentaddress udp:127.0.0.1:${port}`,
        'rocommunity public 127.0.0.1',
        `pass_persist .1.3.6.1 ${program}`,
      ]
      writeFileSync(join(folder, 'snmpd.conf'), `${lines.join('\n')}\n`)
      const env = { ...process.env, SNMP_PERSISTENT_DIR: folder, SNMPCONFPATH: folder }
      // Nothing of its own: all that it says is the recording.
      const only = ['-I', 'vacm_conf,vacm_vars,usmConf,pass,pass_persist']
      daemon = start(peer('snmpd') ?? 'snmpd', ['-f', '-Lo', '-C', '-c', join(folder, 'snmpd.conf'), ...only], env)
      await until(
        async () => (await ours(port)).length > 0,
        60,
        () => daemon.output(),
      )
    }, 90_000)

    afterAll(() => daemon.stop('SIGKILL'))

    test('are read as they were recorded, and as the library reads them', async () => {
      const wanted = expected(file)
      const found = await ours(port)
      expect(wanted.length).toBeGreaterThan(40)
      // Access control has a few variables of its own.
      expect(found.filter(([oid]) => !oid.startsWith('1.3.6.1.6.3.1'))).toEqual(
        wanted.filter(([oid]) => !oid.startsWith('1.3.6.1.6.3.1')),
      )
      expect(found).toEqual(await theirs(port))
    }, 120_000)
  })
})
