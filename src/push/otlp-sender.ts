import type { Cancel, Clock, Milliseconds } from '../model/clock.ts'
import type { Log } from '../model/log.ts'

/** What became of a request. `later`: it may be taken another time; `never`: not as it is. */
export type Sent =
  | { readonly kind: 'taken' }
  | { readonly kind: 'never'; readonly why: string }
  | { readonly kind: 'later'; readonly why: string; readonly retryAfter: Milliseconds | undefined }

/** A request that waits, with how many points it has. */
export interface Pending {
  readonly body: Uint8Array
  readonly points: number
}

/** What a sender is wired to. */
export interface OtlpSenderParts {
  /** The receiver's address without what may be secret in it. */
  readonly name: string
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  /** Posts a request; never rejects. */
  post(body: Uint8Array): Promise<Sent>
  /** What became of points: `sent`, or `dropped`. */
  counted(result: 'sent' | 'dropped', points: number, receiver: string): void
}

/** Half an hour of a site of 2,000 series at one minute; beyond it the oldest go first. */
const mostBytes = 16 * 2 ** 20
const firstWait: Milliseconds = 1000
const longestWait: Milliseconds = 60_000

/** Sends requests to one receiver, in their order, again and again until each is taken; the queue is bounded. */
export class OtlpSender {
  readonly #parts: OtlpSenderParts
  readonly #queue: Pending[] = []
  #bytes = 0
  #failures = 0
  #isBusy = false
  #isStopped = false
  #wait: Cancel | undefined

  constructor(parts: OtlpSenderParts) {
    this.#parts = parts
  }

  push(pending: Pending): void {
    this.#queue.push(pending)
    this.#bytes += pending.body.length
    // The first may be on its way.
    while (this.#bytes > mostBytes && this.#queue.length > 1) this.#drop(this.#queue.splice(this.#isBusy ? 1 : 0, 1))
    if (!this.#isBusy && this.#wait === undefined) void this.#send()
  }

  stop(): void {
    this.#isStopped = true
    this.#wait?.()
    this.#queue.length = 0
  }

  async #send(): Promise<void> {
    this.#isBusy = true
    for (let next = this.#queue[0]; next !== undefined && !this.#isStopped; next = this.#queue[0]) {
      const sent = await this.#parts.post(next.body)
      if (this.#isStopped) return
      if (sent.kind === 'later') {
        this.#later(sent.why, sent.retryAfter)
        break
      }
      this.#queue.shift()
      this.#bytes -= next.body.length
      if (sent.kind === 'taken') this.#taken(next)
      else this.#refused(next, sent.why)
    }
    this.#isBusy = false
  }

  #taken({ points }: Pending): void {
    const { name, log, counted } = this.#parts
    counted('sent', points, name)
    if (this.#failures > 0) log.info({ receiver: name }, 'the receiver takes readings again')
    this.#failures = 0
  }

  #refused({ points }: Pending, why: string): void {
    const { name, log, counted } = this.#parts
    counted('dropped', points, name)
    if (this.#failures === 0) log.error({ receiver: name, why }, 'the receiver refuses readings; they are dropped')
    this.#failures++
  }

  #later(why: string, retryAfter: Milliseconds | undefined): void {
    const { name, clock, random, log } = this.#parts
    if (this.#failures === 0) log.warn({ receiver: name, why }, 'the receiver takes no readings; they wait')
    const usual = Math.min(longestWait, firstWait * 2 ** Math.min(this.#failures, 10)) * (0.5 + random() / 2)
    this.#failures++
    this.#wait = clock.after(Math.min(longestWait, retryAfter ?? usual), () => {
      this.#wait = undefined
      void this.#send()
    })
  }

  #drop(dropped: readonly Pending[]): void {
    for (const { body, points } of dropped) {
      this.#bytes -= body.length
      this.#parts.counted('dropped', points, this.#parts.name)
    }
  }
}
