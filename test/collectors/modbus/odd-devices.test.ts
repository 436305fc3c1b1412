import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { answer, changed, clock, jobOf, type OddServer, oddServer, refusal, withCrc } from './polling.ts'

const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

type OnRequest = (socket: Socket, request: Buffer, index: number) => void

async function device(onRequest: OnRequest): Promise<{ server: OddServer; meter: ReturnType<typeof jobOf> }> {
  const server = await oddServer(onRequest)
  const meter = jobOf(server.address, [{ register: 0 }, { register: 1 }], { request_timeout: '120ms' })
  closing.push(meter.close, server.close)
  return { server, meter }
}

/** A device that answers rightly from its second connection's request on. */
function oddOnce(odd: (socket: Socket, request: Buffer) => void): OnRequest {
  return (socket, request, index) => {
    if (index === 0) odd(socket, request)
    else socket.write(answer(request, 1, 2))
  }
}

describe('what is no answer gives no value, and the next poll is good', () => {
  test.each<[string, string, (request: Buffer) => Buffer]>([
    ['another transaction', 'protocol', (request) => changed(answer(request, 7, 7), 1, 99)],
    ['another protocol', 'protocol', (request) => changed(answer(request, 7, 7), 2, 0x12)],
    ['another unit', 'protocol', (request) => changed(answer(request, 7, 7), 6, 9)],
    ["another unit's exception", 'protocol', (request) => changed(refusal(request, 2), 6, 9)],
    ['another function code', 'protocol', (request) => changed(answer(request, 7, 7), 7, 4)],
    ['another exception', 'protocol', (request) => changed(refusal(request, 2), 7, 0x84)],
    ['fewer registers', 'protocol', (request) => answer(request, 7)],
    ['more registers', 'protocol', (request) => answer(request, 7, 7, 7)],
    ['length 0', 'protocol', (request) => changed(answer(request, 7, 7), 5, 0)],
    ['length 1', 'protocol', (request) => changed(answer(request, 7, 7), 5, 1)],
    ['a length that never comes', 'protocol', (request) => changed(answer(request, 7, 7), 5, 200)],
    ['a length beyond any', 'protocol', (request) => changed(answer(request, 7, 7), 4, 200)],
    ['half an answer', 'protocol', (request) => answer(request, 7, 7).subarray(0, 11)],
    ['HTTP', 'protocol', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['zeros', 'protocol', () => Buffer.alloc(64)],
    ['0xff', 'protocol', () => Buffer.alloc(64, 0xff)],
    ['a flood', 'protocol', () => randomBytes(1_000_000)],
    ['nothing', 'timeout', () => Buffer.alloc(0)],
  ])('%s', async (_, kind, odd) => {
    const { meter } = await device(oddOnce((socket, request) => socket.write(odd(request))))
    expect(await meter.poll()).toMatchObject({ values: {}, faults: [`${kind} 2`] })
    expect(await meter.poll()).toMatchObject({ values: { 0: 1, 1: 2 }, faults: [] })
  })
})

test('a byte count that is not the one of the answer is not believed', async () => {
  const { meter } = await device(oddOnce((socket, request) => socket.write(changed(answer(request, 1, 2), 8, 200))))
  expect(await meter.poll()).toMatchObject({ values: {}, faults: ['protocol 2'] })
})

test('nor is one of bits, which would give as many values as it pretends to have', async () => {
  const server = await oddServer((socket, request) =>
    socket.write(Buffer.concat([request.subarray(0, 5), Buffer.from([5, request[6] ?? 0, 1, 0xc7, 0xaa, 0x02])])),
  )
  const meter = jobOf(server.address, [{ coil: 0 }, { coil: 9 }], { request_timeout: '120ms' })
  closing.push(meter.close, server.close)
  expect(await meter.poll()).toMatchObject({ values: {}, faults: ['protocol 2'] })
})

test('an answer in single bytes is an answer', async () => {
  const { meter } = await device(async (socket, request) => {
    for (const byte of answer(request, 1, 2)) {
      socket.write(Buffer.from([byte]))
      await clock.wait(2)
    }
  })
  expect(await meter.poll()).toMatchObject({ values: { 0: 1, 1: 2 }, faults: [] })
})

test('a late answer is never taken for the next one', async () => {
  const { server, meter } = await device((socket, request, index) => {
    const reply = answer(request, index, index)
    clock.after(index % 2 === 0 ? 150 : 60, () => socket.write(reply))
  })
  for (const index of [0, 1, 2, 3]) {
    const { values, faults } = await meter.poll()
    if (index % 2 === 0) expect(faults).toEqual(['timeout 2'])
    else expect(values).toEqual({ 0: index, 1: index })
  }
  expect(server.connections()).toBeGreaterThan(1)
})

test('RTU over TCP: a late answer that comes over the next connection is not taken for the next one', async () => {
  const sockets = new Set<Socket>()
  const reply = (value: number): Buffer => withCrc(1, 3, 4, 0, value, 0, value)
  const server = await oddServer((socket, _, index) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // As a serial server does: what comes from the bus goes to whoever is connected.
    clock.after(index === 0 ? 150 : 60, () => {
      for (const each of sockets) each.write(reply(index))
    })
  })
  const options = { transport: 'rtu_over_tcp', request_timeout: '120ms' } as const
  const meter = jobOf(server.address, [{ register: 0 }, { register: 1 }], options)
  closing.push(meter.close, server.close)
  expect((await meter.poll()).faults).toEqual(['timeout 2'])
  for (const index of [1, 2]) expect((await meter.poll()).values).toEqual({ 0: index, 1: index })
})

test('RTU over TCP: a wrong CRC is a fault, and noise before an answer is not', async () => {
  const frames = [withCrc(1, 3, 4, 0, 7, 0, 7).fill(0, 7), Buffer.concat([Buffer.of(0), withCrc(1, 3, 4, 0, 1, 0, 2)])]
  const server = await oddServer((socket, _, index) => socket.write(frames[index] ?? Buffer.alloc(0)))
  const options = { transport: 'rtu_over_tcp', request_timeout: '120ms' } as const
  const meter = jobOf(server.address, [{ register: 0 }, { register: 1 }], options)
  closing.push(meter.close, server.close)
  expect((await meter.poll()).faults).toEqual(['protocol 2'])
  expect(await meter.poll()).toMatchObject({ values: { 0: 1, 1: 2 }, faults: [] })
})

test('who waits behind a slow unit gives up at its own deadline, and the line goes on', async () => {
  const { server, meter: slow } = await device((socket, request, index) => {
    clock.after(90, () => socket.write(answer(request, index, index)))
  })
  const other = jobOf(server.address, [{ register: 0 }, { register: 1 }])
  closing.push(other.close)
  const first = slow.poll()
  const begin = clock.now().mono
  const waiting = await other.poll(30)
  expect(clock.now().mono - begin).toBeLessThan(40)
  expect(waiting).toMatchObject({ faults: ['timeout 2'], requests: 0 })
  expect((await first).values).toEqual({ 0: 0, 1: 0 })
  expect((await other.poll()).values).toEqual({ 0: 1, 1: 1 })
})

test('an answer that comes twice does not answer the next request', async () => {
  const { server, meter } = await device((socket, request, index) => {
    const reply = answer(request, index, index)
    socket.write(Buffer.concat([reply, reply]))
  })
  for (const index of [0, 1, 2]) expect((await meter.poll()).values).toEqual({ 0: index, 1: index })
  expect(server.connections()).toBe(3)
})

test('bytes that come while nobody asks spoil the connection, not the next value', async () => {
  const { server, meter } = await device((socket, request, index) => {
    socket.write(answer(request, index, index))
    clock.after(10, () => socket.write(answer(request, 666, 666)))
  })
  for (const index of [0, 1]) {
    expect((await meter.poll()).values).toEqual({ 0: index, 1: index })
    await clock.wait(40)
  }
  expect(server.connections()).toBe(2)
})

test.each<[string, (socket: Socket) => void]>([
  ['a reset', (socket) => socket.resetAndDestroy()],
  ['an end', (socket) => socket.end()],
])('%s in mid-frame is noticed at once', async (_, end) => {
  const server = await oddServer((socket, request) => {
    socket.write(answer(request, 7, 7).subarray(0, 7), () => end(socket))
  })
  const meter = jobOf(server.address, [{ register: 0 }, { register: 1 }], { request_timeout: '20s' })
  closing.push(meter.close, server.close)
  const begin = clock.now().mono
  expect(await meter.poll()).toMatchObject({ values: {}, faults: ['refused 2'], requests: 1 })
  expect(clock.now().mono - begin).toBeLessThan(2000)
})

test('a connection that the device closed while idle is opened again, without a fault', async () => {
  const { server, meter } = await device((socket, request, index) => {
    // The second request finds the door just shut, as with a device that drops what is idle.
    if (index === 1) socket.resetAndDestroy()
    else socket.write(answer(request, 1, 2))
  })
  for (const connections of [1, 2]) {
    expect(await meter.poll()).toMatchObject({ values: { 0: 1, 1: 2 }, faults: [] })
    expect(server.connections()).toBe(connections)
  }
})

test('no connection is left, whatever happened', async () => {
  const { server, meter } = await device(() => {})
  for (let polls = 0; polls < 5; polls++) await meter.poll()
  expect(server.connections()).toBe(5)
  await expect.poll(() => server.open(), { timeout: 10_000 }).toBe(0)
})

test('closing the job closes the connection', async () => {
  const { server, meter } = await device((socket, request) => socket.write(answer(request, 1, 2)))
  await meter.poll()
  expect(server.open()).toBe(1)
  await meter.close()
  await expect.poll(() => server.open(), { timeout: 10_000 }).toBe(0)
})

test('300 polls by ten devices at once over one connection: every value is right', async () => {
  const server = await oddServer((socket, request) => {
    for (let at = 0; at + 12 <= request.length; at += 12) {
      const one = request.subarray(at, at + 12)
      socket.write(answer(one, one.readUInt16BE(8) + (one[6] ?? 0) * 1000))
    }
  })
  const meters = Array.from({ length: 10 }, (_, index) =>
    jobOf(server.address, [{ register: index * 50 }], { unit: index + 1 }),
  )
  closing.push(...meters.map(({ close }) => close), server.close)
  const results = await Promise.all(Array.from({ length: 30 }, () => meters.map((meter) => meter.poll())).flat())
  const wrong = results.filter(({ values }, index) => {
    const unit = index % 10
    return values[0] !== unit * 50 + (unit + 1) * 1000
  })
  expect(wrong).toEqual([])
  expect(server.connections()).toBe(1)
})

test.each([
  ['nothing.invalid', 'dns'],
  ['127.0.0.1:1', 'refused'],
  ['/dev/no-such-line', 'config'],
  ['/dev/null', 'refused'],
])('%s is a fault of kind %s that names the place', async (address, kind) => {
  const meter = jobOf(address, [{ register: 0 }])
  closing.push(meter.close)
  const { faults, details, requests } = await meter.poll()
  expect(faults).toEqual([`${kind} 1`])
  expect(details[0]).toContain(address.split(':')[0])
  expect(requests).toBe(0)
})
