import { Gate } from '../expose/gate.ts'
import { leaseHeld } from '../expose/own-metrics.ts'
import { json, plain, type Reply, type Route } from '../expose/route.ts'
import { type ExposeServer, startServer } from '../expose/server.ts'
import { bugOf } from '../model/bug.ts'
import type { Clock } from '../model/clock.ts'
import type { Log } from '../model/log.ts'
import type { Site } from '../model/site.ts'
import type { WebConfig } from '../model/web.ts'

/** What a siteward answers that waits for the lease of another: it lives, but watches nothing. */
const routes: readonly Route[] = [
  { method: 'GET', path: '/metrics', right: 'read', handle: () => plain(200, metrics) },
  { method: 'GET', path: '/-/healthy', right: 'open', handle: () => plain(200, 'siteward is healthy\n') },
  {
    method: 'GET',
    path: '/-/ready',
    right: 'open',
    handle: () => plain(503, 'siteward stands by: another one holds the lease\n'),
  },
  { method: 'GET', path: '/api/v1/alarms', right: 'read', handle: waits },
  { method: 'GET', path: '/api/v1/quiet', right: 'read', handle: waits },
  { method: 'POST', path: '/api/v1/alarms/:id/attendance', right: 'operate', handle: waits },
  { method: 'POST', path: '/api/v1/quiet', right: 'operate', handle: waits },
  { method: 'DELETE', path: '/api/v1/quiet/:name', right: 'operate', handle: waits },
]

/** What people say is for the holder alone; it writes that into the state folder that all of them share. */
function waits(): Reply {
  return json(503, { error: 'it stands by: another one holds the lease', stands_by: true })
}

const metrics = `# HELP ${leaseHeld.name} ${leaseHeld.help}\n# TYPE ${leaseHeld.name} gauge\n${leaseHeld.name} 0\n`

/** Listens where the daemon will; rejects with the system's error when it cannot. */
export function standBy(site: Site, web: () => WebConfig, log: Log, clock: Clock): Promise<ExposeServer> {
  return startServer(site.listen, {
    routes,
    gate: new Gate(site.access, web, () => clock.now().mono),
    web,
    clock,
    watch: {
      answered: () => {},
      called: ({ caller, from, operation, status }) =>
        log.info({ audit: operation, who: caller, from, status }, 'operation, while standing by'),
      denied: () => {},
      bug: (error) => log.error({ ...bugOf(error) }, 'bug: a request threw'),
    },
  })
}
