import type { Alert } from '../model/alert.ts'
import { type Cancel, type Clock, elapsed, type Milliseconds, type Moment } from '../model/clock.ts'
import type { Log } from '../model/log.ts'
import type { AlertBook, Entry } from './book.ts'
import { isRepeated, type Told, type View } from './repeat.ts'

/** Alerts in one POST; Prometheus' --alertmanager.notification-batch-size. */
const batchSize = 256
const firstWait: Milliseconds = 1000
/** A peer that is back is told within this time, or `resend` where that is shorter. */
const longestWait: Milliseconds = 60_000
/** How long the last sendings may take when siteward stops. */
const lastTry: Milliseconds = 5000
/** Clocks that differ by less are the same: a request takes a while, and its answer tells the time to the second. */
const sameClock: Milliseconds = 30_000
/** Changes that come within this time travel together. */
const gathering: Milliseconds = 50

/** What became of one POST. `refused` is a 4xx: the same batch would be refused again. */
export type Delivery =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string; readonly retryAfter: Milliseconds | undefined }

/** What an Alertmanager holds; `closed` is one that answers, but not this (an older one, a proxy before it). */
export type Look =
  | { readonly kind: 'view'; readonly view: View }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly why: string; readonly retryAfter: Milliseconds | undefined }

/** The wire to one Alertmanager. Never rejects. */
export interface AlertmanagerClient {
  readonly url: string
  post(alerts: readonly Alert[]): Promise<Delivery>
  /** Asks what it holds of this site. */
  look(): Promise<Look>
  close(): void
}

/** What a sender tells of itself. */
export interface SenderWatch {
  delivered(url: string, alerts: number): void
  failed(url: string): void
  refused(url: string): void
  up(url: string, isUp: boolean): void
  /** It has answered, at this wall clock time. */
  reached(url: string, at: Milliseconds): void
}

/**
 * Tells one Alertmanager everything in the book, by itself: a dead peer holds up no other. Each alert is sent when it
 * changes and then every `resend`, as far as it must be (`isRepeated`); with nothing to tell, Alertmanager is asked all
 * the same whether it lives. One request is in flight at a time; failures are retried with backoff and jitter.
 */
export class Sender {
  readonly #client: AlertmanagerClient
  readonly #book: AlertBook
  readonly #peers: Peers
  readonly #clock: Clock
  readonly #random: () => number
  #resend: Milliseconds
  readonly #log: Log
  readonly #watch: SenderWatch
  readonly #told = new Map<string, Told>()
  /** What Alertmanager said last; undefined before it was asked, and where it cannot be. */
  #view: View | undefined
  #lookedAt: Moment | undefined
  /** Its wall clock when our monotonic one was 0; undefined where it does not say. */
  #theirClock: Milliseconds | undefined
  /** When the last request that was answered went out. */
  #answered: Moment | undefined
  readonly #began: Moment
  #timer: { readonly at: Milliseconds; readonly cancel: Cancel } | undefined
  #busy: Promise<void> | undefined
  #failures = 0
  /** How long to wait after the last failure. */
  #wait: Milliseconds = 0
  #stopped = false

  constructor(client: AlertmanagerClient, book: AlertBook, resend: Milliseconds, tools: SenderTools, peers: Peers) {
    this.#peers = peers
    this.#began = tools.clock.now()
    this.#client = client
    this.#book = book
    this.#resend = resend
    this.#clock = tools.clock
    this.#random = tools.random
    this.#log = tools.log
    this.#watch = tools.watch
  }

  /** Asks Alertmanager at once whether it lives. */
  start(): void {
    this.#arm(0)
  }

  get client(): AlertmanagerClient {
    return this.#client
  }

  /** From now on alerts are sent again as often as this. */
  pace(resend: Milliseconds): void {
    this.#resend = resend
    this.wake()
  }

  /** The book has changed: what is new goes out within 50 ms, unless the peer is being waited for. */
  wake(): void {
    if (this.#failures === 0) this.#arm(gathering)
  }

  /** Whether it has answered what was asked after this time. */
  hasAnsweredSince(at: Moment): boolean {
    return this.#answered !== undefined && elapsed(at, this.#answered) > 0
  }

  /** For how long it has answered nothing. */
  silence(now: Moment): Milliseconds {
    return elapsed(this.#answered ?? this.#began, now)
  }

  /** Whether the peer has taken this very version of the alert. */
  knows(entry: Entry): boolean {
    return this.#told.get(entry.key)?.version === entry.version
  }

  forget(entries: readonly Entry[]): void {
    for (const { key } of entries) this.#told.delete(key)
  }

  /** A last try to tell what the peer does not know, then no more. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    this.#timer = undefined
    const cancel = this.#clock.after(lastTry, () => this.#client.close())
    await this.#busy
    if (this.#failures === 0) await this.#round()
    cancel()
    this.#client.close()
  }

  #arm(delay: Milliseconds): void {
    if (this.#stopped || this.#busy !== undefined) return
    const at = this.#clock.now().mono + delay
    if (this.#timer !== undefined && this.#timer.at <= at) return
    this.#timer?.cancel()
    const cancel = this.#clock.after(delay, () => {
      this.#timer = undefined
      this.#busy = this.#round().finally(() => {
        this.#busy = undefined
        this.#armNext()
      })
    })
    this.#timer = { at, cancel }
  }

  #armNext(): void {
    if (this.#failures > 0) {
      this.#arm(this.#wait)
      return
    }
    const now = this.#clock.now()
    let wait = this.#lookDueIn(now)
    for (const entry of this.#book.entries) wait = Math.min(wait, this.#dueIn(entry, now))
    this.#arm(Math.max(gathering, wait))
  }

  #lookDueIn(now: Moment): Milliseconds {
    return this.#lookedAt === undefined ? 0 : Math.max(0, this.#resend - elapsed(this.#lookedAt, now))
  }

  #dueIn(entry: Entry, now: Moment): Milliseconds {
    const told = this.#told.get(entry.key)
    if (told !== undefined && told.version === entry.version) return Math.max(0, this.#resend - elapsed(told.at, now))
    if (this.#mayTell(entry, now) || !this.hasAnsweredSince(entry.resolvedAt ?? now)) return 0
    // This peer has answered; the others call when they have.
    return this.#resend
  }

  /** An end waits until every peer answers: one that cannot be told would page for what the others call over. */
  #mayTell(entry: Entry, now: Moment): boolean {
    return this.#stopped || entry.resolvedAt === undefined || this.#peers.mayEnd(entry.resolvedAt, now)
  }

  /** Tells what is due, and what becomes due meanwhile. */
  async #round(): Promise<void> {
    for (;;) {
      const now = this.#clock.now()
      const due: Entry[] = []
      for (const entry of this.#book.entries) if (this.#dueIn(entry, now) === 0) due.push(entry)
      const isHeld = due.some((entry) => !this.#mayTell(entry, now))
      const mustLook = isHeld || this.#lookDueIn(now) === 0 || due.some((entry) => this.#isRepeat(entry))
      if (mustLook && !(await this.#look())) return
      if (isHeld) this.#peers.answered()
      const news = due.filter((entry) => this.#mayTell(entry, this.#clock.now()) && this.#mustTell(entry, now))
      // One that answers questions may still take nothing: where there is something to tell, only that it is taken counts.
      if (mustLook && news.length === 0) this.#reached()
      for (let i = 0; i < news.length; i += batchSize) {
        if (!(await this.#deliver(news.slice(i, i + batchSize)))) return
      }
      if (due.length === 0) return
    }
  }

  /** Whether Alertmanager, or the process before this one, knows of it already. */
  #isRepeat({ key, version, isRemembered }: Entry): boolean {
    const told = this.#told.get(key)
    return told === undefined ? isRemembered : told.version === version
  }

  /** Whether it goes out now; what need not is looked at again after the next `resend`. */
  #mustTell(entry: Entry, now: Moment): boolean {
    if (!this.#isRepeat(entry)) return true
    const told = this.#told.get(entry.key)
    if (isRepeated(entry, told, this.#view, now, 2 * this.#resend)) return true
    const isHearsay = told?.isHearsay ?? true
    const missedAt = told === undefined ? entry.since.mono : (told.missedAt ?? now.mono)
    const { version } = entry
    this.#told.set(entry.key, { version, at: now, started: this.#view?.started, missedAt, isHearsay })
    return false
  }

  /** Asks Alertmanager what it holds. False: it does not answer, try later. */
  async #look(): Promise<boolean> {
    const now = this.#clock.now()
    const look = await this.#client.look()
    if (look.kind === 'failed') {
      this.#failed(look.why, look.retryAfter)
      return false
    }
    this.#lookedAt = now
    this.#answered = now
    this.#view = look.kind === 'view' ? look.view : undefined
    const clock = this.#view?.clock
    this.#theirClock = clock === undefined ? undefined : clock - this.#clock.now().mono
    return true
  }

  /** What time it is to Alertmanager (wall clock), also after ours was set. */
  #theirTime({ wall, mono }: Moment): Milliseconds {
    const theirs = this.#theirClock === undefined ? wall : this.#theirClock + mono
    return Math.abs(theirs - wall) < sameClock ? wall : theirs
  }

  /** Sends a batch; one that is refused is halved until the alert at fault stands alone. False: try later. */
  async #deliver(entries: readonly Entry[]): Promise<boolean> {
    const now = this.#clock.now()
    const delivery = await this.#client.post(entries.map((entry) => alertOf(entry, now, this.#theirTime(now))))
    switch (delivery.kind) {
      case 'taken':
        this.#taken(entries, now)
        return true
      case 'failed':
        this.#failed(delivery.why, delivery.retryAfter)
        return false
      case 'refused':
        return this.#halve(entries, delivery.why, now)
    }
  }

  async #halve(entries: readonly Entry[], why: string, now: Moment): Promise<boolean> {
    const [only] = entries
    if (entries.length === 1 && only !== undefined) {
      this.#watch.refused(this.#client.url)
      this.#log.error({ alertmanager: this.#client.url, alert: only.key, why }, 'alertmanager refuses this alert')
      this.#tell(only, now)
      return true
    }
    const half = Math.ceil(entries.length / 2)
    return (await this.#deliver(entries.slice(0, half))) && (await this.#deliver(entries.slice(half)))
  }

  #taken(entries: readonly Entry[], at: Moment): void {
    this.#answered = at
    this.#reached()
    this.#watch.delivered(this.#client.url, entries.length)
    for (const entry of entries) this.#tell(entry, at)
  }

  #tell({ key, version }: Entry, at: Moment): void {
    this.#told.set(key, { version, at, started: this.#view?.started, missedAt: undefined, isHearsay: false })
  }

  #reached(): void {
    if (this.#failures > 0) this.#log.info({ alertmanager: this.#client.url }, 'alertmanager answers again')
    this.#failures = 0
    this.#watch.up(this.#client.url, true)
    this.#watch.reached(this.#client.url, this.#clock.now().wall)
  }

  #failed(why: string, retryAfter: Milliseconds | undefined): void {
    if (this.#failures === 0)
      this.#log.error({ alertmanager: this.#client.url, why }, 'alertmanager does not take alerts')
    this.#failures++
    this.#watch.up(this.#client.url, false)
    this.#watch.failed(this.#client.url)
    const longest = Math.min(longestWait, Math.max(firstWait, this.#resend))
    const ceiling = Math.min(longest, firstWait * 2 ** (this.#failures - 1))
    this.#wait = Math.min(longestWait, Math.max(retryAfter ?? 0, ceiling * (0.5 + 0.5 * this.#random())))
  }
}

/** What a sender must know of the others. */
export interface Peers {
  /** Whether the end of an alert (at this time) may be told. */
  mayEnd(resolvedAt: Moment, now: Moment): boolean
  /** This one has answered: an end that waited for it may be told by all. */
  answered(): void
}

/** What every sender is handed. */
export interface SenderTools {
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly watch: SenderWatch
}

/**
 * The alert as Alertmanager is told it. A firing one carries an end of its own, so that the alerts of a dead siteward run
 * out: late, since a restart, an upgrade or a cut wire is no end of what fires. Alertmanager goes by its own clock
 * (`theirs`), and one of the two may be wrong, as that of a machine which has not found its time server yet: what fires
 * ends ahead of both, and what is over has ended by both.
 */
function alertOf(
  { labels, annotations, startsAt, lifetime, resolvedAt }: Entry,
  now: Moment,
  theirs: Milliseconds,
): Alert {
  const endsAt =
    resolvedAt === undefined
      ? Math.max(now.wall, theirs) + lifetime()
      : Math.max(resolvedAt.wall, startsAt) - Math.max(0, now.wall - theirs)
  return { labels, annotations: annotations(), startsAt: Math.min(startsAt, endsAt), endsAt }
}
