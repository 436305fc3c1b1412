import { describe, expect, test } from 'vitest'
import { History } from '../../src/history/history.ts'
import { PageWriter, pageSize, readPage, type Sample } from '../../src/history/page.ts'
import { seededRandom } from '../../src/model/random.ts'
import { type Series, SeriesTable } from '../../src/model/series.ts'
import { temperature } from '../samples.ts'

const minute = 60_000
const began = 1_700_000_000_000
const megabyte = 2 ** 20

function seriesOf(count: number): readonly Series[] {
  const table = new SeriesTable('hospital')
  const scope = table.scope(table.source('room', 'probe'))
  return Array.from({ length: count }, (_, i) => {
    const series = scope.series(temperature, { sensor: `s${i}` })
    if (series === undefined) throw new Error('no series')
    return series
  })
}

const [only] = seriesOf(1)
if (only === undefined) throw new Error('no series')

/** Numbers of every sort that readings are. */
const sorts: Readonly<Record<string, (i: number, random: () => number) => number>> = {
  'tenths of a degree': (i, random) => Math.round(240 + 5 * Math.sin(i / 50) + random()) / 10,
  'a counter of bytes': (i) => i * 123_456_789,
  'a counter near its end': (i) => 2 ** 53 - 1000 + i,
  states: (i) => (i % 97 === 0 ? 1 : 0),
  'single precision': (_, random) => Math.fround(230 + random()),
  'double precision': (_, random) => random() * 1e-7,
  'with gaps': (i) => (i % 10 < 3 ? Number.NaN : 20 + (i % 4)),
  'below nothing': (i) => -i / 100,
  'every digit': (i, random) => (i % 3 === 0 ? 1 : i % 3 === 1 ? 0.001 : random()),
  extremes: (i) => [Number.MAX_VALUE, -0, 5e-324, -1, 2 ** 60, 0][i % 6] ?? 0,
}

describe('what is kept comes back', () => {
  test.each(Object.keys(sorts))('%s', (sort) => {
    const history = new History(megabyte)
    const random = seededRandom(7)
    const told: { t: number; v: number }[] = []
    for (let i = 0; i < 1000; i++) {
      // Polls come a little late now and then.
      const t = began + i * minute + (random() < 0.2 ? Math.floor(random() * 30) * 1000 : 0)
      const v = sorts[sort]?.(i, random) ?? 0
      history.record(only, v, t)
      told.push({ t, v })
    }
    // A series begins with its first number.
    const first = told.findIndex(({ v }) => !Number.isNaN(v))
    const seen = history.range(only, began, began + 2000 * minute)
    expect(seen).toEqual(told.slice(first))
    expect(history.range(only, began + 100 * minute, began + 199 * minute + 30_000).length).toBeGreaterThan(98)
  })

  test('any numbers at any times, page by page', () => {
    const random = seededRandom(99)
    const number = (): number => {
      const sort = Math.floor(random() * 6)
      return (
        [
          random() * 1e9,
          Math.floor(random() * 1e6),
          Number.NaN,
          -random(),
          Math.fround(random()),
          10 ** (random() * 600 - 300),
        ][sort] ?? 0
      )
    }
    for (let round = 0; round < 300; round++) {
      const bytes = new Uint8Array(3 * pageSize)
      const writer = new PageWriter()
      let t = Math.floor(random() * 1e9)
      const told: Sample[] = [{ t, v: number() }]
      writer.begin(bytes, pageSize, t, told[0]?.v ?? 0)
      for (;;) {
        t += Math.floor(random() ** 8 * 2e6)
        const sample = { t, v: number() }
        if (!writer.add(sample.t, sample.v)) break
        told.push(sample)
      }
      expect([...readPage(bytes, pageSize)]).toEqual(told)
      expect(bytes.subarray(0, pageSize).every((byte) => byte === 0)).toBe(true)
      expect(bytes.subarray(2 * pageSize).every((byte) => byte === 0)).toBe(true)
    }
  })
})

describe('how much is kept', () => {
  test('a day of a thousand sensors read each minute takes 2 MB', () => {
    const history = new History(64 * megabyte)
    const random = seededRandom(3)
    const series = seriesOf(1000)
    for (let i = 0; i < 1440; i++) {
      for (const one of series)
        history.record(one, Math.round(240 + 10 * Math.sin(i / 200) + 2 * random()) / 10, began + i * minute)
    }
    expect(history.bytes).toBeLessThan(2 * megabyte)
    expect(history.range(only, began, began + 1440 * minute)).toHaveLength(1440)
  })

  test('nothing older than a day stays, nor its memory', () => {
    const history = new History(megabyte)
    let most = 0
    for (let i = 0; i < 10 * 1440; i++) {
      history.record(only, i % 50, began + i * minute)
      if (i > 2 * 1440) most = Math.max(most, history.bytes)
    }
    const seen = history.range(only, 0, Number.MAX_SAFE_INTEGER)
    expect(seen.length).toBeGreaterThan(1439)
    expect(seen.length).toBeLessThan(1440 + 900)
    expect(most).toBeLessThan(2 * history.bytes)
  })

  test('with all memory in use the oldest readings go first', () => {
    const history = new History(pageSize * 400)
    const random = seededRandom(5)
    const series = seriesOf(100)
    for (let i = 0; i < 300; i++) for (const one of series) history.record(one, random(), began + i * minute)
    expect(history.bytes).toBeLessThanOrEqual(pageSize * 400)
    expect(history.left).toBe(0)
    for (const one of series) {
      const seen = history.range(one, 0, Number.MAX_SAFE_INTEGER)
      expect(seen.at(-1)?.t).toBe(began + 299 * minute)
      expect(seen.length).toBeGreaterThan(20)
      expect(seen[0]?.t).toBeGreaterThan(began + 200 * minute)
    }
  })

  test('more series than pages: the first are kept, the others are counted', () => {
    const history = new History(pageSize * 10)
    const series = seriesOf(100)
    for (const one of series) history.record(one, 1, began)
    expect(history.size).toBeLessThanOrEqual(10)
    expect(history.left).toBeGreaterThan(80)
  })

  test('a series without a reading for a day is forgotten', () => {
    const history = new History(megabyte)
    const [first, second] = seriesOf(2)
    if (first === undefined || second === undefined) throw new Error('no series')
    history.record(first, 1, began)
    for (let i = 0; i < 30 * 60; i++) history.record(second, 1, began + i * minute)
    expect(history.size).toBe(1)
    history.record(first, 2, began + 31 * 60 * minute)
    expect(history.range(first, 0, Number.MAX_SAFE_INTEGER)).toEqual([{ t: began + 31 * 60 * minute, v: 2 }])
  })
})

test('a series that was made anew goes on where it was', () => {
  const history = new History(megabyte)
  const table = new SeriesTable('hospital')
  const source = table.source('room', 'probe')
  const before = table.scope(source).series(temperature, { sensor: 'a' })
  if (before === undefined) throw new Error('no series')
  history.record(before, 24, began)
  table.release(source)
  // Another series gets the number that is free now.
  const scope = table.scope(table.source('room', 'probe'))
  const other = scope.series(temperature, { sensor: 'b' })
  const again = scope.series(temperature, { sensor: 'a' })
  if (other === undefined || again === undefined) throw new Error('no series')
  expect(other.id).toBe(before.id)
  history.record(other, 30, began + minute)
  history.record(again, 25, began + minute)
  expect(history.range(again, 0, began + minute)).toEqual([
    { t: began, v: 24 },
    { t: began + minute, v: 25 },
  ])
  expect(history.find(temperature.name, { device: 'room' })).toHaveLength(2)
})

test('a clock that was set back leaves readings out until it is there again', () => {
  const history = new History(megabyte)
  history.record(only, 1, began)
  history.record(only, 2, began - 10 * minute)
  history.record(only, 3, began + minute)
  expect(history.range(only, 0, began + minute).map(({ v }) => v)).toEqual([1, 3])
})

test('a clock that was years ahead costs what was read under it, and no more', () => {
  const history = new History(megabyte)
  const year = 366 * 24 * 60 * minute
  for (let i = 0; i < 500; i++) history.record(only, i * 1.1, began + year + i * minute)
  expect(history.range(only, 0, began + 2 * year).length).toBe(500)
  history.record(only, 7, began)
  history.record(only, 8, began + minute)
  expect(history.range(only, 0, began + 2 * year)).toEqual([
    { t: began, v: 7 },
    { t: began + minute, v: 8 },
  ])
  expect(history.size).toBe(1)
  for (let i = 2; i < 3000; i++) history.record(only, i * 1.1, began + i * minute)
  expect(history.left).toBe(0)
})
