import Type, { type Static } from 'typebox'
import { json, operation, type Reply, type Request, RequestError, type Route } from '../expose/route.ts'
import type { Clock, Milliseconds } from '../model/clock.ts'
import { parseDuration } from '../model/duration.ts'
import { labelValue } from '../model/labels.ts'
import type { ListedQuiet } from '../model/listed-quiet.ts'
import type { QuietWindow } from '../model/quiet.ts'
import { ruledDevices, type SiteNow } from '../model/site.ts'
import { localMoment, localTime } from '../model/time-zone.ts'
import type { HoldKeeper } from './hold-keeper.ts'
import type { QuietList } from './quiet-list.ts'

/** What the routes of quiet times are wired to. */
export interface QuietRouteParts {
  readonly site: SiteNow
  readonly clock: Clock
  readonly holds: Pick<HoldKeeper, 'quietNow' | 'unwell'>
  readonly list: QuietList
}

/** Longer is no maintenance, but an alarm that should be off. */
const longest: Milliseconds = 31 * 86_400_000

const names = Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 1000 }))
const moment = Type.String({ minLength: 1, maxLength: 40 })

const addition = Type.Object(
  {
    name: Type.Optional(Type.String({ pattern: '^[a-z0-9-]{1,40}$' })),
    by: Type.String({ minLength: 1, maxLength: 100, pattern: '\\S' }),
    note: Type.Optional(Type.String({ maxLength: 2000 })),
    devices: names,
    alarms: names,
    match: Type.Optional(Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 256 }))),
    from: Type.Optional(moment),
    until: Type.Optional(moment),
    for: Type.Optional(Type.String({ maxLength: 40 })),
    ends_when_well: Type.Optional(Type.String({ maxLength: 40 })),
  },
  { additionalProperties: false },
)

/** Quiet times: those of the site file and those that people add, and what is under each. */
export function quietRoutes(parts: QuietRouteParts): readonly Route[] {
  return [
    { method: 'GET', path: '/api/v1/quiet', right: 'read', handle: () => json(200, { quiet: listed(parts) }) },
    operation('POST', '/api/v1/quiet', addition, ({ body }) => add(body, parts)),
    {
      method: 'DELETE',
      path: '/api/v1/quiet/:name',
      right: 'operate',
      handle: (request) => end(request, parts),
    },
  ]
}

function add(body: Static<typeof addition>, { site: siteNow, clock, list }: QuietRouteParts): Reply {
  const site = siteNow()
  const { devices = [], alarms = [], match = {}, note = '' } = body
  if (devices.length === 0 && alarms.length === 0 && Object.keys(match).length === 0)
    throw new RequestError(400, 'say which alerts it is about: devices, alarms or match')
  const strange = devices.find((name) => !ruledDevices(site).some((device) => device.name === name))
  if (strange !== undefined) throw new RequestError(400, `there is no device ${strange}`)
  if (body.name !== undefined && [...site.quiet, ...list.windows].some(({ name }) => name === body.name))
    throw new RequestError(409, `there is a quiet time ${body.name} already`)
  const now = clock.now().wall
  const from = body.from === undefined ? now : momentOf(body.from, site.timeZone(), 'earlier')
  const to = endOf(body, from, site.timeZone())
  if (to <= from || to <= now) throw new RequestError(400, 'it ends before it begins, or has ended')
  if (to - from > longest)
    throw new RequestError(400, 'it may last 31 days at most: what is never to be told is rules: off')
  const endsWhenWell = body.ends_when_well === undefined ? undefined : durationOf(body.ends_when_well)
  const time = { kind: 'once', from, to } as const
  const scope = { devices, alarms, match }
  const window = { author: labelValue(body.by), note: labelValue(note), scope, time, endsWhenWell }
  const added = list.add(window, body.name)
  if (added === undefined) throw new RequestError(409, 'there are 1000 quiet times already: end some')
  return json(201, { quiet: textOf(added.window, site.timeZone()), written: added.isKept })
}

function end({ params, query }: Request<unknown>, parts: QuietRouteParts): Reply {
  const { holds, list } = parts
  const window = list.windows.find(({ name }) => name === params['name'])
  if (window === undefined) throw new RequestError(404, `there is no quiet time ${params['name']} that was added`)
  const unwell = holds.unwell(window).map(({ alarm, device }) => `${alarm} ${device}`)
  if (unwell.length > 0 && query.get('anyway') !== 'true') {
    throw new RequestError(409, `not all under it is well: ${unwell.slice(0, 10).join(', ')} (${unwell.length})`)
  }
  list.end(window.name)
  return json(200, { ended: window.name, unwell })
}

function listed({ site: siteNow, clock, holds, list }: QuietRouteParts): readonly ListedQuiet[] {
  const site = siteNow()
  const now = clock.now()
  const active = new Map(holds.quietNow(now).map(({ window, to }) => [window, to]))
  return [...site.quiet, ...list.windows]
    .filter(({ time }) => time.kind === 'recurring' || time.to > now.wall)
    .map((window) => {
      const until = active.get(window)
      const unwell = holds.unwell(window).map(({ alarm, device }) => `${alarm} ${device}`)
      return {
        ...textOf(window, site.timeZone()),
        active: until !== undefined,
        ...(until === undefined ? {} : { ends: localTime(until, site.timeZone()), unwell }),
      }
    })
}

function textOf({ name, author, note, scope, time }: QuietWindow, timeZone: string): Omit<ListedQuiet, 'active'> {
  const times =
    time.kind === 'once'
      ? { from: localTime(time.from, timeZone), until: localTime(time.to, timeZone) }
      : { recurring: true }
  return { name, by: author, note, ...scope, ...times }
}

function endOf(body: Static<typeof addition>, from: Milliseconds, timeZone: string): Milliseconds {
  if ((body.until === undefined) === (body.for === undefined))
    throw new RequestError(400, 'a quiet time has an end: give until or for')
  if (body.until !== undefined) return momentOf(body.until, timeZone, 'later')
  return from + durationOf(body.for ?? '')
}

function durationOf(text: string): Milliseconds {
  const duration = parseDuration(text)
  if (duration === undefined || duration === 0) throw new RequestError(400, `${text} is no duration, as 2h or 1h30m`)
  return duration
}

function momentOf(text: string, timeZone: string, which: 'earlier' | 'later'): Milliseconds {
  const found = localMoment(text, timeZone, which)
  if (found === undefined) throw new RequestError(400, `there is no such day or time: ${text}; as 2026-12-01 22:00`)
  return found
}
