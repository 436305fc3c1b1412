import { type Element, elementAt, oidText } from './ber.ts'

/** A variable as it lies in a message. */
export interface WireVariable {
  readonly oid: string
  readonly tag: number
  /** The bytes of its value, without tag and length. */
  readonly value: Buffer
  /** All its bytes: the sequence of OID and value. */
  readonly bytes: Buffer
}

/** RFC 3412 section 6.4: msgFlags, encrypted. */
const privFlag = 2

/** The variables of a message (RFC 1157, RFC 3416, RFC 3412); `encrypted` where its inside is not seen. Never throws. */
export function variablesOf(message: Buffer): readonly WireVariable[] | 'encrypted' {
  const pdu = pduOf(message)
  if (pdu === 'encrypted' || pdu === undefined) return pdu ?? []
  // Request-id, error-status, error-index; then the list.
  const list = childrenOf(message, pdu).at(3)
  if (list === undefined) return []
  return childrenOf(message, list).flatMap((one) => {
    const [oid, value] = childrenOf(message, one)
    if (oid === undefined || value === undefined) return []
    return {
      oid: oidText(message, oid.begin, oid.end),
      tag: value.tag,
      value: message.subarray(value.begin, value.end),
      bytes: message.subarray(one.start, one.end),
    }
  })
}

/** A message's PDU without what is around it, the community among it; undefined where it is encrypted or none. */
export function pduBytes(message: Buffer): Buffer | undefined {
  const pdu = pduOf(message)
  return pdu === 'encrypted' || pdu === undefined ? undefined : message.subarray(pdu.start, pdu.end)
}

interface Child extends Element {
  readonly start: number
}

function childrenOf(message: Buffer, parent: Element): readonly Child[] {
  const children: Child[] = []
  for (let at = parent.begin; at < parent.end; ) {
    const child = elementAt(message, at, parent.end)
    if (child === undefined || child.end <= at) break
    children.push({ ...child, start: at })
    at = child.end
  }
  return children
}

function pduOf(message: Buffer): Child | 'encrypted' | undefined {
  const whole = elementAt(message, 0, message.length)
  if (whole === undefined) return undefined
  const [version, second, , fourth] = childrenOf(message, whole)
  if (version === undefined || second === undefined) return undefined
  if (message[version.begin] !== 3) return childrenOf(message, whole)[2]
  const flags = childrenOf(message, second)[2]
  if (flags !== undefined && ((message[flags.begin] ?? 0) & privFlag) !== 0) return 'encrypted'
  return fourth === undefined ? undefined : childrenOf(message, fourth)[2]
}
