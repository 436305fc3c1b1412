import { describe, expect, test } from 'vitest'
import { loadDutyPlan } from '../../src/config/duty-plan.ts'
import { diskFiles } from '../../src/config/files.ts'
import { readHolidays } from '../../src/config/holidays.ts'
import { Problems } from '../../src/config/problems.ts'
import { loadVocabulary } from '../../src/config/vocabulary.ts'
import { readTree } from '../../src/config/yaml.ts'
import { coverageOf } from '../../src/duties/coverage.ts'
import { shipped } from '../../src/home.ts'
import { isWorkday, weekdayOf } from '../../src/model/calendar.ts'
import type { Duty, Recurrence } from '../../src/model/duty.ts'
import type { DutyPlan, PlanItem } from '../../src/model/duty-plan.ts'
import { makeDevice, makePoint, makeProbe, makeRule, makeSite, nowhere, temperature } from '../samples.ts'

const item = (changed: Partial<PlanItem>): PlanItem => ({
  ...{ id: 'A1', section: '', text: { en: 'a', zh: 'a' }, readings: [], alarms: [], duty: undefined, drill: false },
  ...{ report: undefined, ledger: false, siteward: undefined, outOfScope: undefined },
  ...changed,
})
const duty = (recurrence: Recurrence, plan: readonly string[]): Duty => ({
  ...{ name: 'filters', title: { en: 'f', zh: 'f' }, recurrence, moves: undefined, grace: 0, from: undefined },
  ...{ plan, devices: [], readings: [], place: nowhere },
})
const reads = makeDevice({
  name: 'room',
  probes: [{ probe: makeProbe('fake', [makePoint({})], {}), interval: 1000, timeout: 100 }],
  rules: [makeRule()],
})
const state = (changed: Partial<PlanItem>, duties: readonly Duty[] = []): string | undefined => {
  const plan: DutyPlan = { name: 'p', items: [item(changed)] }
  return coverageOf(plan, makeSite({ devices: [reads], duties })).items[0]?.state
}

describe('an item of the plan', () => {
  test.each<[string, Partial<PlanItem>, readonly Duty[], string]>([
    ['that a device reads is watched', { readings: [temperature.name] }, [], 'covered'],
    ['of which one of two metrics is read is watched in part', { readings: [temperature.name, 'x'] }, [], 'partly'],
    ['that no device reads is watched by nobody', { readings: ['x'] }, [], 'uncovered'],
    ['with an alarm that there is', { alarms: ['RoomTemperature'] }, [], 'covered'],
    ['with an alarm that there is not', { alarms: ['RoomHumidity'] }, [], 'uncovered'],
    ['that people alone do', { outOfScope: 'people' }, [], 'out_of_scope'],
    ['that siteward does by itself', { siteward: 'roll-ups' }, [], 'covered'],
    ['that needs nothing is watched by nobody', {}, [], 'uncovered'],
    [
      'with a duty often enough',
      { duty: { written: 'month', days: 31 } },
      [duty({ kind: 'span', span: 'month' }, ['A1'])],
      'covered',
    ],
    [
      'with a duty too seldom',
      { duty: { written: 'month', days: 31 } },
      [duty({ kind: 'span', span: 'quarter' }, ['A1'])],
      'uncovered',
    ],
    [
      'with a duty of another item',
      { duty: { written: 'month', days: 31 } },
      [duty({ kind: 'span', span: 'month' }, ['A2'])],
      'uncovered',
    ],
    [
      'on the 1st and 15th, never more than 17 days apart',
      { duty: { written: '17d', days: 17 } },
      [
        duty(
          {
            kind: 'month_days',
            days: [
              { kind: 'day', day: 1 },
              { kind: 'day', day: 15 },
            ],
            months: [],
          },
          ['A1'],
        ),
      ],
      'covered',
    ],
    [
      'every third Tuesday of a quarter is more than a quarter apart at times',
      { duty: { written: 'quarter', days: 92 } },
      [duty({ kind: 'month_days', days: [{ kind: 'weekday', weekday: 2, nth: 3 }], months: [3, 6, 9, 12] }, ['A1'])],
      'covered',
    ],
    ['without a drill', { drill: true }, [], 'uncovered'],
    ['without a ledger', { ledger: true }, [], 'uncovered'],
  ])('%s', (_, changed, duties, expected) => {
    expect(state(changed, duties)).toBe(expected)
  })

  test('that a duty names and the plan has not is told', () => {
    const site = makeSite({ duties: [duty({ kind: 'days', days: 3 }, ['A1', 'Z9'])] })
    expect(coverageOf({ name: 'p', items: [item({})] }, site).strangers).toEqual([{ duty: 'filters', id: 'Z9' }])
  })
})

test('the plan that ships has no mistake', async () => {
  const { vocabulary } = await loadVocabulary(shipped('config', 'metrics.yaml'), diskFiles)
  const { plan, problems } = await loadDutyPlan(shipped('config', 'duties.yaml'), diskFiles, vocabulary)
  expect(problems).toEqual([])
  expect(plan?.items.length).toBeGreaterThan(150)
})

describe('the holidays that ship', () => {
  test('have no mistake, and every exchanged workday is a Saturday or Sunday', async () => {
    const problems = new Problems()
    const file = shipped('config', 'holidays.yaml')
    const tree = await readTree(file, diskFiles, problems)
    if (tree === undefined) throw new Error('no YAML')
    const holidays = await readHolidays('china', tree, file, diskFiles, problems)
    expect(problems.list()).toEqual([])
    expect([...holidays.work].filter((day) => weekdayOf(day) < 6)).toEqual([])
    expect(holidays.work.size).toBe(19)
    expect([...holidays.off].filter((day) => day.startsWith('2026'))).toHaveLength(33)
    expect(
      ['2026-02-14', '2026-02-16', '2026-02-24', '2026-02-28', '2026-03-01'].map((day) => isWorkday(day, holidays)),
    ).toEqual([true, false, true, true, false])
  })
})
