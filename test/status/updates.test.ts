import { afterEach, expect, test } from 'vitest'
import { RequestError } from '../../src/expose/route.ts'
import type { Status } from '../../src/status/shape.ts'
import { Updates } from '../../src/status/updates.ts'
import { ManualClock } from '../manual-clock.ts'

const second = 1000

/** A site of which only the devices are of interest here. */
function statusAt(at: number, devices: Status['devices'] = []): Status {
  const site = {
    name: 'hospital',
    version: '1',
    language: 'zh',
    time_zone: 'UTC',
    judge: 'siteward',
    alertmanagers: 1,
    record_up: true,
  } as const
  return { at: new Date(at).toISOString(), site, alarms: [], room: [], devices }
}

function device(name: string): Status['devices'][number] {
  return { name, class: 'room', address: '', labels: {}, state: 'up', firing: { critical: 0, warning: 0 }, probes: [] }
}

class Desk {
  readonly clock = new ManualClock()
  devices: Status['devices'] = []
  looks = 0
  fails = false
  readonly updates = new Updates(this.clock, () => {
    if (this.fails) throw new Error('a bug')
    this.looks++
    return statusAt(this.clock.now().wall, this.devices)
  })
  readonly #opened: (readonly [AbortController, AsyncIterator<string>])[] = []

  open(): AsyncIterator<string> {
    const abort = new AbortController()
    const reader = (this.updates.open(abort.signal).body as AsyncIterable<string>)[Symbol.asyncIterator]()
    this.#opened.push([abort, reader])
    return reader
  }

  async close(): Promise<void> {
    for (const [abort, reader] of this.#opened) {
      abort.abort()
      await reader.return?.()
    }
  }
}

let desk: Desk

afterEach(async () => {
  await desk.close()
  expect(desk.updates.size).toBe(0)
  expect(desk.clock.waiting).toBe(0)
})

test('everything first, then what has changed, and a beat where nothing has', async () => {
  desk = new Desk()
  const reader = desk.open()
  expect((await reader.next()).value).toMatch(/^event: status\ndata: \{"at":.*"devices":\[\]\}\n\n$/)
  const next = reader.next()
  desk.devices = [device('ups-1')]
  await desk.clock.pass(second)
  expect((await next).value).toMatch(/^event: change\ndata: .*"devices":\[\{"name":"ups-1"/)
  const gone = reader.next()
  desk.devices = []
  await desk.clock.pass(second)
  expect((await gone).value).toMatch(/^event: change\ndata: \{"at":"[^"]*","gone":\["ups-1"\]\}\n\n$/)
  const beat = reader.next()
  await desk.clock.pass(9 * second)
  expect(desk.looks).toBe(12)
  await desk.clock.pass(second)
  expect((await beat).value).toMatch(/^event: beat\ndata: \{"at":"[^"]*"\}\n\n$/)
})

test('all are given the same text, which is made once; nobody looks while nobody watches', async () => {
  desk = new Desk()
  await desk.clock.pass(10 * second)
  expect(desk.looks).toBe(0)
  const readers = [desk.open(), desk.open(), desk.open()]
  const whole = await Promise.all(readers.map(async (reader) => (await reader.next()).value))
  expect(new Set(whole).size).toBe(1)
  expect(desk.looks).toBe(1)
  const next = readers.map((reader) => reader.next())
  desk.devices = [device('ups-1')]
  await desk.clock.pass(second)
  expect(new Set((await Promise.all(next)).map(({ value }) => value)).size).toBe(1)
  expect(desk.looks).toBe(2)
})

test('one too many is refused, and let in when another has gone', async () => {
  desk = new Desk()
  const readers = Array.from({ length: 24 }, () => desk.open())
  await Promise.all(readers.map((reader) => reader.next()))
  expect(() => desk.open()).toThrow(RequestError)
  await readers[0]?.return?.()
  expect(desk.updates.size).toBe(23)
  expect((await desk.open().next()).value).toMatch(/^event: status/)
})

test('one that has missed a change is given everything; one that takes nothing for 20 s is let go', async () => {
  desk = new Desk()
  const [slow, stuck] = [desk.open(), desk.open()]
  await Promise.all([slow.next(), stuck.next()])
  desk.devices = [device('ups-1')]
  await desk.clock.pass(second)
  desk.devices = [device('ups-1'), device('ups-2')]
  await desk.clock.pass(second)
  expect((await slow.next()).value).toMatch(/^event: status.*\n.*ups-1.*ups-2/)
  const waiting = slow.next()
  await desk.clock.pass(20 * second)
  await waiting
  expect((await stuck.next()).done).toBe(true)
  expect(desk.updates.size).toBe(1)
})

test('a bug in what is looked at ends the answer, and is told where it is caught', async () => {
  desk = new Desk()
  const reader = desk.open()
  await reader.next()
  const next = reader.next()
  next.catch(() => {})
  desk.fails = true
  await desk.clock.pass(second)
  await expect(next).rejects.toThrow('a bug')
  desk.fails = false
  expect((await desk.open().next()).value).toMatch(/^event: status/)
})
