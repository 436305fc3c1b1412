import { type Cancel, elapsed, type Milliseconds, type Moment } from '../model/clock.ts'
import { AlertBook, type Firing } from './book.ts'
import { type AlertmanagerClient, type Peers, Sender, type SenderTools } from './sender.ts'

const pruning: Milliseconds = 30_000

/** Tells every Alertmanager what is firing and what has resolved, until each of them knows. */
export class Notifier {
  readonly #book = new AlertBook()
  readonly #tools: SenderTools
  readonly #peers: Peers
  #senders: readonly Sender[]
  #resend: Milliseconds
  readonly #forgotten: (keys: readonly string[]) => void
  #pruning: Cancel = () => {}

  /** `forgotten` hears which resolved alerts everybody has been told of, so that the journal may drop them. */
  constructor(
    clients: readonly AlertmanagerClient[],
    resend: Milliseconds,
    tools: SenderTools,
    forgotten: (keys: readonly string[]) => void,
  ) {
    this.#tools = tools
    this.#resend = resend
    this.#forgotten = forgotten
    this.#peers = {
      mayEnd: (resolvedAt, now) => this.#mayEnd(resolvedAt, now),
      answered: () => this.#wake(),
    }
    this.#senders = clients.map((client) => this.#sender(client))
  }

  /** Asks every Alertmanager whether it lives; begins to forget what everybody has been told of for long enough. */
  start(): void {
    for (const sender of this.#senders) sender.start()
    this.#pruning = this.#pruneLater()
  }

  /**
   * From now on these are told, as often as that: those that were told before know what they know, new ones are told
   * everything. Resolves when those that are told no more have ended.
   */
  async tell(clients: readonly AlertmanagerClient[], resend: Milliseconds): Promise<void> {
    const before = this.#senders
    this.#resend = resend
    this.#senders = clients.map((client) => before.find((one) => one.client === client) ?? this.#sender(client))
    for (const sender of this.#senders) {
      if (before.includes(sender)) sender.pace(resend)
      else sender.start()
    }
    await Promise.all(before.filter((one) => !this.#senders.includes(one)).map((one) => one.stop()))
  }

  #sender(client: AlertmanagerClient): Sender {
    return new Sender(client, this.#book, this.#resend, this.#tools, this.#peers)
  }

  #mayEnd(resolvedAt: Moment, now: Moment): boolean {
    // Of a peer that is silent for longer an end waits no more: it may be dead, and have forgotten all.
    const giveUp = 4 * this.#resend
    if (this.#senders.length < 2 || elapsed(resolvedAt, now) > giveUp) return true
    return this.#senders.every((sender) => sender.hasAnsweredSince(resolvedAt) || sender.silence(now) > giveUp)
  }

  /** Alerts in the book: firing, and resolved but not yet told for long enough. */
  get alerts(): number {
    return this.#book.size
  }

  /** An alert that fires now. */
  fire(firing: Firing): void {
    this.#book.fire(firing, this.#tools.clock.now())
    this.#wake()
  }

  resolve(key: string, at: Moment): void {
    this.#book.resolve(key, at)
    this.#wake()
  }

  /** Another siteward tells of it now: it is neither told nor ended here any more. */
  drop(key: string): void {
    this.#book.drop(key)
  }

  /**
   * An alert that fired before a restart, and may have ended (`resolvedAt`) without everybody knowing. Told where
   * Alertmanager has it, or a reading shows it again, or it has no other word of it.
   */
  remember(firing: Firing, resolvedAt: Moment | undefined): void {
    this.#book.fire(firing, this.#tools.clock.now(), true)
    if (resolvedAt !== undefined) this.#book.resolve(firing.key, resolvedAt, true)
    this.#wake()
  }

  /** Tells once more what somebody does not know yet, then stops. */
  async stop(): Promise<void> {
    this.#pruning()
    await Promise.all(this.#senders.map((sender) => sender.stop()))
  }

  #wake(): void {
    for (const sender of this.#senders) sender.wake()
  }

  #pruneLater(): Cancel {
    return this.#tools.clock.after(pruning, () => {
      const gone = this.#book.prune(this.#tools.clock.now(), (entry) => this.#senders.every((one) => one.knows(entry)))
      for (const sender of this.#senders) sender.forget(gone)
      if (gone.length > 0) this.#forgotten(gone.map((entry) => entry.key))
      this.#pruning = this.#pruneLater()
    })
  }
}
