import type { Milliseconds } from '../model/clock.ts'
import type { Labels } from '../model/labels.ts'
import type { Vocabulary } from '../model/metric.ts'
import { type Past, PastError, type PastOf, type Wanted } from './past.ts'

/** Fetches a page of Prometheus; as the runtime's own fetch. */
export type Fetch = (url: URL, body: URLSearchParams) => Promise<{ readonly status: number; readonly text: string }>

/** Points of one question and series; Prometheus refuses more than 11,000. */
const pointsAtOnce = 240

/**
 * The past as Prometheus has it, on a grid of `step`: https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
 * A point of the grid without a sample is a missing reading. What Prometheus adds (job, instance) is left out, so that two
 * sitewards of one site are one.
 */
export function prometheusPast(base: URL, site: string, vocabulary: Vocabulary, step: Milliseconds, ask: Fetch): Past {
  return {
    name: `Prometheus at ${base.origin}`,
    reach: Number.POSITIVE_INFINITY,
    span: pointsAtOnce * step,
    async read(wanted) {
      const url = new URL(`${base.pathname.replace(/\/$/, '')}/api/v1/query_range`, base)
      const reply = await ask(url, questionOf(wanted, site, step)).catch((error: unknown) => {
        throw new PastError(`no Prometheus answers at ${base.origin}: ${error instanceof Error ? error.message : ''}`)
      })
      return seriesIn(resultOf(reply, base), wanted, vocabulary, step)
    },
  }
}

function questionOf({ devices, metrics, from, to }: Wanted, site: string, step: Milliseconds): URLSearchParams {
  const any = (names: readonly string[]): string => JSON.stringify(names.map(escaped).join('|'))
  return new URLSearchParams({
    query: `{__name__=~${any(metrics)},site=${JSON.stringify(site)},device=~${any(devices)}}`,
    start: String(gridStart(from, step) / 1000),
    end: String(to / 1000),
    step: String(step / 1000),
  })
}

/** The grid is the same for all spans. */
function gridStart(from: Milliseconds, step: Milliseconds): Milliseconds {
  return Math.ceil(from / step) * step
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

interface Matrix {
  readonly metric: Labels
  readonly values: readonly (readonly [number, string])[]
}

function resultOf({ status, text }: { status: number; text: string }, base: URL): readonly Matrix[] {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    body = undefined
  }
  const reply = body as { status?: string; error?: string; data?: { result?: unknown } } | undefined
  const result = reply?.data?.result
  if (status === 200 && reply?.status === 'success' && Array.isArray(result)) return result as readonly Matrix[]
  throw new PastError(`Prometheus at ${base.origin} refuses (${status}): ${reply?.error ?? text.slice(0, 200)}`)
}

/** Series of the site's metrics, with every point of the grid; states sets become one series of state numbers. */
function seriesIn(
  result: readonly Matrix[],
  { from, to }: Wanted,
  vocabulary: Vocabulary,
  step: Milliseconds,
): readonly PastOf[] {
  const start = gridStart(from, step)
  const length = Math.max(0, Math.floor((to - start) / step) + 1)
  const found = new Map<string, { metric: string; labels: Labels; values: Float64Array }>()
  for (const { metric: all, values } of result) {
    const metric = vocabulary.get(all['__name__'] ?? '')
    if (metric === undefined) continue
    const kept = ['site', 'device', ...metric.labels].filter((name) => all[name] !== undefined)
    const labels = Object.fromEntries(kept.map((name) => [name, all[name] ?? '']))
    const key = JSON.stringify([metric.name, labels])
    const series = found.get(key) ?? { metric: metric.name, labels, values: new Float64Array(length).fill(Number.NaN) }
    found.set(key, series)
    const state = metric.kind === 'state' ? metric.states.indexOf(all['state'] ?? '') : undefined
    for (const [at, text] of values) {
      const i = Math.round((at * 1000 - start) / step)
      const value = Number(text)
      if (state === undefined) series.values[i] = value
      else if (value === 1 && state >= 0) series.values[i] = state
    }
  }
  return [...found.values()].map(({ metric, labels, values }) => ({
    metric,
    labels,
    points: Array.from(values, (value, i) => [start + i * step, value] as const),
  }))
}
