import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Listen } from '../model/site.ts'
import type { Exposition, Format } from './exposition.ts'
import type { OwnMetrics } from './own-metrics.ts'

/** A siteward has few readers; more connections than these are a fault of somebody's or an attack. */
const mostConnections = 64
/** A reader that takes none of the answer for so long is cut off. */
const slowestReader = 30_000
const slowestHeaders = 5_000
const slowestRequest = 10_000

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

/** The HTTP side, listening. */
export interface ExposeServer {
  /** Where it listens, with the port that was really taken. */
  readonly url: string
  close(): Promise<void>
}

/** Listens; rejects with the system's error (address in use, no such address). Nothing here can be written to. */
export async function startServer({ host, port }: Listen, exposed: Exposed): Promise<ExposeServer> {
  const server = createServer(
    { headersTimeout: slowestHeaders, requestTimeout: slowestRequest, connectionsCheckingInterval: 1000 },
    (request, response) => {
      response.on('error', () => response.destroy())
      response.on('finish', () => {
        exposed.metrics.httpRequests.inc({ path: knownPath(request), code: String(response.statusCode) })
      })
      answer(request, response, exposed).catch(() => response.destroy())
    },
  )
  server.maxConnections = mostConnections
  server.setTimeout(slowestReader, (socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  server.on('error', () => {})
  return {
    url: urlOf(server, host),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function urlOf(server: Server, host: string): string {
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

const paths = ['/', '/metrics', '/-/healthy', '/-/ready']

/** The path for a label: what a client makes up is not kept. */
function knownPath(request: IncomingMessage): string {
  const path = pathOf(request)
  return paths.includes(path) ? path : 'other'
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/'
}

async function answer(request: IncomingMessage, response: ServerResponse, exposed: Exposed): Promise<void> {
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    return plain(response, 405, 'only GET and HEAD\n')
  }
  switch (pathOf(request)) {
    case '/metrics':
      return metrics(request, response, exposed)
    case '/-/healthy':
      return plain(response, 200, 'siteward is healthy\n')
    case '/-/ready':
      return exposed.isReady()
        ? plain(response, 200, 'siteward is ready\n')
        : plain(response, 503, 'siteward has not polled every device yet\n')
    case '/':
      return landing(response, exposed.site)
    default:
      return plain(response, 404, 'no such page\n')
  }
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

function landing(response: ServerResponse, site: string): void {
  const name = site.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)
  const links = ['/metrics', '/-/healthy', '/-/ready'].map((path) => `<li><a href="${path}">${path}</a></li>`).join('')
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
  response.end(
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>siteward: ${name}</title>` +
      `<h1>siteward: ${name}</h1><ul>${links}</ul></html>\n`,
  )
}

async function metrics(request: IncomingMessage, response: ServerResponse, exposed: Exposed): Promise<void> {
  const format = formatFor(request.headers.accept)
  response.writeHead(200, { 'content-type': contentTypes[format], vary: 'accept' })
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  for (const chunk of exposed.exposition.chunks(format)) {
    // Each piece waits until the reader has taken the last and lets polls run between: no scrape holds up the daemon,
    // and one that nobody reads costs one piece of memory.
    if (!response.write(chunk)) await drained(response)
    else await new Promise<void>((resolve) => setImmediate(resolve))
    if (response.destroyed) return
  }
  response.end(`${await exposed.metrics.render(format)}${format === 'openmetrics' ? '# EOF\n' : ''}`)
}

/** OpenMetrics for those who ask for its version 1.0.0, as Prometheus does; the plain text format for all others. */
export function formatFor(accept: string | undefined): Format {
  return /application\/openmetrics-text/i.test(accept ?? '') ? 'openmetrics' : 'text'
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}
