import type { Alert } from '../../src/model/alert.ts'
import { labelKey } from '../../src/model/labels.ts'
import type { AlertmanagerClient, Delivery, Look } from '../../src/notify/sender.ts'
import { type Journal, openJournal } from '../../src/store/journal.ts'
import { World } from '../reload/world.ts'

/** An alert that an Alertmanager has taken, and when (wall clock). */
export interface Taken {
  readonly at: number
  readonly alert: Alert
}

/** An Alertmanager without a wire: the newest word on an alert stands (types/types.go: Alert.Merge). */
class Peer {
  readonly taken: Taken[] = []
  /** How many alerts each sending brought. */
  readonly sendings: number[] = []
  /** How often it was asked or told something while it was away. */
  missed = 0
  isAway = false
  readonly #held = new Map<string, Alert>()
  #started = 'first'

  /** Has forgotten everything. */
  restart(): void {
    this.#held.clear()
    this.#started += ' again'
  }

  take(alerts: readonly Alert[], at: number): Delivery {
    if (this.isAway) return this.#miss()
    this.sendings.push(alerts.length)
    for (const alert of alerts) {
      this.taken.push({ at, alert })
      this.#held.set(labelKey(alert.labels), alert)
    }
    return { kind: 'taken' }
  }

  look(now: number): Look {
    if (this.isAway) return this.#miss()
    const active = this.active(now).map(({ labels, startsAt }) => [labelKey(labels), startsAt] as const)
    return { kind: 'view', view: { started: this.#started, clock: now, active: new Map(active) } }
  }

  /** What it holds as firing. */
  active(now: number): readonly Alert[] {
    return [...this.#held.values()].filter(({ endsAt = Number.POSITIVE_INFINITY }) => endsAt > now)
  }

  #miss() {
    this.missed++
    return { kind: 'failed', why: 'ECONNREFUSED', retryAfter: undefined } as const
  }
}

/**
 * A whole daemon on a clock that stands still, which can be killed between any two of its acts that outlive it: what it
 * writes to disk, and what it tells.
 */
export class Building extends World {
  readonly peer = new Peer()
  /** Acts so far, of all lives. */
  acts = 0
  /** It dies instead of the act after these. */
  lastAct = Number.POSITIVE_INFINITY
  /** Whether this life has ended: what it does now nobody sees. */
  #isDead = { now: false }

  override journal(): Journal {
    this.#isDead = { now: false }
    const life = this.#isDead
    const journal = openJournal(this.folder, 1, () => {})
    return {
      ...journal,
      write: (changes) => {
        if (this.#mayAct(life)) journal.write(changes)
      },
    }
  }

  override client(): AlertmanagerClient {
    const life = this.#isDead
    let close = (): void => {}
    const closed = new Promise<Delivery & Look>((resolve) => {
      close = () => resolve({ kind: 'failed', why: 'closed', retryAfter: undefined })
    })
    return {
      url: 'http://peer',
      post: async (alerts) => {
        // What was told may have arrived, or not: the answer of a dead one never comes.
        if (!this.#mayAct(life)) return closed
        return this.peer.take(alerts, this.clock.now().wall)
      },
      look: async () => (life.now ? closed : this.peer.look(this.clock.now().wall)),
      close,
    }
  }

  get isDead(): boolean {
    return this.#isDead.now
  }

  /** As kill -9 leaves it: what it does from now on has no effect. */
  async kill(): Promise<void> {
    this.#isDead.now = true
    await Promise.all([this.daemon?.stop(), this.clock.pass(10_000)])
  }

  #mayAct(life: { now: boolean }): boolean {
    if (life.now) return false
    if (this.acts < this.lastAct) {
      this.acts++
      return true
    }
    life.now = true
    return false
  }
}
