import type { Cancel, Milliseconds } from '../../src/model/clock.ts'
import type { Tap } from '../collector.ts'
import { decodeHeader, decodeVarbinds, encodeRequest, type Request, responsePdu, type Varbinds } from './codec.ts'
import type { Turn } from './turn.ts'

/** Where an agent is: an address as the system's sockets spell it, and a port. */
export interface Peer {
  readonly address: string
  readonly port: number
}

/** Sends a datagram; `failed` hears of it when the system refuses it. */
export type Send = (message: Buffer, to: Peer, failed: (code: string) => void) => void

/** How patiently a request is made: after `timeout` without an answer it is sent again, `retries` times. */
export interface Patience {
  readonly timeout: Milliseconds
  readonly retries: number
}

/** What became of a request. */
export type Outcome =
  | { readonly kind: 'reply'; readonly status: number; readonly varbinds: Varbinds }
  /** `isGarbled`: something came from the agent that is no SNMP message. */
  | { readonly kind: 'silent'; readonly isGarbled: boolean }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'unsent'; readonly code: string }

/** The system has no room just now: the request is sent again when its time is over. */
const passing = ['ENOBUFS', 'EAGAIN']

interface Pending {
  readonly peer: Peer
  readonly tap: Tap | undefined
  readonly version: 1 | 2
  isGarbled: boolean
  end(outcome: Outcome): void
}

/** A request without what the exchange gives it: its id. */
export type Asked = Omit<Request, 'id'>

/**
 * Requests of SNMPv1 and v2c to many agents over one socket. A reply is one only if it comes from the asked address and
 * port, with the id of a request that waits for it, in its version, and well-formed; whatever else comes changes nothing.
 */
export class Exchange {
  readonly #send: Send
  readonly #newId: () => number
  readonly #pending = new Map<number, Pending>()

  /** `newId` gives ids from 1 to 2^31 - 1 that nobody can guess. */
  constructor(send: Send, newId: () => number) {
    this.#send = send
    this.#newId = newId
  }

  /** Requests under way. */
  get waiting(): number {
    return this.#pending.size
  }

  /** One request with its repetitions. Never rejects. */
  ask(asked: Asked, peer: Peer, { timeout, retries }: Patience, turn: Turn, tap?: Tap): Promise<Outcome> {
    return new Promise((resolve) => {
      if (turn.signal.aborted) {
        resolve({ kind: 'aborted' })
        return
      }
      const id = this.#freeId()
      const message = encodeRequest({ ...asked, id })
      let left = retries
      let cancel: Cancel = () => {}
      const end = (outcome: Outcome): void => {
        cancel()
        turn.onAbort(undefined)
        this.#pending.delete(id)
        resolve(outcome)
      }
      const pending: Pending = { peer, tap, version: asked.version, isGarbled: false, end }
      const failed = (code: string): void => {
        if (this.#pending.get(id) === pending && !passing.includes(code)) end({ kind: 'unsent', code })
      }
      const send = (): void => {
        cancel = turn.after(timeout, late)
        tap?.({ way: 'sent', bytes: message })
        this.#send(message, peer, failed)
      }
      const late = (): void => {
        if (left-- > 0) send()
        else end({ kind: 'silent', isGarbled: pending.isGarbled })
      }
      this.#pending.set(id, pending)
      turn.onAbort(() => end({ kind: 'aborted' }))
      send()
    })
  }

  /** Takes in whatever datagram has come. */
  receive(message: Buffer, from: Peer): void {
    const header = decodeHeader(message)
    const pending = header === undefined ? undefined : this.#pending.get(header.id)
    if (header === undefined || pending === undefined) {
      if (header === undefined) this.#noteGarbled(from)
      return
    }
    if (!isSame(pending.peer, from) || header.version !== pending.version || header.pdu !== responsePdu) return
    pending.tap?.({ way: 'received', bytes: message })
    const varbinds = decodeVarbinds(message, header.begin, header.end)
    if (varbinds === undefined) pending.isGarbled = true
    else pending.end({ kind: 'reply', status: header.status, varbinds })
  }

  #noteGarbled(from: Peer): void {
    for (const pending of this.#pending.values()) if (isSame(pending.peer, from)) pending.isGarbled = true
  }

  #freeId(): number {
    let id = this.#newId()
    while (this.#pending.has(id)) id = this.#newId()
    return id
  }
}

function isSame(a: Peer, b: Peer): boolean {
  return a.port === b.port && a.address === b.address
}
