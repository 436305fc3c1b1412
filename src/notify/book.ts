import { elapsed, type Milliseconds, type Moment } from '../model/clock.ts'
import { type Labels, labelKey } from '../model/labels.ts'

/**
 * How long a resolved alert is kept for Alertmanagers that start anew and have forgotten it (Prometheus:
 * resolvedRetention, 15 min).
 */
const resolvedRetention: Milliseconds = 900_000

/** An alert that fires, as it is put into the book. */
export interface Firing {
  readonly key: string
  readonly labels: Labels
  /** Made at each sending, so that the value shown is the newest. */
  annotations(): Labels
  /** Wall clock; never changes while the alert lives. */
  readonly startsAt: Milliseconds
  /** How long the alert stands by itself after it was last told. */
  lifetime(): Milliseconds
  /** When a fresh reading last showed that it still holds (monotonic); 0 for never since the start. */
  confirmedAt(): Milliseconds
}

/** One alert as it stands; the book holds the truth, and senders tell it until everybody knows. */
export interface Entry extends Firing {
  /** Its labels as Alertmanager keeps them, in canonical form: one without a text is none to it. */
  readonly identity: string
  /** When it was put into the book. */
  readonly since: Moment
  /** Known from before a restart: somebody may have been told of it already, and of its end since. */
  readonly isRemembered: boolean
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

  fire(firing: Firing, since: Moment, isRemembered = false): void {
    this.#entries.delete(firing.key)
    const identity = labelKey(Object.fromEntries(Object.entries(firing.labels).filter(([, text]) => text !== '')))
    const version = ++this.#version
    this.#entries.set(firing.key, { ...firing, identity, since, isRemembered, resolvedAt: undefined, version })
  }

  /** Marks an alert as resolved; unknown ones (never told to anybody) are ignored. Its last words are kept. */
  resolve(key: string, at: Moment, isRemembered = false): void {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.resolvedAt !== undefined) return
    const last = entry.annotations()
    const version = ++this.#version
    this.#entries.set(key, { ...entry, annotations: () => last, isRemembered, resolvedAt: at, version })
  }

  /** Forgets an alert, whatever becomes of it. */
  drop(key: string): void {
    this.#entries.delete(key)
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
