import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Columns } from '../model/roll-up.ts'

/** Bytes of one series: three whole numbers and three numbers. */
const width = 3 * 4 + 3 * 8
/** More than any device has: what would grow beyond it is damaged. */
const mostBytes = 64 * 2 ** 20

/** Columns as bytes, little-endian, compressed (RFC 1951): most series hardly change. */
export function packed({ ids, counts, outsides, lows, highs, sums }: Columns): Buffer {
  const parts = [differences(ids), counts, outsides, lows, highs, sums]
  const bytes = parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength))
  return deflateRawSync(Buffer.concat(bytes), { level: 1 })
}

/** The columns in bytes; undefined where they are damaged. */
export function unpacked(bytes: Uint8Array): Columns | undefined {
  const plain = inflated(bytes)
  if (plain === undefined || plain.byteLength % width !== 0) return undefined
  const length = plain.byteLength / width
  // A copy of its own: numbers of 8 bytes must lie at a multiple of 8.
  const all = new Uint8Array(plain).buffer
  const uint = (n: number): Uint32Array => new Uint32Array(all.slice(n * 4 * length, (n + 1) * 4 * length))
  const float = (n: number): Float64Array =>
    new Float64Array(all.slice((12 + n * 8) * length, (12 + (n + 1) * 8) * length))
  return {
    ids: added(uint(0)),
    counts: uint(1),
    outsides: uint(2),
    lows: float(0),
    highs: float(1),
    sums: float(2),
  }
}

function inflated(bytes: Uint8Array): Buffer | undefined {
  try {
    return inflateRawSync(bytes, { maxOutputLength: mostBytes })
  } catch {
    return undefined
  }
}

/** Rising numbers as what each is more than the one before. */
function differences(ids: Uint32Array): Uint32Array {
  return ids.map((id, n) => id - (n === 0 ? 0 : (ids[n - 1] ?? 0)))
}

function added(steps: Uint32Array): Uint32Array {
  let id = 0
  return steps.map((step) => (id += step))
}
