import { gzip } from 'node:zlib'
import type { Readings } from '../expose/exposition.ts'
import type { Cancel } from '../model/clock.ts'
import type { Metric } from '../model/metric.ts'
import type { OtlpTarget } from '../model/push.ts'
import type { Row } from '../model/series.ts'
import { OtlpRequest, type Sender } from './otlp-encoding.ts'
import { OtlpSender, type OtlpSenderParts } from './otlp-sender.ts'

/** What a push is wired to. */
export interface OtlpPushParts extends Omit<OtlpSenderParts, 'name' | 'post'> {
  readonly readings: Readings
  readonly sender: Sender
  post(target: OtlpTarget, body: Uint8Array): ReturnType<OtlpSenderParts['post']>
  /** What takes a while has pauses, in which other work has its turn. */
  breathe(): Promise<void>
  bug(error: unknown): void
}

/** A receiver takes this in a moment, and it is some 100 kB. */
const pointsOfRequest = 2000

/** Sends all that is on /metrics of devices and alarms to one receiver, at its interval. */
export class OtlpPush {
  readonly target: OtlpTarget
  readonly #parts: OtlpPushParts
  readonly #sender: OtlpSender
  /** The ids of the series that had a value at the last time. */
  #sent = new Set<number>()
  #cancel: Cancel | undefined

  constructor(target: OtlpTarget, parts: OtlpPushParts) {
    this.target = target
    this.#parts = parts
    this.#sender = new OtlpSender({ ...parts, name: target.url.origin, post: (body) => parts.post(target, body) })
  }

  start(): void {
    this.#cancel = this.#parts.clock.after(this.target.interval, () => {
      this.start()
      this.#push().catch((error) => this.#parts.bug(error))
    })
  }

  stop(): void {
    this.#cancel?.()
    this.#sender.stop()
  }

  async #push(): Promise<void> {
    const { sender, breathe, clock } = this.#parts
    const { wall } = clock.now()
    const sent = new Set<number>()
    let request = new OtlpRequest(sender)
    for (const { id, metric, row, value } of this.#values()) {
      await breathe()
      if (!Number.isNaN(value)) sent.add(id)
      // What had a value the last time and has none now is told once.
      else if (!this.#sent.has(id)) continue
      request.add(metric, row.labels, Number.isNaN(value) ? undefined : value, wall)
      if (request.count < pointsOfRequest) continue
      await this.#hand(request)
      request = new OtlpRequest(sender)
    }
    if (request.count > 0) await this.#hand(request)
    this.#sent = sent
  }

  async #hand(request: OtlpRequest): Promise<void> {
    const { count: points } = request
    this.#sender.push({ body: await compressed(request.finish()), points })
  }

  /** Every series with its value; a family whose devices come or go meanwhile goes on with those that it had. */
  *#values(): Iterable<{ readonly id: number; readonly metric: Metric; readonly row: Row; readonly value: number }> {
    const { families } = this.#parts.readings
    for (const [metric, { ranks }] of [...families]) {
      for (const { rows, n } of ranks) {
        for (const row of [...rows]) {
          const isThere = families.get(metric)?.ranks.some((rank) => rank.rows === rows) === true
          if (isThere) yield { id: row.first + n, metric, row, value: this.#parts.readings.valueAt(row.first + n) }
        }
      }
    }
  }
}

function compressed(bytes: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    gzip(bytes, { level: 1 }, (error, result) => (error === null ? resolve(result) : reject(error)))
  })
}
