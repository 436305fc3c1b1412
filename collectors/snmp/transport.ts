import { randomInt } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { isIP } from 'node:net'
import snmp from 'net-snmp'
import type { Milliseconds } from '../../src/model/clock.ts'
import { Aborted, untilAborted } from '../../src/model/deadline.ts'
import type { FaultKind } from '../../src/model/fault.ts'
import type { Tap } from '../collector.ts'
import { names, UnknownName } from '../names.ts'
import { type OidSlice, oidOf, type RequestPdu, requestPdus, type Varbind, type Varbinds, varbindsOf } from './codec.ts'
import { Exchange, type Outcome, type Peer } from './exchange.ts'
import { isVersion3, mayComeIn, mayGoOut } from './guard.ts'
import type { SnmpCredential } from './schema.ts'
import type { Turn } from './turn.ts'

/** What came of one request. `refused` is the agent's own error-status (RFC 3416 section 3). */
export type Reply =
  | { readonly kind: 'varbinds'; readonly varbinds: Varbinds }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'fault'; readonly fault: FaultKind; readonly detail: string }

/** The wire to one agent, in the protocol's words. Nothing here can write. Never rejects. */
export interface SnmpTransport {
  /** These very variables, in this order. */
  get(oids: readonly OidSlice[], turn: Turn): Promise<Reply>
  /** What follows each OID: one variable a column. */
  next(oids: readonly OidSlice[], turn: Turn): Promise<Reply>
  /** Up to `repetitions` variables behind each OID: one of each column, then the next of each. */
  bulk(oids: readonly OidSlice[], repetitions: number, turn: Turn): Promise<Reply>
  close(): void
}

/** Whom to ask, how patiently. */
export interface Agent {
  readonly host: string
  readonly port: number
  readonly credential: SnmpCredential
  readonly timeout: Milliseconds
  readonly retries: number
}

/** The version number as the message says it: 1, 2 (for v2c) or 3. */
export function versionOf({ version }: SnmpCredential): 1 | 2 | 3 {
  if (version === '2c') return 2
  return Number(version) === 3 ? 3 : 1
}

/** Opens nothing yet: the agent's name is resolved, and the socket made, with the first request. */
export function snmpTransport(agent: Agent, tap?: Tap): SnmpTransport {
  const version = versionOf(agent.credential)
  return version === 3 ? userTransport(agent, tap) : communityTransport(agent, version, tap)
}

/** UDP cannot carry more. */
const largestReply = 65_507
/** Room for the replies of many agents at once; the system gives less where it is set to. */
const receiveBuffer = 4 * 2 ** 20
const greatestId = 2 ** 31

type Listener = (message: Buffer, from: Peer) => void

/**
 * The sockets that all agents share, one for IPv4 and one for IPv6: open while anybody holds them. Out goes only what
 * reads. What comes in is handed to those who asked its sender, by address and port.
 */
class Wire {
  readonly exchange = new Exchange(
    (message, to, failed) => this.send(message, to, failed),
    () => randomInt(1, greatestId),
  )
  readonly #sockets = new Map<'udp4' | 'udp6', Socket>()
  readonly #listeners = new Map<string, Set<Listener>>()
  #holders = 0

  hold(): void {
    this.#holders++
  }

  release(): void {
    if (--this.#holders > 0) return
    for (const socket of this.#sockets.values()) socket.close()
    this.#sockets.clear()
  }

  send(message: Buffer, { address, port }: Peer, failed: (code: string) => void): void {
    if (!mayGoOut(message)) throw new Error('not a request that reads')
    this.#socket(isIP(address) === 6 ? 'udp6' : 'udp4').send(message, port, address, (error) => {
      if (error !== null && error !== undefined) failed(String(Object(error).code ?? ''))
    })
  }

  /** Hears what an agent sends in SNMPv3, until the function that is returned is called. */
  listen(peer: Peer, listener: Listener): () => void {
    const key = keyOf(peer)
    const known = this.#listeners.get(key) ?? new Set()
    this.#listeners.set(key, known.add(listener))
    return () => {
      known.delete(listener)
      if (known.size === 0) this.#listeners.delete(key)
    }
  }

  #socket(type: 'udp4' | 'udp6'): Socket {
    const open = this.#sockets.get(type)
    if (open !== undefined) return open
    // Addresses are resolved before: the system's own look-up would take each of them through another thread.
    const family = type === 'udp6' ? 6 : 4
    const socket = createSocket({ type, lookup: (host, _options, done) => done(null, host, family) })
    socket.on('message', (message, { address, port }) => {
      this.#receive(message, { address: family === 6 ? plain(address) : address, port })
    })
    socket.on('listening', () => {
      try {
        socket.setRecvBufferSize(receiveBuffer)
      } catch {
        // The system's own size then.
      }
    })
    // A socket that fails is left; the next request opens another.
    socket.on('error', () => {
      if (this.#sockets.get(type) === socket) this.#sockets.delete(type)
      socket.close()
    })
    this.#sockets.set(type, socket)
    return socket
  }

  #receive(message: Buffer, from: Peer): void {
    if (message.length > largestReply) return
    if (!isVersion3(message)) this.exchange.receive(message, from)
    else for (const listener of this.#listeners.get(keyOf(from)) ?? []) listener(message, from)
  }
}

function keyOf({ address, port }: Peer): string {
  return `${address} ${port}`
}

const wire = new Wire()

/** SNMPv1 and v2c, by our own hand. */
function communityTransport(agent: Agent, version: 1 | 2, tap: Tap | undefined): SnmpTransport {
  const community = Buffer.from(agent.credential.community?.reveal() ?? '')
  let peer: Peer | undefined
  const ask = async (pdu: RequestPdu, oids: readonly OidSlice[], repetitions: number, turn: Turn): Promise<Reply> => {
    try {
      peer ??= await untilAborted(resolve(agent), turn.signal)
    } catch (error) {
      return faultOf(error, agent)
    }
    const outcome = await wire.exchange.ask({ version, community, pdu, oids, repetitions }, peer, agent, turn, tap)
    // A name may have got another address meanwhile.
    if (outcome.kind !== 'reply') {
      peer = undefined
      names.doubt(agent.host)
    }
    return replyOf(outcome, agent)
  }
  wire.hold()
  return {
    close: () => wire.release(),
    get: async (oids, turn) => exactly(oids, await ask(requestPdus.get, oids, 0, turn), agent),
    next: (oids, turn) => ask(requestPdus.next, oids, 0, turn),
    bulk: (oids, repetitions, turn) => ask(requestPdus.bulk, oids, repetitions, turn),
  }
}

function replyOf(outcome: Outcome, agent: Agent): Reply {
  const where = `${agent.host}:${agent.port}`
  const fault = (kind: FaultKind, detail: string): Reply => ({ kind: 'fault', fault: kind, detail })
  switch (outcome.kind) {
    case 'reply':
      return outcome.status === 0
        ? { kind: 'varbinds', varbinds: outcome.varbinds }
        : { kind: 'refused', status: outcome.status }
    case 'silent':
      if (outcome.isGarbled) return fault('timeout', `${where} answers what is no SNMP message`)
      return fault('timeout', `${where} does not answer${hint(agent.credential)}`)
    case 'aborted':
      return faultOf(new Aborted(), agent)
    case 'unsent':
      return fault('timeout', `${where} cannot be reached (${outcome.code}); check the network`)
  }
}

/** A reply for other variables than those asked for is none. */
function exactly(oids: readonly OidSlice[], reply: Reply, { host }: Agent): Reply {
  if (reply.kind !== 'varbinds') return reply
  const { bytes, begins, ends } = reply.varbinds
  const same = (asked: OidSlice, i: number): boolean =>
    Buffer.compare(asked.bytes.subarray(asked.begin, asked.end), bytes.subarray(begins[i], ends[i])) === 0
  if (begins.length === oids.length && oids.every(same)) return reply
  return {
    kind: 'fault',
    fault: 'protocol',
    detail: `${host} answers for other OIDs than were asked for; a scalar may lack its .0`,
  }
}

type Session = ReturnType<typeof snmp.createSession>
type Done = (error: unknown, varbinds: unknown) => void

/** SNMPv3, by the library, over the same sockets. */
function userTransport(agent: Agent, tap: Tap | undefined): SnmpTransport {
  let session: Session | undefined
  const close = (): void => {
    // Closing twice throws.
    const open = session
    session = undefined
    open?.close()
  }
  const ask = async (turn: Turn, call: (open: Session, done: Done) => void): Promise<Reply> => {
    try {
      session ??= await untilAborted(openSession(agent, tap), turn.signal)
      const open = session
      const reply = new Promise<Reply>((resolve) =>
        call(open, (error, varbinds) =>
          resolve(error === null || error === undefined ? listOf(varbinds) : faultOf(error, agent)),
        ),
      )
      return await untilAborted(reply, turn.signal)
    } catch (error) {
      // What was under way may still answer: to a new session it cannot be the next answer.
      close()
      names.doubt(agent.host)
      return faultOf(error, agent)
    }
  }
  wire.hold()
  return {
    close: () => {
      close()
      wire.release()
    },
    get: async (oids, turn) => exactly(oids, await ask(turn, (open, done) => open.get(oids.map(oidOf), done)), agent),
    next: (oids, turn) => ask(turn, (open, done) => open.getNext(oids.map(oidOf), done)),
    bulk: (oids, repetitions, turn) => ask(turn, (open, done) => open.getBulk(oids.map(oidOf), 0, repetitions, done)),
  }
}

/** A list of variables; of a GETBULK a list a column, which is brought into the order of the wire. */
function listOf(varbinds: unknown): Reply {
  const lists: readonly unknown[] = Array.isArray(varbinds) ? varbinds : []
  const columns = lists.map((list) => (Array.isArray(list) ? list : [list]) as readonly Varbind[])
  const most = Math.max(0, ...columns.map(({ length }) => length))
  const flat = Array.from({ length: most }, (_, row) => columns.flatMap((column) => column.slice(row, row + 1))).flat()
  return { kind: 'varbinds', varbinds: varbindsOf(flat) }
}

async function openSession(agent: Agent, tap: Tap | undefined): Promise<Session> {
  const peer = await resolve(agent)
  const options = {
    port: agent.port,
    timeout: agent.timeout,
    retries: agent.retries,
    transport: isIP(peer.address) === 6 ? 'udp6' : 'udp4',
    version: snmp.Version3,
    context: agent.credential.context ?? '',
    dgramModule: { createSocket: () => facade(peer, levelOf(agent.credential), tap) },
  }
  const session = snmp.createV3Session(peer.address, userOf(agent.credential) as never, options as never)
  // Without a listener one malformed datagram ends the process.
  session.on('error', () => {})
  return session
}

/**
 * What the library takes for its socket. In comes only what the asked agent sends, from the asked port, in the asked
 * version, as protected as asked: the library itself looks at none of these.
 */
function facade(peer: Peer, level: number, tap: Tap | undefined): unknown {
  let unlisten = (): void => {}
  let closed = (): void => {}
  return {
    on: (event: string, listener: (message?: Buffer, from?: Peer) => void) => {
      if (event === 'close') closed = listener
      if (event !== 'message') return
      unlisten = wire.listen(peer, (message, from) => {
        if (!mayComeIn(message, level)) return
        tap?.({ way: 'received', bytes: message })
        listener(message, from)
      })
    },
    send: (data: Buffer, from: number, length: number, _port: number, _host: string, done: (error?: Error) => void) => {
      tap?.({ way: 'sent', bytes: data })
      wire.send(data.subarray(from, from + length), peer, (code) => done(new Error(code)))
      done()
    },
    ref: () => {},
    unref: () => {},
    close: () => {
      unlisten()
      closed()
    },
  }
}

async function resolve({ host, port }: Agent): Promise<Peer> {
  const [first] = await names.resolve(host)
  return { address: plain(first?.address ?? host), port }
}

/** An IPv6 address has several spellings: the one that a URL has, which is that of the system's sockets. */
function plain(address: string): string {
  if (isIP(address) !== 6) return address
  const [bare = address, zone] = address.split('%')
  const spelt = new URL(`http://[${bare}]`).hostname.slice(1, -1)
  return zone === undefined ? spelt : `${spelt}%${zone}`
}

/** msgFlags (RFC 3412 section 6.4): 1 authenticated, 2 encrypted. */
function levelOf({ auth, priv }: SnmpCredential): number {
  return auth === undefined ? 0 : priv === undefined ? 1 : 3
}

/** A credential as the library has its users. */
export function userOf({ user, auth, priv }: SnmpCredential): unknown {
  const { authNoPriv, authPriv, noAuthNoPriv } = snmp.SecurityLevel
  const protocols = { ...snmp.AuthProtocols, ...snmp.PrivProtocols } as Readonly<Record<string, unknown>>
  return {
    name: user,
    level: auth === undefined ? noAuthNoPriv : priv === undefined ? authNoPriv : authPriv,
    ...(auth === undefined ? {} : { authProtocol: protocols[auth.protocol], authKey: auth.secret.reveal() }),
    ...(priv === undefined ? {} : { privProtocol: protocols[priv.protocol], privKey: priv.secret.reveal() }),
  }
}

/** The library's errors carry keys and digests: of them only the class and the number go further, in our words. */
function faultOf(error: unknown, { host, port, credential }: Agent): Reply {
  const where = `${host}:${port}`
  const fault = (kind: FaultKind, detail: string): Reply => ({ kind: 'fault', fault: kind, detail })
  if (error instanceof UnknownName) return fault('dns', `the name ${host} is not known; check it and the name server`)
  if (error instanceof Aborted) return fault('timeout', `${where} did not answer before the poll's deadline`)
  if (error instanceof Error && error.name === 'RequestTimedOutError')
    return fault('timeout', `${where} does not answer${hint(credential)}`)
  const { status, code } = Object(error)
  if (error instanceof snmp.RequestFailedError && typeof status === 'number') return { kind: 'refused', status }
  if (code === snmp.ResponseInvalidCode.EAuthFailure) {
    return fault('auth', `${where} refuses the user ${credential.user}: check user, auth and priv`)
  }
  if (code === snmp.ResponseInvalidCode.ECouldNotDecrypt)
    return fault('auth', `${where} sends what priv does not decrypt`)
  return fault('protocol', `${where} answers what is not SNMP as expected`)
}

/** An agent says nothing to a wrong community, and to a wrong privacy key. */
function hint(credential: SnmpCredential): string {
  if (credential.priv !== undefined) return '; a wrong priv secret looks the same'
  return versionOf(credential) === 3 ? '' : '; a wrong community looks the same'
}
