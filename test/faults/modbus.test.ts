import { beforeAll, expect, test } from 'vitest'
import { startModbusSimulator } from '../../collectors/modbus/simulator.ts'
import { answer, changed, refusal } from '../collectors/modbus/polling.ts'
import { type Course, expectUnharmed, faultKinds, faultsOf, runCourse } from './course.ts'
import { Door, type Illness } from './doors.ts'

/** What no good device says: 3,133.7 °C is none of a room, 66.6 °C could be. */
const forged = [666, 123] as const

const right = (request: Buffer): Buffer => answer(request, 240, 550)
const forgery = (request: Buffer): Buffer => answer(request, ...forged)

/** An illness in which each request is answered with these bytes. */
function answering(reply: (request: Buffer, index: number) => Buffer): Illness {
  return { heard: (request, { socket }, index) => void socket.write(reply(request, index)) }
}

const exceptions =
  (...codes: readonly number[]) =>
  (request: Buffer, index: number): Buffer =>
    refusal(request, codes[index % codes.length] ?? 1)

const illnesses: Readonly<Record<string, Illness>> = {
  // The network is gone on the way: the connection stays, and nothing comes over it any more.
  'half-open': { heard: () => {} },
  // As a host that has stopped: it still takes connections, whose data nobody reads.
  'stopped-reading': { visited: ({ socket }) => void socket.pause(), struck: (socket) => void socket.pause() },
  reset: {
    heard: (request, { socket }) => void socket.write(right(request).subarray(0, 7), () => socket.resetAndDestroy()),
  },
  ended: { heard: (request, { socket }) => void socket.write(right(request).subarray(0, 7), () => socket.end()) },
  'reset-at-once': {
    visited: ({ socket }) => void socket.resetAndDestroy(),
    struck: (socket) => void socket.resetAndDestroy(),
  },
  transaction: answering((request) => changed(forgery(request), 1, (request[1] ?? 0) ^ 0x55)),
  protocol: answering((request) => changed(forgery(request), 2, 0x12)),
  unit: answering((request) => changed(forgery(request), 6, 9)),
  'function-code': answering((request) => changed(forgery(request), 7, 4)),
  'length-0': answering((request) => changed(forgery(request), 5, 0)),
  'length-1': answering((request) => changed(forgery(request), 5, 1)),
  'byte-count': answering((request) => changed(forgery(request), 8, 2)),
  'too-many': answering((request) => answer(request, ...forged, 3)),
  'exception-config': answering(exceptions(1, 2, 3)),
  'exception-busy': answering(exceptions(5, 6)),
  'exception-failure': answering(exceptions(4, 7, 8, 9, 255)),
  'exception-gateway': answering(exceptions(10, 11)),
  // After the request's timeout, and before that of the next one.
  late: {
    heard: (request, { socket }) => {
      setTimeout(() => socket.write(forgery(request)), 700)
    },
  },
}

let course: Course
const doors = new Map<string, Door>()
let refused = 0

beforeAll(async () => {
  const simulator = await startModbusSimulator({
    units: new Map([[1, { holding: new Map([240, 550].map((word, at) => [at, word])) }]]),
  })
  const entry = 'probes: [modbus-temperature-humidity], modbus: { request_timeout: 500ms }'
  for (const [name, illness] of Object.entries(illnesses)) {
    doors.set(name, await Door.open(name, simulator.port, entry, illness))
  }
  course = await runCourse([...doors.values()], { site: '' })
  refused = simulator.refused()
  await simulator.close()
}, 180_000)

const kinds = (device: string): readonly string[] => faultKinds(course, device)

/** Every temperature that was seen of a device while it was ill but for the right one. */
function wrong(device: string): readonly number[] {
  const seen = course.ill.map((page) => page.value('room_temperature_celsius', { device }))
  return seen.filter((value) => value !== undefined && value !== 24) as number[]
}

/** Down at the end, and no value seen but the right one. */
function expectDown(device: string, ...expected: readonly string[]): void {
  expect(kinds(device)).toEqual(expected)
  const last = course.ill.at(-1)
  expect(last?.value('siteward_device_up', { device })).toBe(0)
  expect(last?.all('room_temperature_celsius', { device })).toEqual([])
  expect(wrong(device)).toEqual([])
}

test.each(['half-open', 'stopped-reading'])(
  'D10: a peer that is %s is a timeout, and is connected to anew',
  (device) => {
    expectDown(device, 'timeout')
    expectUnharmed(course)
  },
)

test.each(['reset', 'ended', 'reset-at-once'])(
  'D11: a connection %s in the middle of a frame is refused at once',
  (device) => {
    expectDown(device, 'refused')
    // Far below the timeout of a request: it was seen, not waited for.
    const durations = course.ill.slice(2).map((page) => page.value('siteward_poll_duration_seconds', { device }) ?? 0)
    expect(Math.min(...durations)).toBeLessThan(0.4)
    expectUnharmed(course)
  },
)

test.each(['transaction', 'protocol', 'unit', 'function-code', 'length-0', 'length-1', 'byte-count', 'too-many'])(
  'D12: an answer with another %s is a protocol fault, and no value',
  (device) => {
    expectDown(device, 'protocol')
    expectUnharmed(course)
  },
)

test.each([
  ['exception-config', 'config'],
  ['exception-busy', 'busy'],
  ['exception-failure', 'protocol'],
  ['exception-gateway', 'timeout'],
])('D12: %s is a fault of kind %s, and brings no storm of requests', (device, kind) => {
  expectDown(device, kind)
  const polls = faultsOf(course.recovered, device) + 60
  // A block that is refused may be halved once, and asked for as a whole again after that.
  expect(doors.get(device)?.heard.length).toBeLessThan(3 * polls)
  expectUnharmed(course)
})

test("D13: an answer that is late is never the next request's", () => {
  expectDown('late', 'timeout')
  expectUnharmed(course)
})

test('nothing but reads was sent to any device (function codes 1 to 4)', () => {
  expect(refused).toBe(0)
  const codes = new Set([...doors.values()].flatMap(({ heard }) => heard.map((request) => request[7])))
  expect([...codes]).toEqual([3])
  for (const door of doors.values()) for (const request of door.heard) expect(request).toHaveLength(12)
})
