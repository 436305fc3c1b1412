import { type Labels, labelText } from '../model/labels.ts'
import type { Metric } from '../model/metric.ts'
import type { Series } from '../model/series.ts'

/** Prometheus' text format 0.0.4, or OpenMetrics 1.0.0 for those who ask for it. */
export type Format = 'text' | 'openmetrics'

/** What is exposed: families with their series, and each series' newest value (NaN: nothing to expose). */
export interface Readings {
  readonly families: ReadonlyMap<Metric, Iterable<Series>>
  value(series: Series): number
}

/** About how much text is handed on at once: small enough never to hold up the polls. */
const chunkLength = 65_536

/** Writes /metrics. The text before a value never changes, so it is made once a series and kept by series id. */
export class Exposition {
  readonly #readings: Readings
  readonly #lines: (Lines | undefined)[] = []

  constructor(readings: Readings) {
    this.#readings = readings
  }

  /** The exposition in pieces of about 64 KiB; between two of them other work may run. */
  *chunks(format: Format): Generator<string> {
    let text = ''
    for (const [metric, series] of this.#readings.families) {
      let isHeaded = false
      for (const one of series) {
        const value = this.#readings.value(one)
        if (Number.isNaN(value)) continue
        if (!isHeaded) text += header(metric, format)
        isHeaded = true
        text += this.#samples(one, value)
        if (text.length < chunkLength) continue
        yield text
        text = ''
      }
    }
    if (text !== '') yield text
  }

  #samples(series: Series, value: number): string {
    const { before } = this.#linesOf(series)
    if (typeof before === 'string') return `${before}${numberText(value)}\n`
    let text = ''
    for (let state = 0; state < before.length; state++) text += `${before[state]}${state === value ? '1' : '0'}\n`
    return text
  }

  /** The id of a series that left the site may be given out again: the text is only good for the series it was made of. */
  #linesOf(series: Series): Lines {
    const known = this.#lines[series.id]
    if (known?.metric === series.metric && known.labels === series.labels) return known
    const made: Lines = { metric: series.metric, labels: series.labels, before: beforeValue(series) }
    this.#lines[series.id] = made
    return made
  }
}

interface Lines {
  readonly metric: Metric
  readonly labels: Labels
  /** What stands before the value; for a state metric one text a state. */
  readonly before: string | readonly string[]
}

function beforeValue({ metric, labels }: Series): string | readonly string[] {
  if (metric.kind !== 'state') return `${metric.name}${labelText(labels)} `
  return metric.states.map((state) => `${metric.name}${labelText({ ...labels, state })} `)
}

function header(metric: Metric, format: Format): string {
  const isCounter = metric.kind === 'counter'
  // OpenMetrics names a counter's family without _total.
  const name = isCounter && format === 'openmetrics' ? metric.name.replace(/_total$/, '') : metric.name
  const help = metric.text.en.replace(/[\\\n]/g, (c) => (c === '\n' ? '\\n' : '\\\\'))
  return `# HELP ${name} ${help}\n# TYPE ${name} ${isCounter ? 'counter' : 'gauge'}\n`
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}
