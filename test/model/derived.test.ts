import { describe, expect, test } from 'vitest'
import { type Derived, derive } from '../../src/model/derived.ts'
import { compileExpression, type VariableKind, type VariableValue } from '../../src/model/expression.ts'
import { type Labels, labelKey } from '../../src/model/labels.ts'
import type { Metric } from '../../src/model/metric.ts'
import { SeriesTable } from '../../src/model/series.ts'
import { makePoint, source, temperature } from '../samples.ts'

function value(text: string, values: Readonly<Record<string, VariableValue>> = {}): unknown {
  const kind = (one: VariableValue): VariableKind =>
    typeof one === 'number' ? 'number' : typeof one === 'string' ? 'state' : 'numbers'
  const expression = compileExpression(text, new Map(Object.entries(values).map(([name, one]) => [name, kind(one)])))
  return typeof expression === 'string' ? expression : expression.evaluate(values)
}

describe('an expression', () => {
  test.each<[string, Readonly<Record<string, VariableValue>>, unknown]>([
    ['a * 2 + 1', { a: 1.5 }, 4],
    ['1 / 2', {}, 0.5],
    ['1e-3 * a', { a: 2 }, 0.002],
    ['a / 0', { a: 1 }, null],
    ['sum(l) / count(l) - mean(l)', { l: [1, 2, 3.5] }, 0],
    ['median(l)', { l: [9, 1, 3, 2] }, 2.5],
    ['(max(l) - min(l)) / mean(l)', { l: [9, 10, 11] }, 0.2],
    ['mean(l)', { l: [] }, null],
    ['sum(l.filter(v, v > 1).map(v, v * 2))', { l: [1, 2, 3] }, 10],
    ['l.exists(v, v > 2)', { l: [1, 2, 3] }, true],
    ['s == "on 2" ? a : 7', { s: 'on 2', a: 3 }, 3],
    ['abs(-a) + sqrt(4) + pow(2, 3) + round(1.6)', { a: 1 }, 13],
    ['round(dew_point(21.5, 1) * 1000)', {}, 21_500],
    ['round(dew_point(t, rh) * 100) / 100', { t: 25, rh: 0.5 }, 13.85],
    ['dew_point(t, rh)', { t: 25, rh: 0 }, null],
  ])('%s', (text, values, expected) => {
    expect(value(text, values)).toBe(expected)
  })

  test.each([
    's.matches("(a+)+$")',
    'l.map(a, sum(l.map(b, a * b)))',
    'l.map(a, l.exists(b, b > a) ? 1 : 2)',
    'l[0]',
    'a.constructor',
    'l.constructor.constructor("return 1")()',
    '[1, 2].join(",")',
    '{"a": 1}',
    'type(a)',
    'timestamp("2024-01-01T00:00:00Z")',
    `${'('.repeat(200)}a${')'.repeat(200)}`,
    Array.from({ length: 400 }, () => 'a').join(' + '),
    'a +',
    'b',
    'a + s',
  ])('refuses %s', (text) => {
    expect(value(text, { a: 1, s: 'on', l: [1, 2] })).toBeTypeOf('string')
    const found = compileExpression(
      text,
      new Map<string, VariableKind>([
        ['a', 'number'],
        ['s', 'state'],
        ['l', 'numbers'],
      ]),
    )
    expect(found).toBeTypeOf('string')
  })

  test('cannot be led astray by what a device says', () => {
    expect(value('s == "on" ? 1 : 2', { s: '" || true || "' })).toBe(2)
  })
})

const phase: Metric = {
  ...temperature,
  name: 'power_watts',
  unit: 'watts',
  labels: ['circuit', 'phase'],
  range: { low: -1e6, high: 1e6 },
}
const ratio: Metric = {
  ...temperature,
  name: 'unbalance_ratio',
  unit: 'ratio',
  labels: ['circuit'],
  range: { low: 0, high: 1 },
}

function derived(metric: Metric, text: string, inputs: Derived['inputs'], more: Partial<Derived> = {}): Derived {
  const kinds = inputs.map(({ name, isList, metric: { kind } }): [string, VariableKind] => [
    name,
    kind === 'state' ? (isList ? 'states' : 'state') : isList ? 'numbers' : 'number',
  ])
  const expression = compileExpression(text, new Map(kinds))
  if (typeof expression === 'string') throw new Error(expression)
  return { point: makePoint(undefined, { metric }), inputs, over: [], labels: {}, expression, ...more }
}

function run(
  list: readonly Derived[],
  readings: readonly [Metric, Labels, number][],
): Readonly<Record<string, number>> {
  const table = new SeriesTable('site')
  const scope = table.scope(table.source('d', 'p'))
  const given = readings.flatMap(([metric, labels, number]) => {
    const series = scope.series(metric, labels)
    return series === undefined ? [] : [{ series, value: number }]
  })
  const made = derive(list, given, table.scope(table.source('d', 'derived')))
  return Object.fromEntries(
    made.readings.map(
      ({
        series: {
          metric,
          labels: { site: _, device: __, ...own },
        },
        value: number,
      }) => [`${metric.name}${labelKey(own)}`, number],
    ),
  )
}

const watts = { name: 'power_watts', metric: phase, match: {}, isList: true }

describe('derived readings', () => {
  test('are made for each set of labels', () => {
    const plus = derived(ratio, 'a / 100', [{ name: 'a', metric: phase, match: {}, isList: false }])
    expect(
      run(
        [plus],
        [
          [phase, { circuit: '1' }, 20],
          [phase, { circuit: '2' }, 30],
        ],
      ),
    ).toEqual({
      'unbalance_ratio[["circuit","1"]]': 0.2,
      'unbalance_ratio[["circuit","2"]]': 0.3,
    })
  })

  test('gather what differs in the labels that they go over, without the total', () => {
    const unbalance = derived(ratio, '(max(power_watts) - min(power_watts)) / mean(power_watts)', [watts], {
      over: ['phase'],
    })
    const total = derived(phase, 'sum(power_watts)', [watts], { over: ['phase'] })
    const readings: [Metric, Labels, number][] = [
      [phase, { circuit: '1', phase: 'A' }, 90],
      [phase, { circuit: '1', phase: 'B' }, 100],
      [phase, { circuit: '1', phase: 'C' }, 110],
    ]
    expect(run([unbalance, total], readings)).toEqual({
      'unbalance_ratio[["circuit","1"]]': 0.2,
      'power_watts[["circuit","1"]]': 300,
    })
    expect(run([unbalance], [...readings, [phase, { circuit: '1' }, 300]])).toEqual({
      'unbalance_ratio[["circuit","1"]]': 0.2,
    })
  })

  test('are not available when one of their readings is not', () => {
    const total = derived(phase, 'sum(power_watts)', [watts], { over: ['phase'] })
    expect(
      run(
        [total],
        [
          [phase, { phase: 'A' }, 90],
          [phase, { phase: 'B' }, Number.NaN],
        ],
      ),
    ).toEqual({ 'power_watts[]': Number.NaN })
  })

  test('a state nobody knows makes nothing available', () => {
    const number = derived(ratio, 's == "battery" ? 1 : 0', [{ name: 's', metric: source, match: {}, isList: false }])
    expect(run([number], [[source, {}, 1]])).toEqual({ 'unbalance_ratio[]': 1 })
    expect(run([number], [[source, {}, 2]])).toEqual({ 'unbalance_ratio[]': Number.NaN })
  })

  test('take a reading with fewer labels into each of those with more', () => {
    const margin = derived(temperature, 't - surface', [
      { name: 't', metric: temperature, match: {}, isList: false },
      { name: 'surface', metric: phase, match: { circuit: 'pipe' }, isList: false },
    ])
    const readings: [Metric, Labels, number][] = [
      [temperature, { sensor: 'a' }, 14],
      [temperature, { sensor: 'b' }, 16],
      [phase, { circuit: 'pipe' }, 12],
    ]
    expect(
      run([{ ...margin, point: makePoint(undefined, { metric: { ...temperature, name: 'margin' } }) }], readings),
    ).toEqual({
      'margin[["sensor","a"]]': 2,
      'margin[["sensor","b"]]': 4,
    })
  })

  test('nothing is made where it is not clear which reading is meant, or one was never there', () => {
    const inputs = [
      { name: 't', metric: temperature, match: {}, isList: false },
      { name: 'p', metric: phase, match: {}, isList: false },
    ]
    const both = derived({ ...temperature, name: 'both' }, 't + p', inputs)
    expect(
      run(
        [both],
        [
          [temperature, {}, 1],
          [phase, { phase: 'A' }, 1],
          [phase, { phase: 'B' }, 2],
        ],
      ),
    ).toEqual({ 'both[]': Number.NaN })
    expect(run([both], [[temperature, {}, 1]])).toEqual({})
  })

  test('may need each other, and stay within what is possible', () => {
    const first = derived(temperature, 'p * 10', [{ name: 'p', metric: phase, match: {}, isList: false }])
    const second = derived(ratio, 't / 100', [{ name: 't', metric: temperature, match: {}, isList: false }])
    expect(run([first, second], [[phase, {}, 5]])).toEqual({
      'room_temperature_celsius[]': 50,
      'unbalance_ratio[]': 0.5,
    })
    expect(run([first, second], [[phase, {}, 50]])).toEqual({})
  })
})
