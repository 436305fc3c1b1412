import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { DeviceEvent, Dropped, EventSource } from '../../collectors/collector.ts'
import { parseRecording } from '../../collectors/snmp/recording.ts'
import { startSnmpSimulator } from '../../collectors/snmp/simulator.ts'
import { listenForTraps } from '../../collectors/snmp/traps.ts'
import { shipped } from '../../src/home.ts'
import { systemClock } from '../../src/model/clock.ts'
import { Secret } from '../../src/model/secret.ts'
import { describeWith } from './peer.ts'
import { freePort, type Started, start, until } from './process.ts'

const linkDown = '1.3.6.1.6.3.1.1.5.3'
const doorOpen = '1.3.6.1.4.1.99999.0.1'
const doorShut = '1.3.6.1.4.1.99999.0.2'

/** Resolves to what the command complains of; empty where all went well. */
async function send(
  command: 'snmptrap' | 'snmpinform',
  port: number,
  options: readonly string[],
  message: readonly string[],
): Promise<string> {
  try {
    await promisify(execFile)(command, [...options, '-r', '0', '-t', '5', `127.0.0.1:${port}`, ...message])
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : 'failed'
  }
}

describeWith(['snmptrap', 'snmpinform'], "net-snmp's own traps", () => {
  const heard: DeviceEvent[] = []
  const dropped: Dropped[] = []
  let source: EventSource
  let isKnown = true

  beforeAll(async () => {
    source = await listenForTraps({
      site: 'test',
      host: '127.0.0.1',
      port: 0,
      credentials: [
        { version: '2c', community: new Secret('traps') },
        {
          version: 3,
          user: 'teller',
          auth: { protocol: 'sha', secret: new Secret('authsecret1') },
          priv: { protocol: 'aes', secret: new Secret('privsecret1') },
        },
      ],
      clock: systemClock,
      knows: () => isKnown,
      heard: (event) => heard.push(event),
      dropped: (why) => dropped.push(why),
    })
  })

  afterEach(() => {
    heard.length = 0
    dropped.length = 0
    isKnown = true
  })

  afterAll(() => source.close())

  const v2 = ['-v2c', '-c', 'traps']
  const v3 = [
    '-v3',
    '-u',
    'teller',
    '-l',
    'authPriv',
    '-a',
    'SHA',
    '-A',
    'authsecret1',
    '-x',
    'AES',
    '-X',
    'privsecret1',
  ]
  const came = (): Promise<void> =>
    until(
      () => heard.length + dropped.length > 0,
      10,
      () => 'nothing came',
    )

  test.each([
    [
      'a v1 trap of the standard',
      'snmptrap',
      ['-v1', '-c', 'traps'],
      ['1.3.6.1.4.1.99999', '127.0.0.1', '2', '0', ''],
      linkDown,
    ],
    [
      'a v1 trap of an enterprise',
      'snmptrap',
      ['-v1', '-c', 'traps'],
      ['1.3.6.1.4.1.99999', '127.0.0.1', '6', '1', ''],
      doorOpen,
    ],
    ['a v2c trap', 'snmptrap', v2, ['', linkDown, '1.3.6.1.2.1.2.2.1.1', 'i', '3'], linkDown],
    ['a v2c inform, confirmed', 'snmpinform', v2, ['', doorOpen], doorOpen],
    ['a v3 trap, encrypted', 'snmptrap', [...v3, '-e', '0x8000000001020304'], ['', doorShut], doorShut],
    ['a v3 inform, encrypted and confirmed', 'snmpinform', v3, ['', doorOpen], doorOpen],
  ] as const)('%s is heard', async (_, command, options, message, id) => {
    expect(await send(command, source.port, options, message)).toBe('')
    await came()
    expect(heard).toEqual([{ address: '127.0.0.1', id }])
    expect(dropped).toEqual([])
  })

  test.each([
    ['a wrong community', ['-v2c', '-c', 'guess']],
    ['an unknown user', ['-v3', '-u', 'nobody', '-l', 'noAuthNoPriv', '-e', '0x8000000001020304']],
    [
      'a wrong key',
      ['-v3', '-u', 'teller', '-l', 'authNoPriv', '-a', 'SHA', '-A', 'wrongsecret', '-e', '0x8000000001020304'],
    ],
    ['a level below the user', ['-v3', '-u', 'teller', '-l', 'noAuthNoPriv', '-e', '0x8000000001020304']],
  ])('%s is refused', async (_, options) => {
    await send('snmptrap', source.port, options, ['', linkDown])
    await came()
    expect(heard).toEqual([])
    expect(dropped).toEqual(['refused'])
  })

  test('from an address that the site does not know nothing is read', async () => {
    isKnown = false
    await send('snmptrap', source.port, v2, ['', linkDown])
    await came()
    expect({ heard, dropped }).toEqual({ heard: [], dropped: ['stranger'] })
  })

  test('a storm is cut off, and what is no SNMP harms nothing', async () => {
    const { createSocket } = await import('node:dgram')
    const socket = createSocket('udp4')
    for (let i = 0; i < 300; i++) socket.send(Buffer.from([0x30, i % 128, i % 7, 2, 1]), source.port, '127.0.0.1')
    await until(
      () => dropped.length >= 200,
      10,
      () => `${dropped.length} of 300`,
    )
    socket.close()
    expect(heard).toEqual([])
    expect(dropped.filter((why) => why === 'flood').length).toBeGreaterThan(100)
    await new Promise((resolve) => setTimeout(resolve, 1100))
    expect(await send('snmpinform', source.port, v2, ['', doorOpen])).toBe('')
    expect(heard).toEqual([{ address: '127.0.0.1', id: doorOpen }])
  })
})

describeWith(['snmptrap', 'snmpinform'], 'a trap at a siteward that runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-traps-'))
  let daemon: Started
  let agent: Awaited<ReturnType<typeof startSnmpSimulator>>
  const ports = { siteward: 0, traps: 0 }

  beforeAll(async () => {
    ports.siteward = await freePort()
    ports.traps = await freePort()
    const recording = parseRecording('1.3.6.1.2.1.1.3.0|67|100\n', 'door.snmprec')
    if (!recording.ok) throw new Error('no recording')
    agent = await startSnmpSimulator({ recording: recording.value, community: 'traps' })
    mkdirSync(join(folder, 'probes'))
    writeFileSync(join(folder, 'probes', 'door.yaml'), probeText)
    writeFileSync(join(folder, 'site.yaml'), siteText(ports, agent.port))
    daemon = start(process.execPath, [shipped('dist', 'siteward.cjs'), 'run', '--config', join(folder, 'site.yaml')])
    await until(async () => (await fetch(`http://127.0.0.1:${ports.siteward}/-/ready`)).ok, 30, daemon.output)
  })

  afterAll(async () => {
    await daemon.stop()
    await agent.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const metrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${ports.siteward}/metrics`)).text()
  const polls = (): number => [...agent.requests.values()].reduce((sum, count) => sum + count, 0)

  describe('with a device that is polled every hour', () => {
    test('makes it polled at once, and an alarm until the clear', async () => {
      const before = polls()
      const tell = (id: string): Promise<string> => send('snmpinform', ports.traps, ['-v2c', '-c', 'traps'], ['', id])
      expect(await tell(doorOpen)).toBe('')
      await until(() => polls() > before, 10, daemon.output)
      await until(
        async () => /siteward_alarms\{[^}]*alarm="DoorOpen"[^}]*state="firing"\} 1/.test(await metrics()),
        10,
        daemon.output,
      )
      expect(await metrics()).toContain('siteward_event_active{site="traps",device="door",event="door_open"} 1')
      expect(await tell(doorShut)).toBe('')
      await until(
        async () => /siteward_alarms\{[^}]*alarm="DoorOpen"[^}]*state="firing"\} 0/.test(await metrics()),
        10,
        daemon.output,
      )
      const after = polls()
      expect(await tell('1.3.6.1.4.1.99999.0.77')).toBe('')
      await until(
        async () => (await metrics()).includes('siteward_traps_total{outcome="undeclared"} 1'),
        10,
        daemon.output,
      )
      expect(polls() - after).toBeLessThanOrEqual(1)
    })
  })
})

const probeText = `probe: door
title: A door
collector: snmp
proof: register-map
traps:
  - { event: door_open, on: ${doorOpen}, clear: ${doorShut}, lasts: 8h }
points:
  - { metric: device_uptime_seconds, oid: 1.3.6.1.2.1.1.3.0, scale: 0.01 }
rules:
  - { alarm: DoorOpen, when: siteward_event_active, match: { event: door_open }, above: 0 }
`

function siteText({ siteward, traps }: { siteward: number; traps: number }, agent: number): string {
  return `site: traps
listen: 127.0.0.1:${siteward}
watchdog: off
state_directory: state
probe_directories: [probes]
credentials: { door: { snmp: { version: 2c, community: traps } } }
traps: { listen: '127.0.0.1:${traps}', credentials: door }
devices:
  - { name: door, address: '127.0.0.1:${agent}', probes: [door], credentials: door, interval: 1h }
`
}
