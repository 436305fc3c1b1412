import { describe, expect, test } from 'vitest'
import { coverageOf } from '../../src/duties/coverage.ts'
import { noHolidays } from '../../src/model/calendar.ts'
import { alarmId, type EventKind, type RecordEvent } from '../../src/model/record.ts'
import { countedTime, isWorkingTime, type WorkingTime } from '../../src/model/service-level.ts'
import { episodesOf } from '../../src/record/episodes.ts'
import { type Report, reportOf } from '../../src/report/content.ts'
import { htmlOf } from '../../src/report/html.ts'
import { coveredBy, dayBefore } from '../../src/report/period.ts'
import { rolledFigures } from '../../src/report/rolled-figures.ts'
import { sheetsOf } from '../../src/report/sheets.ts'
import { printedChecks } from '../../src/report/tables.ts'
import { Sums } from '../../src/rollup/sums.ts'
import { bytesTotal, makeDevice, makeSite, nowhere, source, temperature } from '../samples.ts'
import { figuresOf, makeRoom, makeRoomSite, steady, up } from './rooms.ts'

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]
const week = coveredBy('week', '2026-03-18', 'UTC')
const start = week.stretches[0]?.start ?? 0
const all = week.stretches.length * 60

/** An entry of the record, `at` milliseconds after the beginning of the week. */
function event(kind: EventKind, at: number, by = '', note = ''): RecordEvent {
  const own = { sensor: 'a' }
  const about = { alarmId: alarmId('x'), activeAt: start, device: 'crac-1', alarm: 'Hot', severity: 'critical', own }
  return { kind, at: start + at, ...about, by, note }
}

async function make(changed: Partial<Parameters<typeof reportOf>[0]> = {}): Promise<Report> {
  const devices = [makeRoom(), makeRoom({ name: 'crac-2' })]
  const site = makeRoomSite(devices)
  return reportOf({
    ...{ site, devices, period: 'week', from: week.from, to: week.to, stretches: week.stretches, asOf: week.end },
    ...{ language: 'zh', classes: [], episodes: [], duties: [], assetEvents: [] },
    figures: figuresOf({
      'crac-1': [
        steady(temperature, { low: 21, high: 27, sum: 24 * all, count: all }, 168, { sensor: 'a' }),
        steady(bytesTotal, { low: 100, high: 900, sum: 700, count: all }, 168, { interface: 'eth0' }),
        steady(source, { count: all }, 168),
        steady(up, { low: 0, high: 1, sum: all - 60, count: all, outside: 0 }, 168, { probe: 'p' }),
      ],
    }),
    metricsOf: () => [temperature, source],
    ...changed,
  })
}

describe('what was not checked', () => {
  test('never prints as normal: neither a device of which nothing came, nor the time in which nothing came', async () => {
    const made = await make()
    expect(made.devices.map(({ device, verdict }) => [device.name, verdict])).toEqual([
      ['crac-1', 'normal'],
      ['crac-2', 'unchecked'],
    ])
    const html = [...htmlOf(made)].join('')
    const silent = html.slice(html.indexOf('<h3>crac-2'))
    expect(silent).toContain('未检查：本周期内无任何数据')
    expect(silent).not.toContain('正常')
    const half = await make({
      figures: figuresOf({ 'crac-1': [steady(temperature, { low: 21, high: 27, sum: 24, count: all / 2 }, 168)] }),
    })
    const [part] = half.devices
    expect(part).toMatchObject({ verdict: 'partly', checks: [{ verdict: 'partly', checked: 0.5 }], unread: [source] })
    expect([...htmlOf(half)].join('')).toContain('UPS 输出来源')
  })

  test('is unchecked where the device answered and a reading was never there', async () => {
    const made = await make({ figures: figuresOf({ 'crac-1': [steady(up, { sum: all, count: all }, 168)] }) })
    expect(made.devices[0]?.unread.map(({ name }) => name)).toEqual([temperature.name, source.name])
    expect(made.devices[0]?.verdict).not.toBe('normal')
    const [, , checks] = sheetsOf(made)
    expect(checks?.rows.filter((row) => row[4] === '未检查' && row[1] === 'crac-1')).toHaveLength(2)
  })
})

describe('a check', () => {
  test('has lowest, average, highest, time outside, growth of a counter, and availability', async () => {
    const made = await make()
    const [part] = made.devices
    expect(part?.checks[0]).toMatchObject({ low: 21, average: 24, high: 27, outside: 0, checked: 1 })
    expect(part?.checks[1]).toMatchObject({ growth: 800, verdict: 'recorded' })
    expect(part?.availability?.up).toBeCloseTo(1 - 60 / all)
    expect(part?.charts).toHaveLength(1)
    expect(part?.charts[0]).toMatch(/^<svg .*Room|^<svg .*机房温度/)
  })

  test('is abnormal for the time outside its limits, or for an alarm that fired on it', async () => {
    const outside = await make({
      figures: figuresOf({
        'crac-1': [steady(temperature, { low: 21, high: 31, sum: 1, count: all, outside: 90 }, 168)],
      }),
    })
    expect(outside.devices[0]?.checks[0]).toMatchObject({ verdict: 'abnormal', outside: 90 * minute })
    const fired = await make({ episodes: episodesOf([event('firing', hour), event('resolved', 2 * hour)]) })
    expect(fired.devices[0]?.checks[0]).toMatchObject({ verdict: 'abnormal', alarms: 1 })
  })

  test('of many like readings those that are well stand in one row, the others one by one', async () => {
    const ports = Array.from({ length: 48 }, (_, n) =>
      steady(bytesTotal, { low: 0, high: 10, sum: 10, count: n === 3 ? 0 : all }, 168, { interface: `eth${n}` }),
    )
    const made = await make({ figures: figuresOf({ 'crac-1': ports }) })
    const { rows } = printedChecks(made.devices[0]?.checks ?? [], 'en')
    expect(rows.map((row) => [row[1]?.text, row[2]?.text])).toEqual([
      ['47 readings', 'recorded (no limit)'],
      ['interface=eth3', 'NOT CHECKED'],
    ])
  })
})

describe('a report made again', () => {
  test('is the same to the byte; other data or limits have other hashes', async () => {
    const page = async (changed = {}): Promise<string> => [...htmlOf(await make(changed))].join('')
    expect(await page()).toBe(await page())
    const [one, other] = [await make(), await make({ episodes: episodesOf([event('firing', hour)]) })]
    expect(other.hashes.data).not.toBe(one.hashes.data)
    expect(other.hashes.configuration).toBe(one.hashes.configuration)
    const stricter = await make({ devices: [makeRoom({ rules: [] }), makeRoom({ name: 'crac-2' })] })
    expect(stricter.hashes.configuration).not.toBe(one.hashes.configuration)
    expect(await page()).toContain(one.hashes.data)
  })

  test('shows what a device says as text, whatever it says', async () => {
    const evil = '<script>alert(1)</script>&"\u0000'
    const made = await make({
      figures: figuresOf({
        'crac-1': [
          steady(temperature, { low: 1, high: 2, sum: 1, count: 1 }, 168, { sensor: evil }),
          steady(temperature, { low: 1, high: 2, sum: 1, count: 1 }, 168, { sensor: 'b' }),
        ],
      }),
    })
    const html = [...htmlOf(made)].join('')
    expect(html).not.toContain('<script')
    expect(html).not.toContain('\u0000')
    expect(html).toContain('&lt;script&gt;')
    expect(html).not.toMatch(/(?:src|href)=/)
  })
})

describe('service levels', () => {
  test('are met, missed and late, with who did what', async () => {
    const levels = { ...makeSite().serviceLevels }
    const events = [
      event('firing', hour),
      event('taken', hour + 20 * minute, 'duty', 'fan stuck'),
      event('on_site', hour + 30 * minute, 'duty'),
      event('repaired', 3 * hour, 'duty', 'fan changed'),
      event('resolved', 3 * hour),
    ]
    const made = await make({ episodes: episodesOf(events) })
    expect(made.levels.map(({ step, asked, met, missed }) => [step, asked, met, missed])).toEqual([
      ['taken', 1, 0, 1],
      ['on_site', 1, 1, 0],
      ['repaired', 1, 1, 0],
    ])
    const html = [...htmlOf(made)].join('')
    expect(html).toContain('fan stuck')
    expect(html).toContain('fan changed')
    expect(html).toContain('响应: 超时')
    const open = await make({ episodes: episodesOf([event('firing', hour)]) })
    expect(open.levels[0]).toMatchObject({ late: 1, met: 0, limit: levels.taken })
    expect([...htmlOf(open)].join('')).toContain('未填写')
  })

  test('know days off and exchanged workdays', () => {
    // The Spring Festival of 2026: off from the 15th to the 23rd of February; the 14th and the 28th, Saturdays, are worked.
    const working: WorkingTime = {
      hours: [
        [8 * hour, 12 * hour],
        [14 * hour, 18 * hour],
      ],
      steps: ['repaired'],
      holidays: {
        off: new Set(['2026-02-16', '2026-02-17']),
        work: new Set(['2026-02-14', '2026-02-28']),
        until: 2026,
      },
      timeZone: () => 'Asia/Shanghai',
    }
    const at = (text: string): number => Date.parse(`${text}+08:00`)
    expect(isWorkingTime(at('2026-02-14T09:00'), working)).toBe(true)
    expect(isWorkingTime(at('2026-02-16T09:00'), working)).toBe(false)
    expect(isWorkingTime(at('2026-02-13T13:00'), working)).toBe(false)
    // From Saturday's last hour over Sunday and two days off to Wednesday's first.
    expect(countedTime('repaired', at('2026-02-14T17:00'), at('2026-02-18T09:00'), working)).toBe(2 * hour)
    expect(countedTime('taken', at('2026-02-14T17:00'), at('2026-02-14T19:00'), working)).toBe(2 * hour)
  })
})

describe('forecasts', () => {
  test('tell when what fills up reaches its limit, and nothing of what only wanders', async () => {
    const disk = { ...temperature, name: 'file_system_used_ratio', unit: 'ratio', labels: ['mount'] } as const
    const month = coveredBy('month', '2026-03-18', 'UTC')
    const line = (of: (n: number) => number, name: string) => {
      const averages = Float64Array.from(month.stretches, (_, n) => of(n))
      const total = { low: averages[0] ?? 0, high: averages.at(-1) ?? 0, sum: 1, count: 1, outside: 0 }
      return { metric: disk, labels: { mount: name }, total, lows: averages, averages, highs: averages }
    }
    const made = await make({
      ...{ period: 'month', from: month.from, to: month.to, stretches: month.stretches, asOf: month.end },
      figures: figuresOf({
        'crac-1': [line((n) => 0.5 + n * 0.01, '/'), line((n) => 0.5 + 0.2 * Math.sin(n), '/tmp')],
      }),
    })
    expect(made.forecasts).toMatchObject([{ device: 'crac-1', labels: { mount: '/' }, limit: 1 }])
    expect(made.forecasts[0]?.days).toBeCloseTo(19.5, 0)
  })
})

describe('the ledger', () => {
  test('tells what changed in the period, what differs and what ends', async () => {
    const asset = { name: 'crac-1', fields: { serial: 'A1', warranty_end: '2026-04-01' }, place: nowhere }
    const told = (at: number, serial: string, note: string): RecordEvent => ({
      ...{ kind: 'asset', at, alarmId: '', activeAt: 0, device: 'crac-1', alarm: '', severity: '', by: '' },
      ...{ own: { serial }, note },
    })
    const made = await make({
      devices: [makeRoom({ asset })],
      assetEvents: [told(start - day, 'A1', ''), told(start + day, 'B2', 'serial: A1 -> B2')],
    })
    expect(made.ledger.changes).toMatchObject([{ device: 'crac-1', what: 'serial: A1 -> B2' }])
    expect(made.ledger.differences).toMatchObject([{ field: 'serial', ledger: 'A1', told: ['B2'] }])
    expect(made.ledger.endings).toMatchObject([{ ending: 'warranty', left: 11 }])
  })
})

describe('duties', () => {
  test('are tallied over the period, and those overdue at its end stand out', async () => {
    const duty = {
      ...{ name: 'filters', title: { en: 'Filters', zh: '滤网' }, recurrence: { kind: 'span', span: 'day' } as const },
      ...{ moves: undefined, grace: 0, from: undefined, plan: [], devices: [], readings: [], place: nowhere },
    }
    const done = [{ day: '2026-03-16', at: start, by: 'duty', note: '', values: {} }]
    const made = await make({ duties: [{ duty, since: '2026-03-16', done, holidays: noHolidays }] })
    expect(made.duties[0]?.tally).toMatchObject({ inTime: 1 })
    expect(made.duties[0]?.overdueDays).toBeGreaterThan(0)
    expect([...htmlOf(made)].join('')).toContain('逾期')
  })
})

describe('periods', () => {
  test('are whole weeks, months, quarters and years, of days of the time zone', () => {
    expect(week).toMatchObject({ from: '2026-03-16', to: '2026-03-22' })
    expect(week.stretches).toHaveLength(168)
    expect(coveredBy('quarter', '2026-05-31', 'Asia/Shanghai')).toMatchObject({ from: '2026-04-01', to: '2026-06-30' })
    expect(coveredBy('year', '2024-05-31', 'UTC').stretches).toHaveLength(366)
    expect(dayBefore('month', '2026-03-18')).toBe('2026-02-28')
  })
})

describe('roll-ups as figures', () => {
  test('are taken once each: days where there are days, else hours, else what is left', async () => {
    const device = makeDevice()
    const month = coveredBy('month', '2026-03-18', 'UTC')
    const first = month.stretches[0]?.start ?? 0
    const one = (level: string, from: number, to: number, sum: number) => {
      const sums = new Sums()
      sums.put(1, { low: sum, high: sum, sum, count: 1, outside: 0 })
      return { level, start: first + from, end: first + to, rolled: sums.columns() }
    }
    const kept = [
      one('day', 20 * day, 21 * day, 1),
      one('hour', 20 * day, 20 * day + hour, 1000),
      one('hour', 25 * day, 25 * day + hour, 10),
      one('xun', 0, 10 * day, 100),
      one('xun', 20 * day, 31 * day, 10_000),
      one('month', 0, 31 * day, 100_000),
    ]
    const read: string[] = []
    const rolls = {
      stretches: (level: string) => {
        read.push(level)
        return kept.filter((stretch) => stretch.level === level)
      },
      seriesOf: () => new Map([[1, { metric: temperature.name, labels: {} }]]),
    }
    const [series] = await rolledFigures(rolls, new Map([[temperature.name, temperature]])).read(
      device,
      month.stretches,
    )
    expect(series?.total).toMatchObject({ sum: 111, count: 3 })
    expect(series?.averages[20]).toBe(1)
    expect(series?.averages[25]).toBe(10)
    expect(series?.averages[3]).toBeNaN()
  })
})

describe('the coverage of a duty plan', () => {
  test('counts a report as there only where one of its period is on a schedule', () => {
    const item = {
      ...{
        id: 'R1',
        section: '',
        text: { en: 'weekly report', zh: '周报' },
        readings: [],
        alarms: [],
        duty: undefined,
      },
      ...({ drill: false, report: 'week', ledger: false, siteward: undefined, outOfScope: undefined } as const),
    }
    const planned = {
      name: 'weekly',
      period: 'week',
      classes: [],
      language: 'zh',
      forms: ['html'],
      at: 480,
      keep: 9,
    } as const
    const state = (reports: Parameters<typeof makeSite>[0]): string | undefined =>
      coverageOf({ name: 'plan', items: [item] }, makeSite(reports)).items[0]?.state
    expect(state({})).toBe('uncovered')
    expect(state({ reports: { folder: '', announce: false, schedule: [{ ...planned, period: 'month' }] } })).toBe(
      'uncovered',
    )
    expect(state({ reports: { folder: '', announce: false, schedule: [planned] } })).toBe('covered')
  })
})
