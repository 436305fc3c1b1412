import type { IncomingMessage } from 'node:http'
import { RequestError } from './route.ts'

/** The largest body of an operation, in bytes: a note, a window, a list of devices. */
const largestBody = 65_536

/**
 * The JSON body of a request; undefined where there is none. Throws RequestError for a body that is too large, not JSON,
 * or not said to be JSON: a page of another site can send every other type without asking. The server's requestTimeout
 * bounds the time.
 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length
    if (length > largestBody) throw new RequestError(413, `a body may have at most ${largestBody} bytes`)
    parts.push(part)
  }
  if (length === 0) return undefined
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new RequestError(415, 'the body must be JSON: content-type: application/json')
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts)))
  } catch {
    throw new RequestError(400, 'the body is no JSON')
  }
}
