import { describe, expect, test } from 'vitest'
import { compareFired, firedOfCounts } from '../../src/backtest/compare.ts'
import { judgePast } from '../../src/backtest/judge-past.ts'
import type { Fired, Past, PastOf } from '../../src/backtest/past.ts'
import { prometheusPast } from '../../src/backtest/prometheus-past.ts'
import type { Vocabulary } from '../../src/model/metric.ts'
import type { Rule } from '../../src/model/rule.ts'
import type { Site } from '../../src/model/site.ts'
import { makeDevice, makeRule, makeSite, source, temperature } from '../samples.ts'

const minute = 60_000
const began = 1_700_000_040_000

const vocabulary: Vocabulary = new Map([temperature, source].map((metric) => [metric.name, metric]))

function siteWith(rules: readonly Rule[]): Site {
  return makeSite({ devices: [makeDevice({ name: 'room', rules })], vocabulary })
}

/** A value a minute, `_` for none. */
function pastOf(values: string): Past {
  const points = values
    .split(' ')
    .map((text, i) => [began + i * minute, text === '_' ? Number.NaN : Number(text)] as const)
  const all: readonly PastOf[] = [
    { metric: temperature.name, labels: { site: 'hospital', device: 'room', sensor: 'a' }, points },
  ]
  return {
    name: 'a list',
    reach: Number.POSITIVE_INFINITY,
    span: 7 * minute,
    read: async ({ metrics, from, to }) =>
      all
        .filter(({ metric }) => metrics.includes(metric))
        .map((one) => ({ ...one, points: one.points.filter(([at]) => at >= from && at <= to) })),
  }
}

describe('the past judged by rules', () => {
  const values = '22 29 29 29 29 _ _ 29 22 22 31 31 31 31 31 31 31 31 31 31'
  const judge = (rule: Rule) => judgePast(siteWith([rule]), pastOf(values), began, began + 19 * minute)

  test('fires and ends as it would have then, across spans and gaps', async () => {
    const { fired, readings, unread } = await judge(makeRule({ for: 2 * minute }))
    const of = { alarm: 'RoomTemperature', severity: 'warning', device: 'room', own: { sensor: 'a' } }
    expect(fired).toEqual([
      { ...of, from: began + 3 * minute, to: began + 8 * minute },
      { ...of, from: began + 12 * minute, to: undefined },
    ])
    expect(readings).toBe(20)
    expect(unread).toEqual([])
  })

  test('a higher limit fires less, and a metric that the past has not is told', async () => {
    const high = makeRule({ condition: { kind: 'above', limit: { kind: 'fixed', value: 30 }, hysteresis: 0 } })
    expect((await judge(high)).fired).toHaveLength(1)
    const other = makeRule({ metric: source, condition: { kind: 'is', states: new Set([1]) } })
    expect((await judge(other)).unread).toEqual([source.name])
  })
})

describe('what would and what did', () => {
  const fired = (alarm: string, from: number, to: number | undefined): Fired => ({
    alarm,
    severity: 'warning',
    device: 'room',
    own: undefined,
    from: began + from * minute,
    to: to === undefined ? undefined : began + to * minute,
  })

  test('are of a kind when their times overlap or nearly do', () => {
    const would = [fired('A', 0, 5), fired('A', 60, 70), fired('B', 0, undefined)]
    const did = [fired('A', 6, 8), fired('B', 100, 110), fired('C', 1, 2)]
    const { added, removed, same } = compareFired(would, did, 2 * minute)
    expect(added).toEqual([fired('A', 60, 70)])
    expect(removed).toEqual([fired('C', 1, 2)])
    expect(same).toEqual([fired('A', 0, 5), fired('B', 0, undefined)])
  })

  test('counts of firing alarms give stretches; a missing count says nothing', () => {
    const counts = [0, 1, 2, Number.NaN, 1, 0, 0, 1].map((count, i) => [began + i * minute, count] as const)
    const of = { alarm: 'A', severity: 'warning', device: 'room' }
    expect(firedOfCounts(counts, of)).toEqual([fired('A', 1, 5), fired('A', 7, undefined)])
  })
})

describe('the past of Prometheus', () => {
  const labels = { site: 'hospital', device: 'room' }
  const matrix = [
    {
      metric: { __name__: temperature.name, ...labels, sensor: 'a', job: 'siteward', instance: 'one' },
      values: [
        [1_700_000_040, '22'],
        [1_700_000_160, '23.5'],
      ],
    },
    {
      metric: { __name__: temperature.name, ...labels, sensor: 'a', job: 'siteward', instance: 'two' },
      values: [[1_700_000_100, '22.5']],
    },
    {
      metric: { __name__: source.name, ...labels, state: 'normal' },
      values: [
        [1_700_000_040, '1'],
        [1_700_000_100, '0'],
      ],
    },
    {
      metric: { __name__: source.name, ...labels, state: 'battery' },
      values: [
        [1_700_000_040, '0'],
        [1_700_000_100, '1'],
      ],
    },
  ]
  const wanted = { devices: ['room'], metrics: [temperature.name, source.name], from: began, to: began + 2 * minute }
  const answered = (status: number, text: string) =>
    prometheusPast(new URL('http://p:9090/base/'), 'hospital', vocabulary, minute, async () => ({ status, text }))

  test('is a grid with its gaps, states as numbers, two sitewards as one', async () => {
    const past = answered(200, JSON.stringify({ status: 'success', data: { result: matrix } }))
    const at = (values: readonly number[]) => values.map((value, i) => [began + i * minute, value])
    expect(await past.read(wanted)).toEqual([
      { metric: temperature.name, labels: { ...labels, sensor: 'a' }, points: at([22, 22.5, 23.5]) },
      { metric: source.name, labels, points: at([0, 1, Number.NaN]) },
    ])
  })

  test('that cannot be had is told with the reason', async () => {
    const bad = answered(422, JSON.stringify({ status: 'error', error: 'exceeded maximum resolution' }))
    await expect(bad.read(wanted)).rejects.toThrow(
      'Prometheus at http://p:9090 refuses (422): exceeded maximum resolution',
    )
    await expect(answered(200, '<html>').read(wanted)).rejects.toThrow('refuses (200)')
  })
})
