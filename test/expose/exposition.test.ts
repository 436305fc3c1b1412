import { describe, expect, test } from 'vitest'
import { Exposition, type Format } from '../../src/expose/exposition.ts'
import { SeriesTable } from '../../src/model/series.ts'
import { Store } from '../../src/store/store.ts'
import { bytesTotal, info, source, temperature } from '../samples.ts'

function setUp() {
  const store = new Store()
  const table = new SeriesTable('hospital', (series) => store.add(series))
  const from = table.source('crac-1', 'stulz')
  const scope = table.scope(from)
  const apply = (metric: Parameters<typeof scope.series>[0], labels: Record<string, string>, value: number): void => {
    const series = scope.series(metric, labels)
    if (series !== undefined) store.apply({ series, value }, 1)
  }
  const text = (format: Format = 'text'): string => new Exposition(store).text(format)
  return { store, table, from, scope, apply, text }
}

describe('the text format', () => {
  test('gauges, counters, info and state sets', () => {
    const { apply, text } = setUp()
    apply(temperature, { sensor: 'return' }, 29.1)
    apply(bytesTotal, { interface: 'Gi0/1' }, 9_007_199_254_740_991)
    apply(source, {}, 1)
    apply(info, { version: '1.0' }, 1)
    expect(text()).toBe(`# HELP room_temperature_celsius Room temperature
# TYPE room_temperature_celsius gauge
room_temperature_celsius{site="hospital",device="crac-1",sensor="return"} 29.1
# HELP interface_receive_bytes_total Bytes received
# TYPE interface_receive_bytes_total counter
interface_receive_bytes_total{site="hospital",device="crac-1",interface="Gi0/1"} 9007199254740991
# HELP ups_output_source_state UPS output source
# TYPE ups_output_source_state gauge
ups_output_source_state{site="hospital",device="crac-1",state="normal"} 0
ups_output_source_state{site="hospital",device="crac-1",state="battery"} 1
ups_output_source_state{site="hospital",device="crac-1",state="unknown"} 0
# HELP device_info Device
# TYPE device_info gauge
device_info{site="hospital",device="crac-1",version="1.0"} 1
`)
  })

  test('OpenMetrics names the family of a counter without _total', () => {
    const { apply, text } = setUp()
    apply(bytesTotal, { interface: 'Gi0/1' }, 7)
    expect(text('openmetrics')).toBe(`# HELP interface_receive_bytes Bytes received
# TYPE interface_receive_bytes counter
interface_receive_bytes_total{site="hospital",device="crac-1",interface="Gi0/1"} 7
`)
  })

  test('label values are escaped', () => {
    const { apply, text } = setUp()
    apply(temperature, { sensor: 'a"b\\c\nd' }, 1)
    expect(text()).toContain('sensor="a\\"b\\\\c\\nd"} 1\n')
  })

  test('what is not available or stale is not there, nor a family of nothing', () => {
    const { apply, text, scope, store } = setUp()
    apply(temperature, { sensor: 'a' }, Number.NaN)
    expect(text()).toBe('')
    apply(temperature, { sensor: 'b' }, 21)
    expect(text()).toContain('sensor="b"} 21')
    const series = scope.series(temperature, { sensor: 'b' })
    if (series !== undefined) store.expire(series)
    expect(text()).toBe('')
  })

  test('the id of a released series serves another without its text', () => {
    const { apply, text, table, from, store } = setUp()
    apply(temperature, { sensor: 'old' }, 20)
    expect(text()).toContain('old')
    store.remove(table.release(from))
    expect(text()).toBe('')
    const scope = table.scope(table.source('crac-2', 'stulz'))
    const series = scope.series(temperature, { sensor: 'new' })
    if (series === undefined) throw new Error('a new source has room')
    store.apply({ series, value: 21 }, 2)
    expect(text()).toContain('device="crac-2",sensor="new"} 21')
  })

  test('comes in pieces of about 64 KiB', () => {
    const { apply, store } = setUp()
    for (let i = 0; i < 20_000; i++) apply(temperature, { sensor: `s${i}` }, i % 40)
    // A piece is only good until the next is asked for.
    const pieces = Array.from(new Exposition(store).chunks('text'), (piece) => piece.toString())
    expect(pieces.length).toBeGreaterThan(15)
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(70_000)
    expect(pieces.join('').match(/^room_temperature_celsius\{/gm)).toHaveLength(20_000)
  })
})

test('a source has a limit, and a second source does not get the same series', () => {
  const table = new SeriesTable('hospital', () => {}, 2)
  const first = table.scope(table.source('a', 'one'))
  const second = table.scope(table.source('a', 'two'))
  expect(first.series(temperature, { sensor: '1' })).toBeDefined()
  expect(second.series(temperature, { sensor: '1' })).toBeUndefined()
  expect(first.series(temperature, { sensor: '1' })).toBe(first.series(temperature, { sensor: '1' }))
  expect(first.series(temperature, { sensor: '2' })).toBeDefined()
  expect(first.series(temperature, { sensor: '3' })).toBeUndefined()
})

test('numbers are the shortest text that is read as the same number', () => {
  const { apply, text } = setUp()
  const numbers = [
    ...[0, -0, 1, -1, 9, 10, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, 999_999_999_999_999, 1e15, 1e21, -273.15],
    ...[29.1, 0.05, 0.005, 0.0005, 0.00005, 1 / 3, 0.1 + 0.2, 4.35, 1.005, 123_456_789.1234, 1e-7, 5e-324],
    ...[
      Number.MAX_VALUE,
      Number.POSITIVE_INFINITY,
      Number.MIN_VALUE,
      Number.EPSILON,
      8.41,
      100,
      1000.5,
      -0.5,
      20,
      4.9e-5,
    ],
  ]
  for (let i = 0; i < 3000; i++) numbers.push(((i * 7919) % 10_007) / 10 ** (i % 7), -(i ** 3) / 8, i / 100)
  for (const [i, number] of numbers.entries()) apply(temperature, { sensor: `s${i}` }, number)
  const written = [...text().matchAll(/sensor="s(\d+)"\} (.*)$/gm)]
  expect(written).toHaveLength(numbers.length)
  for (const [, index, word] of written) {
    const number = numbers[Number(index)] ?? Number.NaN
    expect(word).toBe(number === Number.POSITIVE_INFINITY ? '+Inf' : String(number))
  }
})

test('labels of any length and writing come out whole', () => {
  const { apply, text } = setUp()
  const values = Array.from({ length: 300 }, (_, i) => `${'电池供电'.repeat(i * 7)}${i}`)
  for (const sensor of values) apply(temperature, { sensor }, 20)
  apply(temperature, { sensor: 'x'.repeat(3_000_000) }, 21)
  const found = [...text().matchAll(/sensor="(.*)"\} 2[01]$/gm)].map(([, value]) => value)
  expect(found).toEqual([...values, 'x'.repeat(3_000_000)])
})

test('two scrapes at once do not disturb each other, and what comes meanwhile is not torn', () => {
  const { apply, store } = setUp()
  for (let i = 0; i < 5000; i++) apply(temperature, { sensor: `s${i}` }, i)
  const exposition = new Exposition(store)
  const whole = exposition.text('text')
  const readers = [exposition.chunks('text'), exposition.chunks('text')]
  const texts = ['', '']
  for (let left = 2; left > 0; ) {
    for (const [i, reader] of readers.entries()) {
      const { value, done } = reader.next()
      if (done !== true) texts[i] += value.toString()
      else left--
    }
  }
  expect(texts).toEqual([whole, whole])
})

describe('a device that leaves while a scrape is under way', () => {
  /** Three devices, so many sensors that each fills pages. */
  function three() {
    const made = setUp()
    const sources = ['a', 'b', 'c'].map((name) => made.table.source(name, 'room'))
    for (const from of sources) {
      for (let i = 0; i < 3000; i++) {
        const series = made.table.scope(from).series(temperature, { sensor: `s${i}` })
        if (series !== undefined) made.store.apply({ series, value: i }, 1)
      }
    }
    made.apply(bytesTotal, { interface: 'Gi0/1' }, 7)
    const remove = (name: string): void => {
      const from = sources.find(({ device }) => device === name)
      if (from !== undefined) made.store.remove(made.table.release(from))
    }
    return { ...made, remove }
  }

  /** Scrapes, and lets a device leave once a line with the text is written. */
  function scrapeWhile(exposition: Exposition, text: string, leave: () => void): string {
    let all = ''
    let isGone = false
    for (const chunk of exposition.chunks('text')) {
      all += chunk.toString()
      if (isGone || !all.includes(text)) continue
      isGone = true
      leave()
    }
    expect(isGone).toBe(true)
    return all
  }

  const linesOf = (text: string, device: string): number => text.split(`device="${device}"`).length - 1

  test.each(['a', 'b', 'c'])('takes nothing of the others with it: %s', (gone) => {
    const { store, remove } = three()
    const text = scrapeWhile(new Exposition(store), 'device="b",sensor="s1500"', () => remove(gone))
    for (const kept of ['a', 'b', 'c'].filter((name) => name !== gone)) expect(linesOf(text, kept)).toBe(3000)
    expect(text.split('# TYPE room_temperature_celsius')).toHaveLength(2)
    const lines = text.split('\n')
    expect(new Set(lines).size).toBe(lines.length)
    expect(text).toContain('interface="Gi0/1"} 7\n')
  })

  test('also where another scrape begins meanwhile, and a device comes in its place', () => {
    const { store, table, remove } = three()
    const exposition = new Exposition(store)
    let other = ''
    const text = scrapeWhile(exposition, 'device="b",sensor="s1500"', () => {
      remove('a')
      const scope = table.scope(table.source('d', 'room'))
      for (let i = 0; i < 3000; i++) {
        const series = scope.series(temperature, { sensor: `other ${i}` })
        if (series !== undefined) store.apply({ series, value: -1 }, 1)
      }
      other = exposition.text('text')
    })
    for (const name of ['b', 'c', 'd']) {
      expect(linesOf(text, name)).toBe(3000)
      expect(linesOf(other, name)).toBe(3000)
    }
    expect(text.match(/^room_temperature_celsius\{.*$/gm)?.filter((line) => line.endsWith(' -1'))).toHaveLength(3000)
    expect(linesOf(other, 'a')).toBe(0)
  })
})

test('series that came and went give their room back', () => {
  const { table, store, text } = setUp()
  const exposition = new Exposition(store)
  for (let round = 0; round < 5; round++) {
    const from = table.source(`switch-${round}`, 'if-mib')
    const scope = table.scope(from)
    for (let i = 0; i < 6000; i++) {
      const series = scope.series(temperature, { sensor: `round ${round} sensor ${i}` })
      if (series !== undefined) store.apply({ series, value: i }, 1)
    }
    expect(exposition.text('text')).toBe(text())
    store.remove(table.release(from))
  }
})
