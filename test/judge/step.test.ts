import { describe, expect, test } from 'vitest'
import { type Bounds, boundsOf, breach } from '../../src/judge/breach.ts'
import { step } from '../../src/judge/step.ts'
import { type Alarm, inactive } from '../../src/model/alarm.ts'
import type { Condition, Rule } from '../../src/model/rule.ts'
import { makeRule, temperature } from '../samples.ts'

const minute = 60_000

/** One value a minute; `_` is a missing reading. Returns the alarm's state after each. */
function states(rule: Rule, values: string, gap = minute): string {
  const bounds: Bounds = boundsOf(rule.condition, () => Number.NaN)
  let alarm: Alarm = inactive
  let time = 0
  const seen: string[] = []
  for (const value of values.split(' ')) {
    const found = breach(rule.condition, bounds, value === '_' ? Number.NaN : Number(value), -1)
    alarm = step(rule, alarm, found, { wall: time, mono: time })
    seen.push(alarm.state === 'unknown' ? `unknown(${alarm.was.state})` : alarm.state)
    time += gap
  }
  return seen.join(' ')
}

const fixed = (value: number) => ({ kind: 'fixed', value }) as const
const room: Condition = { kind: 'within', low: fixed(20), high: fixed(28), hysteresis: 0.5 }
const roomRule = makeRule({ condition: room, for: 2 * minute, keepFiringFor: minute })

describe('a range with for, hysteresis and keep_firing_for', () => {
  test.each([
    [
      'fires after for, resolves only past the hysteresis and after keep_firing_for',
      '29 29 29 27.8 27.8 27.4 27.4',
      'pending pending firing firing firing firing inactive',
    ],
    ['one bad reading is no alarm', '29 25 29 25', 'pending inactive pending inactive'],
    ['a limit itself is good', '28 28 28 20 20 20', 'inactive inactive inactive inactive inactive inactive'],
    ['the low side too', '19 19 19 20.2 20.5 20.5', 'pending pending firing firing firing inactive'],
    [
      'back inside the limit what has not fired is good: only what fires waits for the hysteresis',
      '29 27.8 27.8 27.8 29',
      'pending inactive inactive inactive pending',
    ],
    [
      'missing data fires nothing',
      '29 _ _ _ _',
      'pending unknown(pending) unknown(pending) unknown(pending) unknown(pending)',
    ],
    [
      'missing data resolves nothing',
      '29 29 29 _ _ 25 25',
      'pending pending firing unknown(firing) unknown(firing) firing inactive',
    ],
    [
      'after a gap one fresh bad reading goes on from the first',
      '29 _ _ 29',
      'pending unknown(pending) unknown(pending) firing',
    ],
    [
      'keep_firing_for starts anew with each bad reading',
      '29 29 29 25 29 25 25',
      'pending pending firing firing firing firing inactive',
    ],
    ['from nothing to nothing', '_ 25 _', 'unknown(inactive) inactive unknown(inactive)'],
  ])('%s', (_, values, expected) => {
    expect(states(roomRule, values)).toBe(expected)
  })

  test('a gap of more than an hour makes pending start anew', () => {
    expect(states(roomRule, '29 _ 29 29', 61 * minute)).toBe('pending unknown(pending) pending firing')
  })
})

test('without for it fires at once, without keep_firing_for it resolves at once', () => {
  const rule = makeRule({ condition: { kind: 'above', limit: fixed(28), hysteresis: 0 } })
  expect(states(rule, '28 28.1 28 28.1')).toBe('inactive firing inactive firing')
})

test('below', () => {
  const rule = makeRule({ condition: { kind: 'below', limit: fixed(0.5), hysteresis: 0.1 } })
  expect(states(rule, '0.5 0.49 0.55 0.6')).toBe('inactive firing firing inactive')
})

describe('states', () => {
  const bounds = boundsOf({ kind: 'is', states: new Set([1]) }, () => 0)
  test.each([
    ['is', [1], 1, 'broken'],
    ['is', [1], 0, 'clear'],
    ['not', [0, 1], 2, 'broken'],
    ['not', [0, 1], 1, 'clear'],
    ['is', [1], 9, 'unknown'],
    ['not', [0, 1], 9, 'unknown'],
    ['is', [1, 9], 9, 'broken'],
  ] as const)('%s %j at %d', (kind, indexes, value, expected) => {
    expect(breach({ kind, states: new Set(indexes) }, bounds, value, 9)).toBe(expected)
  })
})

test('a limit that the device reports, and none while it reports it as not available', () => {
  const condition: Condition = { kind: 'above', limit: { kind: 'metric', metric: 'limit' }, hysteresis: 0 }
  expect(
    breach(
      condition,
      boundsOf(condition, () => 40),
      41,
      -1,
    ),
  ).toBe('broken')
  expect(
    breach(
      condition,
      boundsOf(condition, () => 40),
      39,
      -1,
    ),
  ).toBe('clear')
  expect(
    breach(
      condition,
      boundsOf(condition, () => Number.NaN),
      99,
      -1,
    ),
  ).toBe('unknown')
})

test('noise about a limit makes few alarms: hysteresis and for over a day', () => {
  const rule = makeRule({ metric: temperature, condition: room, for: 2 * minute, keepFiringFor: 10 * minute })
  let seed = 7
  const random = (): number => {
    seed = (seed * 16_807) % 2_147_483_647
    return seed / 2_147_483_647
  }
  let changes = 0
  let alarm: Alarm = inactive
  for (let i = 0; i < 1440; i++) {
    const value = 27.9 + 0.3 * Math.sin(i / 60) + 0.4 * (random() - 0.5)
    const next = step(
      rule,
      alarm,
      breach(
        rule.condition,
        boundsOf(rule.condition, () => 0),
        value,
        -1,
      ),
      {
        wall: 0,
        mono: i * minute,
      },
    )
    if ((next.state === 'firing') !== (alarm.state === 'firing')) changes++
    alarm = next
  }
  expect(changes).toBeLessThanOrEqual(8)
  expect(changes).toBeGreaterThan(0)
})
