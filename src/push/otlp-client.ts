import type { Milliseconds } from '../model/clock.ts'
import type { OtlpTarget } from '../model/push.ts'
import { withoutSecrets } from '../model/secret.ts'
import type { Sent } from './otlp-sender.ts'

const deadline: Milliseconds = 10_000
/** Of what a receiver answers the beginning is enough for the log. */
const longestWhy = 200

/** Posts a request as OTLP/HTTP, by the runtime's own fetch: https://opentelemetry.io/docs/specs/otlp/#otlphttp */
export async function postOtlp({ url, headers: own }: OtlpTarget, body: Uint8Array): Promise<Sent> {
  const secrets = Object.entries(own).map(([name, secret]) => [name, secret.reveal()] as const)
  const headers = {
    ...Object.fromEntries(secrets),
    'content-type': 'application/x-protobuf',
    'content-encoding': 'gzip',
  }
  try {
    const signal = AbortSignal.timeout(deadline)
    const response = await fetch(url, { method: 'POST', headers, body: Buffer.from(body), redirect: 'error', signal })
    if (response.ok) {
      await response.body?.cancel()
      return { kind: 'taken' }
    }
    const why = `HTTP ${response.status} ${await beginning(
      response,
      Object.values(own).map((one) => one.reveal()),
    )}`.trim()
    if (!isRetryable(response.status)) return { kind: 'never', why }
    return { kind: 'later', why, retryAfter: retryAfterOf(response.headers.get('retry-after')) }
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    return { kind: 'later', why: code === '' ? 'no answer' : code, retryAfter: undefined }
  }
}

/** Printable signs of a text, without what nobody reads of a protocol buffer, and without what is secret. */
async function beginning(response: Response, secrets: readonly string[]): Promise<string> {
  for await (const part of response.body ?? [])
    return withoutSecrets(Buffer.from(part).toString('latin1'), secrets)
      .replace(/[^\x20-\x7e]+/g, ' ')
      .slice(0, longestWhy)
  return ''
}

/** OTLP/HTTP, "Retryable Response Codes". */
function isRetryable(status: number): boolean {
  return status === 429 || status === 502 || status === 503 || status === 504
}

/** Retry-After (RFC 9110, 10.2.3) in seconds; undefined where it is none. */
function retryAfterOf(header: string | null): Milliseconds | undefined {
  const seconds = Number(header ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}
