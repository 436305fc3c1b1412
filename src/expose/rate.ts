import type { Milliseconds } from '../model/clock.ts'
import type { RateLimit } from '../model/web.ts'

/** A bucket of tokens: one comes each interval, as many as the burst lie in it at most, each request takes one. */
export class TokenBucket {
  #tokens: number | undefined
  #at: Milliseconds = 0

  /** Whether one may go, at a time of the monotonic clock. */
  take({ interval, burst }: RateLimit, now: Milliseconds): boolean {
    const come = this.#tokens === undefined ? burst : (now - this.#at) / interval
    const tokens = Math.min(burst, (this.#tokens ?? 0) + come)
    this.#at = now
    this.#tokens = tokens >= 1 ? tokens - 1 : tokens
    return tokens >= 1
  }
}
