import { json, type Reply, type Request, RequestError, type Route } from '../expose/route.ts'
import { Assets } from './assets.ts'
import { Overview, type Watched } from './overview.ts'
import { Updates } from './updates.ts'

/** The status page (`/`, `/wall`), its files, and what it asks for: docs/status-page.md. */
export function statusRoutes(watched: Watched): readonly Route[] {
  const assets = new Assets()
  const overview = new Overview(watched)
  const updates = new Updates(watched.clock, () => overview.now())
  const page = (path: string): Route => ({
    method: 'GET',
    path,
    right: 'read',
    handle: (request) => assets.answer('page.html', request),
  })
  return [
    page('/'),
    page('/wall'),
    {
      method: 'GET',
      path: '/page/:name',
      right: 'read',
      handle: (request) => assets.answer(request.params['name'] ?? '', request),
    },
    { method: 'GET', path: '/api/v1/status', right: 'read', handle: () => fresh(overview.now()) },
    { method: 'GET', path: '/api/v1/status/events', right: 'read', handle: ({ signal }) => updates.open(signal) },
    { method: 'GET', path: '/api/v1/status/caller', right: 'read', handle: ({ caller }) => fresh({ caller }) },
    {
      method: 'GET',
      path: '/api/v1/status/devices/:name',
      right: 'read',
      handle: (request) => readings(request, overview),
    },
  ]
}

function readings({ params, query }: Request, overview: Overview): Reply {
  const name = params['name'] ?? ''
  const found = overview.readings(name, query.get('find') ?? '')
  if (found === undefined) throw new RequestError(404, `there is no device ${name}`)
  return fresh(found)
}

/** What is true now is not kept by anybody. */
function fresh(value: unknown): Reply {
  const reply = json(200, value)
  return { ...reply, headers: { ...reply.headers, 'cache-control': 'no-store' } }
}
