import { createSocket, type RemoteInfo } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import snmp from 'net-snmp'
import type { Milliseconds } from '../../src/model/clock.ts'
import { Aborted, untilAborted } from '../../src/model/deadline.ts'
import type { FaultKind } from '../../src/model/fault.ts'
import type { Tap } from '../collector.ts'
import { mayComeIn, mayGoOut } from './guard.ts'
import type { SnmpCredential } from './schema.ts'
import type { Varbind } from './value.ts'

/** What came of one request. `refused` is the agent's own error-status (RFC 3416 section 3). */
export type Reply =
  | { readonly kind: 'varbinds'; readonly varbinds: readonly Varbind[] }
  | { readonly kind: 'columns'; readonly columns: readonly (readonly Varbind[])[] }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'fault'; readonly fault: FaultKind; readonly detail: string }

/** The wire to one agent, in the protocol's words. Nothing here can write. Never rejects. */
export interface SnmpTransport {
  get(oids: readonly string[], signal: AbortSignal): Promise<Reply>
  /** What follows each OID: one variable a column. */
  next(oids: readonly string[], signal: AbortSignal): Promise<Reply>
  /** Up to `repetitions` variables behind each OID, a list a column. */
  bulk(oids: readonly string[], repetitions: number, signal: AbortSignal): Promise<Reply>
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

type Session = ReturnType<typeof snmp.createSession>

/** UDP cannot carry more. */
const largestReply = 65_507

/** Opens nothing yet: the socket is made with the first request, once the agent's name is resolved. */
export function snmpTransport(agent: Agent, tap?: Tap): SnmpTransport {
  let session: Session | undefined
  const close = (): void => {
    // Closing twice throws.
    const open = session
    session = undefined
    open?.close()
  }
  const ask = async (signal: AbortSignal, call: (open: Session, done: Done) => void): Promise<Reply> => {
    try {
      session ??= await untilAborted(openSession(agent, tap), signal)
      const open = session
      return await untilAborted(new Promise<Reply>((resolve) => call(open, resolve)), signal)
    } catch (error) {
      // What was under way may still answer: on a new socket it cannot be taken for the next answer.
      close()
      return faultOf(error, agent)
    }
  }
  return {
    close,
    get: (oids, signal) =>
      ask(signal, (open, done) => {
        open.get([...oids], (error, varbinds) => done(replyOf(error, agent, () => exactly(oids, varbinds, agent))))
      }),
    next: (oids, signal) =>
      ask(signal, (open, done) => {
        open.getNext([...oids], (error, varbinds) => done(replyOf(error, agent, () => listOf(varbinds))))
      }),
    bulk: (oids, repetitions, signal) =>
      ask(signal, (open, done) => {
        open.getBulk([...oids], 0, repetitions, (error, columns) =>
          done(replyOf(error, agent, () => columnsOf(columns))),
        )
      }),
  }
}

type Done = (reply: Reply) => void

async function openSession(agent: Agent, tap: Tap | undefined): Promise<Session> {
  const address = await resolve(agent.host)
  const version = versionOf(agent.credential)
  const options = {
    port: agent.port,
    timeout: agent.timeout,
    retries: agent.retries,
    transport: isIP(address) === 6 ? 'udp6' : 'udp4',
    version: version === 1 ? snmp.Version1 : version === 2 ? snmp.Version2c : snmp.Version3,
    context: agent.credential.context ?? '',
    dgramModule: guardedSockets(address, agent.port, version, levelOf(agent.credential), tap),
  }
  const { community } = agent.credential
  const session =
    version === 3
      ? snmp.createV3Session(address, userOf(agent.credential) as never, options as never)
      : snmp.createSession(address, community?.reveal() ?? 'public', options as never)
  // Without a listener one malformed datagram ends the process.
  session.on('error', () => {})
  return session
}

async function resolve(host: string): Promise<string> {
  if (isIP(host) !== 0) return host
  try {
    return (await lookup(host)).address
  } catch {
    throw new UnknownName()
  }
}

class UnknownName extends Error {}

/** The version number as the message says it: 1, 2 (for v2c) or 3. */
export function versionOf({ version }: SnmpCredential): 1 | 2 | 3 {
  if (version === '2c') return 2
  return Number(version) === 3 ? 3 : 1
}

/** msgFlags (RFC 3412 section 6.4): 1 authenticated, 2 encrypted. */
function levelOf({ auth, priv }: SnmpCredential): number {
  return auth === undefined ? 0 : priv === undefined ? 1 : 3
}

function userOf({ user, auth, priv }: SnmpCredential): unknown {
  const { authNoPriv, authPriv, noAuthNoPriv } = snmp.SecurityLevel
  const protocols = { ...snmp.AuthProtocols, ...snmp.PrivProtocols } as Readonly<Record<string, unknown>>
  return {
    name: user,
    level: auth === undefined ? noAuthNoPriv : priv === undefined ? authNoPriv : authPriv,
    ...(auth === undefined ? {} : { authProtocol: protocols[auth.protocol], authKey: auth.secret.reveal() }),
    ...(priv === undefined ? {} : { privProtocol: protocols[priv.protocol], privKey: priv.secret.reveal() }),
  }
}

/**
 * The library's sockets, guarded: out goes only what reads; in comes only what the asked agent sends, from the asked
 * port, in the asked version, as protected as asked. The library itself looks at none of these.
 */
function guardedSockets(
  address: string,
  port: number,
  version: 1 | 2 | 3,
  level: number,
  tap: Tap | undefined,
): unknown {
  return {
    createSocket(type: 'udp4' | 'udp6') {
      const socket = createSocket(type)
      const guarded = (listener: (data: Buffer, from: RemoteInfo) => void) => (data: Buffer, from: RemoteInfo) => {
        const isAsked = from.port === port && sameAddress(from.address, address) && data.length <= largestReply
        if (!isAsked || !mayComeIn(data, version, level)) return
        tap?.({ way: 'received', bytes: data })
        listener(data, from)
      }
      // An object of its own: the system's socket calls its own send again for what waited until it was bound.
      return {
        on: (event: string, listener: never) => socket.on(event, event === 'message' ? guarded(listener) : listener),
        send: (data: Buffer, from: number, length: number, to: number, host: string, done: () => void) => {
          if (!mayGoOut(data)) throw new Error('not a request that reads')
          tap?.({ way: 'sent', bytes: data })
          socket.send(data, from, length, to, host, done)
        },
        ref: () => socket.ref(),
        unref: () => socket.unref(),
        close: () => socket.close(),
      }
    },
  }
}

/** IPv6 has several spellings of one address; the system's own is compared with the system's own where they differ. */
function sameAddress(from: string, asked: string): boolean {
  return (
    from === asked || (isIP(asked) === 6 && from.split('%')[0] === new URL(`http://[${asked}]`).hostname.slice(1, -1))
  )
}

function replyOf(error: unknown, agent: Agent, good: () => Reply): Reply {
  return error === null || error === undefined ? good() : faultOf(error, agent)
}

function listOf(varbinds: unknown): Reply {
  return { kind: 'varbinds', varbinds: Array.isArray(varbinds) ? varbinds : [] }
}

/** The library hands on a reply for other variables than those asked for. */
function exactly(oids: readonly string[], varbinds: unknown, { host }: Agent): Reply {
  const reply = listOf(varbinds)
  if (reply.kind !== 'varbinds') return reply
  const same = reply.varbinds.length === oids.length && reply.varbinds.every(({ oid }, i) => oid === oids[i])
  if (same) return reply
  return {
    kind: 'fault',
    fault: 'protocol',
    detail: `${host} answers for other OIDs than were asked for; a scalar may lack its .0`,
  }
}

function columnsOf(columns: unknown): Reply {
  const lists = Array.isArray(columns) ? columns : []
  return { kind: 'columns', columns: lists.map((list) => (Array.isArray(list) ? list : [list])) }
}

/** The library's errors carry keys and digests: of them only the class and the number go further, in our words. */
function faultOf(error: unknown, { host, port, credential }: Agent): Reply {
  const where = `${host}:${port}`
  const fault = (kind: FaultKind, detail: string): Reply => ({ kind: 'fault', fault: kind, detail })
  if (error instanceof UnknownName) return fault('dns', `the name ${host} is not known`)
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
