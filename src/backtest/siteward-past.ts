import type { Milliseconds } from '../model/clock.ts'
import type { Labels } from '../model/labels.ts'
import { type Past, PastError, type PastOf, type Wanted } from './past.ts'

/** Asks a running siteward; resolves to the JSON of its answer. Rejects with the reason for the operator. */
export type Ask = (path: string) => Promise<unknown>

/** A day, and what it may keep beyond that. */
const reach: Milliseconds = 25 * 3_600_000

/** The past as siteward itself has it, the last 24 hours: as it was read, poll by poll. */
export function sitewardPast(name: string, ask: Ask): Past {
  return {
    name: `siteward at ${name}`,
    // What it has at most is asked for at once, device by device.
    reach,
    span: reach,
    async read({ devices, metrics, from, to }: Wanted) {
      const found: PastOf[] = []
      for (const device of devices) {
        const query = new URLSearchParams({ device, from: String(from / 1000), to: String(to / 1000) })
        for (const metric of metrics) query.append('metric', metric)
        found.push(...seriesIn(await ask(`/api/v1/history?${query}`)))
      }
      return found
    },
  }
}

function seriesIn(body: unknown): readonly PastOf[] {
  const list = typeof body === 'object' && body !== null && 'series' in body ? body.series : undefined
  if (!Array.isArray(list)) throw new PastError('what answers there is no siteward')
  return list.map((one: { metric: string; labels: Labels; points: [number, number | null][] }) => ({
    metric: one.metric,
    labels: one.labels,
    points: one.points.map(([t, v]) => [t * 1000, v ?? Number.NaN] as const),
  }))
}
