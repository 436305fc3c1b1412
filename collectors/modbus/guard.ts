import type { Duplex } from 'node:stream'

/** How a request is wrapped: Modbus TCP, or RTU (serial line, and the same over TCP). */
export type Framing = 'mbap' | 'rtu'

/**
 * Whether these bytes are one request to read and nothing else: function code 1 to 4, of the one length that such a
 * request has (Modbus Application Protocol V1.1b3, 6.1-6.4; MBAP: Modbus Messaging on TCP/IP V1.0b, 3.1.3).
 */
export function isRead(bytes: Uint8Array, framing: Framing): boolean {
  const [length, at] = framing === 'mbap' ? [12, 7] : [8, 1]
  const code = bytes[at] ?? 0
  return bytes.length === length && code >= 1 && code <= 4
}

/**
 * Lets only reads out on a stream, whatever the library above is asked to do: anything else is not sent, and the stream
 * is destroyed with an error that says so.
 */
export function guard(stream: Duplex, framing: Framing): void {
  const write: unknown = stream.write
  if (typeof write !== 'function') throw new TypeError('a stream can be written to')
  const guarded = (chunk: unknown, ...rest: readonly unknown[]): boolean => {
    if (chunk instanceof Uint8Array && isRead(chunk, framing)) {
      return Boolean(Reflect.apply(write, stream, [chunk, ...rest]))
    }
    stream.destroy(new Error('only Modbus reads are let out'))
    return false
  }
  // Writable: node:net puts its own refusal there once the peer has ended, and throws where it may not.
  Object.defineProperty(stream, 'write', { value: guarded, writable: true })
}
