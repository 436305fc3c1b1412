import type { IncomingHttpHeaders } from 'node:http'
import type { Static, TSchema } from 'typebox'
import Value from 'typebox/value'

/** What a handler is given of a request; it was let in before. */
export interface Request<Body = undefined> {
  /** The parts of the path that stand under a name in the pattern, decoded. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** Who asks: an operator's or a user's name; empty where nobody has to say. */
  readonly caller: string
  readonly body: Body
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal
}

/**
 * An answer. Pieces are sent one by one, as fast as the client takes them, and are not asked for after it has gone. A
 * piece is only read until the next is asked for; other work has its turn between two, also between empty ones.
 */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>
}

/** A page that changes nothing. `open`: for everybody; `read`: for those who may read, where the site says who. */
export interface PageRoute {
  readonly method: 'GET'
  /** As `/metrics/device/:name`: a part that begins with a colon stands for any one part. */
  readonly path: string
  readonly right: 'open' | 'read'
  handle(request: Request): Reply | Promise<Reply>
}

/** What changes something: for operators alone, by its type, and each call of it is written down. */
export interface OperationRoute {
  readonly method: 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly right: 'operate'
  /** Takes the parsed JSON body, or undefined where none came. */
  handle(request: Request<unknown>): Reply | Promise<Reply>
}

/** One thing that siteward answers over HTTP. Each feature gives a list of them; src/daemon.ts puts the lists together. */
export type Route = PageRoute | OperationRoute

/** What a handler throws to answer with a status and words for the caller. */
export class RequestError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** An operation whose body is of the schema: any other is answered with 400 and what is wrong with it. */
export function operation<S extends TSchema>(
  method: OperationRoute['method'],
  path: string,
  schema: S,
  handle: (request: Request<Static<S>>) => Reply | Promise<Reply>,
): OperationRoute {
  return {
    method,
    path,
    right: 'operate',
    handle: (request) => handle({ ...request, body: bodyOf(schema, request.body ?? {}) }),
  }
}

function bodyOf<S extends TSchema>(schema: S, body: unknown): Static<S> {
  if (Value.Check(schema, body)) return body
  const [first] = Value.Errors(schema, body)
  const where = first === undefined || first.instancePath === '' ? 'the body' : first.instancePath
  throw new RequestError(400, `${where} ${first?.message ?? 'does not fit'}`)
}

/** JSON, as every operation and list answers. */
export function json(status: number, value: unknown): Reply {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: `${JSON.stringify(value)}\n` }
}

/** Plain text. */
export function plain(status: number, text: string): Reply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: text }
}

/** A route that fits a path, with its named parts. */
export interface Found {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

/** Every route of this path, whatever its method: with none the path is unknown, with others the method is. */
export function findRoutes(routes: readonly Route[], path: string): readonly Found[] {
  const parts = path.split('/')
  return routes.flatMap((route) => {
    const params = paramsOf(route.path.split('/'), parts)
    return params === undefined ? [] : [{ route, params }]
  })
}

function paramsOf(pattern: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== parts.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, expected] of pattern.entries()) {
    const part = parts[index] ?? ''
    if (!expected.startsWith(':')) {
      if (part !== expected) return undefined
      continue
    }
    const decoded = decode(part)
    if (decoded === undefined || decoded === '') return undefined
    params[expected.slice(1)] = decoded
  }
  return params
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}
