import { type Reply, RequestError } from '../expose/route.ts'
import type { Cancel, Clock, Milliseconds } from '../model/clock.ts'
import { changeOf } from './change.ts'
import type { Status, StatusChange } from './shape.ts'

/** How often is looked for changes, while anybody watches. */
const looking: Milliseconds = 1000
/** With nothing to tell, so often is told that siteward lives. */
const beating: Milliseconds = 10_000
/** Whoever has not taken the last event for so long is let go. */
const slowest: Milliseconds = 20_000
/** Each is a connection that stays; Prometheus and the commands must find room beside them. */
const mostClients = 24

interface Client {
  /** The number of the last message that it was given; -1 for none. */
  seen: number
  /** Since when it has been taking that (monotonic); undefined while it waits for the next. */
  takingSince: Milliseconds | undefined
  isDropped: boolean
  wake: () => void
}

/** What everybody is told next, rendered once. */
interface Message {
  readonly number: number
  readonly text: string
  /** Monotonic. */
  readonly at: Milliseconds
}

/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): `status` with everything, then
 * `change` with what has changed, `beat` where nothing has for a while. Every client is given the same text. None has a
 * queue: one that has missed a message is given everything again; one that takes nothing is let go.
 */
export class Updates {
  readonly #clock: Clock
  readonly #look: () => Status
  readonly #clients = new Set<Client>()
  #status: Status | undefined
  #message: Message = { number: 1, text: '', at: 0 }
  /** Everything, as text; made when somebody needs it. */
  #whole: string | undefined
  #bug: { readonly error: unknown } | undefined
  #timer: Cancel | undefined

  constructor(clock: Clock, look: () => Status) {
    this.#clock = clock
    this.#look = look
  }

  /** How many watch. */
  get size(): number {
    return this.#clients.size
  }

  /** An answer that goes on until the client has gone. Throws RequestError where too many watch already. */
  open(signal: AbortSignal): Reply {
    if (this.#clients.size >= mostClients)
      throw new RequestError(503, `${mostClients} pages watch already: close one, or try again later`)
    return { status: 200, headers, body: this.#events(signal) }
  }

  async *#events(signal: AbortSignal): AsyncGenerator<string> {
    // Between the asking and the answer others may have come.
    if (this.#clients.size >= mostClients) return
    const client: Client = { seen: -1, takingSince: undefined, isDropped: false, wake: () => {} }
    const gone = (): void => client.wake()
    signal.addEventListener('abort', gone)
    this.#clients.add(client)
    this.#begin()
    try {
      while (!signal.aborted && !client.isDropped) {
        if (client.seen === this.#message.number) {
          await new Promise<void>((resolve) => {
            client.wake = resolve
          })
          if (this.#bug !== undefined) throw this.#bug.error
          continue
        }
        const text = this.#textFor(client)
        client.takingSince = this.#clock.now().mono
        yield text
        client.takingSince = undefined
      }
    } finally {
      signal.removeEventListener('abort', gone)
      this.#clients.delete(client)
      if (this.#clients.size === 0) this.#rest()
    }
  }

  #textFor(client: Client): string {
    const { number, text } = this.#message
    const isNext = client.seen === number - 1
    client.seen = number
    if (isNext) return text
    this.#whole ??= eventText('status', this.#status)
    return this.#whole
  }

  #begin(): void {
    if (this.#timer !== undefined) return
    this.#status = this.#look()
    this.#whole = undefined
    this.#lookLater()
  }

  #rest(): void {
    this.#timer?.()
    this.#timer = undefined
    this.#status = undefined
    this.#whole = undefined
    this.#bug = undefined
  }

  #lookLater(): void {
    this.#timer = this.#clock.after(looking, () => {
      this.#lookLater()
      try {
        this.#lookAgain()
      } catch (error) {
        // In a timer nobody would catch it: it is told where a client waits.
        this.#bug = { error }
      }
      for (const client of this.#clients) client.wake()
    })
  }

  #lookAgain(): void {
    const now = this.#clock.now().mono
    const after = this.#look()
    const change = this.#status === undefined ? undefined : changeOf(this.#status, after)
    this.#status = after
    if (change !== undefined) this.#say('change', change, now)
    else if (now - this.#message.at >= beating) this.#say('beat', { at: after.at }, now)
    for (const client of this.#clients) {
      if (client.takingSince !== undefined && now - client.takingSince > slowest) client.isDropped = true
    }
  }

  #say(event: 'change' | 'beat', data: StatusChange, at: Milliseconds): void {
    this.#message = { number: this.#message.number + 1, text: eventText(event, data), at }
    this.#whole = undefined
  }
}

const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // A proxy that gathers an answer before it hands it on would hold the events back.
  'x-accel-buffering': 'no',
} as const

/** JSON has no line ends of its own, so that one line of data is enough. */
function eventText(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
