import type { OwnMetrics } from '../expose/own-metrics.ts'
import type { ServerWatch } from '../expose/server.ts'
import type { Operator } from '../model/access.ts'
import { bugOf } from '../model/bug.ts'
import { type Clock, elapsed, type Milliseconds, type Moment } from '../model/clock.ts'
import type { Log } from '../model/log.ts'
import { aboutNoAlarm, type RecordEvent } from '../model/record.ts'
import { writeLocalToken } from '../store/local-token.ts'

/** The name of whoever may read the state folder. */
const local = 'local'
/** An operation's body in the audit line, at most. */
const longestBody = 1000
/** Strangers get so many lines in the log within a minute; the rest is counted in siteward_http_requests_total. */
const mostDenials = 20
const minute: Milliseconds = 60_000

/** Whoever runs a command on this machine and may read the state folder is an operator; nobody where it cannot be written. */
export function localOperator(folder: string, log: Log): readonly Operator[] {
  try {
    return [{ name: local, right: 'operate', token: writeLocalToken(folder) }]
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    log.warn({ folder, why }, 'no token for commands on this machine: name operators in the site file')
    return []
  }
}

/** What the HTTP side tells. */
export interface HttpWatchParts {
  readonly metrics: OwnMetrics
  readonly clock: Clock
  readonly log: Log
  record(event: RecordEvent): void
}

/** What the HTTP side does, in log record and metrics: one audit line for each operation, whoever called it and however it went. */
export function httpWatch({ metrics, clock, log, record }: HttpWatchParts): ServerWatch {
  const isWorthALine = limiter(clock)
  return {
    answered: (path, status) => metrics.httpRequests.inc({ path, code: String(status) }),
    called: ({ caller, from, operation, body, status }) => {
      const what = body === undefined ? '' : JSON.stringify(body).slice(0, longestBody)
      log.info({ audit: operation, who: caller, from, body: what, status }, 'operation')
      const note = `${operation} from ${from}: ${status} ${what}`.trim()
      record({ ...aboutNoAlarm, kind: 'operation', at: clock.now().wall, by: caller, note })
    },
    denied: (from, operation, why) => {
      if (isWorthALine()) log.warn({ audit: operation, who: '', from, why }, 'operation denied')
    },
    bug: (error) => {
      metrics.bugs.inc()
      log.error({ ...bugOf(error) }, 'bug: a request threw')
    },
  }
}

function limiter(clock: Clock): () => boolean {
  let since: Moment | undefined
  let lines = 0
  return () => {
    const now = clock.now()
    if (since === undefined || elapsed(since, now) >= minute) {
      since = now
      lines = 0
    }
    return ++lines <= mostDenials
  }
}
