import type { IncomingHttpHeaders } from 'node:http'
import { constants, createGzip, type Gzip } from 'node:zlib'
import type { Clock, Milliseconds } from '../model/clock.ts'
import type { Exposition, Format } from './exposition.ts'
import type { OwnMetrics } from './own-metrics.ts'
import type { Reply } from './route.ts'

/** A compressed exposition is made once in this time at most; whoever asks sooner gets the same. */
const freshFor: Milliseconds = 1000
/** What is handed on of it at once. */
const pieceLength = 65_536

/** What each format is called. */
export const contentTypes = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const satisfies Record<Format, string>

/** A compressed exposition, made or being made. */
interface Compressed {
  readonly at: Milliseconds
  readonly pieces: Promise<readonly Uint8Array[]>
  isMade: boolean
}

/**
 * Answers scrapes of /metrics. Prometheus asks for gzip: it is made off the main thread and shared between all that
 * scrape within a second. For others the text is written piece by piece, straight into their connection.
 */
export class Scrapes {
  readonly #exposition: Exposition
  readonly #own: Pick<OwnMetrics, 'render'>
  readonly #clock: Clock
  readonly #compressed = new Map<Format, Compressed>()

  constructor(exposition: Exposition, own: Pick<OwnMetrics, 'render'>, clock: Clock) {
    this.#exposition = exposition
    this.#own = own
    this.#clock = clock
  }

  /** Format and encoding as the client's headers ask for them; nothing is made before the body is read. */
  answer({ accept, 'accept-encoding': encoding }: IncomingHttpHeaders): Reply {
    const format = formatFor(accept)
    const headers = { 'content-type': contentTypes[format], vary: 'accept, accept-encoding' }
    if (!acceptsGzip(encoding)) return { status: 200, headers, body: this.#plain(format) }
    return { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: this.#gzipped(format) }
  }

  async *#plain(format: Format): AsyncGenerator<Uint8Array | string> {
    yield* this.#exposition.chunks(format)
    yield await this.#ending(format)
  }

  async *#gzipped(format: Format): AsyncGenerator<Uint8Array> {
    const now = this.#clock.now().mono
    let shared = this.#compressed.get(format)
    if (shared === undefined || (shared.isMade && now - shared.at >= freshFor)) {
      shared = this.#compress(format, now)
      this.#compressed.set(format, shared)
    }
    yield* await shared.pieces
  }

  #compress(format: Format, at: Milliseconds): Compressed {
    const compressed: Compressed = { at, pieces: this.#gzip(format), isMade: false }
    compressed.pieces.then(
      () => {
        compressed.isMade = true
      },
      () => this.#compressed.delete(format),
    )
    return compressed
  }

  /** Compresses in libuv's threads; the level is the fastest, since what is saved beyond it costs more than sending it. */
  async #gzip(format: Format): Promise<readonly Uint8Array[]> {
    const gzip = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: pieceLength })
    const pieces: Uint8Array[] = []
    gzip.on('data', (piece: Uint8Array) => pieces.push(piece))
    const ended = new Promise<void>((resolve, reject) => {
      gzip.once('end', resolve)
      gzip.once('error', reject)
    })
    // It is awaited below; an error before that is none that nobody handles.
    ended.catch(() => {})
    for (const piece of this.#exposition.chunks(format)) await taken(gzip, piece)
    gzip.end(await this.#ending(format))
    await ended
    return pieces
  }

  /** What siteward says of itself, and the end of the exposition. */
  async #ending(format: Format): Promise<string> {
    return `${await this.#own.render(format)}${format === 'openmetrics' ? '# EOF\n' : ''}`
  }
}

/** OpenMetrics for those who ask for its version 1.0.0, as Prometheus does; the plain text format for all others. */
export function formatFor(accept: string | undefined): Format {
  return /application\/openmetrics-text/i.test(accept ?? '') ? 'openmetrics' : 'text'
}

/** Whether an Accept-Encoding (RFC 9110, 12.5.3) takes gzip: by name, or by `*` where gzip is not named. */
export function acceptsGzip(encoding: string | undefined): boolean {
  const codings = new Map<string, boolean>()
  for (const part of (encoding ?? '').toLowerCase().split(',')) {
    const [coding = '', ...weights] = part.split(';').map((word) => word.trim())
    codings.set(coding, !weights.some((weight) => /^q=0(\.0*)?$/.test(weight)))
  }
  return codings.get('gzip') ?? codings.get('*') ?? false
}

/** Resolves when the compressor has read the piece, in a thread of its own: other work runs meanwhile. */
function taken(gzip: Gzip, piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    gzip.write(piece, (error) => (error ? reject(error) : resolve()))
  })
}
