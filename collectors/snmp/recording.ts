import type { Problem } from '../../src/model/problem.ts'
import { good, type Result } from '../../src/model/result.ts'

/** SNMP types by their BER tags (RFC 2578 section 7.1, RFC 1902): the tags of snmprec are the same numbers. */
export const tags = {
  integer: 2,
  octets: 4,
  null: 5,
  oid: 6,
  address: 64,
  counter: 65,
  gauge: 66,
  ticks: 67,
  opaque: 68,
  counter64: 70,
} as const

export type Tag = (typeof tags)[keyof typeof tags]

/** One variable of an agent. Octets, opaque values and Counter64 are bytes; addresses and OIDs dotted text. */
export interface Variable {
  readonly oid: string
  readonly tag: Tag
  readonly value: number | string | Buffer | null
}

interface Row {
  readonly arcs: readonly number[]
  variable: Variable
}

/** What an agent answers: its variables in the order of their OIDs, each value replaceable while it is served. */
export class Recording {
  readonly #rows: readonly Row[]

  constructor(variables: readonly Variable[]) {
    const rows = variables.map((variable) => ({ arcs: arcsOf(variable.oid), variable }))
    // Stable: of two rows with one OID (agents do that) the first stays first, and is the one that GET gives.
    this.#rows = rows.sort((a, b) => compareArcs(a.arcs, b.arcs))
  }

  get size(): number {
    return this.#rows.length
  }

  get(oid: string): Variable | undefined {
    const arcs = arcsOf(oid)
    const row = this.#rows[this.#firstNotBefore(arcs)]
    return row !== undefined && compareArcs(row.arcs, arcs) === 0 ? row.variable : undefined
  }

  /** The first variable behind this OID, whether or not the OID itself is there. */
  next(oid: string): Variable | undefined {
    const arcs = arcsOf(oid)
    let place = this.#firstNotBefore(arcs)
    for (let row = this.#rows[place]; row !== undefined; row = this.#rows[++place]) {
      if (compareArcs(row.arcs, arcs) > 0) return row.variable
    }
    return undefined
  }

  /** Gives a variable that is there another value; false when it is not there. */
  set(oid: string, value: Variable['value']): boolean {
    const arcs = arcsOf(oid)
    const row = this.#rows[this.#firstNotBefore(arcs)]
    if (row === undefined || compareArcs(row.arcs, arcs) !== 0) return false
    row.variable = { ...row.variable, value }
    return true
  }

  #firstNotBefore(arcs: readonly number[]): number {
    let low = 0
    let high = this.#rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const row = this.#rows[middle]
      if (row !== undefined && compareArcs(row.arcs, arcs) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

function arcsOf(oid: string): readonly number[] {
  return oid.split('.').map(Number)
}

function compareArcs(a: readonly number[], b: readonly number[]): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/**
 * Reads a recording in snmpsim's form, a line a variable: `OID|TAG|VALUE`, where an `x` behind the tag says that the
 * value is in hexadecimal. Every line that is not so is a Problem.
 */
export function parseRecording(text: string, file: string): Result<Recording> {
  const problems: Problem[] = []
  const variables: Variable[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw
    if (line === '' || line.startsWith('#')) continue
    const parsed = parseLine(line)
    if (typeof parsed === 'object') variables.push(parsed)
    else problems.push({ place: { file, line: index + 1, column: 1 }, message: parsed })
  }
  return problems.length > 0 ? { ok: false, problems } : good(new Recording(variables))
}

/** The type of a BER tag; undefined for what no variable has. */
export function tagOf(number: number): Tag | undefined {
  return Object.values(tags).find((one) => one === number)
}

/** Variables as the text of a recording, in the order of their OIDs. */
export function writeRecording(variables: readonly Variable[]): string {
  const rows = variables.map((variable) => ({ arcs: arcsOf(variable.oid), variable }))
  rows.sort((a, b) => compareArcs(a.arcs, b.arcs))
  return rows.map(({ variable }) => `${writeLine(variable)}\n`).join('')
}

function writeLine({ oid, tag, value }: Variable): string {
  if (value === null) return `${oid}|${tags.null}|`
  if (!Buffer.isBuffer(value)) return `${oid}|${tag}|${value}`
  if (tag === tags.counter64) return `${oid}|${tag}|${value.length === 0 ? 0 : BigInt(`0x${value.toString('hex')}`)}`
  const text = value.toString('utf8')
  const isPlain = tag === tags.octets && /^[^\p{Cc}\ufffd]*$/u.test(text) && Buffer.from(text).equals(value)
  return isPlain ? `${oid}|${tag}|${text}` : `${oid}|${tag}x|${value.toString('hex')}`
}

function parseLine(line: string): Variable | string {
  // The value may hold further bars.
  const match = /^(\d+(?:\.\d+)+)\|(\d+)(x?)\|(.*)$/s.exec(line)
  if (match === null) return 'not OID|TAG|VALUE'
  const [, oid = '', number = '', hex = '', text = ''] = match
  const tag = tagOf(Number(number))
  if (tag === undefined) return `unknown tag ${number} (known: ${Object.values(tags).join(', ')})`
  const value = readValue(tag, hex === 'x', text)
  return value === undefined ? `"${text.slice(0, 40)}" is no value for tag ${number}${hex}` : { oid, tag, value }
}

function readValue(tag: Tag, isHex: boolean, text: string): Variable['value'] | undefined {
  if (isHex && !/^([0-9a-f]{2})*$/i.test(text)) return undefined
  const bytes = isHex ? Buffer.from(text, 'hex') : Buffer.from(text, 'utf8')
  switch (tag) {
    case tags.octets:
      return bytes
    case tags.opaque:
      return bytes
    case tags.null:
      return null
    case tags.oid:
      return /^\d+(\.\d+)*$/.test(text) ? text : undefined
    case tags.address:
      return addressOf(isHex ? [...bytes].join('.') : text)
    case tags.counter64:
      return counter64(isHex ? `0x${text}` : text)
    case tags.integer:
    case tags.counter:
    case tags.gauge:
    case tags.ticks:
      return integer(isHex ? `0x${text}` : text)
  }
}

function addressOf(text: string): string | undefined {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text) ? text : undefined
}

function integer(text: string): number | undefined {
  const number = Number(text)
  return text !== '' && Number.isInteger(number) ? number : undefined
}

function counter64(text: string): Buffer | undefined {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(text)) return undefined
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt.asUintN(64, BigInt(text)))
  return bytes
}
