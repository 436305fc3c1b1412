import { spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ipmiWith } from '../../collectors/ipmi/collector.ts'
import { silent } from '../../src/model/log.ts'
import { Secret } from '../../src/model/secret.ts'
import { prepared } from '../collectors/prepared.ts'
import { ManualClock } from '../manual-clock.ts'
import { type Course, expectUnharmed, faultKinds, type Patient, runCourse } from './course.ts'

/**
 * What children of an ill tool can be found by: this run's own, since one that was cut off, or goes on beside this, has
 * others. They end by themselves after ten minutes.
 */
const marked = `600.${process.pid}${Date.now() % 1_000_000}`

/** What the tool does for a BMC that is ill, as a shell's words. */
const illnesses: Readonly<Record<string, string>> = {
  hanging: `sleep ${marked}`,
  'ignoring-sigterm': `trap '' TERM HUP INT; sleep ${marked} & sleep ${marked}; wait`,
  chattering: 'head -c 5000000 /dev/zero; exit 0',
  endless: 'yes "System Power : on"',
  'out-of-sessions': 'echo "Error in open session response message : insufficient resources for session" >&2; exit 1',
  crashing: 'kill -SEGV $$',
  'talking-nonsense': 'echo "System Power : perhaps"; head -c 2000 /dev/urandom; exit 0',
}

/** BMCs out of sessions are left alone for a minute. */
const leftAlone = ['out-of-sessions']

const folder = mkdtempSync(join(tmpdir(), 'siteward-tools-'))

/** An `ipmitool` that answers as the BMC on that port does now, and notes when two ask one BMC at once. */
const tool = `#!/bin/sh
port=''
previous=''
for word in "$@"; do
  [ "$previous" = -p ] && port=$word
  previous=$word
done
echo "$*" >> ${folder}/asked-$port
[ -e ${folder}/ill-$port ] && . ${folder}/ill-$port
mkdir ${folder}/busy-$port || touch ${folder}/together
sleep 0.1
echo 'System Power         : on'
rmdir ${folder}/busy-$port
`

const ports = new Map(Object.keys(illnesses).map((name, i) => [name, 40_001 + i]))
let course: Course

function patient(name: string, words: string): Patient {
  const port = ports.get(name) ?? 0
  return {
    name,
    entry: `address: '127.0.0.1:${port}', probes: [fault-bmc, fault-bmc-again], credentials: bmc, ipmi: { tool: ipmitool }, interval: 2s, timeout: 2s`,
    isLeftAlone: leftAlone.includes(name),
    fall: () => writeFileSync(join(folder, `ill-${port}`), words),
    recover: () => rmSync(join(folder, `ill-${port}`)),
    close: () => {},
  }
}

const probe = (name: string, metric: string, states: string): string => `probe: ${name}
title: The power of a server
collector: ipmi
proof: register-map
points:
  - { metric: ${metric}, chassis: power, states: ${states} }
`

beforeAll(async () => {
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin', 'ipmitool'), tool)
  chmodSync(join(folder, 'bin', 'ipmitool'), 0o755)
  const patients = Object.entries(illnesses).map(([name, words]) => patient(name, words))
  course = await runCourse(patients, {
    site: 'credentials:\n  bmc: { ipmi: { user: siteward, password: canary-of-the-bmc } }',
    files: {
      'probes/fault-bmc.yaml': probe('fault-bmc', 'device_chassis_power_state', "{ on: 'on', off: 'off' }"),
      'probes/fault-bmc-again.yaml': probe('fault-bmc-again', 'device_state', '{ on: ok, off: critical }'),
    },
    env: { PATH: `${join(folder, 'bin')}:${process.env['PATH']}` },
  })
}, 180_000)

afterAll(() => rmSync(folder, { recursive: true }))

/** The commands of all processes of this machine that are no zombies. */
function commands(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')
      } catch {
        return []
      }
    })
}

test.each([
  ['hanging', 'timeout'],
  ['ignoring-sigterm', 'timeout'],
  ['chattering', 'limit'],
  ['endless', 'limit'],
  ['crashing', 'protocol'],
])('D17: a tool that is %s is a fault of kind %s, and nothing of it is left', (device, kind) => {
  expect(faultKinds(course, device)).toEqual([kind])
  expect(course.ill.at(-1)?.value('siteward_device_up', { device })).toBe(0)
  expect(commands().filter((command) => command.includes(marked))).toEqual([])
  expectUnharmed(course)
})

test('D17: what a tool says that is no state is no state', () => {
  const states = course.ill.flatMap((page) => page.all('device_chassis_power_state', { device: 'talking-nonsense' }))
  expect(states.filter(({ labels, value }) => labels['state'] === 'off' && value === 1)).toEqual([])
  expectUnharmed(course)
})

test('D17: a tool that is not installed is a fault of the configuration that names the package', async () => {
  const job = prepared(
    ipmiWith((_, args, options) => spawn('siteward-no-such-tool', args, options)),
    {
      address: '127.0.0.1:623',
      points: '- { metric: device_chassis_power_state, chassis: power, states: { on: "on" } }',
      options: { tool: 'ipmitool' },
      credential: { user: 'u', password: new Secret('p') },
    },
  )
  const { faults } = await job.poll({ signal: AbortSignal.timeout(20_000), clock: new ManualClock(), log: silent })
  await job.close()
  expect(faults).toEqual([expect.objectContaining({ kind: 'config', detail: expect.stringContaining('ipmitool') })])
})

test('D18: a BMC out of sessions is busy, is asked once and left alone for a minute; never two ask one BMC', () => {
  expect(course.ill.at(-1)?.value('siteward_device_up', { device: 'out-of-sessions' })).toBe(0)
  expect(faultKinds(course, 'out-of-sessions')).toEqual(['busy'])
  const asked = (name: string): number =>
    readFileSync(join(folder, `asked-${ports.get(name)}`), 'utf8').split('\n').length
  expect(asked('out-of-sessions')).toBeLessThan(asked('crashing'))
  expect(existsSync(join(folder, 'together'))).toBe(false)
  expectUnharmed(course)
})

test('D18: after the minute it is asked again', async () => {
  const clock = new ManualClock()
  let started = 0
  const job = prepared(
    ipmiWith((_, __, options) => {
      started++
      return spawn('/bin/sh', ['-c', 'echo insufficient resources for session >&2; exit 1'], options)
    }),
    {
      address: '127.0.0.1:623',
      points: '- { metric: device_chassis_power_state, chassis: power, states: { on: "on" } }',
      options: { tool: 'ipmitool' },
      credential: { user: 'u', password: new Secret('p') },
    },
  )
  const poll = () => job.poll({ signal: AbortSignal.timeout(20_000), clock, log: silent })
  for (const [wait, times] of [
    [0, 1],
    [59_000, 1],
    [2000, 2],
  ] as const) {
    await clock.pass(wait)
    expect((await poll()).faults).toEqual([expect.objectContaining({ kind: 'busy' })])
    expect(started).toBe(times)
  }
  await job.close()
})

test('only reading was asked of any BMC, by a user of the least privilege', () => {
  const asked = [...ports.values()].flatMap((port) =>
    readFileSync(join(folder, `asked-${port}`), 'utf8')
      .trim()
      .split('\n'),
  )
  for (const words of asked) expect(words).toMatch(/-L USER .* chassis status$/)
  expect(asked.join()).not.toContain('canary')
})
