import { labelText } from '../model/labels.ts'
import type { Row } from '../model/series.ts'
import type { LabelTexts, TextPlace } from './label-texts.ts'

/** A family's place in a list of rows: its series is the nth of each. */
export interface Rank {
  readonly rows: readonly Row[]
  readonly n: number
}

/**
 * What is needed of a list of rows to write their series, side by side in arrays: the id of each row's first series, and
 * where its labels are as text, without the brace that ends them.
 */
export class RowTexts {
  readonly #rows: readonly Row[]
  readonly #texts: LabelTexts
  #count = 0
  #firsts = new Uint32Array(16)
  #labels = new Uint32Array(16)

  constructor(rows: readonly Row[], texts: LabelTexts) {
    this.#rows = rows
    this.#texts = texts
  }

  /** The id of the first series of a row. */
  first(index: number): number {
    while (index >= this.#count) this.#takeNext()
    return this.#firsts[index] ?? 0
  }

  /** The text of a row's labels; call `first` before. */
  labels(index: number): TextPlace {
    return this.#labels[index] ?? 0
  }

  #takeNext(): void {
    const index = this.#count++
    const row = this.#rows[index]
    if (row === undefined) throw new RangeError(`there is no row ${index}`)
    if (index >= this.#firsts.length) {
      this.#firsts = grown(this.#firsts)
      this.#labels = grown(this.#labels)
    }
    this.#firsts[index] = row.first
    this.#labels[index] = this.#texts.put(labelText(row.labels).slice(0, -1) || '{')
  }
}

function grown(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const twice = new Uint32Array(array.length * 2)
  twice.set(array)
  return twice
}

/** A family on its way to be written: one head a rank, and the series next in the order that they were first seen. */
export class FamilyCursor {
  readonly #heads: readonly Head[]
  /** Nearly every family has one rank. */
  readonly #only: Head | undefined

  constructor(heads: readonly Head[]) {
    this.#heads = heads
    this.#only = heads.length === 1 ? heads[0] : undefined
  }

  /** Whether the family still has all the lists of rows that it had: otherwise ids may be others' now. */
  isValid(ranks: readonly Rank[]): boolean {
    return this.#heads.every(({ rank }) => ranks.some(({ rows }) => rows === rank.rows))
  }

  /** How many rows of another list, which has what is left of these in the same order, are written already. */
  writtenOf(rows: readonly Row[]): number {
    const written = new Set(this.#heads.flatMap(({ rank, next }) => rank.rows.slice(0, next)))
    const first = rows.findIndex((row) => !written.has(row))
    return first < 0 ? rows.length : first
  }

  /** The head whose next series is the oldest; undefined when all are written. */
  next(): Head | undefined {
    const only = this.#only
    if (only !== undefined) return only.next < only.rank.rows.length ? only : undefined
    let oldest: Head | undefined
    for (const head of this.#heads) {
      if (head.next >= head.rank.rows.length) continue
      if (oldest === undefined || head.texts.first(head.next) < oldest.texts.first(oldest.next)) oldest = head
    }
    return oldest
  }
}

/** How far a rank has been written. */
export interface Head {
  readonly rank: Rank
  readonly texts: RowTexts
  next: number
}
