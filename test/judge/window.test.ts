import { describe, expect, test } from 'vitest'
import { distances } from '../../src/judge/group.ts'
import { Window } from '../../src/judge/window.ts'
import type { Measure } from '../../src/model/rule.ts'

const minute = 60_000

type Timed = Extract<Measure, { readonly over: number }>

/** What a window says after these values, one a minute. */
function toldBy(measure: Timed, values: readonly number[], isCounter = false) {
  const window = new Window(measure, isCounter)
  for (const [i, value] of values.entries()) window.take(value, i * minute)
  return window.measured((values.length - 1) * minute)
}

const line = (from: number, step: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => from + i * step)

const rounded = (value: number): number => Number(value.toFixed(6))

describe('a rate', () => {
  const rate: Timed = { kind: 'rate', over: 5 * minute }

  test.each<[string, readonly number[], number]>([
    ['of one reading', [100], Number.NaN],
    ['of less than half a window', [0, 60, 120], Number.NaN],
    ['of half a window', [0, 60, 120, 180], 1],
    ['over the window only', [...line(0, 6000, 10), ...line(54_060, 60, 6)], 1],
    ['across a restart', [1000, 1060, 60, 120, 180], 1],
    ['of a counter that stepped back a little', [1e9, 1e9 + 60, 1e9 + 30, 1e9 + 30, 1e9 + 30, 1e9 + 30], 0.2],
    ['across readings that are missing', [0, 60, Number.NaN, Number.NaN, 240, 300], 1],
  ])('%s', (_, values, expected) => {
    expect(rounded(toldBy(rate, values, true).value)).toBe(expected)
  })

  test('of what was silent for many windows begins anew', () => {
    const window = new Window(rate, true)
    window.take(0, 0)
    window.take(60, minute)
    window.take(1e6, 1000 * minute)
    expect(window.measured(1000 * minute).value).toBeNaN()
  })
})

describe('a change', () => {
  const change: Timed = { kind: 'change', over: 5 * minute }

  test.each<[string, readonly number[], boolean, number]>([
    ['needs the whole time', [20, 21, 22, 23, 24], false, Number.NaN],
    ['is from then to now', [20, 25, 21, 18, 22, 24], false, 4],
    ['of a gap then is unknown', [20, Number.NaN, 20, 20, 20, 20, 29], false, Number.NaN],
    ['passes over a gap in between', [20, 20, Number.NaN, 20, 20, 24], false, 4],
    ['of a counter is its growth', [100, 200, 10, 20, 30, 40], true, 140],
  ])('%s', (_, values, isCounter, expected) => {
    expect(toldBy(change, values, isCounter).value).toBe(expected)
  })
})

test('changes are at least so many until the time is full', () => {
  const changes: Timed = { kind: 'changes', over: 5 * minute }
  expect(toldBy(changes, [1, 0, 1])).toEqual({ value: 2, isLeast: true })
  expect(toldBy(changes, [1, 0, 1, 1, 1, 1])).toEqual({ value: 2, isLeast: false })
  expect(toldBy(changes, [1, 0, 1, 1, 1, 1, 1, 1])).toEqual({ value: 0, isLeast: false })
  expect(toldBy(changes, [1, Number.NaN, 1, Number.NaN, 0, 0])).toEqual({ value: 1, isLeast: false })
})

describe('a forecast', () => {
  const forecast: Timed = { kind: 'forecast', ahead: 10 * minute, over: 10 * minute }

  test('goes on as it went', () => {
    expect(toldBy(forecast, line(100, -2, 11)).value).toBeCloseTo(60, 6)
    expect(toldBy(forecast, line(100, 0, 11)).value).toBeCloseTo(100, 6)
  })

  test('of too little is none', () => {
    expect(toldBy(forecast, line(100, -2, 5)).value).toBeNaN()
    expect(toldBy(forecast, [100, ...line(Number.NaN, 0, 9), 80]).value).toBeNaN()
  })
})

test.each<[string, (i: number) => number]>([
  ['a reading every millisecond', (i) => i],
  ['readings that come and go', (i) => (i % 2 === 0 ? i : Number.NaN)],
])('a window is bounded: %s', (_, value) => {
  const window = new Window({ kind: 'change', over: 3_600_000 }, false)
  for (let i = 0; i < 50_000; i++) window.take(value(i), i)
  expect(window.size).toBeLessThanOrEqual(1000)
})

describe('a spread', () => {
  test.each<[string, readonly number[], boolean, readonly number[]]>([
    ['from the median', [13.5, 13.1, 13.6], false, [0, 0.4, 0.1]],
    ['as a part of it', [5, 5, 8], true, [0, 0, 0.6]],
    ['of two tells nothing', [1, 2, Number.NaN], false, [Number.NaN, Number.NaN, Number.NaN]],
    ['as a part of nothing is none', [0, 0, 0.1], true, [Number.NaN, Number.NaN, Number.NaN]],
  ])('%s', (_, values, isRelative, expected) => {
    const found = distances(values, { kind: 'spread', among: ['cell'], from: 'median', isRelative })
    expect(found.map(rounded)).toEqual(expected)
  })
})
