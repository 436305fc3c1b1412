import type { Row, Series } from '../model/series.ts'

/** The rows that have the same metrics, and where in them the family's own stands. */
export interface Rank {
  readonly rows: readonly Row[]
  readonly n: number
}

/** The series of one metric, in the order that they were first seen. The rows are the store's: a series costs nothing. */
export class Family implements Iterable<Series> {
  readonly #ranks: Rank[] = []

  /** How many series there are. */
  get size(): number {
    return this.#ranks.reduce((sum, { rows }) => sum + rows.length, 0)
  }

  /** The lists of rows that it has a place in. */
  get ranks(): readonly Rank[] {
    return this.#ranks
  }

  /** Takes in a list of rows that grows; the family's series is the nth of each. */
  follow(rows: readonly Row[], n: number): void {
    this.#ranks.push({ rows, n })
  }

  /** Lets go of a list of rows. */
  leave(rows: readonly Row[]): void {
    const at = this.#ranks.findIndex((rank) => rank.rows === rows)
    if (at >= 0) this.#ranks.splice(at, 1)
  }

  *[Symbol.iterator](): Iterator<Series> {
    const [first, second] = this.#ranks
    if (first === undefined) return
    if (second !== undefined) {
      yield* this.#merged()
      return
    }
    for (const row of first.rows) yield row.series(first.n)
  }

  /** Ids are given out in order: the lowest of what the lists have next was seen first. */
  *#merged(): Iterable<Series> {
    const heads = this.#ranks.map(({ rows, n }) => ({ rows, n, next: 0 }))
    for (;;) {
      let lowest: { row: Row; head: (typeof heads)[number] } | undefined
      for (const head of heads) {
        const row = head.rows[head.next]
        if (row !== undefined && (lowest === undefined || row.first < lowest.row.first)) lowest = { row, head }
      }
      if (lowest === undefined) return
      lowest.head.next++
      yield lowest.row.series(lowest.head.n)
    }
  }
}
