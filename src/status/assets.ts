import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { plain, type Reply, type Request } from '../expose/route.ts'
import { acceptsGzip } from '../expose/scrapes.ts'
import { shipped } from '../home.ts'

/** A file of the page, as it is sent. */
interface Asset {
  readonly type: string
  readonly tag: string
  readonly bytes: Uint8Array
  readonly gzipped: Uint8Array
}

const types: Readonly<Record<string, string>> = {
  'page.html': 'text/html; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
  'manifest.webmanifest': 'application/manifest+json',
}

/**
 * Nothing but what siteward serves itself: no script or style in the page's text, no other origin, no frame. Text is never
 * made into markup (https://www.w3.org/TR/trusted-types/).
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const headers = {
  'content-security-policy': policy,
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'cache-control': 'no-cache',
  vary: 'accept-encoding',
} as const

/** The files of the page, as `npm run build` made them; each is read when it is first asked for. */
export class Assets {
  readonly #assets = new Map<string, Asset>()

  /** The file of this name; 404 for any other, 304 where the browser has it. */
  answer(name: string, request: Pick<Request, 'headers'>): Reply {
    const type = Object.hasOwn(types, name) ? types[name] : undefined
    if (type === undefined) return plain(404, 'no such page\n')
    const asset = this.#assets.get(name) ?? readAsset(name, type)
    if (asset === undefined) return plain(503, 'the status page was not built: npm run build\n')
    this.#assets.set(name, asset)
    const own = { ...headers, 'content-type': asset.type, etag: asset.tag }
    if (request.headers['if-none-match'] === asset.tag) return { status: 304, headers: own, body: '' }
    if (!acceptsGzip(request.headers['accept-encoding'])) return { status: 200, headers: own, body: asset.bytes }
    return { status: 200, headers: { ...own, 'content-encoding': 'gzip' }, body: asset.gzipped }
  }
}

function readAsset(name: string, type: string): Asset | undefined {
  try {
    const bytes = readFileSync(shipped('dist', 'page', name))
    const tag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
    return { type, tag, bytes, gzipped: gzipSync(bytes) }
  } catch {
    return undefined
  }
}
