import Type from 'typebox'
import { json, operation, type Reply, RequestError, type Route } from '../expose/route.ts'
import { isDay } from '../model/calendar.ts'
import { labelValue } from '../model/labels.ts'
import type { DoneWord, DutyKeeper } from './duty-keeper.ts'

/** What the routes of duties are wired to. */
export interface DutyRouteParts {
  readonly duties: DutyKeeper
  /** Has what was typed in judged, and puts it on disk; whether the disk has taken it. */
  settle(): boolean
}

const by = Type.String({ minLength: 1, maxLength: 100, pattern: '\\S' })
const note = Type.Optional(Type.String({ maxLength: 2000 }))

const word = Type.Object(
  {
    by,
    note,
    day: Type.Optional(Type.String({ maxLength: 10 })),
    values: Type.Optional(Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 100 }))),
  },
  { additionalProperties: false },
)

/** Duties as they stand, and what people say of them. */
export function dutyRoutes(parts: DutyRouteParts): readonly Route[] {
  return [
    { method: 'GET', path: '/api/v1/duties', right: 'read', handle: () => json(200, { duties: parts.duties.listed }) },
    operation('POST', '/api/v1/duties/:name/done', word, ({ params, body }) => {
      const { by, note = '', day, values = {} } = body
      return done(params['name'] ?? '', { by: labelValue(by), note: labelValue(note), day, values }, parts)
    }),
    operation(
      'POST',
      '/api/v1/duties/:name/withdraw',
      Type.Object({ by, note }, { additionalProperties: false }),
      ({ params, body }) => withdraw(params['name'] ?? '', labelValue(body.by), labelValue(body.note ?? ''), parts),
    ),
  ]
}

function done(name: string, said: DoneWord, parts: DutyRouteParts): Reply {
  if (said.day !== undefined && !isDay(said.day))
    throw new RequestError(400, `there is no day ${said.day}, as 2026-03-31`)
  const outcome = parts.duties.done(name, said)
  if (outcome === undefined) throw unknown(name)
  if (!outcome.ok) throw new RequestError(400, outcome.why)
  return answer(name, parts)
}

function withdraw(name: string, by: string, note: string, parts: DutyRouteParts): Reply {
  const isWithdrawn = parts.duties.withdraw(name, by, note)
  if (isWithdrawn === undefined) throw unknown(name)
  if (!isWithdrawn) throw new RequestError(409, `${name} has never been done`)
  return answer(name, parts)
}

function unknown(name: string): RequestError {
  return new RequestError(404, `there is no duty ${name}: siteward duty list shows all`)
}

/** The caller is told what is true on disk. */
function answer(name: string, { duties, settle }: DutyRouteParts): Reply {
  const written = settle()
  return json(200, { duty: duties.listed.find((one) => one.name === name), written })
}
