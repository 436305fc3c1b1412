/** Lengths of more bytes than these are no SNMP: a datagram has 65,507 at most. */
const longestLength = 4

/** A BER element (X.690): its tag and where its content lies. */
export interface Element {
  readonly tag: number
  readonly begin: number
  readonly end: number
}

/** The element at `at`, wholly within `end`; undefined where there is none. Never throws. */
export function elementAt(bytes: Uint8Array, at: number, end: number): Element | undefined {
  const tag = bytes[at]
  const length = lengthAt(bytes, at, end)
  if (tag === undefined || length < 0) return undefined
  const begin = at + headSize(bytes, at)
  return { tag, begin, end: begin + length }
}

/** How long the content of the element at `at` is; -1 when there is none that lies wholly within `end`. */
export function lengthAt(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at + 1]
  if (first === undefined || at + 2 > end) return -1
  if (first < 0x80) return at + 2 + first > end ? -1 : first
  const begin = at + headSize(bytes, at)
  if (first === 0x80 || first > 0x80 + longestLength || begin > end) return -1
  let length = 0
  for (let i = at + 2; i < begin; i++) length = length * 256 + (bytes[i] ?? 0)
  return begin + length > end ? -1 : length
}

/** How many bytes the tag and the length of the element at `at` take. */
export function headSize(bytes: Uint8Array, at: number): number {
  const first = bytes[at + 1] ?? 0
  return first < 0x80 ? 2 : 2 + (first & 0x7f)
}

/** How many bytes the length of a content takes. */
export function sizeOfLength(length: number): number {
  return length < 0x80 ? 1 : length < 0x100 ? 2 : 3
}

/** Writes a tag and a length of up to 65,535; returns where the content begins. */
export function writeHead(bytes: Uint8Array, at: number, tag: number, length: number): number {
  let place = at
  bytes[place++] = tag
  if (length < 0x80) bytes[place++] = length
  else if (length < 0x100) {
    bytes[place++] = 0x81
    bytes[place++] = length
  } else {
    bytes[place++] = 0x82
    bytes[place++] = length >>> 8
    bytes[place++] = length & 0xff
  }
  return place
}

/** Seven bits a byte, as the arcs of an OID are written. */
const arcBase = 128
/** An arc has 32 bits (RFC 2578 section 3.5): five bytes of seven. */
const longestArc = 5

/** An OID in dotted text as BER has it; the first two arcs share one number. */
export function oidBytes(text: string): Uint8Array {
  const arcs = text.split('.').map(Number)
  const [first = 0, second = 0, ...others] = arcs
  const bytes: number[] = []
  for (const arc of [first * 40 + second, ...others]) {
    const begin = bytes.length
    let left = arc
    bytes.push(left % arcBase)
    for (left = Math.floor(left / arcBase); left > 0; left = Math.floor(left / arcBase)) {
      bytes.splice(begin, 0, (left % arcBase) + 0x80)
    }
  }
  return Uint8Array.from(bytes)
}

/** Whether every arc between `at` and `end` is whole and has at most 32 bits or so; an OID of none is no OID. */
export function isOidContent(bytes: Uint8Array, at: number, end: number): boolean {
  let length = 0
  for (let i = at; i < end; i++) {
    length++
    if (length > longestArc) return false
    if ((bytes[i] ?? 0) < 0x80) length = 0
  }
  return end > at && length === 0
}

/** An OID in dotted text; its content must have been found good. */
export function oidText(bytes: Uint8Array, at: number, end: number): string {
  const all = arcsText(bytes, at, end)
  const dot = all.indexOf('.')
  const both = Number(dot < 0 ? all : all.slice(0, dot))
  const first = Math.min(2, Math.floor(both / 40))
  return `${first}.${both - first * 40}${dot < 0 ? '' : all.slice(dot)}`
}

/** Arcs in dotted text, as they stand: what is behind a column's OID. */
export function arcsText(bytes: Uint8Array, at: number, end: number): string {
  let text = ''
  let arc = 0
  for (let i = at; i < end; i++) {
    const byte = bytes[i] ?? 0
    arc = arc * arcBase + (byte & 0x7f)
    if (byte >= 0x80) continue
    text = text === '' ? String(arc) : `${text}.${arc}`
    arc = 0
  }
  return text
}
