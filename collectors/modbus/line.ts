import { type Clock, elapsed, type Milliseconds, type Moment } from '../../src/model/clock.ts'
import { Aborted, untilAborted } from '../../src/model/deadline.ts'
import type { Tap } from '../collector.ts'
import type { Range } from './batch.ts'
import { type Failure, openFailure } from './failure.ts'
import { endpointOf, isRtu, type Link } from './link.ts'
import { type Answer, openWire, Wire } from './transport.ts'

/** What the poll hands down: its deadline and its clock. */
export interface LineContext {
  readonly signal: AbortSignal
  readonly clock: Clock
}

/** How one device wants to be asked. */
export interface Manners {
  readonly requestTimeout: Milliseconds
  readonly pause: Milliseconds
}

/** An answer, and how many requests went out for it. */
export interface Outcome {
  readonly answer: Answer
  readonly sent: number
}

/** A lost SYN is sent again after 1 s (RFC 6298): two of them may be lost. */
const connectTimeout: Milliseconds = 3500

/** How long a line that could not be opened is left alone: doubled each time, so that a dead gateway holds nobody up. */
const firstRest: Milliseconds = 250
const longestRest: Milliseconds = 5000

/**
 * One connection or serial line with all that is read over it: one request at a time, opened when first needed and again
 * after a failure. The wire is closed when an answer is overdue, so that a late one is never taken for another's.
 */
export class Line {
  readonly #link: Link
  readonly #tap: Tap | undefined
  #wire: Wire | undefined
  /** Settles when the wire before has given its port back. */
  #ended: Promise<void> = Promise.resolve()
  #turn: Promise<void> = Promise.resolve()
  /** When it was last spoken on or opened, on the monotonic clock. */
  #lastUse: Milliseconds = 0
  #refusal: { readonly failure: Failure; readonly at: Moment; readonly rest: Milliseconds } | undefined
  /** RTU has nothing by which to tell a late answer: a unit that was silent is asked again only then. */
  readonly #quietUntil = new Map<number, Milliseconds>()
  #isClosed = false

  constructor(link: Link, tap?: Tap) {
    this.#link = link
    this.#tap = tap
  }

  /** Reads one range. Never rejects; a failure leaves the line closed until the next read. */
  async read(range: Range, manners: Manners, context: LineContext): Promise<Outcome> {
    const before = this.#turn
    let done = (): void => {}
    this.#turn = new Promise((resolve) => {
      done = resolve
    })
    try {
      await untilAborted(before, context.signal)
      return await this.#readInTurn(range, manners, context)
    } catch (error) {
      if (error instanceof Aborted) return { answer: failed(overdue), sent: 0 }
      throw error
    } finally {
      // Who waits behind waits for all before it, also when this one gave up waiting.
      void before.then(done)
    }
  }

  /** Closes the line for good; what is under way fails. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#drop()
    await this.#ended
  }

  async #readInTurn(range: Range, manners: Manners, context: LineContext): Promise<Outcome> {
    const kept = this.#wire?.usable === true
    const first = await this.#readOnce(range, manners, context)
    if (first.answer.kind !== 'failed' || !first.answer.silent || !kept) return first
    // The device had closed a connection that nobody used for a while: that is no fault yet.
    const second = await this.#readOnce(range, manners, context)
    return { ...second, sent: second.sent + first.sent }
  }

  async #readOnce(range: Range, manners: Manners, context: LineContext): Promise<Outcome> {
    // Before the wire is opened: what comes late then comes to nobody.
    await restUntil(this.#quietUntil.get(range.unit) ?? 0, context)
    const wire = await this.#opened(context)
    if (!(wire instanceof Wire)) return { answer: failed(wire), sent: 0 }
    await restUntil(this.#lastUse + manners.pause, context)
    const answer = await this.#ask(wire, range, manners, context)
    this.#lastUse = context.clock.now().mono
    return { answer, sent: 1 }
  }

  async #ask(wire: Wire, range: Range, { requestTimeout }: Manners, context: LineContext): Promise<Answer> {
    try {
      return await within(wire.read(range), requestTimeout, context)
    } catch (error) {
      this.#drop()
      if (!(error instanceof Aborted)) throw error
      if (isRtu(this.#link)) this.#quietUntil.set(range.unit, context.clock.now().mono + requestTimeout)
      return failed(context.signal.aborted ? overdue : late(range, wire.received, requestTimeout))
    }
  }

  async #opened(context: LineContext): Promise<Wire | Failure> {
    if (this.#isClosed) return closing
    if (this.#wire?.usable === true) return this.#wire
    this.#drop()
    const refusal = this.#refusal
    if (refusal !== undefined && elapsed(refusal.at, context.clock.now()) < refusal.rest) return refusal.failure
    let abandon = (): void => {}
    try {
      await within(this.#ended, connectTimeout, context)
      const opening = openWire(this.#link, this.#tap)
      abandon = opening.abandon
      this.#wire = await within(opening.opened, connectTimeout, context)
    } catch (error) {
      abandon()
      return this.#refused(error, context.clock)
    }
    this.#refusal = undefined
    this.#lastUse = context.clock.now().mono
    if (!this.#isClosed) return this.#wire
    this.#drop()
    return closing
  }

  #refused(error: unknown, clock: Clock): Failure {
    const failure = error instanceof Aborted ? unopened(this.#link) : openFailure(error, this.#link)
    const rest = Math.min(longestRest, this.#refusal === undefined ? firstRest : this.#refusal.rest * 2)
    this.#refusal = { failure, at: clock.now(), rest }
    return failure
  }

  #drop(): void {
    if (this.#wire !== undefined) this.#ended = this.#wire.close()
    this.#wire = undefined
  }
}

const overdue: Failure = {
  kind: 'timeout',
  detail: 'the deadline of the poll came before all was read; lengthen timeout: or read fewer points',
}

const closing: Failure = { kind: 'cancelled', detail: 'siteward was closing the connection' }

function failed(failure: Failure): Answer {
  return { kind: 'failed', failure, silent: false }
}

function unopened(link: Link): Failure {
  return { kind: 'timeout', detail: `${endpointOf(link)} accepts no connection; check the network and the power` }
}

function late({ unit }: Range, received: number, timeout: Milliseconds): Failure {
  if (received > 0) {
    const detail = `unit ${unit}: ${received} bytes came that are no whole answer; check transport:, baud: and parity:`
    return { kind: 'protocol', detail }
  }
  return { kind: 'timeout', detail: `unit ${unit} did not answer within ${timeout} ms; check unit:, power and cable` }
}

/** Our own deadline around what may never settle. */
async function within<T>(work: Promise<T>, time: Milliseconds, { clock, signal }: LineContext): Promise<T> {
  const deadline = new AbortController()
  const stop = (): void => deadline.abort()
  const cancel = clock.after(time, stop)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    return await untilAborted(work, deadline.signal)
  } finally {
    cancel()
    signal.removeEventListener('abort', stop)
  }
}

/** Waits for a time of the monotonic clock. */
async function restUntil(time: Milliseconds, { clock, signal }: LineContext): Promise<void> {
  const left = time - clock.now().mono
  if (left <= 0) return
  let cancel = (): void => {}
  const passed = new Promise<void>((resolve) => {
    cancel = clock.after(left, resolve)
  })
  try {
    await untilAborted(passed, signal)
  } finally {
    cancel()
  }
}
