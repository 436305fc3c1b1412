import { elapsed, type Milliseconds, type Moment } from '../model/clock.ts'
import type { Labels } from '../model/labels.ts'

/**
 * How long a resolved alert is told again: long enough to be seen after a restart of Alertmanager (Prometheus:
 * resolvedRetention, 15 min).
 */
const resolvedRetention: Milliseconds = 900_000

/** One alert as it stands; the book holds the truth, and senders tell it until everybody knows. */
export interface Entry {
  readonly key: string
  readonly labels: Labels
  /** Made at each sending, so that the value shown is the newest. */
  annotations(): Labels
  /** Wall clock; never changes while the alert lives. */
  readonly startsAt: Milliseconds
  readonly resolvedAt: Moment | undefined
  /** Grows with each change, so that a sender knows what it has not told yet. */
  readonly version: number
}

/** The most resolved alerts that are kept for an Alertmanager that does not answer. */
const mostResolved = 20_000

/** Every alert that is firing, and those resolved that must still be told. Level-triggered: there is no queue to lose. */
export class AlertBook {
  readonly #entries = new Map<string, Entry>()
  #version = 0

  get entries(): Iterable<Entry> {
    return this.#entries.values()
  }

  get size(): number {
    return this.#entries.size
  }

  fire(key: string, labels: Labels, startsAt: Milliseconds, annotations: () => Labels): void {
    this.#entries.delete(key)
    this.#entries.set(key, { key, labels, annotations, startsAt, resolvedAt: undefined, version: ++this.#version })
  }

  /** Marks an alert as resolved; unknown ones (never told to anybody) are ignored. Its last words are kept. */
  resolve(key: string, at: Moment): void {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.resolvedAt !== undefined) return
    const last = entry.annotations()
    this.#entries.set(key, { ...entry, annotations: () => last, resolvedAt: at, version: ++this.#version })
  }

  /** Forgets resolved alerts that were told long enough and that `isTold` says every Alertmanager has taken. */
  prune(now: Moment, isTold: (entry: Entry) => boolean): readonly Entry[] {
    const gone: Entry[] = []
    let resolved = 0
    for (const entry of this.#entries.values()) {
      if (entry.resolvedAt === undefined) continue
      resolved++
      const old = elapsed(entry.resolvedAt, now) >= resolvedRetention && isTold(entry)
      if (old || resolved > mostResolved) gone.push(entry)
    }
    for (const entry of gone) this.#entries.delete(entry.key)
    return gone
  }
}
