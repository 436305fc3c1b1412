import { describe, expect, test } from 'vitest'
import { devicesOf, ownerOf, parseShard, type Wired } from '../src/shard.ts'
import { makeDevice } from './samples.ts'

test.each([
  ['2/5', { index: 2, count: 5 }],
  ['1/1', { index: 1, count: 1 }],
  ['0/5', undefined],
  ['6/5', undefined],
  ['2', undefined],
  ['2/5x', undefined],
  ['-1/5', undefined],
  ['1/1001', undefined],
])('%s', (text, shard) => {
  expect(parseShard(text)).toEqual(shard)
})

const keys = Array.from({ length: 5000 }, (_, i) => `modbus 10.${i >> 8}.${i & 255}.1:502`)

describe('rendezvous hashing', () => {
  test('spreads evenly, and the same after every start', () => {
    const counts = new Map<number, number>()
    for (const key of keys) counts.set(ownerOf(key, 5), (counts.get(ownerOf(key, 5)) ?? 0) + 1)
    expect([...counts.keys()].sort()).toEqual([1, 2, 3, 4, 5])
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(120)
    // Written down: a change of the hash would move every bus of every site at the next start.
    expect(keys.slice(0, 8).map((key) => ownerOf(key, 5))).toMatchInlineSnapshot(`
      [
        4,
        5,
        5,
        1,
        3,
        5,
        2,
        4,
      ]
    `)
  })

  test('with one shard more a sixth moves, and all of it to the new one', () => {
    const moved = keys.filter((key) => ownerOf(key, 5) !== ownerOf(key, 6))
    expect(new Set(moved.map((key) => ownerOf(key, 6)))).toEqual(new Set([6]))
    expect(Math.abs(moved.length - keys.length / 6)).toBeLessThan(120)
  })
})

function wired(device: ReturnType<typeof makeDevice>, endpoint: string): Wired {
  return { device, job: { endpoint } }
}

describe('the devices of a shard', () => {
  test('every device is in exactly one', () => {
    const all = keys.slice(0, 300).map((key, i) => wired(makeDevice({ name: `device-${i}` }), key))
    const shards = [1, 2, 3].map((index) => devicesOf({ index, count: 3 }, all))
    for (const { device } of all) expect(shards.filter((own) => own.has(device))).toHaveLength(1)
    expect(Math.min(...shards.map(({ size }) => size))).toBeGreaterThan(70)
  })

  test('devices on one bus stay together, and so do the endpoints of one device', () => {
    for (let i = 0; i < 50; i++) {
      const [a, b, c] = ['a', 'b', 'c'].map((name) => makeDevice({ name: `${name}-${i}` }))
      if (a === undefined || b === undefined || c === undefined) throw new Error('three were made')
      const all = [
        wired(a, `modbus bus-${i}`),
        wired(b, `modbus bus-${i}`),
        wired(b, `snmp 10.0.0.${i}`),
        wired(c, `snmp 10.0.0.${i}`),
        wired(c, `reach 10.0.0.${i}`),
      ]
      const own = [1, 2, 3, 4].map((index) => devicesOf({ index, count: 4 }, all).size)
      expect(own.sort()).toEqual([0, 0, 0, 3])
    }
  })
})
