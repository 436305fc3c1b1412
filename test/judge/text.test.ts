import { describe, expect, test } from 'vitest'
import { boundsOf } from '../../src/judge/breach.ts'
import type { Cell } from '../../src/judge/cell.ts'
import { annotations, measureText, type Telling } from '../../src/judge/text.ts'
import type { Rule } from '../../src/model/rule.ts'
import { bytesTotal, makeDevice, makeRule, source, temperature } from '../samples.ts'

const minute = 60_000
const began = Date.parse('2026-12-01T14:00:00Z')

function cellOf(changed: Partial<Rule>, value: number, more: Partial<Cell> = {}): Cell {
  const rule = makeRule(changed)
  const at = { wall: began, mono: 0 }
  return {
    ...{ key: '', rule, device: makeDevice(), subject: { kind: 'device' }, own: {}, brokenAt: 0, value },
    labels: { device: 'crac-1', sensor: 'a', room: 'main', place: 'cold aisle', building: 'outpatient' },
    alarm: { state: 'firing', activeAt: at, firedAt: at, clearSince: undefined },
    bounds: undefined,
    window: undefined,
    ...more,
  }
}

function told(cell: Cell, changed: Partial<Telling> = {}) {
  const telling: Telling = { language: 'en', timeZone: () => 'Asia/Shanghai', now: began + 12 * minute, ...changed }
  const bounds = boundsOf(cell.rule.condition, () => Number.NaN)
  return annotations(cell, bounds, telling)
}

test.each<[Rule['measure'], string | undefined]>([
  [undefined, undefined],
  [{ kind: 'changes', over: 1440 * minute }, 'changes in 1d'],
  [{ kind: 'change', over: 10 * minute }, 'change in 10m'],
  [{ kind: 'rate', over: 5 * minute }, 'rate in 5m'],
  [{ kind: 'forecast', ahead: 240 * minute, over: 60 * minute }, 'forecast for 4h'],
  [{ kind: 'spread', among: [], from: 'median', isRelative: false }, 'distance from the median'],
  [
    { kind: 'count', of: { kind: 'above', limit: { kind: 'fixed', value: 25 }, hysteresis: 0 } },
    'count of above 25 °C',
  ],
])('a rule on %o judges %s', (measure, text) => {
  expect(measureText(makeRule({ measure }))).toBe(text)
})

const check = { en: 'Whether {device} runs at {place}', zh: '检查 {place} 的 {device} 是否运行' }

describe('an alert tells', () => {
  test('all there is to say, in both languages', () => {
    const said = told(cellOf({ check, runbook: 'https://handbook.example/{alarm}' }, 29.1))
    expect(said).toMatchObject({
      summary: 'crac-1: 29.1 °C, limit at most 28 °C',
      summary_zh: 'crac-1：29.1 °C，限值 不高于 28 °C',
      check: 'Whether crac-1 runs at outpatient, main, cold aisle',
      check_zh: '检查 outpatient, main, cold aisle 的 crac-1 是否运行',
      value: '29.1 °C',
      limit: 'at most 28 °C',
      place: 'outpatient, main, cold aisle',
      since: '2026-12-01T14:00:00.000Z',
      duration: '12m',
      runbook_url: 'https://handbook.example/RoomTemperature',
    })
    expect(said['description']).toBe(
      [
        'crac-1: 29.1 °C, limit at most 28 °C',
        'Value: 29.1 °C',
        'Limit: at most 28 °C',
        'Place: outpatient, main, cold aisle',
        'Since: 2026-12-01 22:00 +08:00 (for 12m)',
        'Check first: Whether crac-1 runs at outpatient, main, cold aisle',
      ].join('\n'),
    )
    expect(said['description_zh']?.split('\n').slice(1)).toEqual([
      '当前值：29.1 °C',
      '限值：不高于 28 °C',
      '位置：outpatient, main, cold aisle',
      '开始时间：2026-12-01 22:00 +08:00（已持续 12 分钟）',
      '首先检查：检查 outpatient, main, cold aisle 的 crac-1 是否运行',
    ])
  })

  test.each<[number, string, string]>([
    [400, '0s', '0 秒'],
    [45_000, '45s', '45 秒'],
    [72 * minute, '1h 12m', '1 小时 12 分钟'],
    [(2 * 24 * 60 + 181) * minute, '2d 3h', '2 天 3 小时'],
    [24 * 60 * minute, '1d', '1 天'],
    [-minute, '0s', '0 秒'],
  ])('how long: after %i ms', (elapsed, en, zh) => {
    expect(told(cellOf({}, 29), { now: began + elapsed })['duration']).toBe(en)
    expect(told(cellOf({}, 29), { now: began + elapsed, language: 'zh' })['duration']).toBe(zh)
  })

  test('nothing of what it does not know', () => {
    const said = told(cellOf({}, Number.NaN, { labels: { device: 'crac-1' }, alarm: { state: 'inactive' } }))
    expect(said).toMatchObject({ value: 'no reading', since: '', duration: '' })
    for (const name of ['place', 'check', 'check_en', 'runbook_url']) expect(said).not.toHaveProperty(name)
  })
})

describe('a measured number', () => {
  const above = (value: number) => ({ kind: 'above', limit: { kind: 'fixed', value }, hysteresis: 0 }) as const

  test.each<[Partial<Rule>, number, string, string, string]>([
    [
      { metric: bytesTotal, measure: { kind: 'rate', over: 5 * minute }, condition: above(125_000) },
      250_000,
      '2 Mbit/s',
      'at most 1 Mbit/s',
      '2 Mbit/s',
    ],
    [
      { metric: { ...bytesTotal, unit: 'none' }, measure: { kind: 'rate', over: 5 * minute }, condition: above(1) },
      2.5,
      '2.5/s',
      'at most 1/s',
      '2.5/s',
    ],
    [
      { metric: temperature, measure: { kind: 'change', over: 10 * minute }, condition: above(5) },
      6.2,
      '+6.2 °C in 10m',
      'at most +5 °C',
      '10m 内变化 +6.2 °C',
    ],
    [
      { metric: source, measure: { kind: 'changes', over: 60 * minute }, condition: above(6) },
      14,
      '14 changes in 1h',
      'at most 6',
      '1h 内变化 14 次',
    ],
    [
      { metric: temperature, measure: { kind: 'forecast', ahead: 30 * minute, over: minute }, condition: above(28) },
      31,
      '31 °C expected in 30m',
      'at most 28 °C',
      '30m 后预计 31 °C',
    ],
    [
      {
        metric: temperature,
        measure: { kind: 'spread', among: ['sensor'], from: 'median', isRelative: false },
        condition: above(3),
      },
      4,
      '4 °C from the median',
      'at most 3 °C',
      '与中位数相差 4 °C',
    ],
    [
      {
        metric: source,
        measure: { kind: 'count', of: { kind: 'is', states: new Set([1]) } },
        condition: { ...above(2), kind: 'below' },
      },
      1,
      '1 on battery',
      'at least 2',
      '1 个电池供电',
    ],
  ])('%#', (changed, value, en, limit, zh) => {
    expect(told(cellOf(changed, value))).toMatchObject({ value: en, limit })
    expect(told(cellOf(changed, value), { language: 'zh' })['value']).toBe(zh)
  })
})
