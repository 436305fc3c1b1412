import { parse, stringify } from 'yaml'
import type { Problem } from '../../src/model/problem.ts'
import { bad, good, type Result } from '../../src/model/result.ts'
import type { ReadCode } from './batch.ts'

/** The four tables of the Modbus data model, as a recording names them, by the function code that reads them. */
export const tableNames = { 1: 'coil', 2: 'discrete', 3: 'holding', 4: 'input' } as const satisfies Record<
  ReadCode,
  string
>

type TableName = (typeof tableNames)[ReadCode]

const names: readonly string[] = Object.values(tableNames)

/** What one unit holds: words of 16 bits, or bits, by wire address. */
export type UnitTables = Partial<Record<TableName, Map<number, number>>>

/** A recording of a Modbus device: its own unit, and others behind the same address by their number. */
export interface Registers {
  readonly own: UnitTables
  readonly others: ReadonlyMap<number, UnitTables>
}

/** Whether a text has the form of such a recording. */
export function isRegisters(text: string): boolean {
  return new RegExp(`^(?:${[...names, 'units'].join('|')}):`, 'm').test(text) && readRegisters(text, '').ok
}

/** Reads a recording: `holding: { 0: 241 }`, `input:`, `coil:`, `discrete:`, and `units: { 5: { holding: .. } }`. */
export function readRegisters(text: string, file: string): Result<Registers> {
  const wrong = (message: string): Result<Registers> => bad(problem(file, message))
  let data: unknown
  try {
    data = parse(text)
  } catch {
    return wrong('this is not YAML')
  }
  if (!isObject(data)) return wrong(`a recording of registers has ${names.join(', ')}`)
  const { units = {}, ...own } = data
  if (!isObject(units)) return wrong('units: holds tables by the number of the unit')
  const tables = tablesOf(own)
  const others = new Map<number, UnitTables>()
  for (const [unit, value] of Object.entries(units)) {
    const read = isObject(value) && /^\d{1,3}$/.test(unit) ? tablesOf(value) : `"${unit}" is no unit with tables`
    if (typeof read === 'string') return wrong(`units: ${read}`)
    others.set(Number(unit), read)
  }
  return typeof tables === 'string' ? wrong(tables) : good({ own: tables, others })
}

/** A recording as text, the addresses in order. */
export function writeRegisters({ own, others }: Registers): string {
  const units = Object.fromEntries([...others].map(([unit, tables]) => [unit, plain(tables)]))
  const data = { ...plain(own), ...(others.size === 0 ? {} : { units }) }
  return stringify(data, { lineWidth: 0, collectionStyle: 'any' })
}

function plain(tables: UnitTables): Record<string, unknown> {
  const filled = Object.entries(tables).filter(([, table]) => table.size > 0)
  return Object.fromEntries(filled.map(([name, table]) => [name, new Map([...table].sort(([a], [b]) => a - b))]))
}

function tablesOf(data: Readonly<Record<string, unknown>>): UnitTables | string {
  const tables: Record<string, Map<number, number>> = {}
  for (const [name, table] of Object.entries(data)) {
    if (!names.includes(name)) return `"${name}" is none of ${names.join(', ')}, units`
    if (!isObject(table)) return `${name}: holds numbers by their address`
    const words = new Map<number, number>()
    for (const [address, word] of Object.entries(table)) {
      const isAddress = /^\d{1,5}$/.test(address) && Number(address) < 65_536
      if (!isAddress || !Number.isInteger(word)) return `${name}: ${address} has no whole number`
      words.set(Number(address), Number(word))
    }
    tables[name] = words
  }
  return tables
}

function isObject(data: unknown): data is Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null && !Array.isArray(data)
}

function problem(file: string, message: string): Problem {
  return { place: { file, line: 1, column: 1 }, message }
}
