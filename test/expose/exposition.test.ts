import { describe, expect, test } from 'vitest'
import { Exposition, type Format } from '../../src/expose/exposition.ts'
import { formatFor } from '../../src/expose/pages.ts'
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
  const text = (format: Format = 'text'): string => [...new Exposition(store).chunks(format)].join('')
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
    const pieces = [...new Exposition(store).chunks('text')]
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

test.each([
  ['application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5', 'openmetrics'],
  ['text/plain;version=0.0.4', 'text'],
  [undefined, 'text'],
  ['*/*', 'text'],
])('%s is answered in %s', (accept, format) => {
  expect(formatFor(accept)).toBe(format)
})
