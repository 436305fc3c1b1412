import { describe, expect, test } from 'vitest'
import { doneEntry, planned, recorded, withdrawn } from '../../src/duties/record.ts'
import { type Known, standingOf, tally, turnsOf } from '../../src/duties/standing.ts'
import { noHolidays } from '../../src/model/calendar.ts'
import type { Done, Duty, Recurrence } from '../../src/model/duty.ts'
import { nowhere } from '../samples.ts'

const done = (day: string): Done => ({ day, at: Date.parse(day), by: 'the engineer', note: '', values: {} })

function known(recurrence: Recurrence, since: string, days: readonly string[], changed: Partial<Duty> = {}): Known {
  const duty: Duty = {
    ...{ name: 'd', title: { en: 'd', zh: 'd' }, recurrence, moves: undefined, grace: 0, from: undefined },
    ...{ plan: [], devices: [], readings: [], place: nowhere },
    ...changed,
  }
  return { duty, since, done: days.map(done), holidays: noHolidays }
}

const monthly: Recurrence = { kind: 'span', span: 'month' }
const firstAndFifteenth: Recurrence = {
  kind: 'month_days',
  days: [
    { kind: 'day', day: 1 },
    { kind: 'day', day: 15 },
  ],
  months: [],
}
const short = (one: Known, today: string): readonly string[] =>
  turnsOf(one, today).map(({ due, done: at, state }) => `${due} ${state}${at === undefined ? '' : ` ${at.day}`}`)

describe('a duty of each month', () => {
  test('is open until the end of the month', () => {
    const one = known(monthly, '2026-03-10', [])
    expect(short(one, '2026-03-31')).toEqual(['2026-03-31 open'])
    expect(standingOf(one, '2026-03-31')).toMatchObject({ due: '2026-03-31', isOverdue: false })
  })

  test('that nobody did is missed, and stays overdue until it is done', () => {
    const one = known(monthly, '2026-03-10', [])
    expect(short(one, '2026-04-02')).toEqual(['2026-03-31 missed', '2026-04-30 open'])
    expect(standingOf(one, '2026-04-02')).toMatchObject({ due: '2026-03-31', isOverdue: true, overdueDays: 2 })
    const later = known(monthly, '2026-03-10', ['2026-04-05'])
    expect(short(later, '2026-04-06')).toEqual([
      '2026-03-31 missed',
      '2026-04-30 in_time 2026-04-05',
      '2026-05-31 open',
    ])
    expect(standingOf(later, '2026-04-06')).toMatchObject({ due: '2026-05-31', isOverdue: false })
  })

  test('done within its grace counts for the month before, where that is still open', () => {
    const one = known(monthly, '2026-03-10', ['2026-04-02', '2026-04-20'], { grace: 5 })
    expect(short(one, '2026-04-21')).toEqual([
      '2026-03-31 in_time 2026-04-02',
      '2026-04-30 in_time 2026-04-20',
      '2026-05-31 open',
    ])
  })

  test('done twice in a month counts once', () => {
    expect(short(known(monthly, '2026-03-10', ['2026-03-11', '2026-03-12']), '2026-03-31')).toEqual([
      '2026-03-31 in_time 2026-03-11',
      '2026-04-30 open',
    ])
  })
})

describe('a duty on the 1st and 15th', () => {
  test('done a day late is late for that day, and not early for the next', () => {
    const one = known(firstAndFifteenth, '2026-03-01', ['2026-03-02'])
    expect(short(one, '2026-03-10')).toEqual(['2026-03-01 late 2026-03-02', '2026-03-15 open'])
    expect(standingOf(one, '2026-03-15')).toMatchObject({ due: '2026-03-15', isOverdue: false })
    expect(standingOf(one, '2026-03-16')).toMatchObject({ due: '2026-03-15', isOverdue: true, overdueDays: 1 })
  })

  test('that was due before siteward heard of it is not owed', () => {
    expect(short(known(firstAndFifteenth, '2026-03-02', []), '2026-03-10')).toEqual(['2026-03-15 open'])
  })
})

describe('a duty every so many days', () => {
  const days: Recurrence = { kind: 'days', days: 90 }

  test('counts from when it was last done', () => {
    const one = known(days, '2026-01-01', ['2026-04-10'])
    expect(short(one, '2026-04-11')).toEqual(['2026-04-01 late 2026-04-10', '2026-07-09 open'])
    expect(standingOf(one, '2026-07-10')).toMatchObject({ due: '2026-07-09', isOverdue: true, overdueDays: 1 })
  })

  test('is due on the day that it names, before it was ever done', () => {
    expect(short(known(days, '2026-01-05', [], { from: '2026-01-05' }), '2026-01-05')).toEqual(['2026-01-05 open'])
  })
})

test('a tally counts what was due in a period, and nothing that can still be done', () => {
  const turns = turnsOf(known(monthly, '2026-01-01', ['2026-01-20', '2026-03-02']), '2026-03-15')
  expect(tally(turns, '2026-01-01', '2026-12-31')).toEqual({ due: 3, inTime: 2, late: 0, missed: 1 })
  expect(tally(turns, '2026-02-01', '2026-02-28')).toEqual({ due: 1, inTime: 0, late: 0, missed: 1 })
})

describe('the record of duties', () => {
  test('tells by whom, when and with which values, in the order of days', () => {
    const events = [
      planned('weigh', 1),
      doneEntry('weigh', { ...done('2026-03-02'), note: 'all well', values: { 'cylinder-1': 41_500, 瓶组2: 40_000 } }),
      doneEntry('weigh', done('2026-02-02')),
      planned('weigh', 9),
    ]
    expect(recorded(events).get('weigh')).toEqual({
      plannedAt: 1,
      done: [
        done('2026-02-02'),
        { ...done('2026-03-02'), note: 'all well', values: { 'cylinder-1': 41_500, 瓶组2: 40_000 } },
      ],
    })
  })

  test('what is taken back was not done', () => {
    const events = [
      doneEntry('d', done('2026-02-02')),
      doneEntry('d', done('2026-03-02')),
      withdrawn('d', 3, 'me', 'slip'),
    ]
    expect(
      recorded(events)
        .get('d')
        ?.done.map(({ day }) => day),
    ).toEqual(['2026-02-02'])
    const backdated = { ...done('2026-01-02'), at: Date.parse('2026-04-01') }
    const late = [doneEntry('d', done('2026-03-02')), doneEntry('d', backdated), withdrawn('d', 3, 'me', 'slip')]
    expect(
      recorded(late)
        .get('d')
        ?.done.map(({ day }) => day),
    ).toEqual(['2026-03-02'])
    expect(recorded([withdrawn('d', 3, 'me', '')]).get('d')?.done).toEqual([])
  })
})
