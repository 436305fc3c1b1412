import { search } from '@jmespath-community/jmespath'
import type { Raw } from '../../src/model/conversion.ts'
import type { LinePattern } from '../../src/model/pattern.ts'
import type { Section } from './script.ts'

/** A row of what a command printed: named raw values. */
export type Row = Readonly<Record<string, Raw>>

/** A command's output in the form that its parser gives it. */
export type Parsed =
  | { readonly kind: 'rows'; readonly rows: readonly Row[] }
  | { readonly kind: 'json'; readonly data: unknown }
  | { readonly kind: 'unreadable'; readonly why: string }

/** A parser with its expression compiled. */
export type OutputParser =
  | { readonly kind: 'text' | 'lines' | 'exit_status' | 'json' | 'json_lines' }
  | { readonly kind: 'key_value'; readonly separator: string }
  | {
      readonly kind: 'table'
      readonly columns: readonly string[]
      readonly skip: number
      readonly separator: string | undefined
    }
  | { readonly kind: 'regex'; readonly pattern: LinePattern }

/** More rows than these are no command that a probe should run. */
const mostRows = 10_000
/** JSON deeper than this is refused before it is walked. */
const deepest = 64
/** The name of the value where a parser gives only one. */
export const onlyValue = 'value'

/** Takes a command's output apart. Never throws. */
export function parseOutput(parser: OutputParser, { output, code }: Section): Parsed {
  switch (parser.kind) {
    case 'text':
      return one(output.trim())
    case 'lines':
      return one(lines(output).length)
    case 'exit_status':
      return one(code)
    case 'json':
      return parseJson(output)
    case 'json_lines':
      return parseJson(`[${lines(output).slice(0, mostRows).join(',')}]`)
    case 'key_value':
      return { kind: 'rows', rows: [keyValues(output, parser.separator)] }
    case 'table':
      return { kind: 'rows', rows: table(output, parser.columns, parser.skip, parser.separator) }
    case 'regex':
      return { kind: 'rows', rows: parser.pattern.all(output, mostRows) }
  }
}

function one(value: Raw): Parsed {
  return { kind: 'rows', rows: [{ [onlyValue]: value }] }
}

function lines(output: string): readonly string[] {
  return output.split(/\r?\n/).filter((line) => line.trim() !== '')
}

function keyValues(output: string, separator: string): Row {
  const pairs = lines(output).flatMap((line) => {
    const at = line.indexOf(separator)
    return at < 0 ? [] : [[line.slice(0, at).trim(), line.slice(at + separator.length).trim()] as const]
  })
  return Object.fromEntries(pairs.slice(0, mostRows))
}

function table(
  output: string,
  columns: readonly string[],
  skip: number,
  separator: string | undefined,
): readonly Row[] {
  const rows = lines(output).slice(skip, skip + mostRows)
  return rows.flatMap((line) => {
    const cells = separator === undefined ? line.trim().split(/\s+/) : line.split(separator)
    // A line with fewer columns is a heading, a total or a message, not a row.
    if (cells.length < columns.length) return []
    // As it stands there: "4 , 41" must not become the number 4,41.
    const last = cells.slice(columns.length - 1).join(separator ?? ' ')
    const texts = columns.map((_, i) => (i === columns.length - 1 ? last : (cells[i] ?? '')).trim())
    return [Object.fromEntries(columns.map((name, i) => [name, texts[i] ?? '']))]
  })
}

function parseJson(output: string): Parsed {
  try {
    const data: unknown = JSON.parse(output)
    if (depth(data) > deepest) return { kind: 'unreadable', why: `its JSON is more than ${deepest} deep` }
    return { kind: 'json', data }
  } catch {
    return { kind: 'unreadable', why: 'its output is not JSON' }
  }
}

function depth(data: unknown, level = 1): number {
  if (typeof data !== 'object' || data === null || level > deepest) return level
  let most = level
  for (const value of Object.values(data)) most = Math.max(most, depth(value, level + 1))
  return most
}

/** The rows that a JMESPath gives: of a list of objects one each, of anything else a single value. */
export function selectRows(data: unknown, expression: string): readonly Row[] | undefined {
  try {
    const found: unknown = search(data as never, expression)
    const list = Array.isArray(found) ? found : [found]
    return list.slice(0, mostRows).map((item) => (isObject(item) ? rowOf(item) : { [onlyValue]: rawOf(item) }))
  } catch {
    // Right in its grammar, but wrong for what this device has answered.
    return undefined
  }
}

function rowOf(item: object): Row {
  return Object.fromEntries(Object.entries(item).map(([key, value]) => [key, rawOf(value)]))
}

function rawOf(value: unknown): Raw {
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value
  return value === null || value === undefined ? null : JSON.stringify(value).slice(0, 256)
}

function isObject(item: unknown): item is object {
  return typeof item === 'object' && item !== null && !Array.isArray(item)
}
