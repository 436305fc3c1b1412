import { createHash } from 'node:crypto'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import snmp from 'net-snmp'
import { elapsed, type Milliseconds } from '../../src/model/clock.ts'
import type { EventOrder, EventSource } from '../collector.ts'
import type { SnmpCredential } from './schema.ts'
import { userOf, versionOf } from './transport.ts'

/** RFC 3418 section 2: which notification it is, the second variable of each. */
const trapOid = '1.3.6.1.6.3.1.1.4.1.0'
/** RFC 3584 section 3.1: the generic traps of SNMPv1 under the names that v2 gave them. */
const genericTraps = '1.3.6.1.6.3.1.1.5'
/** Six: the trap is the enterprise's own. */
const specificTrap = 6
/** Datagrams of one sender and of all that are looked into within a second; the rest is dropped unread. */
const mostOfOne = 20
const mostOfAll = 500
const second: Milliseconds = 1000

/**
 * Listens for traps and informs of SNMP v1, v2c and v3, by the library's receiver, and confirms informs. A datagram from
 * whom the site does not know is dropped before anything in it is read, and so is what comes too fast. Rejects with the
 * system's error when it cannot listen.
 */
export async function listenForTraps(order: EventOrder): Promise<EventSource> {
  const socket = createSocket({ type: order.host.includes(':') ? 'udp6' : 'udp4' })
  await bind(socket, order)
  const guard = new Guard(order)
  const receiver = snmp.createReceiver(
    { dgramModule: { createSocket: () => guarded(socket, guard) }, engineID: engineOf(order.site), port: order.port },
    (error: unknown, notification: unknown) => {
      // The library's error may hold the keys of a user: only that there was one is told.
      const event = error ? undefined : eventOf(notification)
      if (event === undefined) order.dropped('refused')
      else order.heard(event)
    },
  )
  const authorizer = receiver.getAuthorizer()
  for (const credential of order.credentials as readonly SnmpCredential[]) {
    if (versionOf(credential) === 3) authorizer.addUser(userOf(credential))
    else if (credential.community !== undefined) authorizer.addCommunity(credential.community.reveal())
  }
  return {
    port: socket.address().port,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  }
}

function bind(socket: Socket, { host, port }: EventOrder): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(port, host, () => {
      socket.off('error', reject)
      // What the system says of an answer that did not arrive concerns nobody here.
      socket.on('error', () => {})
      resolve()
    })
  })
}

/** The bound socket as the library uses sockets, with the guard before it. */
function guarded(socket: Socket, guard: Guard): unknown {
  return {
    bind: () => {},
    on: (name: string, listener: (message: Buffer, from: RemoteInfo) => void) => {
      if (name !== 'message') return
      socket.on('message', (message, from) => {
        if (guard.letsIn(from)) listener(message, from)
      })
    },
    send: (message: Buffer, offset: number, length: number, port: number, address: string) => {
      // Without a listener for its failure: a sender that is gone asks again, or does not.
      socket.send(message, offset, length, port, address, () => {})
    },
  }
}

/** Who may be heard, and how often. */
class Guard {
  readonly #order: EventOrder
  #since
  readonly #counts = new Map<string, number>()
  #all = 0

  constructor(order: EventOrder) {
    this.#order = order
    this.#since = order.clock.now()
  }

  letsIn({ address }: RemoteInfo): boolean {
    const now = this.#order.clock.now()
    if (elapsed(this.#since, now) >= second) {
      this.#since = now
      this.#counts.clear()
      this.#all = 0
    }
    if (!this.#order.knows(address)) {
      this.#order.dropped('stranger')
      return false
    }
    const count = (this.#counts.get(address) ?? 0) + 1
    this.#counts.set(address, count)
    if (count <= mostOfOne && ++this.#all <= mostOfAll) return true
    this.#order.dropped('flood')
    return false
  }
}

/** An engine identifier (RFC 3411 section 5, format 4: text) that is the same after each start: senders of v3 informs keep it. */
function engineOf(site: string): string {
  // 8072 is net-snmp's enterprise number, which the library uses as well.
  return `80001f8804${createHash('sha256').update(`siteward ${site}`).digest('hex').slice(0, 24)}`
}

function eventOf(notification: unknown): { readonly address: string; readonly id: string } | undefined {
  const address = fieldOf(fieldOf(notification, 'rinfo'), 'address')
  const pdu = fieldOf(notification, 'pdu')
  const id = fieldOf(pdu, 'enterprise') === undefined ? idOf(fieldOf(pdu, 'varbinds')) : idOfV1(pdu)
  return typeof address === 'string' && id !== undefined ? { address, id } : undefined
}

function idOf(varbinds: unknown): string | undefined {
  const list: readonly unknown[] = Array.isArray(varbinds) ? varbinds : []
  const named = list.find((varbind) => fieldOf(varbind, 'oid') === trapOid)
  const value = fieldOf(named, 'value')
  return typeof value === 'string' ? value : undefined
}

function idOfV1(pdu: unknown): string | undefined {
  const [generic, specific] = [fieldOf(pdu, 'generic'), fieldOf(pdu, 'specific')]
  if (typeof generic !== 'number' || typeof specific !== 'number') return undefined
  return generic === specificTrap ? `${fieldOf(pdu, 'enterprise')}.0.${specific}` : `${genericTraps}.${generic + 1}`
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
