import type { Point } from '../../src/model/probe.ts'
import type { Problem } from '../../src/model/problem.ts'
import { bad, good, type Result } from '../../src/model/result.ts'
import type { Range, ReadCode } from './batch.ts'
import { type Layout, wordsOfType } from './decode.ts'
import type { PointSpec, ValueType, WordOrder } from './schema.ts'

/** Where one point's value is and how it lies there. */
export interface Register extends Range {
  /** Undefined for a coil or discrete input: its value is 0 or 1. */
  readonly layout: Layout | undefined
  /** As the probe writes it, for faults: `register 40`. */
  readonly written: string
}

/** What holds for all points of a probe on one device. */
export interface RegisterDefaults {
  readonly unit: number
  readonly order: WordOrder
  readonly countedFrom: 0 | 1
  /** The most registers in one request. */
  readonly block: number
}

const tables = [
  { key: 'coil', code: 1 },
  { key: 'discrete_input', code: 2 },
  { key: 'register', code: 3 },
  { key: 'input_register', code: 4 },
] as const satisfies readonly { key: keyof PointSpec; code: ReadCode }[]

/** The keys of a point that hold its address. */
export const addressKeys = tables.map(({ key }) => key)

const onlyRegisters = ['type', 'length', 'bit', 'bits', 'word_order'] as const satisfies readonly (keyof PointSpec)[]

/** Addresses on the wire have 16 bits. */
const addresses = 65_536

/** A point's place on the wire, or what is wrong with it. */
export function registerOf(point: Point<PointSpec>, defaults: RegisterDefaults): Result<Register> {
  const { spec } = point
  const given = tables.filter(({ key }) => spec[key] !== undefined)
  const [table, second] = given
  const address = table === undefined ? undefined : spec[table.key]
  if (table === undefined || address === undefined) {
    const hint = 'one of register, input_register, coil, discrete_input'
    return bad({ place: point.place, message: 'a Modbus point needs an address', hint })
  }
  if (second !== undefined) {
    return bad({ place: point.at(second.key), message: `${table.key} and ${second.key}: a point has one address` })
  }
  const layout = table.code <= 2 ? noLayout(point, table.key) : layoutOf(point, defaults)
  if (!layout.ok) return layout
  const start = address - defaults.countedFrom
  const count = layout.value?.words ?? 1
  const wrong = outOfReach(point, table.key, start, count, defaults)
  if (wrong !== undefined) return bad(wrong)
  const unit = spec.unit ?? defaults.unit
  const written = `${table.key.replace('_', ' ')} ${address}`
  return good({ unit, code: table.code, start, count, layout: layout.value, written })
}

function outOfReach(
  point: Point<PointSpec>,
  key: string,
  start: number,
  count: number,
  { countedFrom, block }: RegisterDefaults,
): Problem | undefined {
  if (start < 0) {
    return { place: point.at(key), message: `${key} 0: this probe counts from 1`, hint: 'see counted_from' }
  }
  if (start + count > addresses) {
    const last = addresses - 1 + countedFrom
    return { place: point.at(key), message: `${key} ${start + countedFrom}: the last address is ${last}` }
  }
  if (count <= block) return undefined
  return { place: point.place, message: `${count} registers are more than block: ${block} allows in one request` }
}

function noLayout(point: Point<PointSpec>, table: string): Result<undefined> {
  const [key] = onlyRegisters.filter((name) => point.spec[name] !== undefined)
  if (key === undefined) return good(undefined)
  return bad({ place: point.at(key), message: `${key}: a ${table} is one bit, 0 or 1`, hint: `leave ${key} out` })
}

function layoutOf(point: Point<PointSpec>, defaults: RegisterDefaults): Result<Layout> {
  const { spec } = point
  const type = spec.type ?? 'uint16'
  const words = type === 'string' ? spec.length : wordsOfType[type]
  if (words === undefined) {
    const hint = 'length: how many registers, two characters each'
    return bad({ place: point.at('type'), message: 'a string needs its length', hint })
  }
  if (type !== 'string' && spec.length !== undefined) {
    return bad({
      place: point.at('length'),
      message: `length: ${type} has ${words} registers`,
      hint: 'only for string',
    })
  }
  const bits = bitsOf(point, type, words)
  return bits.ok ? good({ type, words, order: spec.word_order ?? defaults.order, bits: bits.value }) : bits
}

function bitsOf(point: Point<PointSpec>, type: ValueType, words: number): Result<Layout['bits']> {
  const { bit, bits } = point.spec
  const key = bit === undefined ? 'bits' : 'bit'
  if (bit !== undefined && bits !== undefined) {
    return bad({ place: point.at('bits'), message: 'bit and bits: only one of them', hint: 'bit: 3 is bits: [3, 3]' })
  }
  const low = bit ?? bits?.[0]
  const high = bit ?? bits?.[1]
  if (low === undefined || high === undefined) return good(undefined)
  if (type === 'string' || type.startsWith('float')) {
    return bad({ place: point.at(key), message: `${key}: not of a ${type}`, hint: 'uint16, uint32 or uint64' })
  }
  if (low > high) return bad({ place: point.at(key), message: `bits: [${low}, ${high}] ends before it begins` })
  const most = words * 16 - 1
  if (high <= most) return good({ low, high })
  return bad({ place: point.at(key), message: `${key}: the highest bit of ${type} is ${most}` })
}
