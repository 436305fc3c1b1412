import type { Labels } from '../../src/model/labels.ts'
import type { Row, Series } from '../../src/model/series.ts'
import { type Grid, type Key, keyFollows } from './grid.ts'
import type { PlannedPoint, Table } from './layout.ts'
import { type Learnt, nothingLearnt } from './walk.ts'

/** What is kept of a row of a table for one group of points: its series, until a text of its labels changes. */
export interface KeptRow {
  readonly labels: Labels
  /** The series of the points that had a value when the row was first seen. */
  readonly row: Row | undefined
  /** Where in `row` each point's series stands; -1 for none. */
  readonly places: readonly number[]
  /** The few that are not in `row`, by point and whether they are marked with the index. */
  others: Map<string, Series> | undefined
}

/** What is kept of a table from poll to poll. */
export interface KeptTable {
  /** The indexes of its rows, in their order. */
  keys: readonly Key[]
  readonly learnt: Learnt
  /** By group, in the order of `keys`. */
  groups: readonly (KeptRow | undefined)[][]
}

/** The series of scalars and of counts of rows. */
export type KeptScalars = Map<PlannedPoint, Series>

export function newKeptTable({ columns, groups }: Table): KeptTable {
  return { keys: [], learnt: nothingLearnt(columns.length), groups: groups.map(() => []) }
}

/**
 * Brings what is kept and what was found into one order, that of the indexes. After a whole walk, rows that are not
 * there any more are forgotten.
 */
export function arrange(kept: KeptTable, grid: Grid, isWhole: boolean): Grid {
  const rows = [...grid.keys.keys()].filter((row) => !isWhole || grid.hasRow(row))
  if (!grid.hasNew && rows.length === grid.keys.length) return grid
  const keyOf = (row: number): Key => grid.keys[row] ?? 0
  rows.sort((a, b) => (keyFollows(keyOf(a), keyOf(b)) ? -1 : 1))
  kept.keys = rows.map(keyOf)
  kept.groups = kept.groups.map((group) => rows.map((row) => group[row]))
  return grid.inOrder(rows)
}

/** The index of the row that a series is of; undefined where the table has no such series. */
export function indexOfSeries({ keys, groups }: KeptTable, series: Series): Key | undefined {
  const row = groups.map((group) => group.findIndex((kept) => kept !== undefined && has(kept, series)))
  return keys[row.find((one) => one >= 0) ?? -1]
}

function has({ row, others }: KeptRow, { id, row: own }: Series): boolean {
  return own === row || [...(others?.values() ?? [])].some((other) => other.id === id)
}
