/** Milliseconds as a length of time. */
export type Milliseconds = number

/**
 * A point in time told twice: `wall` (milliseconds since 1970, for stamps that people and Alertmanager read) and `mono`
 * (milliseconds on the monotonic clock, for every duration). A step of the system's clock moves only `wall`.
 */
export interface Moment {
  readonly wall: Milliseconds
  readonly mono: Milliseconds
}

/** Withdraws what `Clock.after` arranged; harmless once it ran. */
export type Cancel = () => void

/** The only source of time. Tests hand in a manual one, so that nothing sleeps. */
export interface Clock {
  now(): Moment
  /** Runs `run` once after `delay`; longer than 24.8 days is split, since setTimeout fires at once past 2^31 ms. */
  after(delay: Milliseconds, run: () => void): Cancel
}

const longestTimeout: Milliseconds = 2 ** 31 - 1

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => ({ wall: Date.now(), mono: performance.now() }),
  after(delay, run) {
    // A timer takes a millisecond at least.
    if (delay <= 0) {
      const immediate = setImmediate(run)
      return () => clearImmediate(immediate)
    }
    let timer: NodeJS.Timeout
    const arm = (left: Milliseconds): void => {
      // setTimeout cuts fractions off: without ceil it would be early, and who waits for a point in time would wait again.
      const step = Math.ceil(Math.min(left, longestTimeout))
      timer = setTimeout(() => (left > step ? arm(left - step) : run()), step)
    }
    arm(delay)
    return () => clearTimeout(timer)
  },
}

/** Milliseconds from `from` to `to`, by the monotonic clock. */
export function elapsed(from: Moment, to: Moment): Milliseconds {
  return to.mono - from.mono
}

/**
 * A stored wall-clock stamp as a Moment of this process. A stamp in the future (the clock was wrong when it was written)
 * is taken as now, so that no duration is negative.
 */
export function momentOf(wall: Milliseconds, now: Moment): Moment {
  const past = Math.min(wall, now.wall)
  return { wall: past, mono: now.mono - (now.wall - past) }
}
