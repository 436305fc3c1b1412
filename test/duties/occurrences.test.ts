import { describe, expect, test } from 'vitest'
import { moved, occurrences } from '../../src/duties/occurrences.ts'
import { recurrenceText } from '../../src/duties/texts.ts'
import { type Holidays, noHolidays } from '../../src/model/calendar.ts'
import type { Duty, Recurrence } from '../../src/model/duty.ts'
import { nowhere } from '../samples.ts'

const duty = (recurrence: Recurrence, changed: Partial<Duty> = {}): Duty => ({
  ...{ name: 'd', title: { en: 'd', zh: 'd' }, recurrence, moves: undefined, grace: 0, from: undefined },
  ...{ plan: [], devices: [], readings: [], place: nowhere },
  ...changed,
})
const dueIn = (one: Duty, from: string, to: string, holidays: Holidays = noHolidays): readonly string[] =>
  occurrences(one, from, to, holidays).map(({ due }) => due)

const tuesday = { kind: 'weekday', weekday: 2, nth: 3 } as const

describe('when a duty is due', () => {
  test.each<[string, Recurrence, string, string, readonly string[]]>([
    [
      'each month',
      { kind: 'span', span: 'month' },
      '2026-01-15',
      '2026-04-29',
      ['2026-01-31', '2026-02-28', '2026-03-31'],
    ],
    [
      'each ten days',
      { kind: 'span', span: 'xun' },
      '2026-02-01',
      '2026-02-28',
      ['2026-02-10', '2026-02-20', '2026-02-28'],
    ],
    [
      'each quarter',
      { kind: 'span', span: 'quarter' },
      '2025-12-01',
      '2026-12-31',
      ['2025-12-31', '2026-03-31', '2026-06-30', '2026-09-30', '2026-12-31'],
    ],
    ['each half year', { kind: 'span', span: 'half_year' }, '2026-01-01', '2026-12-31', ['2026-06-30', '2026-12-31']],
    ['each week', { kind: 'span', span: 'week' }, '2026-11-23', '2026-12-06', ['2026-11-29', '2026-12-06']],
    [
      'the 1st and 15th',
      {
        kind: 'month_days',
        days: [
          { kind: 'day', day: 1 },
          { kind: 'day', day: 15 },
        ],
        months: [],
      },
      '2026-02-10',
      '2026-03-15',
      ['2026-02-15', '2026-03-01', '2026-03-15'],
    ],
    [
      'third Tuesday of each quarter',
      { kind: 'month_days', days: [tuesday], months: [3, 6, 9, 12] },
      '2026-01-01',
      '2026-12-31',
      ['2026-03-17', '2026-06-16', '2026-09-15', '2026-12-15'],
    ],
    [
      'the 31st, or the last day of a shorter month',
      { kind: 'month_days', days: [{ kind: 'day', day: 31 }], months: [] },
      '2028-02-01',
      '2028-04-30',
      ['2028-02-29', '2028-03-31', '2028-04-30'],
    ],
    [
      'a fifth Friday, in the months that have one',
      { kind: 'month_days', days: [{ kind: 'weekday', weekday: 5, nth: 5 }], months: [] },
      '2026-01-01',
      '2026-06-30',
      ['2026-01-30', '2026-05-29'],
    ],
    [
      'the last Friday',
      { kind: 'month_days', days: [{ kind: 'weekday', weekday: 5, nth: -1 }], months: [2] },
      '2026-01-01',
      '2027-12-31',
      ['2026-02-27', '2027-02-26'],
    ],
    [
      'Mondays and Thursdays',
      { kind: 'weekdays', weekdays: [1, 4] },
      '2026-11-25',
      '2026-12-01',
      ['2026-11-26', '2026-11-30'],
    ],
    ['so long after the last time: no calendar', { kind: 'days', days: 3 }, '2026-01-01', '2026-12-31', []],
  ])('%s', (_, recurrence, from, to, expected) => {
    expect(dueIn(duty(recurrence), from, to)).toEqual(expected)
  })

  const china: Holidays = {
    off: new Set(['2026-10-01', '2026-10-02', '2026-10-03', '2026-10-04', '2026-10-05', '2026-10-06', '2026-10-07']),
    work: new Set(['2026-09-20', '2026-10-10']),
    until: 2026,
  }

  test('moves to a workday, exchanged ones included', () => {
    expect(moved('2026-10-01', 'later', china)).toBe('2026-10-08')
    expect(moved('2026-10-01', 'earlier', china)).toBe('2026-09-30')
    // Saturday the 10th is worked in exchange; Sunday the 11th is not.
    expect(moved('2026-10-11', 'earlier', china)).toBe('2026-10-10')
    expect(moved('2026-10-10', 'later', china)).toBe('2026-10-10')
    expect(moved('2026-10-01', undefined, china)).toBe('2026-10-01')
    const first = duty({ kind: 'month_days', days: [{ kind: 'day', day: 1 }], months: [10] }, { moves: 'later' })
    expect(dueIn(first, '2026-10-01', '2026-10-31', china)).toEqual(['2026-10-08'])
    expect(
      dueIn(duty({ kind: 'span', span: 'month' }, { moves: 'earlier' }), '2026-10-01', '2026-10-31', china),
    ).toEqual(['2026-10-30'])
  })

  test('a calendar without any workday moves nothing', () => {
    const never: Holidays = {
      off: new Set(
        Array.from(
          { length: 99 },
          (_, n) => `2026-0${1 + Math.floor(n / 31)}-${String(1 + (n % 31)).padStart(2, '0')}`,
        ),
      ),
      work: new Set(),
      until: 2026,
    }
    expect(moved('2026-02-10', 'earlier', never)).toBe('2026-02-10')
  })
})

describe('for which time it counts', () => {
  test('within each month: that month, and the grace after it', () => {
    expect(
      occurrences(duty({ kind: 'span', span: 'month' }, { grace: 3 }), '2026-03-01', '2026-03-31', noHolidays),
    ).toEqual([{ due: '2026-03-31', opens: '2026-03-01', closes: '2026-04-03' }])
  })

  test('on certain days: the nearest', () => {
    const scan = duty({
      kind: 'month_days',
      days: [
        { kind: 'day', day: 1 },
        { kind: 'day', day: 15 },
      ],
      months: [],
    })
    expect(occurrences(scan, '2026-03-01', '2026-03-15', noHolidays)).toEqual([
      { due: '2026-03-01', opens: '2026-02-23', closes: '2026-03-08' },
      { due: '2026-03-15', opens: '2026-03-09', closes: '2026-03-23' },
    ])
  })
})

test.each<[Recurrence, string, string]>([
  [{ kind: 'span', span: 'xun' }, 'each ten days (xun)', '每旬'],
  [{ kind: 'days', days: 90 }, 'every 90 days', '每90天'],
  [{ kind: 'weekdays', weekdays: [1, 4] }, 'each Monday and Thursday', '每星期一、星期四'],
  [
    {
      kind: 'month_days',
      days: [
        { kind: 'day', day: 1 },
        { kind: 'day', day: 22 },
      ],
      months: [],
    },
    '1st and 22nd of each month',
    '每月1日、22日',
  ],
  [
    { kind: 'month_days', days: [tuesday], months: [3, 6, 9, 12] },
    'third Tuesday of March, June, September and December',
    '每年3、6、9、12月第三个星期二',
  ],
  [{ kind: 'month_days', days: [{ kind: 'day', day: -1 }], months: [] }, 'last day of each month', '每月最后一日'],
])('%j in words', (recurrence, en, zh) => {
  expect(recurrenceText(recurrence, 'en')).toBe(en)
  expect(recurrenceText(recurrence, 'zh')).toBe(zh)
})
