import type { Cancel, Clock, Milliseconds } from '../../src/model/clock.ts'

/** What one poll has at the wire: its clock and its end. At most one request of a turn is under way. */
export class Turn {
  readonly signal: AbortSignal
  readonly #clock: Clock
  readonly #hear = (): void => this.#aborted?.()
  #aborted: (() => void) | undefined

  constructor({ clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal }) {
    this.signal = signal
    this.#clock = clock
    // One listener a poll, not one a request.
    signal.addEventListener('abort', this.#hear, { once: true })
  }

  /** Monotonic. */
  get now(): Milliseconds {
    return this.#clock.now().mono
  }

  after(delay: Milliseconds, run: () => void): Cancel {
    return this.#clock.after(delay, run)
  }

  /** Calls `run` when the poll is aborted, instead of what was to be called before. */
  onAbort(run: (() => void) | undefined): void {
    this.#aborted = run
  }

  end(): void {
    this.#aborted = undefined
    this.signal.removeEventListener('abort', this.#hear)
  }
}
