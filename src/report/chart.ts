import { localTime } from '../model/time-zone.ts'
import { formatValue } from '../model/unit.ts'
import { whereText } from '../record/listing.ts'
import type { Stretch } from '../rollup/stretches.ts'
import type { Check } from './checks.ts'
import type { ReportInput } from './content.ts'
import type { SeriesFigures } from './figures.ts'
import { escaped } from './markup.ts'

/** Of a device no more than these: what has limits first. */
const mostCharts = 4
const mostLines = 6

/** The picture in its own units, and the room for what is written around it. */
const [width, height] = [720, 190]
const [left, right, top, bottom] = [78, 12, 26, 24]

/** Told apart in print without colour, too, by their dashes. */
const lines = [
  { colour: '#1f5fa8', dash: '' },
  { colour: '#b3541e', dash: '6 3' },
  { colour: '#2f7d4f', dash: '2 2' },
  { colour: '#7a3f98', dash: '8 2 2 2' },
  { colour: '#8a6d00', dash: '4 4' },
  { colour: '#444444', dash: '1 3' },
] as const

/** Series of one metric in one chart, with its limits. */
interface Drawn {
  readonly title: string
  readonly series: readonly SeriesFigures[]
  readonly limits: readonly number[]
}

/** Pure: the charts of a device, as SVG that stands by itself. */
export function chartsOf(
  figures: readonly SeriesFigures[],
  checks: readonly Check[],
  { stretches, language, site }: ReportInput,
): readonly string[] {
  const byMetric = new Map<string, { series: SeriesFigures[]; rules: number; limits: Set<number> }>()
  for (const [n, one] of figures.entries()) {
    if (one.metric.kind !== 'gauge' || one.total.count === 0 || one.metric.name.startsWith('siteward_')) continue
    const rules = checks[n]?.rules ?? []
    const known = byMetric.get(one.metric.name) ?? { series: [], rules: 0, limits: new Set<number>() }
    byMetric.set(one.metric.name, known)
    known.series.push(one)
    known.rules += rules.length
    for (const limit of limitsOf(rules)) known.limits.add(limit)
  }
  return [...byMetric.values()]
    .sort((a, b) => Math.sign(b.rules) - Math.sign(a.rules))
    .slice(0, mostCharts)
    .map(({ series, limits }) => {
      const title = series[0]?.metric.text[language] ?? ''
      return chartOf({ title, series: widest(series), limits: [...limits] }, stretches, site.timeZone())
    })
}

/** Of many series those that went furthest: what stood still says nothing. */
function widest(series: readonly SeriesFigures[]): readonly SeriesFigures[] {
  if (series.length <= mostLines) return series
  const span = ({ total }: SeriesFigures): number => total.high - total.low
  const chosen = new Set([...series].sort((a, b) => span(b) - span(a)).slice(0, mostLines))
  return series.filter((one) => chosen.has(one))
}

function limitsOf(rules: Check['rules']): readonly number[] {
  return rules.flatMap(({ measure, condition }) => {
    if (measure !== undefined) return []
    const sides =
      condition.kind === 'within'
        ? [condition.low, condition.high]
        : condition.kind === 'above' || condition.kind === 'below'
          ? [condition.limit]
          : []
    return sides.flatMap((limit) => (limit.kind === 'fixed' ? [limit.value] : []))
  })
}

function chartOf({ title, series, limits }: Drawn, stretches: readonly Stretch[], timeZone: string): string {
  const [low, high] = rangeOf(series, limits)
  const x = (n: number): number => left + ((n + 0.5) * (width - left - right)) / Math.max(1, stretches.length)
  const y = (value: number): number => height - bottom - ((value - low) * (height - top - bottom)) / (high - low)
  const { unit } = series[0]?.metric ?? { unit: 'none' }
  const parts = [
    `<text class="t" x="${left}" y="14">${escaped(title)}</text>`,
    ...ticksOf(low, high).map(
      (tick) =>
        `<path class="g" d="M${left} ${round(y(tick))}H${width - right}"/><text class="y" x="${left - 5}" y="${round(y(tick) + 4)}">${escaped(formatValue(tick, unit))}</text>`,
    ),
    ...datesOf(stretches, timeZone).map(
      ([n, text]) => `<text class="x" x="${round(x(n))}" y="${height - 8}">${escaped(text)}</text>`,
    ),
    ...(series.length === 1 ? series.map((one) => bandOf(one, x, y)) : []),
    ...limits
      .filter((limit) => limit >= low && limit <= high)
      .map((limit) => `<path class="l" d="M${left} ${round(y(limit))}H${width - right}"/>`),
    ...series.map((one, n) => lineOf(one, n, x, y)),
    ...(series.length > 1 ? legendOf(series) : []),
  ]
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">${parts.join('')}</svg>`
}

function rangeOf(series: readonly SeriesFigures[], limits: readonly number[]): readonly [number, number] {
  const values = series.flatMap(({ total }) => [total.low, total.high]).filter((value) => Number.isFinite(value))
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const span = most - least || Math.abs(most) || 1
  // A limit far away would press the line flat.
  const near = limits.filter((limit) => limit >= least - 2 * span && limit <= most + 2 * span)
  const [low, high] = [Math.min(least, ...near), Math.max(most, ...near)]
  const margin = (high - low || span) * 0.06
  return [low - margin, high + margin]
}

/** About four round numbers. */
function ticksOf(low: number, high: number): readonly number[] {
  const raw = (high - low) / 4
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = ([1, 2, 2.5, 5, 10].find((one) => one * power >= raw) ?? 10) * power
  const ticks: number[] = []
  for (let n = Math.ceil(low / step); n * step <= high; n++) ticks.push(Number((n * step).toPrecision(10)))
  return ticks
}

/** About seven dates. */
function datesOf(stretches: readonly Stretch[], timeZone: string): readonly (readonly [number, string])[] {
  const step = Math.max(1, Math.ceil(stretches.length / 7))
  return stretches.flatMap(({ start }, n) =>
    n % step === 0 ? [[n, localTime(start, timeZone).slice(5, 10)] as const] : [],
  )
}

/** From the lowest to the highest of each stretch; where nothing was read there is a gap. */
function bandOf({ lows, highs }: SeriesFigures, x: (n: number) => number, y: (value: number) => number): string {
  return runsOf(lows)
    .map(([from, to]) => {
      const up = range(from, to).map((n) => `${round(x(n))} ${round(y(highs[n] ?? 0))}`)
      const back = range(from, to).map((n) => `${round(x(n))} ${round(y(lows[n] ?? 0))}`)
      return `<path class="b" d="M${[...up, ...back.reverse()].join('L')}Z"/>`
    })
    .join('')
}

function lineOf(
  { averages }: SeriesFigures,
  n: number,
  x: (n: number) => number,
  y: (value: number) => number,
): string {
  const { colour, dash } = lines[n % lines.length] ?? lines[0]
  const d = runsOf(averages)
    .map(([from, to]) => {
      const points = range(from, to).map((i) => `${round(x(i))} ${round(y(averages[i] ?? 0))}`)
      // A single point is a short stroke, or it would not be seen.
      return points.length === 1 ? `M${points[0]}h2` : `M${points.join('L')}`
    })
    .join('')
  const dashes = dash === '' ? '' : ` stroke-dasharray="${dash}"`
  return `<path class="s" stroke="${colour}"${dashes} d="${d}"/>`
}

function legendOf(series: readonly SeriesFigures[]): readonly string[] {
  const step = (width - left - right) / series.length
  return series.map(({ labels }, n) => {
    const { colour, dash } = lines[n % lines.length] ?? lines[0]
    const at = round(left + n * step)
    const dashes = dash === '' ? '' : ` stroke-dasharray="${dash}"`
    const text = whereText(labels).slice(0, Math.floor(step / 6))
    return `<path class="s" stroke="${colour}"${dashes} d="M${at} 21h16"/><text class="k" x="${at + 19}" y="24">${escaped(text)}</text>`
  })
}

/** Stretches of an array without a gap. */
function runsOf(values: Float64Array): readonly (readonly [number, number])[] {
  const runs: [number, number][] = []
  for (const [n, value] of values.entries()) {
    if (Number.isNaN(value)) continue
    const last = runs.at(-1)
    if (last !== undefined && last[1] === n - 1) last[1] = n
    else runs.push([n, n])
  }
  return runs
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, n) => from + n)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
