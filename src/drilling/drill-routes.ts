import Type from 'typebox'
import { breakingValue } from '../drill/targets.ts'
import { json, operation, RequestError, type Route } from '../expose/route.ts'
import { parseDuration } from '../model/duration.ts'
import type { Series } from '../model/series.ts'
import type { Site } from '../model/site.ts'
import { type DrillParts, longestHold } from './drill.ts'
import type { Drills } from './drills.ts'

const order = Type.Object(
  {
    device: Type.String({ minLength: 1, maxLength: 100 }),
    aim: Type.String({ minLength: 3, maxLength: 500 }),
    for: Type.Optional(Type.String({ maxLength: 20 })),
  },
  { additionalProperties: false },
)

/** A drill that would prove one alarm, or why no single value can. */
interface Proposal {
  readonly alarm: string
  readonly severity: string
  readonly device: string
  readonly aim: string | null
}

/** Drills: begun, followed, withdrawn, and proposed for each alarm of the site. */
export function drillRoutes(drills: Drills, parts: Pick<DrillParts, 'site' | 'seriesOf' | 'value'>): readonly Route[] {
  return [
    operation('POST', '/api/v1/drills', order, ({ body, caller }) => {
      const hold = body.for === undefined ? undefined : parseDuration(body.for)
      if (body.for !== undefined && (hold === undefined || hold > longestHold))
        throw new RequestError(400, 'for is a duration of an hour at most, as 2m')
      const begun = drills.start({ device: body.device, aim: body.aim, hold, by: caller })
      if (begun.ok) return json(202, begun.value)
      throw new RequestError(409, begun.why)
    }),
    operation('DELETE', '/api/v1/drills/:id', Type.Object({}, { additionalProperties: false }), ({ params }) => {
      if (drills.withdraw(params['id'] ?? '')) return json(200, drills.newest ?? {})
      throw new RequestError(404, 'no such drill runs')
    }),
    { method: 'GET', path: '/api/v1/drills/proposed', right: 'read', handle: () => json(200, proposals(parts)) },
    {
      method: 'GET',
      path: '/api/v1/drills/:id',
      right: 'read',
      handle: ({ params }) => {
        const { newest } = drills
        if (newest === undefined || newest.id !== params['id']) throw new RequestError(404, 'no such drill')
        return json(200, newest)
      },
    },
  ]
}

/** One drill for each alarm and severity of the site, on a device that has given the reading. */
function proposals({ site: siteNow, seriesOf, value }: Pick<DrillParts, 'site' | 'seriesOf' | 'value'>): {
  proposals: readonly Proposal[]
} {
  const found = new Map<string, Proposal>()
  const site = siteNow()
  for (const device of [...site.devices, site.itself]) {
    const read = new Map([...seriesOf(device.name)].map((series) => [series.metric.name, series]))
    for (const rule of device.rules) {
      const key = `${rule.alarm} ${rule.severity}`
      if ((found.get(key)?.aim ?? null) !== null) continue
      const series = read.get(rule.metric.name)
      const written = series === undefined ? undefined : breakingValue(rule, (name) => limitOf(read.get(name), value))
      const aim = written === undefined ? null : `${rule.metric.name}${matchText(rule.match)}=${written}`
      found.set(key, { alarm: rule.alarm, severity: rule.severity, device: device.name, aim })
    }
  }
  return { proposals: [...found.values()] }
}

function limitOf(series: Series | undefined, value: (series: Series) => number): number {
  return series === undefined ? Number.NaN : value(series)
}

function matchText(match: Site['labels']): string {
  const pairs = Object.entries(match).map(([name, text]) => `${name}="${text}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
