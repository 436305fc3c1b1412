import { type Reply, type Request, RequestError, type Route } from '../expose/route.ts'
import { type History, historyWindow, type PastSeries } from '../history/history.ts'
import type { Clock, Milliseconds } from '../model/clock.ts'
import { stateName } from '../model/metric.ts'

/** The parts of a question that are no labels. */
const own: readonly string[] = ['metric', 'from', 'to']

/**
 * The readings of the last 24 hours: `GET /api/v1/history?metric=NAME&device=..&from=..&to=..`. `metric` may stand several
 * times; what else stands there are labels; `from` and `to` are seconds since 1970 or times as 2026-01-31T08:00:00Z.
 */
export function historyRoutes(history: History, clock: Clock): readonly Route[] {
  return [
    { method: 'GET', path: '/api/v1/history', right: 'read', handle: (request) => answer(request, history, clock) },
  ]
}

function answer({ query }: Request, history: History, clock: Clock): Reply {
  const now = clock.now().wall
  // Each once: a name that stands there five hundred times must not make five hundred lists.
  const metrics = new Set(query.getAll('metric'))
  if (metrics.size === 0) throw new RequestError(400, 'metric is needed, as ?metric=room_temperature_celsius')
  const from = timeOf(query.get('from'), now - historyWindow)
  const to = timeOf(query.get('to'), now)
  const labels = Object.fromEntries([...query].filter(([name]) => !own.includes(name)))
  const found = [...metrics].flatMap((metric) => history.find(metric, labels))
  const headers = { 'content-type': 'application/json; charset=utf-8' }
  return { status: 200, headers, body: pieces(found, history, from, to) }
}

function timeOf(text: string | null, otherwise: Milliseconds): Milliseconds {
  if (text === null) return otherwise
  const time = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text)
  if (Number.isNaN(time)) throw new RequestError(400, `${text} is no time: write 1767168000 or 2025-12-31T08:00:00Z`)
  return time
}

/** A series at a time: the whole of a large site is never in memory as text. */
function* pieces(
  found: readonly PastSeries[],
  history: History,
  from: Milliseconds,
  to: Milliseconds,
): Generator<string> {
  let before = '{"series":['
  for (const series of found) {
    yield before + JSON.stringify(seriesOf(series, history, from, to))
    before = ',\n'
  }
  yield found.length === 0 ? '{"series":[]}\n' : ']}\n'
}

/** Points are [seconds, value], the value null where there was no reading; of a state its number in `states`. */
function seriesOf({ metric, labels }: PastSeries, history: History, from: Milliseconds, to: Milliseconds): unknown {
  const states = metric.kind === 'state' ? metric.states.map((_, state) => stateName(metric, state)) : undefined
  const points = history.range({ metric, labels }, from, to).map(({ t, v }) => [t / 1000, Number.isNaN(v) ? null : v])
  return { metric: metric.name, unit: metric.unit, ...(states === undefined ? {} : { states }), labels, points }
}
