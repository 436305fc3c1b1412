import { randomBytes } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import {
  Agent,
  type Asked,
  answerInTheClear,
  answerOf,
  type Behaviour,
  element,
  isEncrypted,
  oidsOf,
  startGoodAgent,
  variable,
} from './agents.ts'
import { type Course, expectUnharmed, faultKinds, runCourse } from './course.ts'

const uptime = '1.3.6.1.2.1.1.3.0'
const speeds = '1.3.6.1.2.1.2.2.1.5'
const description = '1.3.6.1.2.1.1.1'
/** What no good agent says. */
const forged = 31_337

const ticks = (value: number): Buffer => element(0x43, Buffer.of(value >>> 24, value >>> 16, value >>> 8, value))
const number = (value: number): Buffer => element(0x42, Buffer.of(value >>> 24, value >>> 16, value >>> 8, value))

/** Answers whatever is asked with what is forged. */
const forgery = ({ request }: Asked): Buffer =>
  answerOf(request, ...oidsOf(request).map((oid) => variable(oid, ticks(forged * 100))))

const later =
  (delay: number): Behaviour =>
  ({ good, send }) => {
    setTimeout(() => void good().then(send), delay)
  }

/** A walk's answer: one variable behind what was asked, and never the end. */
const walk =
  (step: (index: number) => number): Behaviour =>
  ({ request, send, good }) => {
    const [asked = ''] = oidsOf(request)
    if (!asked.startsWith(speeds)) return void good().then(send)
    const index = Number(asked.slice(speeds.length + 1) || 0)
    send(answerOf(request, variable(`${speeds}.${step(index)}`, number(forged))))
  }

const illnesses: Readonly<Record<string, Behaviour>> = {
  silent: () => {},
  slow: later(1000),
  'too-slow': later(750),
  garbage: ({ index, send }) => send(randomBytes(1 + ((index * 37) % 200))),
  cut: ({ good, index, send }) => void good().then((reply) => send(reply.subarray(0, index % reply.length))),
  spoilt: ({ good, index, send }) =>
    void good().then((reply) => {
      // The id and what is before it: a flip in the value itself nothing in v2c could tell.
      const at = index % 25
      reply[at] = (reply[at] ?? 0) ^ (1 << (index % 8))
      send(reply)
    }),
  foreign: (asked) => {
    asked.sendFromElsewhere(forgery(asked))
    setTimeout(() => void asked.good().then(asked.send), 50)
  },
  'other-id': (asked) => {
    const spoilt = forgery(asked)
    const id = spoilt.indexOf(0xa2) + 4
    spoilt.writeUInt8((spoilt.readUInt8(id + 1) + 1) % 256, id + 1)
    asked.send(spoilt)
    setTimeout(() => void asked.good().then(asked.send), 50)
  },
  twice: ({ good, send }) =>
    void good().then((reply) => {
      send(reply)
      send(reply)
    }),
  'other-oid': ({ request, send }) => send(answerOf(request, variable('1.3.6.1.2.1.1.7.0', ticks(forged * 100)))),
  oversized: ({ request, good, send }) => {
    const asked = oidsOf(request)
    if (!asked.includes(description)) return void good().then(send)
    send(answerOf(request, variable(`${description}.0`, element(0x04, Buffer.alloc(60_000, 'x')))))
  },
  repeating: walk(() => 7),
  decreasing: walk((index) => (index === 0 ? 1_000_000 : index - 1)),
  endless: walk((index) => index + 1),
  downgraded: ({ request, good, send }) => {
    if (isEncrypted(request)) send(answerInTheClear(request, variable(uptime, ticks(forged * 100))))
    else void good().then(send)
  },
}

const probes = {
  'probes/fault-scalar.yaml': `probe: fault-scalar
title: One scalar of an agent
collector: snmp
proof: register-map
points:
  - { metric: device_uptime_seconds, oid: ${uptime}, scale: 0.01 }
rules:
  - { alarm: UptimeShort, when: device_uptime_seconds, below: 7200 }
`,
  'probes/fault-table.yaml': `probe: fault-table
title: A table of an agent
collector: snmp
proof: register-map
points:
  - { metric: device_uptime_seconds, oid: ${uptime}, scale: 0.01 }
  - { metric: interface_speed_bytes_per_second, column: ${speeds}, scale: 0.125, labels: { interface: index } }
  - { metric: device_info, column: ${description}, labels: { description: { column: ${description} } } }
`,
}

const site = `credentials:
  lan: { snmp: { version: 2c, community: public } }
  user: { snmp: { version: 3, user: siteward, auth: { protocol: sha256, secret: canary-auth }, priv: { protocol: aes, secret: canary-priv } } }`

const users = [
  {
    name: 'siteward',
    auth: { protocol: 'sha256', secret: 'canary-auth' },
    priv: { protocol: 'aes', secret: 'canary-priv' },
  },
]

/** What is given time. */
const patient = ['slow', 'foreign', 'other-id', 'twice', 'oversized', 'repeating', 'decreasing', 'endless']
const tables = ['oversized', 'repeating', 'decreasing', 'endless']

let course: Course
const agents = new Map<string, Agent>()

beforeAll(async () => {
  const simulator = await startGoodAgent(users)
  for (const [name, illness] of Object.entries(illnesses)) {
    const probe = tables.includes(name) ? 'fault-table' : 'fault-scalar'
    const credential = name === 'downgraded' ? 'user' : 'lan'
    const timing = patient.includes(name) ? ', interval: 3s, timeout: 3s' : ''
    const timeout = patient.includes(name) ? '2500ms' : '500ms'
    const entry = `probes: [${probe}], credentials: ${credential}, snmp: { timeout: ${timeout}, retries: 0 }${timing}`
    agents.set(name, await Agent.start(name, simulator, entry, illness))
  }
  course = await runCourse([...agents.values()], { site, files: probes })
  await simulator.close()
}, 180_000)

/** What was seen of a metric of a device while it was ill: undefined where it was not there. */
function seen(device: string, metric: string): ReadonlySet<number | undefined> {
  return new Set(course.ill.map((page) => page.value(metric, { device })))
}

const kinds = (device: string): readonly string[] => faultKinds(course, device)

const right = 3600
const uptimes = (device: string): ReadonlySet<number | undefined> => seen(device, 'device_uptime_seconds')

test('D1: an agent that says nothing is down by timeout, has no readings, and ends no alarm by that', () => {
  expect(kinds('silent')).toEqual(['timeout'])
  expect(course.ill.at(-1)?.value('siteward_device_up', { device: 'silent' })).toBe(0)
  expect(course.ill.at(-1)?.value('device_uptime_seconds', { device: 'silent' })).toBeUndefined()
  expect(seen('silent', 'siteward_poll_duration_seconds')).toSatisfy((times: ReadonlySet<number | undefined>) =>
    [...times].every((seconds) => seconds !== undefined && seconds < 1 + course.machineLag / 1000),
  )
  const firing = { device: 'silent', alarm: 'UptimeShort', state: 'firing' }
  expect(course.ill.map((page) => page.value('siteward_alarms', firing))).toEqual(course.ill.map(() => 1))
  expectUnharmed(course)
})

test("D2: an agent slower than the timeout is down and its late answers are nobody else's; one that is faster is up", () => {
  expect(kinds('slow')).toEqual([])
  expect(uptimes('slow')).toEqual(new Set([right]))
  expect(kinds('too-slow')).toEqual(['timeout'])
  expect(course.ill.at(-1)?.value('device_uptime_seconds', { device: 'too-slow' })).toBeUndefined()
  expectUnharmed(course)
})

test.each(['garbage', 'cut'])('D3: an agent that sends %s is down', (device) => {
  expect(kinds(device)).toEqual(['timeout'])
  expect(course.ill.at(-1)?.value('siteward_device_up', { device })).toBe(0)
  expectUnharmed(course)
})

test('D3: an answer with one bit wrong is a fault or right, never another value', () => {
  expect(kinds('spoilt')).not.toEqual([])
  for (const value of uptimes('spoilt')) expect([right, undefined]).toContain(value)
  expectUnharmed(course)
})

test.each(['foreign', 'other-id', 'twice'])(
  'D4: an answer that is %s is passed over; the good one is taken',
  (device) => {
    expect(kinds(device)).toEqual([])
    expect(uptimes(device)).toEqual(new Set([right]))
    expectUnharmed(course)
  },
)

test('D5: an answer with the right id for another OID is a protocol fault, and no value', () => {
  expect(kinds('other-oid')).toEqual(['protocol'])
  expect(course.ill.at(-1)?.value('device_uptime_seconds', { device: 'other-oid' })).toBeUndefined()
  expectUnharmed(course)
})

test('D6: a text of 60 kB is cut, and the rest of the poll is read', () => {
  expect(kinds('oversized')).toEqual([])
  const last = course.ill.at(-1)
  const infos = last?.all('device_info', { device: 'oversized' }) ?? []
  expect(infos.map(({ labels }) => labels['description']?.length)).toEqual([256])
  expect(last?.value('device_uptime_seconds', { device: 'oversized' })).toBe(right)
  expect(last?.all('interface_speed_bytes_per_second', { device: 'oversized' })).toHaveLength(3)
  expectUnharmed(course)
})

test.each([
  ['repeating', 'protocol'],
  ['decreasing', 'protocol'],
  ['endless', 'limit'],
])('D7: a %s walk is stopped; what was read before it stays', (device, kind) => {
  // On a machine under load the deadline of the poll may come before the bound of the walk.
  const bounds = [kind, 'timeout']
  expect(kinds(device).length).toBeGreaterThan(0)
  for (const one of kinds(device)) expect(bounds).toContain(one)
  expect(course.ill.at(-1)?.value('device_uptime_seconds', { device })).toBe(right)
  expectUnharmed(course)
})

test('D9: an answer in the clear to an encrypted request is not believed', () => {
  expect(kinds('downgraded')).toEqual(['timeout'])
  expect(uptimes('downgraded')).not.toContain(forged)
  expect(course.ill.at(-1)?.value('device_uptime_seconds', { device: 'downgraded' })).toBeUndefined()
  expectUnharmed(course)
})

test('no agent was asked for anything but GET, GETNEXT and GETBULK (RFC 3416: a0, a1, a5)', () => {
  const asked = new Set([...agents.values()].flatMap((agent) => [...agent.asked]))
  expect([...asked].sort()).toEqual([0xa0, 0xa1, 0xa5])
})
