import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import modbusSerial from 'modbus-serial'
import { expect, test } from 'vitest'
import { guard, isRead } from '../../../collectors/modbus/guard.ts'
import { startModbusSimulator } from '../../../collectors/modbus/simulator.ts'

/** Resolves when a socket is closed, with or without an error. */
function gone(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.on('error', () => {}).once('close', () => resolve()))
}

const everyCode = Array.from({ length: 256 }, (_, code) => code)

test('of all function codes, only 1 to 4 are reads', () => {
  const reads = [1, 2, 3, 4]
  expect(everyCode.filter((code) => isRead(Buffer.from([1, code, 0, 0, 0, 1, 9, 9]), 'rtu'))).toEqual(reads)
  expect(everyCode.filter((code) => isRead(Buffer.from([0, 1, 0, 0, 0, 6, 1, code, 0, 0, 0, 1]), 'mbap'))).toEqual(
    reads,
  )
})

test('two requests in one go, or half of one, are no read', () => {
  const read = Buffer.from([0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1])
  expect(isRead(Buffer.concat([read, read]), 'mbap')).toBe(false)
  expect(isRead(read.subarray(0, 11), 'mbap')).toBe(false)
  expect(isRead(Buffer.alloc(0), 'rtu')).toBe(false)
})

test('what is no read ends the stream and does not get out; a text neither', async () => {
  for (const bytes of [Buffer.from([1, 6, 0, 0, 0, 1, 9, 9]), 'text']) {
    const stream = new PassThrough()
    const out: unknown[] = []
    stream.on('data', (data) => out.push(data))
    guard(stream, 'rtu')
    const failed = once(stream, 'error')
    expect(stream.write(bytes)).toBe(false)
    await failed
    expect(out).toEqual([])
  }
})

test("a read gets out whole, and the library's writes do not reach a device", async () => {
  const simulator = await startModbusSimulator({ units: new Map([[1, { holding: new Map([[0, 42]]) }]]) })
  const socket = connect(simulator.port, simulator.host)
  await once(socket, 'connect')
  guard(socket, 'mbap')
  const client = new modbusSerial.default()
  client.on('error', () => {})
  await client.linkTCP(socket, { port: simulator.port })
  expect(await new Promise((resolve) => client.writeFC3(1, 0, 1, (_, result) => resolve(result.data)))).toEqual([42])
  const closed = gone(socket)
  client.writeFC6(1, 0, 7, () => {})
  await closed
  expect(simulator.requests()).toBe(1)
  expect(simulator.refused()).toBe(0)
  await simulator.close()
})

test('a write over a socket without the guard is what the simulator counts', async () => {
  const simulator = await startModbusSimulator({ units: new Map([[1, {}]]) })
  const socket = connect(simulator.port, simulator.host)
  socket.write(Buffer.from([0, 1, 0, 0, 0, 6, 1, 6, 0, 0, 0, 1]))
  const [answer] = await once(socket, 'data')
  expect([...answer]).toEqual([0, 1, 0, 0, 0, 3, 1, 0x86, 1])
  expect(simulator.refused()).toBe(1)
  socket.destroy()
  await simulator.close()
})

test('the simulator outlives garbage, halves and floods, in both framings', async () => {
  for (const rtuOverTcp of [false, true]) {
    const units = new Map([[1, { holding: new Map([[0, 42]]) }]])
    const simulator = await startModbusSimulator({ units, rtuOverTcp })
    for (const length of [1, 7, 8, 12, 300, 100_000]) {
      const socket = connect(simulator.port, simulator.host)
      socket.end(Buffer.from(Array.from({ length }, (_, index) => (index * 131 + length) % 256)))
      socket.resume()
      await gone(socket)
    }
    const socket = connect(simulator.port, simulator.host)
    const request = rtuOverTcp ? [1, 3, 0, 0, 0, 1, 0x84, 0x0a] : [0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1]
    socket.write(Buffer.from(request))
    const [answer] = await once(socket, 'data')
    expect([...answer]).toEqual(rtuOverTcp ? [1, 3, 2, 0, 42, 0x39, 0x9b] : [0, 1, 0, 0, 0, 5, 1, 3, 2, 0, 42])
    socket.destroy()
    await simulator.close()
  }
})

test('the simulator does not share a port with another server', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await expect(startModbusSimulator({ units: new Map(), port })).rejects.toThrow('EADDRINUSE')
  other.close()
})
