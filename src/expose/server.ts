import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Listen } from '../model/site.ts'
import type { WebConfig } from '../model/web.ts'
import { readJson } from './body.ts'
import type { Admission, Caller, Gate } from './gate.ts'
import { type Found, findRoutes, json, plain, type Reply, type Request, RequestError, type Route } from './route.ts'
import { clientRulesOf, isWelcome, secureContextOf } from './tls.ts'

/** A siteward has few readers; more connections than these are a fault of somebody's or an attack. */
const mostConnections = 64
/** A reader that takes none of the answer for so long is cut off. */
const slowestReader = 30_000
const slowestHeaders = 5_000
const slowestRequest = 10_000

const security = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
} as const

/** One call of an operation, for the audit. */
export interface Called {
  readonly caller: string
  readonly from: string
  /** Method and path, as `POST /api/v1/drills`. */
  readonly operation: string
  readonly body: unknown
  readonly status: number
}

/** What the server tells of what it does. */
export interface ServerWatch {
  /** `path` is a route's pattern or `other`: what a client makes up is not kept. */
  answered(path: string, status: number): void
  called(operation: Called): void
  /** Somebody was not let in to an operation. */
  denied(from: string, operation: string, why: string): void
  /** A handler threw what it should not. */
  bug(error: unknown): void
}

/** What is served, to whom. */
export interface Served {
  readonly routes: readonly Route[]
  readonly gate: Gate
  /** The web configuration as it is now. */
  web(): WebConfig
  readonly watch: ServerWatch
}

/** The HTTP side, listening. */
export interface ExposeServer {
  /** Where it listens, with the port that was really taken. */
  readonly url: string
  close(): Promise<void>
}

/** Listens; rejects with the system's error (address in use, no such address). */
export async function startServer({ host, port }: Listen, served: Served): Promise<ExposeServer> {
  const server = makeServer(served, (request, response) => {
    response.on('error', () => response.destroy())
    answer(request, response, served).catch((error) => {
      served.watch.bug(error)
      response.destroy()
    })
  })
  server.maxConnections = mostConnections
  server.setTimeout(slowestReader, (socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  server.on('error', () => {})
  return {
    url: urlOf(server, host),
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      await served.gate.close()
    },
  }
}

const limits = { headersTimeout: slowestHeaders, requestTimeout: slowestRequest, connectionsCheckingInterval: 1000 }

/** Whether it speaks TLS is settled at the start; certificates and the names of clients are as they are now. */
function makeServer({ web, watch }: Served, listener: RequestListener): Server {
  const { tls } = web()
  if (tls === undefined) return createServer(limits, listener)
  const server = createTlsServer({ ...limits, ...secureContextOf(tls), ...clientRulesOf(tls) }, listener)
  let shown = tls
  server.prependListener('connection', () => {
    const now = web().tls ?? shown
    if (now === shown) return
    try {
      server.setSecureContext(secureContextOf(now))
      shown = now
    } catch (error) {
      // The last good one goes on being shown.
      watch.bug(error)
    }
  })
  server.on('secureConnection', (socket) => {
    if (!isWelcome(socket, shown)) socket.destroy()
  })
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return server
}

function urlOf(server: Server, host: string): string {
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const scheme = 'setSecureContext' in server ? 'https' : 'http'
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

async function answer(request: IncomingMessage, response: ServerResponse, served: Served): Promise<void> {
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2)
  const found = findRoutes(served.routes, path)
  const known = found[0]?.route.path ?? 'other'
  response.on('finish', () => served.watch.answered(known, response.statusCode))
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '')
  const one = found.find(({ route }) => route.method === method)
  const caller = callerOf(request)
  // A path that nobody knows is not told apart from one that needs a right.
  const admission = await served.gate.admit(one?.route.right ?? 'read', caller)
  if (!admission.ok) {
    if (one?.route.right === 'operate') served.watch.denied(caller.address, `${method} ${path}`, admission.why)
    return send(request, response, withHeaders(refusal(admission), served.web().headers))
  }
  if (one === undefined) return send(request, response, withHeaders(noRoute(found), served.web().headers))
  await call(request, response, { one, path, query, caller, name: admission.caller }, served)
}

function callerOf(request: IncomingMessage): Caller {
  return {
    authorization: request.headers.authorization,
    address: request.socket.remoteAddress ?? '',
    isEncrypted: 'encrypted' in request.socket,
  }
}

function noRoute(found: readonly Found[]): Reply {
  if (found.length === 0) return plain(404, 'no such page\n')
  const methods = found.flatMap(({ route }) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method])).join(', ')
  return withHeaders(plain(405, `only ${methods}\n`), { allow: methods })
}

function refusal({ status, why, challenge }: Admission & { ok: false }): Reply {
  const reply = json(status, { error: why })
  return challenge === undefined ? reply : withHeaders(reply, { 'www-authenticate': challenge })
}

function withHeaders(reply: Reply, more: Readonly<Record<string, string>>): Reply {
  return { ...reply, headers: { ...reply.headers, ...more } }
}

/** A request that was let in. */
interface Admitted {
  readonly one: Found
  readonly path: string
  readonly query: string
  readonly caller: Caller
  readonly name: string
}

async function call(
  request: IncomingMessage,
  response: ServerResponse,
  { one: { route, params }, path, query, caller, name }: Admitted,
  { watch, web }: Served,
): Promise<void> {
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  const parts = {
    params,
    query: new URLSearchParams(query),
    headers: request.headers,
    caller: name,
    signal: gone.signal,
  }
  if (route.right !== 'operate') {
    const reply = await replyOf(() => route.handle({ ...parts, body: undefined }), watch)
    return send(request, response, withHeaders(reply, web().headers))
  }
  let body: unknown
  const reply = await replyOf(async () => {
    body = await readJson(request)
    return route.handle({ ...parts, body } satisfies Request<unknown>)
  }, watch)
  watch.called({ caller: name, from: caller.address, operation: `${route.method} ${path}`, body, status: reply.status })
  await send(request, response, withHeaders(reply, web().headers))
}

/** What a handler answers; what it throws becomes an answer too. */
async function replyOf(handle: () => Reply | Promise<Reply>, watch: ServerWatch): Promise<Reply> {
  try {
    return await handle()
  } catch (error) {
    if (error instanceof RequestError) return json(error.status, { error: error.message })
    watch.bug(error)
    return json(500, { error: 'siteward has a bug here; its log has more' })
  }
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: Reply,
): Promise<void> {
  const isWhole = typeof body === 'string' || body instanceof Uint8Array
  response.writeHead(status, {
    ...security,
    ...headers,
    ...(isWhole ? { 'content-length': Buffer.byteLength(body) } : {}),
    // A body that was not read cannot be told from the next request.
    ...(hasBody(request) && !request.complete ? { connection: 'close' } : {}),
  })
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  if (isWhole) response.end(body)
  else await stream(response, body)
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

async function stream(response: ServerResponse, pieces: Exclude<Reply['body'], string | Uint8Array>): Promise<void> {
  for await (const piece of pieces) {
    // Each piece waits until the reader's side has taken the last: one that nobody reads costs one piece of memory.
    if (piece.length > 0) await written(response, piece)
    // A reader that takes everything at once must not keep the polls waiting.
    await new Promise<void>((resolve) => setImmediate(resolve))
    if (response.destroyed) return
  }
  response.end()
}

/** Resolves when the piece is with the system, or its reader has gone. */
function written(response: ServerResponse, piece: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('close', done)
      resolve()
    }
    response.on('close', done)
    response.write(piece, done)
  })
}
