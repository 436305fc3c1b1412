import uPlot from 'uplot'
import { formatValue } from '../../model/unit.ts'
import type { ReadingStatus } from '../shape.ts'
import { h } from './dom.ts'
import { type Language, word } from './words.ts'

/** The last day of a reading, as `/api/v1/history` answers. */
export interface Past {
  readonly states?: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly points: readonly (readonly [seconds: number, value: number | null])[]
}

/** Where and for whom a chart is drawn. */
export interface ChartSetting {
  readonly timeZone: string
  readonly language: Language
  /** Now, in seconds since 1970. */
  readonly now: number
}

const day = 86_400
const height = 220
const fewPoints = 100

/** Numbers beside the axis of times. */
interface Columns {
  readonly times: readonly number[]
  readonly values: readonly (number | null)[]
}

/** Pure: what is drawn. Of a counter its growth per second; a restart of it, and what was not read, is a gap. */
function columnsOf(reading: Pick<ReadingStatus, 'kind'>, points: Past['points']): Columns {
  if (reading.kind !== 'counter') return { times: points.map(([t]) => t), values: points.map(([, value]) => value) }
  const times: number[] = []
  const values: (number | null)[] = []
  for (const [index, [t, value]] of points.entries()) {
    const before = points[index - 1]
    if (before === undefined) continue
    const [then, was] = before
    const isGrowth = value !== null && was !== null && value >= was && t > then
    times.push(t)
    values.push(isGrowth ? (value - was) / (t - then) : null)
  }
  return { times, values }
}

/** Draws the chart with its limits. Returns what takes it away. */
export function drawChart(host: HTMLElement, reading: ReadingStatus, past: Past, setting: ChartSetting): () => void {
  const { times, values } = columnsOf(reading, past.points)
  const said = summaryOf(reading, values, setting.language)
  host.replaceChildren()
  const plot = h('div', { role: 'img', 'aria-label': `${reading.text[setting.language]}: ${said}` })
  host.append(plot, h('p', { class: 'muted' }, said))
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: setting.timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const limits = reading.kind === 'counter' ? [] : linesOf(reading)
  const colour = (name: string): string => getComputedStyle(host).getPropertyValue(name).trim()
  const axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { stroke: colour('--line'), width: 1 },
  }
  const stepped = reading.kind === 'state' ? uPlot.paths.stepped?.({ align: 1 }) : undefined
  const chart = new uPlot(
    {
      width: Math.max(240, plot.clientWidth),
      height,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), setting.timeZone),
      scales: {
        x: { time: true, range: () => [setting.now - day, setting.now] },
        y: { range: (_, low, high) => rangeOf(low, high, limits) },
      },
      axes: [
        { ...axis, values: (_, splits) => splits.map((seconds) => clock.format(seconds * 1000)) },
        {
          ...axis,
          size: 78,
          values: (_, splits) => splits.map((value) => valueText(reading, value, setting.language)),
        },
      ],
      series: [
        {},
        {
          stroke: colour('--chart'),
          width: 1.5,
          // Of a siteward that has just started there is no line yet that anybody could see.
          points: { show: times.length < fewPoints, size: 4, fill: colour('--chart') },
          ...(stepped === undefined ? {} : { paths: stepped }),
        },
      ],
      hooks: { drawAxes: [(u) => drawLimits(u, limits, colour)] },
    },
    [[...times], [...values]],
    plot,
  )
  const watch = new ResizeObserver(() => chart.setSize({ width: Math.max(240, plot.clientWidth), height }))
  watch.observe(plot)
  return () => {
    watch.disconnect()
    chart.destroy()
  }
}

/** A limit, as a line. */
interface Line {
  readonly value: number
  readonly severity: string
}

function linesOf({ limits }: ReadingStatus): readonly Line[] {
  return limits.flatMap(({ low, high, severity }) =>
    [low, high].flatMap((value) => (value === null ? [] : [{ value, severity }])),
  )
}

/** A value as people read it: of a state its name, which stands at a whole number alone; of a counter its growth. */
function valueText({ kind, unit, states = [] }: ReadingStatus, value: number, language: Language): string {
  if (kind === 'state') return Number.isInteger(value) ? (states[value]?.[language] ?? '') : ''
  const text = formatValue(Number(value.toPrecision(4)), unit)
  return kind === 'counter' ? `${text}/s` : text
}

/** The chart in words, for those who do not see it. */
function summaryOf(reading: ReadingStatus, values: readonly (number | null)[], language: Language): string {
  const known = values.filter((value) => value !== null)
  const newest = known.at(-1)
  if (newest === undefined) return word('chartNone', language)
  const text = (value: number): string => valueText(reading, value, language)
  const reduce = (choose: (a: number, b: number) => number): number => known.reduce(choose)
  const parts =
    reading.kind === 'state'
      ? []
      : [
          `${word('lowest', language)} ${text(reduce((a, b) => Math.min(a, b)))}`,
          `${word('highest', language)} ${text(reduce((a, b) => Math.max(a, b)))}`,
        ]
  return [word('chart', language), ...parts, `${word('newest', language)} ${text(newest)}`].join(', ')
}

/** All values and all limits, with a little room around. */
function rangeOf(low: number | null, high: number | null, limits: readonly Line[]): [number, number] {
  const all = [...limits.map(({ value }) => value), ...(low === null ? [] : [low]), ...(high === null ? [] : [high])]
  if (all.length === 0) return [0, 1]
  const [least, most] = [Math.min(...all), Math.max(...all)]
  const margin = most > least ? (most - least) * 0.08 : Math.max(1, Math.abs(most) * 0.05)
  return [least - margin, most + margin]
}

function drawLimits(chart: uPlot, limits: readonly Line[], colour: (name: string) => string): void {
  const { ctx, bbox } = chart
  ctx.save()
  ctx.lineWidth = 1.5 * devicePixelRatio
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio])
  for (const { value, severity } of limits) {
    const y = Math.round(chart.valToPos(value, 'y', true))
    ctx.strokeStyle = colour(severity === 'critical' ? '--critical' : '--warning')
    ctx.beginPath()
    ctx.moveTo(bbox.left, y)
    ctx.lineTo(bbox.left + bbox.width, y)
    ctx.stroke()
  }
  ctx.restore()
}
