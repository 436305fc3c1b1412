import type { Raw } from '../../src/model/conversion.ts'
import { type Layout, swapped } from './decode.ts'

/** What the integers can hold. */
const integers = {
  int16: [-(2n ** 15n), 2n ** 15n - 1n],
  uint16: [0n, 2n ** 16n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
} as const

/**
 * The words by which a device would send a raw value: decodeWords turned round, to the nearest number that its registers
 * can hold. `words` are those that the device did send, for the bits that are somebody else's. Undefined for what the
 * registers cannot hold at all.
 */
export function encodeWords(raw: Raw, layout: Layout, words: readonly number[]): readonly number[] | undefined {
  const bytes = layout.type === 'string' ? textBytes(String(raw), layout) : numberBytes(Number(raw), layout, words)
  return bytes === undefined ? undefined : onWire(bytes, layout)
}

function textBytes(text: string, { words }: Layout): Buffer | undefined {
  const bytes = Buffer.alloc(words * 2)
  return bytes.write(text, 'latin1') === text.length ? bytes : undefined
}

function numberBytes(number: number, layout: Layout, words: readonly number[]): Buffer | undefined {
  const bytes = Buffer.alloc(layout.words * 2)
  if (!Number.isFinite(number)) return undefined
  if (layout.type === 'float32') {
    bytes.writeFloatBE(number)
    return Number.isFinite(bytes.readFloatBE()) ? bytes : undefined
  }
  if (layout.type === 'float64') {
    bytes.writeDoubleBE(number)
    return bytes
  }
  const whole = BigInt(Math.round(number))
  const own =
    layout.bits === undefined ? bounded(whole, layout) : withBits(whole, layout.bits, unsignedOf(words, layout))
  return own === undefined ? undefined : Buffer.from(hexOf(own, layout.words), 'hex')
}

function bounded(whole: bigint, { type }: Layout): bigint | undefined {
  if (type === 'string' || type === 'float32' || type === 'float64') return undefined
  const [low, high] = integers[type]
  return whole < low || whole > high ? undefined : whole
}

function withBits(whole: bigint, { low, high }: NonNullable<Layout['bits']>, others: bigint): bigint | undefined {
  const most = (1n << BigInt(high - low + 1)) - 1n
  if (whole < 0n || whole > most) return undefined
  return (others & ~(most << BigInt(low))) | (whole << BigInt(low))
}

/** The words that came as one number without sign. */
function unsignedOf(words: readonly number[], layout: Layout): bigint {
  const bytes = Buffer.alloc(layout.words * 2)
  for (const [i, place] of placesOf(layout).entries())
    bytes.writeUInt16BE(swappedWord(words[i] ?? 0, layout), place * 2)
  return BigInt(`0x${bytes.toString('hex')}`)
}

function hexOf(whole: bigint, words: number): string {
  return BigInt.asUintN(words * 16, whole)
    .toString(16)
    .padStart(words * 4, '0')
}

/** A value's bytes, the most significant first, as words in the order of the wire. */
function onWire(bytes: Buffer, layout: Layout): readonly number[] {
  return placesOf(layout).map((place) => swappedWord(bytes.readUInt16BE(place * 2), layout))
}

/** Which word of the value each register holds. */
function placesOf(layout: Layout): readonly number[] {
  const { lowWordFirst } = swapped(layout)
  return Array.from({ length: layout.words }, (_, i) => (lowWordFirst ? layout.words - 1 - i : i))
}

function swappedWord(word: number, layout: Layout): number {
  return swapped(layout).lowByteFirst ? ((word & 0xff) << 8) | (word >>> 8) : word
}
