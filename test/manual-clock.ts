import type { Cancel, Clock, Milliseconds, Moment } from '../src/model/clock.ts'

interface Timer {
  readonly due: Milliseconds
  readonly run: () => void
}

/** A clock that stands still until it is told to go on: no test sleeps. */
export class ManualClock implements Clock {
  #mono = 1_000_000
  #skew = 1_700_000_000_000
  readonly #timers = new Set<Timer>()

  now(): Moment {
    return { wall: this.#mono + this.#skew, mono: this.#mono }
  }

  after(delay: Milliseconds, run: () => void): Cancel {
    const timer = { due: this.#mono + delay, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Timers that are still to run. */
  get waiting(): number {
    return this.#timers.size
  }

  /** Sets the wall clock forwards or backwards, as NTP may. */
  step(by: Milliseconds): void {
    this.#skew += by
  }

  /** Lets time pass; what falls due runs in order, and the promises it settles are heard before the next. */
  async pass(time: Milliseconds): Promise<void> {
    const end = this.#mono + time
    for (;;) {
      await settle()
      let next: Timer | undefined
      for (const timer of this.#timers)
        if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer
      if (next === undefined) break
      this.#timers.delete(next)
      this.#mono = Math.max(this.#mono, next.due)
      next.run()
    }
    this.#mono = end
    await settle()
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}
