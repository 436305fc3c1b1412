import { isUtf8 } from 'node:buffer'
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

/** A number as the Opaque float or double that `like` is; undefined where that is none. */
export function opaqueBytes(number: number, like: Uint8Array): Buffer | undefined {
  const bytes = Buffer.from(like)
  if (opaqueNumber(bytes) === null || !Number.isFinite(number)) return undefined
  if (bytes.length === 7) bytes.writeFloatBE(number, 3)
  else bytes.writeDoubleBE(number, 3)
  return bytes
}

// Neither is told to fail: an exception for each address of a table of addresses would cost more than all the rest.
const utf8 = new TextDecoder('utf-8')
const gb18030 = new TextDecoder('gb18030')
const wrongCharacter = '\ufffd'

/** Octets as text: strictly UTF-8, else GB18030 as Chinese devices write, else (a MAC address, a date) hexadecimal. */
export function textOf(bytes: Buffer, charset: Charset = 'utf-8'): string {
  const cut = bytes.length > longestText ? bytes.subarray(0, longestText) : bytes
  const kept = withoutEnd(cut)
  const kind = kindOf(kept)
  if (kind === 'plain') return kept.toString('latin1')
  const text = kind === 'binary' ? undefined : decode(kept, charset)
  return text ?? [...cut].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
}

/**
 * Printable ASCII, as nearly all texts are, needs no decoder. What has a control character (but for tabs and line ends)
 * is no text: in neither charset such a byte is part of another character.
 */
function kindOf(bytes: Buffer): 'plain' | 'binary' | 'encoded' {
  let kind: 'plain' | 'encoded' = 'plain'
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0
    if (byte >= 0x20 && byte < 0x7f) continue
    if (byte < 0x80 && byte !== 9 && byte !== 10 && byte !== 13) return 'binary'
    kind = 'encoded'
  }
  return kind
}

function decode(bytes: Buffer, charset: Charset): string | undefined {
  const asUtf8 = (): string | undefined => (isUtf8(bytes) ? utf8.decode(bytes) : undefined)
  const asGb18030 = (): string | undefined => {
    const text = gb18030.decode(bytes)
    return text.includes(wrongCharacter) ? undefined : text
  }
  const ways = charset === 'gb18030' ? [asGb18030, asUtf8] : [asUtf8, asGb18030]
  for (const way of ways) {
    const text = way()
    // The control characters of Latin-1's upper half.
    if (text !== undefined && !/[^\P{Cc}\t\r\n]/u.test(text)) return text
  }
  return undefined
}

/** C strings come with their end, or several. */
function withoutEnd(bytes: Buffer): Buffer {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  return bytes.subarray(0, end)
}

/** A number that the agent has sent with the wrong sign, as `as:` asks. */
export function reinterpret(value: Raw, as: 'int32' | 'uint32' | undefined): Raw {
  if (as === undefined || typeof value !== 'number') return value
  return as === 'int32' ? value | 0 : value >>> 0
}
