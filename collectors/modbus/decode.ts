import type { Raw } from '../../src/model/conversion.ts'
import type { ValueType, WordOrder } from './schema.ts'

/** How the words of one point become its raw value. */
export interface Layout {
  readonly type: ValueType
  readonly order: WordOrder
  /** How many words (registers) it takes. */
  readonly words: number
  /** Only these bits of the value, 0 is the lowest; both ends are in. */
  readonly bits: { readonly low: number; readonly high: number } | undefined
}

/** Words of every type that has a fixed size. */
export const wordsOfType: Readonly<Record<Exclude<ValueType, 'string'>, number>> = {
  int16: 1,
  uint16: 1,
  int32: 2,
  uint32: 2,
  int64: 4,
  uint64: 4,
  float32: 2,
  float64: 4,
}

/** Where a value's bytes are put in order, one value after the other; 125 registers are the most that come at once. */
const scratch = new DataView(new ArrayBuffer(256))

/**
 * Words as they came off the wire to a raw value. 64-bit integers lose their last digits above 2^53 (9.0e15: no meter
 * gets there), as every number of Prometheus does; the "not available" 0xFFFFFFFFFFFFFFFF becomes 2^64 and is matched
 * by that number all the same. `words` are at least as many as the layout asks for.
 */
export function decodeWords(words: readonly number[], layout: Layout): Raw {
  const bytes = inOrder(words, layout)
  if (layout.bits === undefined) return typed(bytes, layout)
  const { low, high } = layout.bits
  return Number((unsigned(bytes, layout.words) >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n))
}

/**
 * The value's bytes, the most significant first, whatever order the device sends them in. Swapped bytes are swapped in
 * every register; a text's registers are never turned round, since it is read from its beginning on every device.
 */
function inOrder(words: readonly number[], layout: Layout): DataView {
  const { lowWordFirst, lowByteFirst } = swapped(layout)
  for (let i = 0; i < layout.words; i++) {
    const place = lowWordFirst ? layout.words - 1 - i : i
    scratch.setUint16(place * 2, words[i] ?? 0, lowByteFirst)
  }
  return scratch
}

/** What of a value's bytes is turned round on the wire. */
export function swapped({ order, type }: Layout): { readonly lowWordFirst: boolean; readonly lowByteFirst: boolean } {
  return {
    lowWordFirst: (order === 'cdab' || order === 'dcba') && type !== 'string',
    lowByteFirst: order === 'badc' || order === 'dcba',
  }
}

function unsigned(bytes: DataView, words: number): bigint {
  let value = 0n
  for (let at = 0; at < words * 2; at += 2) value = (value << 16n) | BigInt(bytes.getUint16(at))
  return value
}

function typed(bytes: DataView, { type, words }: Layout): Raw {
  switch (type) {
    case 'int16':
      return bytes.getInt16(0)
    case 'uint16':
      return bytes.getUint16(0)
    case 'int32':
      return bytes.getInt32(0)
    case 'uint32':
      return bytes.getUint32(0)
    case 'int64':
      return Number(bytes.getBigInt64(0))
    case 'uint64':
      return Number(bytes.getBigUint64(0))
    case 'float32':
      return float32(bytes.getFloat32(0))
    case 'float64':
      return bytes.getFloat64(0)
    case 'string':
      return text(bytes, words)
  }
}

/** The shortest decimal that is this float32 (9 digits always are enough): 230.1 is not 230.10000610351562. */
function float32(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return value
}

/** ASCII up to the first NUL, blanks off. */
function text(bytes: DataView, words: number): string {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, words * 2).toString('latin1')
  const end = all.indexOf('\0')
  return (end < 0 ? all : all.slice(0, end)).trim()
}
