import { type Cancel, elapsed, type Milliseconds, type Moment } from '../model/clock.ts'
import { AlertBook, type Firing } from './book.ts'
import { type AlertmanagerClient, Sender, type SenderTools } from './sender.ts'

const pruning: Milliseconds = 30_000

/** Tells every Alertmanager what is firing and what has resolved, until each of them knows. */
export class Notifier {
  readonly #book = new AlertBook()
  readonly #senders: readonly Sender[]
  readonly #tools: SenderTools
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
    // Of a peer that is silent for longer an end waits no more: it may be dead, and have forgotten all.
    const giveUp = 4 * resend
    const peers = {
      mayEnd: (resolvedAt: Moment, now: Moment): boolean =>
        this.#senders.length < 2 ||
        elapsed(resolvedAt, now) > giveUp ||
        this.#senders.every((sender) => sender.hasAnsweredSince(resolvedAt) || sender.silence(now) > giveUp),
      answered: () => this.#wake(),
    }
    this.#senders = clients.map((client) => new Sender(client, this.#book, resend, tools, peers))
    this.#forgotten = forgotten
  }

  /** Asks every Alertmanager whether it lives; begins to forget what everybody has been told of for long enough. */
  start(): void {
    for (const sender of this.#senders) sender.start()
    this.#pruning = this.#pruneLater()
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
