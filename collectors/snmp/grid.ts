import { arcsText } from './ber.ts'
import { follows } from './oid.ts'
import type { Value } from './value.ts'

/** The index of a row: what stands behind a column's OID. Nearly all are one number; others are dotted text. */
export type Key = number | string

/** The index between `begin` and `end` of an OID. */
export function keyAt(bytes: Uint8Array, begin: number, end: number): Key {
  let arc = 0
  for (let i = begin; i < end; i++) {
    const byte = bytes[i] ?? 0
    arc = arc * 128 + (byte & 0x7f)
    if (byte < 0x80 && i + 1 < end) return arcsText(bytes, begin, end)
  }
  return arc
}

/** Whether `next` comes behind `last`. */
export function keyFollows(last: Key, next: Key): boolean {
  return typeof last === 'number' && typeof next === 'number' ? next > last : follows(String(last), String(next))
}

/** A column's values by row; undefined where the agent has none. */
export type Cells = (Value | undefined)[]

/** A table as one poll finds it: rows by their index, values by column and row. */
export class Grid {
  readonly keys: Key[]
  readonly columns: readonly Cells[]
  readonly #known: number
  /** Made when a row comes that is not where it was: in nearly all polls none does. */
  #places: Map<Key, number> | undefined

  /** `known` are the rows of the poll before, in their order. */
  constructor(columns: readonly Cells[], known: readonly Key[]) {
    this.keys = [...known]
    this.#known = known.length
    this.columns = columns
  }

  /** Whether rows have come that were not known. */
  get hasNew(): boolean {
    return this.keys.length > this.#known
  }

  /** The row of an index, which is likely to be `likely`. */
  row(key: Key, likely: number): number {
    if (this.keys[likely] === key) return likely
    this.#places ??= new Map(this.keys.map((one, row) => [one, row]))
    const known = this.#places.get(key)
    if (known !== undefined) return known
    this.#places.set(key, this.keys.length)
    return this.keys.push(key) - 1
  }

  value(column: number, row: number): Value | undefined {
    return this.columns[column]?.[row]
  }

  /** Whether any column has the row. */
  hasRow(row: number): boolean {
    return this.columns.some((cells) => cells[row] !== undefined)
  }

  /** The same with these rows, in this order. */
  inOrder(rows: readonly number[]): Grid {
    const keys = rows.map((row) => this.keys[row] ?? 0)
    return new Grid(
      this.columns.map((cells) => rows.map((row) => cells[row])),
      keys,
    )
  }
}

/** A grid with no values yet. */
export function emptyGrid(columns: number, known: readonly Key[] = []): Grid {
  return new Grid(
    Array.from({ length: columns }, () => []),
    known,
  )
}
