import { describe, expect, it } from 'vitest'
import { checkBusLoad } from '../../src/config/bus-load.ts'

const place = { file: 'site.yaml', line: 7, column: 5 }
const bus = 'modbus rtu /dev/ttyS0'
const use = (cost: number, interval: number, endpoint = bus) => ({ endpoint, cost, interval, place })

describe('the load of a bus', () => {
  it.each([
    ['14 s in 10 s', [use(7000, 10_000), use(7000, 10_000)], 'needs 14 s of reading every 10 s'],
    [
      'different intervals count by their share',
      [use(6000, 10_000), use(30_000, 60_000)],
      'needs 11 s of reading every 10 s',
    ],
    ['a little too much never reads as enough', [use(10_001, 10_000)], 'needs 10.1 s of reading every 10 s'],
  ])('%s', (_, uses, message) => {
    expect(checkBusLoad(uses)).toMatchObject([{ place, message: `bus ${bus} ${message}` }])
  })

  it('is well where it fits, and each bus stands by itself', () => {
    expect(checkBusLoad([use(5000, 10_000), use(5000, 10_000), use(9000, 10_000, 'other'), use(0, 1000)])).toEqual([])
    expect(checkBusLoad([])).toEqual([])
  })
})
