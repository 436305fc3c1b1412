import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { printPdf } from '../../src/commands/chromium.ts'
import { Judge } from '../../src/judge/judge.ts'
import { silent } from '../../src/model/log.ts'
import { type Series, SeriesTable } from '../../src/model/series.ts'
import { reportOf } from '../../src/report/content.ts'
import type { SeriesFigures } from '../../src/report/figures.ts'
import { htmlOf } from '../../src/report/html.ts'
import { type Covered, coveredBy } from '../../src/report/period.ts'
import { prometheusFigures } from '../../src/report/prometheus-figures.ts'
import { rolledFigures } from '../../src/report/rolled-figures.ts'
import { packed, unpacked } from '../../src/rollup/packed.ts'
import { noJournal } from '../../src/store/journal.ts'
import { viewRollUpsIn } from '../../src/store/roll-ups.ts'
import { Store } from '../../src/store/store.ts'
import { RollUpKeeper } from '../../src/upkeep/roll-up-keeper.ts'
import { ManualClock } from '../manual-clock.ts'
import { figuresOf, makeRoom, makeRoomSite, steady, up } from '../report/rooms.ts'
import { bytesTotal, source, temperature } from '../samples.ts'
import { pastPrometheus } from './past-prometheus.ts'
import { describeWith, peer } from './peer.ts'
import type { Started } from './process.ts'

const minute = 60_000
/** Thirty hours, from an evening over a midnight into the next evening. */
const minutes = 1800

/** What one series reads in the nth minute; NaN where nothing comes. */
type Course = (n: number) => number

const courses: readonly {
  readonly metric: SeriesFigures['metric']
  readonly labels: Record<string, string>
  readonly of: Course
}[] = [
  {
    metric: temperature,
    labels: { sensor: 'a' },
    of: (n) => (n % 97 < 9 ? Number.NaN : 24 + 7 * Math.sin(n / 50) + (n % 7) / 10),
  },
  { metric: temperature, labels: { sensor: 'b' }, of: (n) => (n > 400 && n < 900 ? Number.NaN : 19 + (n % 11) / 4) },
  {
    metric: bytesTotal,
    labels: { interface: 'eth0' },
    of: (n) => (n % 300 === 299 ? Number.NaN : (n % 700) * 1000 + (n % 3)),
  },
  { metric: source, labels: {}, of: (n) => (n % 40 < 3 ? 2 : n % 100 < 12 ? 1 : 0) },
  { metric: up, labels: { probe: 'sample' }, of: (n) => (n % 250 < 5 ? 0 : 1) },
]

describeWith(['prometheus', 'promtool'], 'figures of the same minutes, of a real Prometheus and of roll-ups', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-figures-'))
  const device = makeRoom()
  const site = makeRoomSite([device], { stateDirectory: folder, timeZone: () => 'Asia/Shanghai' })
  let prometheus: Started
  let url = ''

  beforeAll(async () => {
    // A scrape marks what is gone; a file that is read in cannot, so what is not there must be gone by itself.
    const past = await pastPrometheus(folder, await rollUp(), ['--query.lookback-delta=59s'])
    prometheus = past.prometheus
    url = past.url
  }, 180_000)

  afterAll(async () => {
    await prometheus?.stop('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })

  /** Has siteward look at every minute; returns the same minutes as Prometheus would have scraped them. */
  async function rollUp(): Promise<string> {
    const clock = new ManualClock()
    const store = new Store()
    const judge = new Judge(site, store)
    judge.addDevice(device)
    const table = new SeriesTable(site.name, (series) => {
      store.add(series)
      judge.addSeries(series)
    })
    const keeper = new RollUpKeeper({
      ...{ table, store, judge, clock, log: silent, site: () => site, journal: { ...noJournal(), isKept: true } },
    })
    const scope = table.scope(table.source(device.name, 'sample'))
    const known = courses.flatMap((course) => {
      const series = scope.series(course.metric, course.labels)
      return series === undefined ? [] : [{ ...course, series, lines: [] as string[] }]
    })
    for (let n = 0; n < minutes; n++) {
      await clock.pass(minute)
      const now = clock.now()
      const at = Math.floor(now.wall / minute) * 60
      for (const { series, of, lines } of known) {
        store.apply({ series, value: of(n) }, now.mono)
        lines.push(...exposed(series, of(n), at))
      }
      keeper.tick(now)
    }
    await clock.pass(10_000)
    keeper.stop()
    return text(known)
  }

  const both = async (covered: Covered): Promise<readonly (readonly SeriesFigures[])[]> => {
    const ask = async (page: URL, body: URLSearchParams) => {
      const response = await fetch(page, { method: 'POST', body })
      return { status: response.status, text: await response.text() }
    }
    const view = viewRollUpsIn(folder, { packed, unpacked })
    const ours = await rolledFigures(view, site.vocabulary).read(device, covered.stretches)
    view.close()
    return [ours, await prometheusFigures(new URL(url), site, ask).read(device, covered.stretches)]
  }

  test.each(['week', 'month'] as const)(
    'are the same over a %s, series by series, hour by hour and day by day',
    async (period) => {
      const [ours = [], theirs = []] = await both(coveredBy(period, '2023-11-15', site.timeZone()))
      expect(ours.map(({ metric, labels }) => [metric.name, labels])).toEqual(
        theirs.map(({ metric, labels }) => [metric.name, labels]),
      )
      expect(ours).toHaveLength(courses.length)
      for (const [n, one] of ours.entries()) {
        const other = theirs[n]
        if (other === undefined) throw new Error('a series is missing')
        const { sum, ...counts } = one.total
        const { sum: otherSum, ...otherCounts } = other.total
        expect(otherCounts).toEqual(counts)
        // Prometheus adds up with Kahan's compensation: the last digits differ.
        expect(otherSum).toBeCloseTo(sum, 5)
        expect(other.lows).toEqual(one.lows)
        expect(other.highs).toEqual(one.highs)
        for (const [i, average] of one.averages.entries()) {
          if (Number.isNaN(average)) expect(other.averages[i]).toBeNaN()
          else expect(other.averages[i]).toBeCloseTo(average, 9)
        }
      }
      expect(ours.some(({ total }) => total.outside > 100)).toBe(true)
      expect(ours.every(({ total }) => total.count < minutes || total.count === minutes)).toBe(true)
    },
    120_000,
  )
})

function exposed({ metric, labels }: Series, value: number, at: number): readonly string[] {
  if (Number.isNaN(value)) return []
  const own = Object.entries(labels).map(([name, text]) => `${name}="${text}"`)
  const line = (more: readonly string[], number: number): string =>
    `${metric.name}{${[...own, ...more, 'job="siteward"', 'instance="a"'].join(',')}} ${number} ${at}`
  if (metric.kind !== 'state') return [line([], value)]
  return metric.states.map((state, index) => line([`state="${state}"`], index === value ? 1 : 0))
}

function text(
  known: readonly { readonly metric: SeriesFigures['metric']; readonly lines: readonly string[] }[],
): string {
  const names = [...new Set(known.map(({ metric }) => metric))]
  const families = names.map((metric) => {
    const lines = known.flatMap((one) => (one.metric === metric ? one.lines : []))
    const [name, type] =
      metric.kind === 'counter' ? [metric.name.replace(/_total$/, ''), 'counter'] : [metric.name, 'gauge']
    return `# TYPE ${name} ${type}\n${lines.join('\n')}\n`
  })
  return `${families.join('')}# EOF\n`
}

describeWith(['chromium', 'pdftotext'], 'a report in real Chromium', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-page-'))
  const file = join(folder, 'report.html')

  beforeAll(async () => {
    const covered = coveredBy('week', '2026-03-18', 'Asia/Shanghai')
    const devices = [makeRoom(), makeRoom({ name: 'crac-2' })]
    const made = await reportOf({
      ...{ site: makeRoomSite(devices), devices, period: 'week', ...covered, asOf: covered.end, language: 'zh' },
      ...{ classes: [], episodes: [], duties: [], assetEvents: [], metricsOf: () => [temperature] },
      figures: figuresOf({
        'crac-1': [steady(temperature, { low: 21, high: 27, sum: 240_000, count: 10_000 }, 168, { sensor: '回风' })],
      }),
    })
    writeFileSync(file, [...htmlOf(made)].join(''))
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('has Chinese letters, drawn by a font that has them, in texts and in charts; nothing comes from elsewhere', async () => {
    const browser = await chromium.launch({ executablePath: peer('chromium') ?? '', args: ['--no-sandbox'] })
    try {
      const page = await browser.newPage({ viewport: { width: 900, height: 1200 } })
      const asked: string[] = []
      const said: string[] = []
      page.on('request', (request) => asked.push(request.url()))
      page.on('console', (message) => said.push(message.text()))
      await page.goto(`file://${file}`)
      expect(asked).toEqual([`file://${file}`])
      expect(said).toEqual([])
      const session = await page.context().newCDPSession(page)
      await session.send('DOM.enable')
      await session.send('CSS.enable')
      const { root } = await session.send('DOM.getDocument')
      for (const selector of ['h1', 'td.unchecked, p.unchecked', 'svg .t']) {
        const { nodeId } = await session.send('DOM.querySelector', { nodeId: root.nodeId, selector })
        const { fonts } = await session.send('CSS.getPlatformFontsForNode', { nodeId })
        expect(fonts.map(({ familyName }) => familyName).join()).toMatch(/CJK|Han|Hei|Song|Kai|Ming|Gothic/)
      }
      // A letter that no font has is drawn as an empty box, always the same one.
      const drawn = await page.evaluate<string[]>(`['未', '检', '查', '\\u{10fffe}'].map((letter) => {
        const context = document.createElement('canvas').getContext('2d')
        context.font = '24px "Noto Sans CJK SC",sans-serif'
        context.fillText(letter, 4, 30)
        return context.getImageData(0, 0, 40, 40).data.join()
      })`)
      expect(new Set(drawn).size).toBe(4)
      // Nothing is wider than the page.
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(900)
    } finally {
      await browser.close()
    }
  }, 120_000)

  test('is printed as a PDF whose text can be searched', async () => {
    const pdf = join(folder, 'report.pdf')
    await printPdf(readFileSync(file, 'utf8'), pdf)
    const words = spawnSync('pdftotext', ['-layout', pdf, '-'], { encoding: 'utf8' }).stdout
    expect(words).toContain('周巡检报告')
    expect(words).toContain('未检查')
  }, 120_000)
})
