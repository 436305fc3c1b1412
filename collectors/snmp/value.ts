import { TextDecoder } from 'node:util'
import type { Raw } from '../../src/model/conversion.ts'

/** What a variable says: octets as they came, OIDs and addresses in dotted text, null for "not available". */
export type Value = number | string | Buffer | null

/** RFC 3416 section 3: noSuchObject, noSuchInstance, endOfMibView. */
export const noSuchObject = 0x80
export const noSuchInstance = 0x81
export const endOfMibView = 0x82

/** Texts longer than this are cut: no reading is, and a label is at most 256. */
const longestText = 4096

export type Charset = 'utf-8' | 'gb18030'

/** Whether the agent has the variable at all, by its type. */
export function isThere(type: number): boolean {
  return type !== noSuchObject && type !== noSuchInstance && type !== endOfMibView
}

/** The raw value of a variable: a number, a text, or null for "not available". */
export function rawOf(value: Value, charset: Charset): Raw {
  return Buffer.isBuffer(value) ? textOf(value, charset) : value
}

/** Float or double wrapped in Opaque (net-snmp's NET-SNMP-TC: 9f 78 04, 9f 79 08); null for any other content. */
export function opaqueNumber(bytes: Buffer): number | null {
  if (bytes.length === 7 && bytes.readUIntBE(0, 3) === 0x9f7804) return bytes.readFloatBE(3)
  if (bytes.length === 11 && bytes.readUIntBE(0, 3) === 0x9f7908) return bytes.readDoubleBE(3)
  return null
}

const utf8 = new TextDecoder('utf-8', { fatal: true })
const gb18030 = new TextDecoder('gb18030', { fatal: true })

/** Octets as text: strictly UTF-8, else GB18030 as Chinese devices write, else (a MAC address, a date) hexadecimal. */
export function textOf(bytes: Buffer, charset: Charset = 'utf-8'): string {
  const cut = bytes.length > longestText ? bytes.subarray(0, longestText) : bytes
  if (isPlain(cut)) return cut.toString('latin1')
  const kept = withoutEnd(cut)
  const decoders = charset === 'gb18030' ? [gb18030, utf8] : [utf8, gb18030]
  for (const decoder of decoders) {
    const text = decode(decoder, kept)
    if (text !== undefined) return text
  }
  return [...cut].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
}

/** Printable ASCII, as nearly all texts are, needs no decoder. */
function isPlain(bytes: Buffer): boolean {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0
    if (byte < 0x20 || byte > 0x7e) return false
  }
  return true
}

/** C strings come with their end, or several. */
function withoutEnd(bytes: Buffer): Buffer {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  return bytes.subarray(0, end)
}

function decode(decoder: TextDecoder, bytes: Buffer): string | undefined {
  try {
    const text = decoder.decode(bytes)
    // Control characters but for tabs and line ends: no text, whatever it decodes to.
    return /[^\P{Cc}\t\r\n]/u.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

/** A number that the agent has sent with the wrong sign, as `as:` asks. */
export function reinterpret(value: Raw, as: 'int32' | 'uint32' | undefined): Raw {
  if (as === undefined || typeof value !== 'number') return value
  return as === 'int32' ? value | 0 : value >>> 0
}
