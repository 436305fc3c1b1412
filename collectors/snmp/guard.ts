import { type Element, elementAt } from './ber.ts'
import { requestPdus } from './codec.ts'

const sequence = 0x30
const integer = 0x02
const octets = 0x04
const report = 0xa8
const authFlag = 1
const privFlag = 2
const readingPdus: readonly number[] = Object.values(requestPdus)

/** What an SNMP message says on its outside. */
export type Outside =
  | { readonly version: 1 | 2; readonly pdu: number }
  | { readonly version: 3; readonly flags: number; readonly pdu: number | undefined }

/** Reads the outside of a message (RFC 1157, RFC 3416, RFC 3412); undefined for what is none. Never throws. */
function outsideOf(message: Buffer): Outside | undefined {
  const whole = element(message, 0)
  const version = whole?.tag === sequence ? element(message, whole.begin) : undefined
  if (version?.tag !== integer || version.end - version.begin !== 1) return undefined
  const number = message[version.begin]
  const next = element(message, version.end)
  if (next === undefined) return undefined
  if (number === 3) return outsideOfV3(message, next)
  const pdu = next.tag === octets ? element(message, next.end) : undefined
  return pdu === undefined || (number !== 0 && number !== 1)
    ? undefined
    : { version: number === 0 ? 1 : 2, pdu: pdu.tag }
}

function outsideOfV3(message: Buffer, header: Element): Outside | undefined {
  const id = header.tag === sequence ? element(message, header.begin) : undefined
  const size = id === undefined ? undefined : element(message, id.end)
  const flags = size === undefined ? undefined : element(message, size.end)
  const security = element(message, header.end)
  if (flags?.tag !== octets || flags.end - flags.begin !== 1 || security === undefined) return undefined
  const bits = message[flags.begin] ?? 0
  const data = element(message, security.end)
  if (data === undefined) return undefined
  if ((bits & privFlag) !== 0) return { version: 3, flags: bits, pdu: undefined }
  const engine = data.tag === sequence ? element(message, data.begin) : undefined
  const context = engine === undefined ? undefined : element(message, engine.end)
  const pdu = context === undefined ? undefined : element(message, context.end)
  return pdu === undefined ? undefined : { version: 3, flags: bits, pdu: pdu.tag }
}

function element(message: Buffer, at: number): Element | undefined {
  return elementAt(message, at, message.length)
}

/** Whether this is a message of SNMPv3: the library's, not ours. */
export function isVersion3(message: Buffer): boolean {
  const whole = element(message, 0)
  const version = whole?.tag === sequence ? element(message, whole.begin) : undefined
  return version?.tag === integer && version.end - version.begin === 1 && message[version.begin] === 3
}

/**
 * Whether a message may go out: only what reads. Of an encrypted message the inside is not seen; it is one of the
 * library's reading calls, the only ones that the transport has.
 */
export function mayGoOut(message: Buffer): boolean {
  const outside = outsideOf(message)
  if (outside === undefined) return false
  return outside.pdu === undefined || readingPdus.includes(outside.pdu)
}

/**
 * Whether a reply to SNMPv3 may come in: in that version and protected as asked. Only a Report may be less protected, and
 * never encrypted without authentication (RFC 3414 section 3.2): the library checks neither.
 */
export function mayComeIn(message: Buffer, level: number): boolean {
  const outside = outsideOf(message)
  if (outside?.version !== 3) return false
  const flags = outside.flags & (authFlag | privFlag)
  if (flags === privFlag) return false
  return (flags & level) === level || outside.pdu === report
}
