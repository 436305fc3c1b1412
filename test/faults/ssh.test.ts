import { createServer as createHttpServer } from 'node:http'
import { beforeAll, expect, test } from 'vitest'
import { type Misdeed, type SshSimulator, startSshSimulator } from '../../collectors/ssh/simulator.ts'
import { type Course, expectUnharmed, faultKinds, type Patient, runCourse } from './course.ts'
import { Door, type Illness, leadingTo, portOf } from './doors.ts'

const password = 'canary-of-the-host'
const printed = { stdout: '3600.00 7200.00\n' }

/** A host whose login is good, and whose commands are not while it is ill. */
async function startHost(name: string, entry: string, misdeed: Misdeed | undefined): Promise<Patient> {
  let isIll = false
  const simulator = await startSshSimulator({
    user: 'siteward',
    password,
    command: (run) =>
      run !== 'cat /proc/uptime' || (isIll && misdeed === undefined) ? undefined : isIll ? misdeed : printed,
  })
  return {
    name,
    entry: `address: '127.0.0.1:${simulator.port}', ${entry}, ssh: { host_key: '${simulator.fingerprint}' }`,
    fall() {
      isIll = true
    },
    recover() {
      isIll = false
    },
    close: () => simulator.close(),
  }
}

const speaking = (text: string | Buffer): Illness => ({
  visited: ({ socket }) => void socket.write(text),
  struck: (socket) => void socket.destroy(),
})

/** Lines without end that are no greeting: RFC 4253 lets a server say some before it (4.2). */
const chattering: Illness = {
  visited: ({ socket }) => {
    const say = (): void => {
      if (socket.writable) socket.write('welcome\r\n'.repeat(5000), say)
    }
    say()
  },
  struck: (socket) => void socket.destroy(),
}

const greetings: Readonly<Record<string, Illness>> = {
  silent: { visited: () => {}, struck: (socket) => void socket.destroy() },
  chattering,
  noise: speaking(Buffer.alloc(100_000, 0xa5)),
  'of-1995': speaking('SSH-1.5-OpenSSH_1.2\r\n'),
  half: speaking('SSH-2.0-Open'),
  'without-end': speaking(`SSH-2.0-${'x'.repeat(100_000)}`),
  'good-then-noise': speaking(Buffer.concat([Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'), Buffer.alloc(4000, 0xff)])),
  closing: { visited: ({ socket }) => void socket.end(), struck: (socket) => void socket.end() },
}

const lost: Readonly<Record<string, Illness>> = {
  // The network is gone on the way: nothing comes over the connection any more, and new ones are not greeted.
  'half-open': {
    visited: ({ socket }) => void socket.pause(),
    struck: (socket) => void socket.pause(),
    heard: () => {},
  },
  'reset-while-idle': {
    visited: ({ socket }) => void socket.resetAndDestroy(),
    struck: (socket) => void socket.resetAndDestroy(),
  },
}

const commands: Readonly<Record<string, Misdeed | undefined>> = {
  hang: 'hang',
  flood: 'flood',
  'flood-alone': 'flood',
  vanish: 'vanish',
  'vanish-alone': 'vanish',
  reset: 'reset',
  missing: undefined,
}

const probe = (name: string, join: boolean): string => `probe: ${name}
title: One command of a host
collector: ssh
proof: register-map
ssh:
  join: ${join}
  commands:
    uptime: { run: cat /proc/uptime, parse: { table: { columns: [up, idle] } }, timeout: 1s }
points:
  - { metric: device_uptime_seconds, command: uptime, value: up }
`

let course: Course
let stranger: SshSimulator
const doors = new Map<string, Door>()

beforeAll(async () => {
  const good = await startSshSimulator({ user: 'siteward', password, command: () => printed })
  stranger = await startSshSimulator({ user: 'siteward', password, command: () => printed })
  const http = createHttpServer((_, response) => response.end('no SSH'))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const timing = 'credentials: host, interval: 2s, timeout: 2s'
  const behind = `probes: [fault-host], ${timing}, ssh: { host_key: '${good.fingerprint}' }`
  const others = { http: leadingTo(portOf(http)), 'changed-key': leadingTo(stranger.port) }
  for (const [name, illness] of Object.entries({ ...greetings, ...lost, ...others })) {
    doors.set(name, await Door.open(name, good.port, behind, illness))
  }
  const hosts = Object.entries(commands).map(([name, misdeed]) =>
    startHost(name, `probes: [${name.endsWith('-alone') ? 'fault-host-alone' : 'fault-host'}], ${timing}`, misdeed),
  )
  const site = `credentials:\n  host: { ssh: { user: siteward, password: ${password} } }`
  const files = {
    'probes/fault-host.yaml': probe('fault-host', true),
    'probes/fault-host-alone.yaml': probe('fault-host-alone', false),
  }
  course = await runCourse([...doors.values(), ...(await Promise.all(hosts))], { site, files })
  await Promise.all([good.close(), stranger.close()])
  http.close()
  http.closeAllConnections()
}, 180_000)

/** Down at the end, and nothing read. */
function expectDown(device: string, ...kinds: readonly string[]): void {
  expect(faultKinds(course, device)).toEqual(kinds)
  const last = course.ill.at(-1)
  expect(last?.value('siteward_device_up', { device })).toBe(0)
  expect(last?.all('device_uptime_seconds', { device })).toEqual([])
}

test('D10: a host that is gone without a word is a timeout, and is connected to anew', () => {
  expectDown('half-open', 'timeout')
  expectUnharmed(course)
})

test('D11: connections that are reset, while nothing runs and in a command, are refused and end nothing', () => {
  expectDown('reset-while-idle', 'refused')
  expectDown('reset', 'refused')
  expectUnharmed(course)
})

test.each([
  ['silent', 'timeout'],
  ['half', 'timeout'],
  ['chattering', 'protocol'],
  ['noise', 'protocol'],
  ['of-1995', 'protocol'],
  ['without-end', 'protocol'],
  ['good-then-noise', 'protocol'],
  ['http', 'refused'],
  ['closing', 'refused'],
])('D14: a greeting that is %s is a fault of kind %s', (device, kind) => {
  expectDown(device, kind)
  expectUnharmed(course)
})

test.each([
  ['hang', 'timeout'],
  ['flood', 'limit'],
  ['flood-alone', 'limit'],
  ['vanish', 'refused'],
  ['vanish-alone', 'refused'],
  ['missing', 'config'],
])('D15: a command that does %s is a fault of kind %s', (device, kind) => {
  expectDown(device, kind)
  expectUnharmed(course)
})

test('D16: a host with another key is refused before it hears who asks; both keys are told', () => {
  expectDown('changed-key', 'hostkey')
  expect(stranger.logins()).toBe(0)
  expect(course.house.output).toContain(stranger.fingerprint)
  expectUnharmed(course)
})

test('only what the probe declares was ever asked for', () => {
  expect(new Set(stranger.requested)).toEqual(new Set())
})
