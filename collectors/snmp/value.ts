import { TextDecoder } from 'node:util'
import type { Raw } from '../../src/model/conversion.ts'

/** A variable as it came off the wire; `type` is its BER tag. */
export interface Varbind {
  readonly oid: string
  readonly type: number
  readonly value: number | string | boolean | Buffer | null | undefined
}

/** RFC 3416 section 3: noSuchObject, noSuchInstance, endOfMibView. */
const noSuchObject = 128
const noSuchInstance = 129
export const endOfMibView = 130

const octets = 4
const opaque = 68
const counter64 = 70
/** Texts longer than this are cut: no reading is, and a label is at most 256. */
const longestText = 4096

export type Charset = 'utf-8' | 'gb18030'

/** Whether the agent has the variable at all. */
export function isThere({ type }: Varbind): boolean {
  return type !== noSuchObject && type !== noSuchInstance && type !== endOfMibView
}

/** The raw value of a variable: a number, a text, or null for "not available". */
export function rawOf({ type, value }: Varbind, charset: Charset): Raw {
  if (Buffer.isBuffer(value)) {
    if (type === counter64) return unsigned(value)
    if (type === opaque) return opaqueNumber(value)
    return textOf(value, charset)
  }
  if (value === undefined || value === null) return null
  return type === octets ? String(value).slice(0, longestText) : value
}

/**
 * Counter64 as a number, modulo 2^53, where JavaScript's numbers stop being exact: the counter then looks as if it had
 * been reset, which rate() bears. Agents send 1 to 9 bytes of it.
 */
export function unsigned(bytes: Buffer): number {
  let number = 0n
  for (const byte of bytes.subarray(-8)) number = number * 256n + BigInt(byte)
  return Number(BigInt.asUintN(53, number))
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
  const kept = withoutEnd(cut)
  const decoders = charset === 'gb18030' ? [gb18030, utf8] : [utf8, gb18030]
  for (const decoder of decoders) {
    const text = decode(decoder, kept)
    if (text !== undefined) return text
  }
  return [...cut].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
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
