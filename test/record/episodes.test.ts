import { describe, expect, test } from 'vitest'
import { alarmId, type EventKind, type RecordEvent } from '../../src/model/record.ts'
import type { ServiceLevels } from '../../src/model/service-level.ts'
import { episodesOf, stepTimes } from '../../src/record/episodes.ts'
import { asCsv, listed } from '../../src/record/listing.ts'
import { alwaysOn } from '../samples.ts'

const minute = 60_000
const levels: ServiceLevels = {
  taken: 15 * minute,
  on_site: 60 * minute,
  repaired: 48 * 60 * minute,
  severities: ['critical'],
  working: alwaysOn,
}

/** An entry `at` minutes after the alarm was first broken. */
function event(kind: EventKind, at: number, changed: Partial<RecordEvent> = {}): RecordEvent {
  return {
    kind,
    at: at * minute,
    alarmId: 'k7m2x9q4',
    activeAt: 0,
    device: 'crac-1',
    alarm: 'RoomTemperature',
    severity: 'critical',
    own: { sensor: '回风' },
    by: '',
    note: '',
    ...changed,
  }
}

const fired = [event('pending', 0), event('firing', 2, { note: '温度 29 °C' })]

/** The states of response, on site and repair at `now` minutes. */
function states(events: readonly RecordEvent[], now: number): string {
  const [episode] = episodesOf([...fired, ...events])
  if (episode === undefined) throw new Error('there must be an episode')
  return stepTimes(episode, levels, now * minute)
    .map(({ state }) => state)
    .join(' ')
}

describe('the times of an episode', () => {
  test.each<[string, readonly RecordEvent[], number, string]>([
    ['just fired', [], 3, 'open open open'],
    ['nobody came', [], 18, 'late open open'],
    ['at the last moment', [], 17, 'open open open'],
    ['nobody came for an hour', [], 63, 'late late open'],
    ['nobody came for two days', [], 2 + 48 * 60 + 1, 'late late late'],
    ['taken in time', [event('taken', 17)], 18, 'met open open'],
    ['taken too late', [event('taken', 18)], 19, 'missed open open'],
    ['who comes at once has responded', [event('on_site', 10)], 11, 'met met open'],
    ['repaired from afar', [event('repaired', 10)], 2000, 'met void met'],
    ['well again by itself', [event('resolved', 10)], 2000, 'void void met'],
    ['well again, but nobody had come', [event('resolved', 100)], 2000, 'missed missed met'],
    ['the first word counts', [event('taken', 5), event('taken', 40)], 41, 'met open open'],
    ['held back: nobody could know', [event('held', 2)], 500, ''],
    ['held back, and over before anybody was told', [event('held', 2), event('resolved', 100)], 500, ''],
    ['told late: the clocks begin then', [event('held', 2), event('told', 60)], 74, 'open open open'],
    ['told late, and nobody came', [event('held', 2), event('told', 60)], 76, 'late open open'],
    ['taken before it was told', [event('held', 2), event('taken', 5), event('told', 60)], 76, 'met open open'],
    ['written down afterwards', [event('resolved', 10), event('taken', 30)], 40, 'missed void met'],
  ])('%s', (_what, events, now, expected) => {
    expect(states(events, now)).toBe(expected)
  })

  test('hold for the severities that the site names', () => {
    const [episode] = episodesOf([event('firing', 2, { severity: 'warning' })])
    expect(episode && stepTimes(episode, levels, 0)).toEqual([])
  })
})

describe('episodes', () => {
  test('what never fired is none; operations are none', () => {
    expect(episodesOf([event('pending', 0), event('cleared', 1), event('operation', 1, { alarmId: '' })])).toEqual([])
  })

  test('each firing of an alarm is one, in order', () => {
    const again = { activeAt: 100 * minute }
    const found = episodesOf([
      ...fired,
      event('resolved', 9),
      event('pending', 100, again),
      event('firing', 102, again),
    ])
    expect(found.map(({ firedAt, endedAt }) => [firedAt / minute, (endedAt ?? 0) / minute])).toEqual([
      [2, 9],
      [102, 0],
    ])
  })

  test('one whose beginning is gone still tells its end', () => {
    expect(episodesOf([event('resolved', 9)])).toMatchObject([{ firedAt: 0, endedAt: 9 * minute }])
  })
})

describe('the list', () => {
  test('tells who and how long', () => {
    const [episode] = episodesOf([...fired, event('taken', 5, { by: 'the desk', note: 'on my way' })])
    expect(episode && listed(episode, levels, 7 * minute)).toMatchObject({
      id: 'k7m2x9q4',
      state: 'firing',
      summary: '温度 29 °C',
      lasted_seconds: 300,
      taken: { at: '1970-01-01T00:05:00.000Z', by: 'the desk', note: 'on my way' },
      on_site: null,
      service_levels: [
        { level: 'response', took_seconds: 180, limit_seconds: 900, state: 'met' },
        { level: 'on_site', state: 'open' },
        { level: 'repair', state: 'open' },
      ],
    })
  })

  test('as CSV quotes what needs it, and lets no field run as a formula', () => {
    const note = event('taken', 5, { by: '=cmd()', note: 'a "b", c' })
    const list = episodesOf([...fired, note]).map((episode) => listed(episode, levels, 7 * minute))
    expect(list[0]?.told_at).toBe('1970-01-01T00:02:00.000Z')
    const [head = '', row = ''] = asCsv(list).split('\r\n')
    expect(row.split(',')).toContain("'=cmd()")
    expect(row).toContain('"a ""b"", c"')
    expect(head.split(',').slice(0, 3)).toEqual(['id', 'state', 'severity'])
  })
})

test('an id is short, without letters that are misread, and always the same', () => {
  expect(alarmId('k')).toMatch(/^[0-9a-hjkmnp-tv-z]{8}$/)
  expect(alarmId('k')).toBe(alarmId('k'))
  expect(new Set(Array.from({ length: 10_000 }, (_, i) => alarmId(`k${i}`))).size).toBe(10_000)
})
