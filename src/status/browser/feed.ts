import type { Status, StatusChange } from '../shape.ts'
import { changed } from './model.ts'

/** siteward tells something every 10 s at least: after so many ms without a word the line is dead. */
const silence = 25_000
const pollEvery = 10_000
const tryEvery = 15_000

/** How the page stands to siteward. */
export type Link = 'connecting' | 'live' | 'lost'

/** Whom the feed tells. */
export interface Listener {
  /** What is known now; `before` is what was known before, if anything. */
  told(status: Status, before: Status | undefined): void
  linked(link: Link): void
}

/** Keeps what siteward tells: by server-sent events, and by asking where there is no place for one more of those. */
export class Feed {
  readonly #listener: Listener
  #status: Status | undefined
  #source: EventSource | undefined
  #heardAt = Date.now()
  #triedAt = 0
  #askedAt = 0

  constructor(listener: Listener) {
    this.#listener = listener
  }

  start(): void {
    this.#open()
    setInterval(() => this.#watch(), 1000)
    // A phone that was asleep must not show old alarms for one moment longer than it needs.
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible' && Date.now() - this.#heardAt > silence) this.#open()
    })
    addEventListener('online', () => this.#open())
  }

  #open(): void {
    this.#triedAt = Date.now()
    this.#source?.close()
    const source = new EventSource('/api/v1/status/events')
    this.#source = source
    source.addEventListener('status', ({ data }: MessageEvent<string>) => this.#take(JSON.parse(data) as Status))
    source.addEventListener('change', ({ data }: MessageEvent<string>) => {
      if (this.#status !== undefined) this.#take(changed(this.#status, JSON.parse(data) as StatusChange))
    })
    source.addEventListener('beat', () => this.#heard())
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) void this.#ask()
    })
  }

  #watch(): void {
    const now = Date.now()
    const isDead = now - this.#heardAt > silence
    if (isDead) this.#listener.linked('lost')
    const isClosed = this.#source === undefined || this.#source.readyState === EventSource.CLOSED
    if ((isDead || isClosed) && now - this.#triedAt > tryEvery) this.#open()
    if (isClosed && now - this.#askedAt > pollEvery) void this.#ask()
  }

  async #ask(): Promise<void> {
    this.#askedAt = Date.now()
    try {
      const response = await fetch('/api/v1/status', { cache: 'no-store' })
      if (response.ok) this.#take((await response.json()) as Status)
    } catch {
      // The next try follows; until then the page says that it is not connected.
    }
  }

  #take(status: Status): void {
    const before = this.#status
    this.#status = status
    this.#heard()
    this.#listener.told(status, before)
  }

  #heard(): void {
    this.#heardAt = Date.now()
    this.#listener.linked('live')
  }
}
