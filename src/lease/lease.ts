import type { Cancel, Clock, Milliseconds, Moment } from '../model/clock.ts'

/** How often the holder says that it lives, and the others look. */
export const beat: Milliseconds = 2000
/** A holder that could not say so for this long polls no more: it may be cut off while another takes over. */
export const givesUpAfter: Milliseconds = 10_000
/** How long a holder that gives up may take until the last of its polls has ended; then its process is killed. */
export const slowestEnd: Milliseconds = 5000
/**
 * Another takes over after this long without a word, by its own clock: the holder has given up by then and ended its
 * polls, and five seconds are left for clocks that run at different speeds.
 */
export const takesOverAfter: Milliseconds = givesUpAfter + slowestEnd + 5000

/** The newest term of the lease: terms are numbered, and each has one holder. */
export interface Term {
  readonly number: number
  /** What its holder has written last: it changes with every beat. */
  readonly text: string
}

/** Where the lease is kept, for all who want it. Every call rejects when the place cannot be reached. */
export interface LeasePlace {
  newest(): Promise<Term | undefined>
  /** Begins a term; false when somebody else has begun it. This alone decides between two who want it at once. */
  begin(term: Term): Promise<boolean>
  /** Writes the holder's word into its term. */
  write(term: Term): Promise<void>
}

/** What a holder writes when it has ended its polls, so that nobody has to wait. */
const released = 'released'

/** The right to poll, held by one siteward at a time. */
export class Lease {
  readonly #place: LeasePlace
  readonly #holder: string
  readonly #clock: Clock
  #beats = 0

  /** `holder` is a name that nobody else has, not even an earlier process of the same machine. */
  constructor(place: LeasePlace, holder: string, clock: Clock) {
    this.#place = place
    this.#holder = holder
    this.#clock = clock
  }

  /** Waits until nobody else holds the lease, and takes it; undefined when `signal` was aborted before. */
  async acquire(signal: AbortSignal): Promise<HeldLease | undefined> {
    const watched = new Watched()
    while (!signal.aborted) {
      const begun = this.#clock.now().mono
      const newest = await this.#look()
      if (newest !== 'unreachable') {
        // Seen when the look has ended, but still there when the next begins: a look that hangs shortens no waiting.
        watched.see(newest, this.#clock.now().mono)
        const held = watched.isFree(begun) ? await this.#begin((newest?.number ?? 0) + 1) : undefined
        if (held !== undefined) return held
      }
      await this.#pause(signal)
    }
    return undefined
  }

  /** A place that cannot be reached says nothing of the holder: what was seen before is as old as it was. */
  async #look(): Promise<Term | undefined | 'unreachable'> {
    try {
      return await this.#place.newest()
    } catch {
      return 'unreachable'
    }
  }

  async #begin(number: number): Promise<HeldLease | undefined> {
    const at = this.#clock.now()
    try {
      const isOurs = await this.#place.begin({ number, text: this.#word() })
      return isOurs ? new HeldLease(this.#place, this.#clock, { number, at, word: () => this.#word() }) : undefined
    } catch {
      return undefined
    }
  }

  #word(): string {
    return `${this.#holder} ${++this.#beats}`
  }

  #pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const cancel = this.#clock.after(beat, done)
      signal.addEventListener('abort', done, { once: true })
    })
  }
}

/** What one who waits has seen of the lease. */
class Watched {
  #term: Term | undefined
  #since: Milliseconds = Number.POSITIVE_INFINITY

  see(term: Term | undefined, now: Milliseconds): void {
    if (this.#term !== undefined && term?.number === this.#term.number && term.text === this.#term.text) return
    this.#term = term
    this.#since = now
  }

  /** Nobody has it, its holder has given it back, or its holder has said nothing for too long. */
  isFree(now: Milliseconds): boolean {
    return this.#term === undefined || this.#term.text === released || now - this.#since >= takesOverAfter
  }
}

/** A lease that was taken; it is kept by saying so again and again. */
export class HeldLease {
  /** The number of the term. */
  readonly number: number
  readonly #place: LeasePlace
  readonly #clock: Clock
  readonly #word: () => string
  /** When the last word that arrived was begun. */
  #saidAt: Moment
  #isSaying = false
  #isLost = false
  #timer: Cancel = () => {}

  constructor(place: LeasePlace, clock: Clock, term: { number: number; at: Moment; word: () => string }) {
    this.#place = place
    this.#clock = clock
    this.number = term.number
    this.#saidAt = term.at
    this.#word = term.word
  }

  /**
   * Whether polls may begin. By both clocks: the monotonic one stands still while the machine is suspended, and the wall
   * clock may be set back.
   */
  get isHeld(): boolean {
    const { mono, wall } = this.#clock.now()
    return !this.#isLost && mono - this.#saidAt.mono < givesUpAfter && wall - this.#saidAt.wall < givesUpAfter
  }

  /** Keeps the lease; `lost` is called once, when it is not held any more. */
  keep(lost: () => void): void {
    const look = (): void => {
      if (!this.isHeld) {
        this.#isLost = true
        lost()
        return
      }
      void this.#say()
      this.#timer = this.#clock.after(beat, look)
    }
    look()
  }

  /** Gives it back; all polls have ended. Another may take it at once. */
  async release(): Promise<void> {
    this.#timer()
    if (this.#isLost) return
    this.#isLost = true
    await this.#place.write({ number: this.number, text: released }).catch(() => {})
  }

  /** Says that the holder lives. A place that hangs is asked once, not again at each beat. */
  async #say(): Promise<void> {
    if (this.#isSaying) return
    this.#isSaying = true
    const at = this.#clock.now()
    try {
      const newest = await this.#place.newest()
      // Somebody has taken over: however that came about, it is theirs.
      if (newest === undefined || newest.number !== this.number) this.#isLost = true
      else if (!this.#isLost) {
        await this.#place.write({ number: this.number, text: this.#word() })
        this.#saidAt = at
      }
    } catch {
      // It counts as not said: the lease ends when that has gone on for too long.
    }
    this.#isSaying = false
  }
}
