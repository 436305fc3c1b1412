import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Cancel, Clock, Milliseconds } from '../model/clock.ts'
import type { Listen } from '../model/site.ts'
import type { WebConfig } from '../model/web.ts'
import { readJson } from './body.ts'
import { type Connection, type ConnectionLimits, Connections } from './connections.ts'
import type { Admission, Caller, Gate } from './gate.ts'
import { type Found, findRoutes, json, plain, type Reply, type Request, RequestError, type Route } from './route.ts'
import { clientRulesOf, isWelcome, secureContextOf } from './tls.ts'

/** What clients may cost, and how slow they may be. */
export interface ServerLimits extends ConnectionLimits {
  /** From the first packet to the end of TLS' handshake, of the headers, and of the whole request. */
  readonly handshake: Milliseconds
  readonly headers: Milliseconds
  readonly request: Milliseconds
  /** Between two requests. */
  readonly idle: Milliseconds
}

/** A siteward has few readers: Prometheus, some status pages, commands. */
const usualLimits: ServerLimits = {
  connections: 512,
  ofOneAddress: 256,
  requestsAhead: 8,
  bytes: 64 * 2 ** 20,
  handshake: 5_000,
  headers: 5_000,
  request: 10_000,
  idle: 5_000,
  reading: 30_000,
}

/** Of a request line and its headers, in bytes; more is answered with 431. */
const longestHeaders = 16_384
/** What is handed on of an answer at once. */
const pieceLength = 65_536
const sweeping: Milliseconds = 1000

/** Answers are data: whatever a browser takes one for, nothing in it runs, loads, or is shown in a frame of another page. */
const security = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
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
  readonly clock: Clock
  /** What of the limits is not as usual. */
  readonly limits?: Partial<ServerLimits>
}

/** The HTTP side, listening. */
export interface ExposeServer {
  /** Where it listens, with the port that was really taken. */
  readonly url: string
  close(): Promise<void>
}

/** Listens; rejects with the system's error (address in use, no such address). */
export async function startServer({ host, port }: Listen, served: Served): Promise<ExposeServer> {
  const limits = { ...usualLimits, ...served.limits }
  const connections = new Connections(limits, served.clock)
  const server = makeServer(served, limits, (request, response) => {
    const connection = connections.of(request.socket)
    response.on('error', () => response.destroy())
    connection?.answer(() =>
      answer(request, { response, connection, connections }, served).catch((error) => {
        served.watch.bug(error)
        response.destroy()
      }),
    )
  })
  server.on('connection', (socket) => connections.add(socket))
  server.on('secureConnection', (socket) => connections.of(socket)?.secured(socket))
  // Those that were just cut off are still being closed.
  server.maxConnections = limits.connections + 64
  server.setTimeout(limits.reading, (socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  server.on('error', () => {})
  // Not before it listens: a server that cannot is never closed.
  const stopSweeping = sweepAgain(connections, served.clock)
  return {
    url: urlOf(server, host),
    close: async () => {
      stopSweeping()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      await served.gate.close()
    },
  }
}

function sweepAgain(connections: Connections, clock: Clock): Cancel {
  let cancel: Cancel = () => {}
  const later = (): void => {
    cancel = clock.after(sweeping, () => {
      connections.sweep()
      later()
    })
  }
  later()
  return () => cancel()
}

function optionsOf({ headers, request, idle }: ServerLimits) {
  return {
    headersTimeout: headers,
    requestTimeout: request,
    keepAliveTimeout: idle,
    connectionsCheckingInterval: sweeping,
    maxHeaderSize: longestHeaders,
  }
}

/** Whether it speaks TLS is settled at the start; certificates and the names of clients are as they are now. */
function makeServer({ web, watch }: Served, limits: ServerLimits, listener: RequestListener): Server {
  const { tls } = web()
  const options = optionsOf(limits)
  if (tls === undefined) return createServer(options, listener)
  const secure = { ...secureContextOf(tls), ...clientRulesOf(tls), handshakeTimeout: limits.handshake }
  const server = createTlsServer({ ...options, ...secure }, listener)
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

/** Where an answer goes. */
interface Line {
  readonly response: ServerResponse
  readonly connection: Connection
  readonly connections: Connections
}

async function answer(request: IncomingMessage, line: Line, served: Served): Promise<void> {
  const { response } = line
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
    return send(request, line, withHeaders(refusal(admission), served.web().headers))
  }
  if (one === undefined) return send(request, line, withHeaders(noRoute(found), served.web().headers))
  await call(request, line, { one, path, query, caller, name: admission.caller }, served)
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
  line: Line,
  { one: { route, params }, path, query, caller, name }: Admitted,
  { watch, web }: Served,
): Promise<void> {
  const gone = new AbortController()
  line.response.on('close', () => gone.abort())
  const parts = {
    params,
    query: new URLSearchParams(query),
    headers: request.headers,
    caller: name,
    signal: gone.signal,
  }
  if (route.right !== 'operate') {
    const reply = await replyOf(() => route.handle({ ...parts, body: undefined }), watch)
    return send(request, line, withHeaders(reply, web().headers))
  }
  let body: unknown
  const reply = await replyOf(async () => {
    body = await readJson(request)
    return route.handle({ ...parts, body } satisfies Request<unknown>)
  }, watch)
  watch.called({ caller: name, from: caller.address, operation: `${route.method} ${path}`, body, status: reply.status })
  await send(request, line, withHeaders(reply, web().headers))
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

/** Resolves when the client's side has the whole answer, or has gone. */
async function send(request: IncomingMessage, line: Line, { status, headers, body }: Reply): Promise<void> {
  const { response } = line
  const isWhole = typeof body === 'string' || body instanceof Uint8Array
  const length = isWhole ? Buffer.byteLength(body) : undefined
  response.writeHead(status, {
    ...security,
    ...headers,
    ...(length === undefined ? {} : { 'content-length': length }),
    // A body that was not read cannot be told from the next request.
    ...(hasBody(request) && !request.complete ? { connection: 'close' } : {}),
  })
  if (request.method !== 'HEAD') await stream(line, isWhole ? [body] : body)
  await ended(response)
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

async function stream(line: Line, pieces: Exclude<Reply['body'], string | Uint8Array>): Promise<void> {
  for await (const piece of pieces) {
    // Each piece waits until the reader's side has taken the last: one that nobody reads costs one piece of memory.
    await handOn(line, typeof piece === 'string' ? Buffer.from(piece) : piece)
    // A reader that takes everything at once must not keep the polls waiting.
    await new Promise<void>((resolve) => setImmediate(resolve))
    if (line.response.destroyed) return
  }
}

/** What is large goes in parts, so that a reader who takes them slowly can be told from one who takes none. */
async function handOn({ response, connection, connections }: Line, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length && !response.destroyed; at += pieceLength) {
    connections.makeRoom(bytes.length)
    await connection.give(bytes.length, written(response, bytes.subarray(at, at + pieceLength)))
  }
}

/** Resolves when the piece is with the system, or its reader has gone. */
function written(response: ServerResponse, piece: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('close', done)
      resolve()
    }
    response.on('close', done)
    response.write(piece, done)
  })
}

function ended(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', () => resolve())
    response.end()
    if (response.destroyed) resolve()
  })
}
