import type { Exposition, Format } from './exposition.ts'
import type { OwnMetrics } from './own-metrics.ts'
import { plain, type Reply, type Request, type Route } from './route.ts'

const contentTypes = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const satisfies Record<Format, string>

/** What the pages show. */
export interface Exposed {
  readonly site: string
  readonly exposition: Exposition
  readonly metrics: OwnMetrics
  /** Whether every device was polled once, so that what is exposed is whole. */
  isReady(): boolean
}

/** /metrics, and whether siteward lives and is ready. */
export function pages(exposed: Exposed): readonly Route[] {
  return [
    { method: 'GET', path: '/', right: 'read', handle: () => landing(exposed.site) },
    { method: 'GET', path: '/metrics', right: 'read', handle: (request) => metrics(request, exposed) },
    { method: 'GET', path: '/-/healthy', right: 'open', handle: () => plain(200, 'siteward is healthy\n') },
    { method: 'GET', path: '/-/ready', right: 'open', handle: () => readiness(exposed.isReady()) },
  ]
}

function readiness(isReady: boolean): Reply {
  return isReady ? plain(200, 'siteward is ready\n') : plain(503, 'siteward has not polled every device yet\n')
}

function landing(site: string): Reply {
  const name = site.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)
  const links = ['/metrics', '/-/healthy', '/-/ready'].map((path) => `<li><a href="${path}">${path}</a></li>`).join('')
  return {
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body:
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>siteward: ${name}</title>` +
      `<h1>siteward: ${name}</h1><ul>${links}</ul></html>\n`,
  }
}

function metrics({ headers }: Request, exposed: Exposed): Reply {
  const format = formatFor(headers.accept)
  return {
    status: 200,
    headers: { 'content-type': contentTypes[format], vary: 'accept' },
    body: exposition(exposed, format),
  }
}

async function* exposition({ exposition, metrics }: Exposed, format: Format): AsyncIterable<string> {
  yield* exposition.chunks(format)
  yield `${await metrics.render(format)}${format === 'openmetrics' ? '# EOF\n' : ''}`
}

/** OpenMetrics for those who ask for its version 1.0.0, as Prometheus does; the plain text format for all others. */
export function formatFor(accept: string | undefined): Format {
  return /application\/openmetrics-text/i.test(accept ?? '') ? 'openmetrics' : 'text'
}
