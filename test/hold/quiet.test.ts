import { describe, expect, test } from 'vitest'
import { isUnder, occurrenceAt } from '../../src/hold/quiet.ts'
import type { QuietTime } from '../../src/model/quiet.ts'
import { localMoment, localTime } from '../../src/model/time-zone.ts'

const hour = 3_600_000

type Recurring = Extract<QuietTime, { readonly kind: 'recurring' }>

function every(from: number, to: number, more: Partial<Recurring> = {}): Recurring {
  return { kind: 'recurring', from: from * 60, to: to * 60, weekdays: [], daysOfMonth: [], months: [], ...more }
}

/** Whether it is quiet at an instant (ISO 8601). */
function isQuiet(time: QuietTime, at: string, zone = 'Asia/Shanghai'): boolean {
  return occurrenceAt(time, Date.parse(at), zone) !== undefined
}

describe('a recurring quiet time', () => {
  test.each<[string, Recurring, string, boolean]>([
    ['before it begins', every(22, 23), '2026-12-01T21:59:59+08:00', false],
    ['as it begins', every(22, 23), '2026-12-01T22:00:00+08:00', true],
    ['as it ends', every(22, 23), '2026-12-01T23:00:00+08:00', false],
    ['past midnight', every(22, 2), '2026-12-02T01:59:59+08:00', true],
    ['until midnight', every(22, 24), '2026-12-01T23:59:59+08:00', true],
    ['after midnight', every(22, 24), '2026-12-02T00:00:00+08:00', false],
    ['a whole day', every(0, 24), '2026-12-01T00:00:00+08:00', true],
    ['the day on which it began counts', every(22, 2, { weekdays: [2] }), '2026-12-02T01:00:00+08:00', true],
    ['another day of the week', every(22, 2, { weekdays: [3] }), '2026-12-02T01:00:00+08:00', false],
    ['another month', every(22, 2, { months: [11] }), '2026-12-01T22:30:00+08:00', false],
    [
      'the first of the month',
      every(0, 24, { daysOfMonth: [{ first: 1, last: 1 }] }),
      '2026-12-01T12:00:00+08:00',
      true,
    ],
    [
      'the last of February',
      every(0, 24, { daysOfMonth: [{ first: -1, last: -1 }] }),
      '2027-02-28T12:00:00+08:00',
      true,
    ],
    [
      'not the one before it',
      every(0, 24, { daysOfMonth: [{ first: -1, last: -1 }] }),
      '2028-02-28T12:00:00+08:00',
      false,
    ],
    [
      'the third Wednesday of a quarter',
      every(1, 5, { weekdays: [3], daysOfMonth: [{ first: 15, last: 21 }], months: [3, 6, 9, 12] }),
      '2026-12-16T03:00:00+08:00',
      true,
    ],
    [
      'the second one is not',
      every(1, 5, { weekdays: [3], daysOfMonth: [{ first: 15, last: 21 }], months: [3, 6, 9, 12] }),
      '2026-12-09T03:00:00+08:00',
      false,
    ],
  ])('%s', (_, time, at, expected) => {
    expect(isQuiet(time, at)).toBe(expected)
  })
})

/** Berlin: 02:00 becomes 03:00 on 2026-03-29, and 03:00 becomes 02:00 again on 2026-10-25. */
describe('across daylight saving', () => {
  const zone = 'Europe/Berlin'

  test.each<[string, Recurring, string, number]>([
    ['over the hour that is skipped: three hours by the clock are two', every(1, 4), '2026-03-29T01:30:00Z', 2],
    ['that ends in the skipped hour ends as much later', every(1, 2.5), '2026-03-29T00:30:00Z', 1.5],
    ['that begins in the skipped hour begins before it', every(2.5, 4), '2026-03-29T01:30:00Z', 1.5],
    ['wholly in the skipped hour is as long as it is written', every(2, 2.5), '2026-03-29T01:10:00Z', 1.5],
    ['over the hour that is there twice: three hours by the clock are four', every(1, 4), '2026-10-25T01:30:00Z', 4],
    ['within the hour that is there twice: the first time', every(2, 3), '2026-10-25T00:30:00Z', 2],
    ['within the hour that is there twice: the second time', every(2, 3), '2026-10-25T01:30:00Z', 2],
    ['that began the evening before', every(22, 6), '2026-10-25T04:30:00Z', 9],
  ])('one %s', (_, time, at, hours) => {
    const found = occurrenceAt(time, Date.parse(at), zone)
    expect(found).toBeDefined()
    expect(((found?.to ?? 0) - (found?.from ?? 0)) / hour).toBe(hours)
  })

  test('it begins and ends at the same local time on both sides', () => {
    const time = every(22, 23)
    expect(isQuiet(time, '2026-03-28T21:30:00Z', zone)).toBe(true)
    expect(isQuiet(time, '2026-03-29T20:30:00Z', zone)).toBe(true)
    expect(isQuiet(time, '2026-03-29T21:30:00Z', zone)).toBe(false)
    expect(isQuiet(time, '2026-10-25T21:30:00Z', zone)).toBe(true)
    expect(isQuiet(time, '2026-10-25T20:30:00Z', zone)).toBe(false)
  })

  test('every minute of a year is judged the same as by walking the clock', () => {
    const time = every(23, 1)
    let wrong = 0
    for (let at = Date.parse('2026-01-01T00:00:00Z'); at < Date.parse('2027-01-01T00:00:00Z'); at += 97 * 60_000) {
      const hours = Number(localTime(at, zone).slice(11, 13))
      if ((occurrenceAt(time, at, zone) !== undefined) !== (hours === 23 || hours === 0)) wrong++
    }
    expect(wrong).toBe(0)
  }, 60_000)
})

describe('a local date and time', () => {
  test('is read in its zone, and told back with the offset', () => {
    const moment = localMoment('2026-12-01 22:00', 'Asia/Shanghai', 'earlier') ?? 0
    expect(new Date(moment).toISOString()).toBe('2026-12-01T14:00:00.000Z')
    expect(localTime(moment, 'Asia/Shanghai')).toBe('2026-12-01 22:00 +08:00')
  })

  test('that there is twice is the earlier or the later', () => {
    const [first, second] = (['earlier', 'later'] as const).map((which) =>
      localMoment('2026-10-25 02:30', 'Europe/Berlin', which),
    )
    expect((second ?? 0) - (first ?? 0)).toBe(hour)
  })

  test.each(['2026-02-30 10:00', '2026-12-01 25:00', 'tomorrow'])('%s is none', (text) => {
    expect(localMoment(text, 'Asia/Shanghai', 'earlier')).toBeUndefined()
  })
})

test('a window is about what fits all that it names', () => {
  const alarm = { device: 'ups-1', alarm: 'UpsOnBattery', labels: { room: 'ups', severity: 'critical' } }
  expect(isUnder({ devices: ['ups-1'], alarms: [], match: {} }, alarm)).toBe(true)
  expect(isUnder({ devices: ['ups-1'], alarms: ['UpsLoad'], match: {} }, alarm)).toBe(false)
  expect(isUnder({ devices: [], alarms: [], match: { room: 'ups' } }, alarm)).toBe(true)
  expect(isUnder({ devices: [], alarms: [], match: { room: 'main' } }, alarm)).toBe(false)
})
