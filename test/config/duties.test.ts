import { describe, expect, test } from 'vitest'
import { type Loaded, loadSite } from '../../src/config/load.ts'
import { formatProblem } from '../../src/model/problem.ts'
import { filesWith, fixtures, sampleDeps, secretFiles } from '../config-samples.ts'

const folder = `${fixtures}/good`

async function load(more: string): Promise<Loaded> {
  const text = `site: clinic\ndevices: [{ name: one, address: 192.0.2.1, probes: [room] }]\n${more}`
  return loadSite(`${folder}/test.yaml`, sampleDeps(filesWith({ ...secretFiles, 'test.yaml': { text } })))
}

const told = ({ problems }: Loaded): readonly string[] =>
  problems.map((problem) => formatProblem(problem).replace(`${folder}/test.yaml:`, ''))

const dutiesOf = (list: string): Promise<Loaded> => load(`duties:\n${list}`)

describe('duties', () => {
  test('are read with their periods', async () => {
    const loaded =
      await dutiesOf(`  - { name: filters, every: month, title: { en: Filters, zh: 过滤网 }, plan: [A6a], grace: 3d, moves: earlier }
  - { name: battery, every: 2w, from: 2026-01-01, devices: one }
  - { name: scan, on: [15, 1] }
  - { name: full-scan, on: third tuesday, months: [12, 3, 6, 9] }
  - { name: month-end, on: -1 }
  - { name: rounds, on: [thursday, monday] }
`)
    expect(told(loaded)).toEqual([])
    expect(loaded.site?.duties.map(({ name, recurrence }) => [name, recurrence])).toEqual([
      ['filters', { kind: 'span', span: 'month' }],
      ['battery', { kind: 'days', days: 14 }],
      [
        'scan',
        {
          kind: 'month_days',
          days: [
            { kind: 'day', day: 15 },
            { kind: 'day', day: 1 },
          ],
          months: [],
        },
      ],
      ['full-scan', { kind: 'month_days', days: [{ kind: 'weekday', weekday: 2, nth: 3 }], months: [3, 6, 9, 12] }],
      ['month-end', { kind: 'month_days', days: [{ kind: 'day', day: -1 }], months: [] }],
      ['rounds', { kind: 'weekdays', weekdays: [1, 4] }],
    ])
    expect(loaded.site?.duties[0]).toMatchObject({ title: { en: 'Filters', zh: '过滤网' }, grace: 3, moves: 'earlier' })
    expect(loaded.site?.duties[1]).toMatchObject({ from: '2026-01-01', devices: ['one'] })
  })

  test.each([
    ['{ name: a }', /5:5: when is it due\?/],
    ['{ name: a, every: month, on: 1 }', /5:30: when is it due\?/],
    ['{ name: a, every: fortnight }', /5:23: .*period/],
    ['{ name: a, on: 32 }', /5:20/],
    ['{ name: a, on: 0 }', /5:20: a month has no day 0/],
    ['{ name: a, on: [monday, 1] }', /5:20: days of the week stand beside days of the month/],
    ['{ name: a, every: month, months: [3] }', /5:30: months: goes with days of a month/],
    ['{ name: a, every: month, from: 2026-02-30 }', /5:36: there is no day 2026-02-30/],
    ['{ name: a, every: month, devices: two }', /5:39: there is no device "two"/],
    [
      '{ name: a, every: month, readings: [{ device: x, metric: room_temperatur_celsius }] }',
      /5:62: there is no metric .*did you mean "room_temperature_celsius"/,
    ],
    [
      '{ name: a, every: month, readings: [{ device: one, metric: room_temperature_celsius }] }',
      /5:51: one gives room_temperature_celsius by itself/,
    ],
    [
      '{ name: a, every: month, readings: [{ device: x, metric: room_temperature_celsius, labels: { colour: red } }] }',
      /5:98: room_temperature_celsius has no label "colour"/,
    ],
    [
      '{ name: a, every: month, readings: [{ device: x, metric: room_temperature_celsius }, { device: y, metric: room_temperature_celsius }] }',
      /5:41: of several readings each needs a name/,
    ],
    ['{ name: a, every: month, rules: { Hot: { above: 3 } } }', /5:39: no reading of this duty is judged by it/],
    [
      '{ name: a, every: month, readings: [{ device: x, metric: room_temperature_celsius }], rules: { Hot: { change: 5m, above: 3 } } }',
      /5:\d+: a reading by hand is judged by its value/,
    ],
  ])('%s', async (item, expected) => {
    expect(told(await dutiesOf(`  - { name: zero, every: day }\n  - ${item}\n`))[0]).toMatch(expected)
  })

  test('what is read by hand is a thing of its own with rules, or more rules of a device', async () => {
    const loaded = await dutiesOf(
      '  - { name: earth, every: year, readings: [{ device: earthing, metric: room_temperature_celsius }], rules: { EarthHot: { critical: { above: 4 } } } }\n',
    )
    expect(told(loaded)).toEqual([])
    expect(loaded.site?.unpolled).toMatchObject([
      {
        name: 'earthing',
        rules: [{ alarm: 'EarthHot', severity: 'critical', metric: { name: 'room_temperature_celsius' } }],
      },
    ])
    expect(loaded.site?.duties[0]?.readings).toMatchObject([{ name: 'earth', device: 'earthing' }])
  })
})

describe('holidays', () => {
  test('of China, with what the site knows better', async () => {
    const { site, problems } = await load(
      'holidays: { calendar: china, off: [2026-10-08..2026-10-09, 2027-01-01], work: [2026-10-01] }\n',
    )
    expect(problems).toEqual([])
    const { off, work, until } = site?.holidays ?? { off: new Set(), work: new Set(), until: undefined }
    expect(['2026-10-01', '2026-10-02', '2026-10-09', '2027-01-01'].map((day) => off.has(day))).toEqual([
      false,
      true,
      true,
      true,
    ])
    expect([work.has('2026-10-10'), work.has('2026-10-01')]).toEqual([true, true])
    expect(until).toBe(2027)
  })

  test('days that cannot be are told', async () => {
    expect(
      told(await load('holidays: { off: [2026-02-30, 2026-03-02..2026-03-01, 2026-01-01..2027-01-01] }\n')),
    ).toEqual(['3:19: there is no day 2026-02-30', '3:31: it ends before it begins', '3:55: it is longer than 62 days'])
  })
})
