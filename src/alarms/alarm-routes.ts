import Type from 'typebox'
import { json, operation, type Reply, type Request, RequestError, type Route } from '../expose/route.ts'
import type { Clock, Milliseconds } from '../model/clock.ts'
import { parseDuration } from '../model/duration.ts'
import { alarmId, type RecordEvent, steps } from '../model/record.ts'
import type { SiteNow } from '../model/site.ts'
import { type Episode, episodesOf } from '../record/episodes.ts'
import { listed } from '../record/listing.ts'
import type { JournalView } from '../store/journal.ts'
import type { Attendance } from './attendance.ts'
import { firingEpisode, withFiring } from './record-view.ts'

/** How far the list of alarms goes back where nobody says. */
export const usualSince = '7d'

/** What the routes of alarms are wired to. */
export interface AlarmRouteParts {
  readonly site: SiteNow
  readonly clock: Clock
  readonly journal: JournalView
  readonly attendance: Attendance
  /** Entries of the record that are not on disk yet. */
  waiting(): readonly RecordEvent[]
  /** Whether an alert of this key fires and is held back. */
  isHeld(key: string): boolean
}

const word = Type.Object(
  {
    step: Type.Enum([...steps]),
    by: Type.String({ minLength: 1, maxLength: 100, pattern: '\\S' }),
    note: Type.Optional(Type.String({ maxLength: 2000 })),
  },
  { additionalProperties: false },
)

/** A text that a terminal shows as it is. */
function cleaned(text: string): string {
  return text
    .replace(/\p{Cc}+/gu, ' ')
    .toWellFormed()
    .trim()
}

/** Firing and past alarms, and what people say of them. */
export function alarmRoutes(parts: AlarmRouteParts): readonly Route[] {
  return [
    { method: 'GET', path: '/api/v1/alarms', right: 'read', handle: (request) => list(request, parts) },
    operation('POST', '/api/v1/alarms/:id/attendance', word, ({ params, body }) => {
      const { step, by, note = '' } = body
      return attend(params['id'] ?? '', { step, by: cleaned(by), note: cleaned(note) }, parts)
    }),
  ]
}

function list({ query }: Request, parts: AlarmRouteParts): Reply {
  const { site, clock, journal, attendance, waiting } = parts
  const now = clock.now().wall
  const since = sinceOf(query.get('since') ?? usualSince, now)
  if (since === undefined) throw new RequestError(400, 'since is a duration as 7d, or a time as 2026-01-31T08:00:00Z')
  const device = query.get('device') ?? undefined
  const events = [...journal.since({ since, device }), ...waiting().filter((one) => one.at >= since)]
  const firing = [...heldIn(parts), ...attendance.firing]
  const episodes = withFiring(episodesOf(events), firing).filter(
    (episode) => device === undefined || episode.device === device,
  )
  return json(200, { alarms: episodes.map((episode) => listed(episode, site().serviceLevels, now)) })
}

/** What fires and nobody was told of, however long it has: nobody attends to it yet. */
function heldIn({ journal, isHeld }: AlarmRouteParts): readonly Episode[] {
  const held = journal.load().filter(({ key, state }) => state === 'firing' && isHeld(key))
  return held.flatMap((entry) => firingEpisode(entry, journal.episode(alarmId(entry.key), entry.activeAt)) ?? [])
}

/** `7d` before now, or a time as it is written; undefined for anything else. */
export function sinceOf(text: string, now: Milliseconds): Milliseconds | undefined {
  const length = parseDuration(text)
  if (length !== undefined) return now - length
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}

function attend(id: string, word: Parameters<Attendance['attend']>[1], parts: AlarmRouteParts): Reply {
  const { attendance, clock, site } = parts
  const now = clock.now()
  const found = attendance.attend(id, word, now)
  switch (found.kind) {
    case 'unknown':
      throw new RequestError(404, `no alarm ${id} fires, or has fired within a week: siteward alarms lists them`)
    case 'ambiguous':
      throw new RequestError(409, `${id} may be ${found.ids.join(' or ')}: type more of it`)
    case 'done':
      return json(200, { alarm: listed(found.episode, site().serviceLevels, now.wall), written: found.isWritten })
  }
}
