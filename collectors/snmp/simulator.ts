import { createSocket, type Socket } from 'node:dgram'
import snmp from 'net-snmp'
import type { Recording, Variable } from './recording.ts'

/** A user of the simulated agent's SNMPv3; the protocols are named as in a credential. */
export interface SimulatedUser {
  readonly name: string
  readonly auth?: { readonly protocol: string; readonly secret: string }
  readonly priv?: { readonly protocol: string; readonly secret: string }
}

/** What a simulated agent serves, to whom. */
export interface SimulatedAgent {
  readonly recording: Recording
  readonly host?: string
  /** 0, the default, takes a free one. */
  readonly port?: number
  readonly community?: string
  readonly users?: readonly SimulatedUser[]
}

/** A simulated agent at work. */
export interface SnmpSimulator {
  readonly host: string
  readonly port: number
  /** Requests answered, by PDU type (RFC 3416: 160 get, 161 next, 163 set, 165 bulk). */
  readonly requests: ReadonlyMap<number, number>
  close(): Promise<void>
}

/** Real agents answer GETBULK with what fits a frame: 1,500 bytes less IP, UDP and SNMP headers. */
const replyBudget = 1400
const setRequest = 163
/** RFC 3416 section 3. */
const noSuchInstance = 129
const endOfMibView = 130
const tooBig = 1
const noSuchName = 2
const notWritable = 17

interface Varbind {
  oid: string
  type: number
  value: unknown
}

interface RequestPdu {
  readonly type: number
  readonly varbinds: readonly { readonly oid: string }[]
  readonly nonRepeaters?: number
  readonly maxRepetitions?: number
  getResponsePduForRequest(): { varbinds: Varbind[]; errorStatus: number; errorIndex: number }
}

interface Request {
  readonly version: number
  readonly pdu: RequestPdu
}

/**
 * Serves a recording as an SNMP agent: GET, GETNEXT and GETBULK in v1, v2c and v3. Framing and SNMPv3 security are
 * net-snmp's; what is answered comes from the recording. It cannot be written to.
 */
export async function startSnmpSimulator(served: SimulatedAgent): Promise<SnmpSimulator> {
  const host = served.host ?? '127.0.0.1'
  const socket = createSocket('udp4')
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(served.port ?? 0, host, resolve)
  })
  socket.on('error', () => {})
  const requests = new Map<number, number>()
  const agent = makeAgent(served, socket)
  answerFrom(served.recording, agent, requests)
  return {
    host,
    port: socket.address().port,
    requests,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  }
}

type Agent = ReturnType<typeof snmp.createAgent>

/** The library's agent, on our socket: it would bind one of its own, and would not say to which port. */
function makeAgent({ community = 'public', users = [] }: SimulatedAgent, socket: Socket): Agent {
  const dgramModule = {
    createSocket: () => {
      const facade = {
        on: (event: string, listener: (...args: never[]) => void) => {
          if (event === 'message') socket.on('message', listener as (data: Buffer) => void)
          return facade
        },
        bind: () => facade,
        send: socket.send.bind(socket),
        close: () => facade,
      }
      return facade
    },
  }
  // Malformed and unauthorised requests end in the callback; a simulator has nobody to tell.
  const agent = snmp.createAgent({ port: 1, address: '127.0.0.1', dgramModule } as never, () => {})
  const authorizer = agent.getAuthorizer()
  authorizer.addCommunity(community)
  for (const user of users) authorizer.addUser(userOf(user) as never)
  return agent
}

function userOf({ name, auth, priv }: SimulatedUser): unknown {
  const { authNoPriv, authPriv, noAuthNoPriv } = snmp.SecurityLevel
  const level = auth === undefined ? noAuthNoPriv : priv === undefined ? authNoPriv : authPriv
  const protocols = { ...snmp.AuthProtocols, ...snmp.PrivProtocols } as Readonly<Record<string, unknown>>
  return {
    name,
    level,
    ...(auth === undefined ? {} : { authProtocol: protocols[auth.protocol], authKey: auth.secret }),
    ...(priv === undefined ? {} : { privProtocol: protocols[priv.protocol], privKey: priv.secret }),
  }
}

function answerFrom(recording: Recording, agent: Agent, requests: Map<number, number>): void {
  const answer = (socket: unknown, request: Request, rinfo: unknown): void => {
    const { pdu } = request
    requests.set(pdu.type, (requests.get(pdu.type) ?? 0) + 1)
    const response = Object.assign(pdu.getResponsePduForRequest(), { errorStatus: 0, errorIndex: 0 })
    if (pdu.type === setRequest) response.errorStatus = request.version === snmp.Version1 ? noSuchName : notWritable
    else fill(response, recording, request)
    if (response.errorStatus !== 0) response.varbinds = pdu.varbinds.map(({ oid }) => ({ oid, type: 5, value: null }))
    const send: unknown = Reflect.get(agent, 'sendResponse')
    if (typeof send === 'function') send.call(agent, socket, rinfo, request, response)
  }
  for (const name of ['getRequest', 'getNextRequest', 'getBulkRequest', 'setRequest']) Reflect.set(agent, name, answer)
}

function fill(
  response: { varbinds: Varbind[]; errorStatus: number; errorIndex: number },
  recording: Recording,
  { version, pdu }: Request,
): void {
  const isV1 = version === snmp.Version1
  if (pdu.type === snmp.PduType.GetBulkRequest) {
    response.varbinds = bulk(recording, pdu)
    return
  }
  const step = pdu.type === snmp.PduType.GetNextRequest ? next : exact
  response.varbinds = pdu.varbinds.map(({ oid }) => step(recording, oid, isV1))
  const missing = response.varbinds.findIndex(({ type }) => type === noSuchInstance || type === endOfMibView)
  if (isV1 && missing >= 0) {
    response.errorStatus = noSuchName
    response.errorIndex = missing + 1
  } else if (size(response.varbinds) > replyBudget * 40) response.errorStatus = tooBig
}

/** SNMPv1 knows no Counter64 (RFC 2576 section 4.1.2.1): to it such a variable is not there. */
function isSeenBy(isV1: boolean, variable: Variable | undefined): boolean {
  return !isV1 || variable?.tag !== 70
}

function exact(recording: Recording, oid: string, isV1: boolean): Varbind {
  const found = recording.get(oid)
  return found === undefined || !isSeenBy(isV1, found) ? { oid, type: noSuchInstance, value: null } : varbind(found)
}

function next(recording: Recording, oid: string, isV1: boolean): Varbind {
  let found = recording.next(oid)
  while (found !== undefined && !isSeenBy(isV1, found)) found = recording.next(found.oid)
  return found === undefined ? { oid, type: endOfMibView, value: null } : varbind(found)
}

/** RFC 3416 section 4.2.3, ended when the reply fills a frame. */
function bulk(recording: Recording, { varbinds, nonRepeaters = 0, maxRepetitions = 0 }: RequestPdu): Varbind[] {
  const found = varbinds.slice(0, nonRepeaters).map(({ oid }) => next(recording, oid, false))
  let heads = varbinds.slice(nonRepeaters).map(({ oid }) => oid)
  let length = size(found)
  for (let repetition = 0; repetition < maxRepetitions && heads.length > 0; repetition++) {
    const row = heads.map((oid) => next(recording, oid, false))
    for (const one of row) {
      length += size([one])
      if (length > replyBudget && found.length > 0) return found
      found.push(one)
    }
    if (row.every(({ type }) => type === endOfMibView)) return found
    heads = row.map(({ oid }) => oid)
  }
  return found
}

function varbind({ oid, tag, value }: Variable): Varbind {
  return { oid, type: tag, value }
}

/** About how many bytes the varbinds take in BER. */
function size(varbinds: readonly Varbind[]): number {
  let length = 0
  for (const { oid, value } of varbinds) length += oid.length / 2 + 8 + (Buffer.isBuffer(value) ? value.length : 6)
  return length
}
