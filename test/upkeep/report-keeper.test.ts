import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { phase } from '../../src/judge/cell.ts'
import { Judge } from '../../src/judge/judge.ts'
import type { Log } from '../../src/model/log.ts'
import type { NumberMetric } from '../../src/model/metric.ts'
import { type PlannedReport, reportFile } from '../../src/model/report.ts'
import { SeriesTable } from '../../src/model/series.ts'
import { Store } from '../../src/store/store.ts'
import { ReportKeeper, type Written } from '../../src/upkeep/report-keeper.ts'
import { ManualClock } from '../manual-clock.ts'
import { makeDevice, makeRule, makeSite, temperature } from '../samples.ts'

const [hour, day] = [3_600_000, 86_400_000]
const own = (name: string): NumberMetric => ({ ...temperature, name, unit: 'none', labels: ['report'] })
const metrics = ['siteward_report_failed', 'siteward_report_new', 'siteward_report_success_timestamp_seconds'].map(own)
const above = { kind: 'above', limit: { kind: 'fixed', value: 0 }, hysteresis: 0 } as const
const weekly: PlannedReport = {
  ...{ name: '周巡检', period: 'week', classes: [], language: 'zh', forms: ['html', 'xlsx'], at: 8 * 60, keep: 9 },
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'siteward-reports-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A site with one weekly report, and somebody who writes it. The clock begins on Tuesday, 2023-11-14, 22:13 UTC. */
class World {
  readonly clock: ManualClock
  readonly store = new Store()
  readonly asked: string[] = []
  readonly logged: string[] = []
  readonly keeper: ReportKeeper
  readonly #judge: Judge
  outcome: (name: string, of: string) => Written = (name, of) => this.#files(name, of)

  constructor(clock = new ManualClock(), changed: Partial<PlannedReport> = {}) {
    this.clock = clock
    const [failed, fresh] = metrics
    const itself = makeDevice({
      name: 'siteward',
      rules: [
        ...(failed === undefined ? [] : [makeRule({ alarm: 'ReportFailed', metric: failed, condition: above })]),
        ...(fresh === undefined ? [] : [makeRule({ alarm: 'ReportWritten', metric: fresh, condition: above })]),
      ],
    })
    const site = makeSite({
      itself,
      reports: { folder: join(folder, 'out'), announce: true, schedule: [{ ...weekly, ...changed }] },
      vocabulary: new Map(metrics.map((metric) => [metric.name, metric])),
    })
    this.#judge = new Judge(site, this.store)
    this.#judge.addDevice(itself)
    const table = new SeriesTable('hospital', (series) => {
      this.store.add(series)
      this.#judge.addSeries(series)
    })
    const say = (_fields: object, text: string): number => this.logged.push(text)
    const log: Log = { debug: say, info: say, warn: say, error: say }
    this.keeper = new ReportKeeper({
      ...{ table, store: this.store, judge: this.#judge, clock, log, site: () => site, forget: () => {} },
      writeReport: async (name, of) => {
        this.asked.push(`${name} ${of}`)
        return this.outcome(name, of)
      },
    })
  }

  /** Lets hours pass, as the daemon does. */
  async hours(count: number): Promise<void> {
    for (let n = 0; n < count * 4; n++) {
      await this.clock.pass(hour / 4)
      this.keeper.tick(this.clock.now())
    }
    await this.clock.pass(0)
    this.keeper.tick(this.clock.now())
  }

  get firing(): readonly string[] {
    const cells = [...this.#judge.cellsOfDevice('siteward')]
    return cells.filter(({ alarm }) => phase(alarm) === 'firing').map(({ rule }) => rule.alarm)
  }

  #files(name: string, _of: string): Written {
    mkdirSync(join(folder, 'out'), { recursive: true })
    const files = weekly.forms.map((form) => join(folder, 'out', reportFile(name, this.from, form)))
    for (const file of files) writeFileSync(file, 'x')
    return { ok: true, files }
  }

  /** The Monday of the week before. */
  get from(): string {
    const week = Math.floor((this.clock.now().wall / day - 4) / 7) - 1
    return new Date((week * 7 + 4) * day).toISOString().slice(0, 10)
  }
}

test('the report of the last week is written once, told of, and written again a week later at its time', async () => {
  const world = new World()
  await world.hours(1)
  expect(world.asked).toEqual(['周巡检 2023-11-12'])
  expect(world.logged).toEqual(['a report is written'])
  expect(world.firing).toEqual(['ReportWritten'])
  await world.hours(24)
  expect(world.firing).toEqual([])
  // Monday, 20 November, a quarter to eight: not yet.
  await world.hours(5 * 24 - 24 + 8.25)
  expect(world.asked).toHaveLength(1)
  await world.hours(1)
  expect(world.asked).toEqual(['周巡检 2023-11-12', '周巡检 2023-11-19'])
})

test('one that is there from before a restart is not written again, and when it was written is known', async () => {
  const world = new World()
  await world.hours(1)
  const next = new World(world.clock)
  await next.hours(2)
  expect(next.asked).toEqual([])
  const [, , written] = metrics
  const [series] = [...(written === undefined ? [] : (next.store.families.get(written) ?? []))]
  expect(series === undefined ? 0 : next.store.value(series)).toBeGreaterThan(1_600_000_000)
})

test('one that fails is an alarm, and is tried again each hour until it is written', async () => {
  const world = new World()
  world.outcome = () => ({ ok: false, why: 'there is no Chromium' })
  await world.hours(1)
  expect(world.firing).toEqual(['ReportFailed'])
  await world.hours(2)
  expect(world.asked.length).toBe(3)
  world.outcome = new World(world.clock).outcome
  await world.hours(2)
  expect(world.firing).not.toContain('ReportFailed')
  expect(world.logged.at(-1)).toBe('a report is written')
})
