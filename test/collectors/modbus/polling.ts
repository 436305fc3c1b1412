import { createServer, type Server, type Socket } from 'node:net'
import { modbus } from '../../../collectors/modbus/collector.ts'
import type { DeviceOptions, PointSpec } from '../../../collectors/modbus/schema.ts'
import type { Milliseconds } from '../../../src/model/clock.ts'
import { silent } from '../../../src/model/log.ts'
import type { Point } from '../../../src/model/probe.ts'
import type { PollResult } from '../../../src/model/reading.ts'
import { SeriesTable } from '../../../src/model/series.ts'
import { TurnClock } from '../../turn-clock.ts'
import { modbusDevice, modbusProbe, points, type Settings } from './modbus-samples.ts'

export interface Polled {
  /** By the point's place in the list. */
  readonly values: Readonly<Record<string, number>>
  readonly faults: readonly string[]
  readonly details: readonly string[]
  readonly requests: number
}

/** The clock of all polls here. */
export const clock = new TurnClock()

/** A job of one device. */
export function jobOf(
  address: string,
  specs: readonly PointSpec[] | readonly Point<PointSpec>[],
  options: DeviceOptions = {},
  settings: Settings = {},
) {
  const list = specs.map((spec, index) => ('metric' in spec ? spec : placed(spec, index)))
  const probe = modbusProbe(list, settings)
  const device = modbusDevice(address, options)
  const table = new SeriesTable('site')
  const prepared = modbus.prepare(
    { probe, interval: 10_000, timeout: 5000 },
    device,
    table.scope(table.source('meter', 'sample')),
  )
  if (!prepared.ok) throw new Error(prepared.problems.map(({ message }) => message).join())
  const job = prepared.value
  return {
    job,
    close: () => job.close(),
    async poll(deadline?: Milliseconds): Promise<Polled> {
      const over = new AbortController()
      if (deadline !== undefined) clock.after(deadline, () => over.abort())
      return summary(await clock.during(job.poll({ signal: over.signal, clock, log: silent })))
    },
  }
}

function placed(spec: PointSpec, index: number): Point<PointSpec> {
  const [point] = points({ ...spec, labels: { at: `${index}` } })
  if (point === undefined) throw new Error('a point was expected')
  return point
}

function summary({ readings, faults, requests }: PollResult): Polled {
  return {
    values: Object.fromEntries(readings.map(({ series, value }) => [series.labels['at'] ?? '', value])),
    faults: faults.map(({ kind, points: lost }) => `${kind} ${lost}`),
    details: faults.map(({ detail }) => detail),
    requests,
  }
}

/** A server that does with each request what a test says. */
export interface OddServer {
  readonly address: string
  /** Connections so far. */
  connections(): number
  /** Connections that are open now. */
  open(): number
  close(): Promise<void>
}

export function oddServer(onRequest: (socket: Socket, request: Buffer, index: number) => void): Promise<OddServer> {
  const sockets = new Set<Socket>()
  let connections = 0
  let requests = 0
  const server: Server = createServer((socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (request: Buffer) => onRequest(socket, request, requests++))
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve({
        address: `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
        connections: () => connections,
        open: () => sockets.size,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed())
            for (const socket of sockets) socket.destroy()
          }),
      })
    })
  })
}

/** A right MBAP answer with these registers; the unit, function code and transaction are the request's. */
export function answer(request: Buffer, ...registers: readonly number[]): Buffer {
  const frame = Buffer.alloc(9 + registers.length * 2)
  request.copy(frame, 0, 0, 8)
  frame.writeUInt16BE(3 + registers.length * 2, 4)
  frame[8] = registers.length * 2
  for (const [index, register] of registers.entries()) frame.writeUInt16BE(register, 9 + index * 2)
  return frame
}

/** An MBAP answer with one of its bytes changed. */
export function changed(frame: Buffer, at: number, byte: number): Buffer {
  frame[at] = byte
  return frame
}

/** An MBAP exception. */
export function refusal(request: Buffer, code: number): Buffer {
  const head = Buffer.from(request.subarray(0, 8))
  head.writeUInt16BE(3, 4)
  return Buffer.concat([changed(head, 7, (head[7] ?? 0) | 0x80), Buffer.from([code])])
}

/** An RTU frame of these bytes: CRC-16 of Modbus over Serial Line V1.02, 6.2.2. */
export function withCrc(...bytes: readonly number[]): Buffer {
  let crc = 0xffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1
  }
  return Buffer.from([...bytes, crc & 0xff, crc >> 8])
}
