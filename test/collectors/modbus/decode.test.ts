import { describe, expect, test } from 'vitest'
import { decodeWords, type Layout, wordsOfType } from '../../../collectors/modbus/decode.ts'
import type { ValueType, WordOrder } from '../../../collectors/modbus/schema.ts'

/** Each type with a value whose bytes all differ, most significant byte first. */
const values: readonly (readonly [Exclude<ValueType, 'string'>, string, number])[] = [
  ['int16', 'fede', -290],
  ['uint16', 'fede', 65_246],
  ['int32', 'fedcba98', -19_088_744],
  ['uint32', 'fedcba98', 4_275_878_552],
  ['int64', 'fffedcba98765432', -320_255_973_501_902],
  ['uint64', '001edcba98765432', 8_686_943_281_239_090],
  ['float32', '4366199a', 230.1],
  ['float64', '405ec9fbe76c8b44', 123.156],
]

/** The same bytes as each order puts them on the wire, written down byte by byte. */
const onWire: Readonly<Record<WordOrder, (bytes: readonly number[]) => number[]>> = {
  abcd: (bytes) => [...bytes],
  cdab: (bytes) => pairs(bytes).reverse().flat(),
  badc: (bytes) => pairs(bytes).flatMap((pair) => pair.reverse()),
  dcba: (bytes) => [...bytes].reverse(),
}

function pairs(bytes: readonly number[]): number[][] {
  return Array.from({ length: bytes.length / 2 }, (_, index) => bytes.slice(index * 2, index * 2 + 2))
}

function words(bytes: readonly number[]): number[] {
  return pairs(bytes).map(([high = 0, low = 0]) => high * 256 + low)
}

function hex(text: string): number[] {
  return [...Buffer.from(text, 'hex')]
}

function layout(type: ValueType, changed: Partial<Layout> = {}): Layout {
  return { type, order: 'abcd', words: type === 'string' ? 2 : wordsOfType[type], bits: undefined, ...changed }
}

const orders: readonly WordOrder[] = ['abcd', 'cdab', 'badc', 'dcba']

describe.each(orders)('%s', (order) => {
  test.each(values)('%s of %s is %d', (type, bytes, value) => {
    expect(decodeWords(words(onWire[order](hex(bytes))), layout(type, { order }))).toBe(value)
  })
})

test('the orders as the manuals of real meters show them', () => {
  expect(decodeWords([0x4366, 0x199a], layout('float32'))).toBe(230.1)
  expect(decodeWords([0x199a, 0x4366], layout('float32', { order: 'cdab' }))).toBe(230.1)
  expect(decodeWords([0x6643, 0x9a19], layout('float32', { order: 'badc' }))).toBe(230.1)
  expect(decodeWords([0x9a19, 0x6643], layout('float32', { order: 'dcba' }))).toBe(230.1)
})

test.each([
  ['a quiet NaN', [0x7fc0, 0], Number.NaN],
  ["Schneider's NaN", [0xffc0, 0], Number.NaN],
  ['infinity', [0x7f80, 0], Number.POSITIVE_INFINITY],
  ['minus zero is zero', [0x8000, 0], 0],
  ['the smallest', [0, 1], 1.4013e-45],
  ['one third', [0x3eaa, 0xaaab], 0.33333334],
])('float32: %s', (_, bytes, value) => {
  expect(decodeWords(bytes, layout('float32'))).toBe(value)
})

test('the "not available" of 64 bits is matched as the power of two that it is next to', () => {
  expect(decodeWords([0xffff, 0xffff, 0xffff, 0xffff], layout('uint64'))).toBe(2 ** 64)
  expect(decodeWords([0x8000, 0, 0, 0], layout('int64'))).toBe(-(2 ** 63))
})

test.each([
  [0, 0, 1],
  [1, 1, 0],
  [2, 3, 1],
  [4, 7, 10],
  [0, 15, 0x12a5],
])('bits %i to %i of 0x12a5 are %i', (low, high, value) => {
  expect(decodeWords([0x12a5], layout('uint16', { bits: { low, high } }))).toBe(value)
})

test('bits of several registers count from the lowest of the whole value, also of a negative one', () => {
  const bits = { low: 21, high: 21 }
  expect(decodeWords([0x0020, 0x0000], layout('uint32', { bits }))).toBe(1)
  expect(decodeWords([0x0000, 0x0020], layout('uint32', { bits, order: 'cdab' }))).toBe(1)
  expect(decodeWords([0x8000, 0, 0, 0], layout('int64', { bits: { low: 63, high: 63 } }))).toBe(1)
  expect(decodeWords([0xffff], layout('int16', { bits: { low: 8, high: 15 } }))).toBe(255)
})

test.each([
  ['abcd', 'SMT1500I'],
  ['cdab', 'SMT1500I'],
  ['badc', 'MS1T05I0'],
  ['dcba', 'MS1T05I0'],
] as const)('a text, %s: registers in their order', (order, sent) => {
  const text = words([...Buffer.from(sent.padEnd(10, '\0'), 'latin1')])
  expect(decodeWords(text, layout('string', { order, words: 5 }))).toBe('SMT1500I')
})

test('a text ends at the first NUL and has no blanks around it', () => {
  expect(decodeWords(words([...Buffer.from(' AB\0junk')]), layout('string', { words: 4 }))).toBe('AB')
  expect(decodeWords([0, 0], layout('string'))).toBe('')
})
