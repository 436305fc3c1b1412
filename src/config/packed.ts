import { LineCounter } from 'yaml'
import type { Metric } from '../model/metric.ts'
import type { Place } from '../model/place.ts'
import { isHolder, keyIn, type Placed, type Spot, type Spots } from './tree.ts'

/**
 * A YAML file that ships, as the build leaves it in JSON: parsing YAML takes twenty times as long. It holds for its text
 * only: who edits the file has it parsed again.
 */
export type Packed = PackedTree | PackedVocabulary

export interface PackedTree {
  readonly text: string
  readonly data: Readonly<Record<string, unknown>>
  /**
   * Three numbers a value, the whole first and then as Object.keys() goes down the data: how far its key is from the key
   * before, the value from its key, and how long it is.
   */
  readonly spots: readonly number[]
}

interface PackedVocabulary {
  readonly text: string
  readonly metrics: readonly Metric[]
}

/** What is placed, in JSON's terms. */
export function pack({ text, data, root, spots }: Placed): PackedTree {
  const numbers: number[] = []
  let last = 0
  const add = ({ key, from, to }: Spot): void => {
    numbers.push(key - last, from - key, to - from)
    last = key
  }
  const down = (holder: unknown): void => {
    if (!isHolder(holder)) return
    const within = spots.get(holder)
    for (const [key, value] of Object.entries(holder)) {
      const spot = within?.get(keyIn(holder, key))
      if (spot === undefined) throw new Error(`${key} has no place`)
      add(spot)
      down(value)
    }
  }
  add(root)
  down(data)
  return { text, data, spots: numbers }
}

/** The opposite of `pack`. */
export function unpack({ text, data, spots: numbers }: PackedTree, file: string): Placed {
  const spots: Spots = new WeakMap()
  let next = 0
  let key = 0
  const number = (): number => numbers[next++] ?? 0
  const take = (): Spot => {
    key += number()
    const from = key + number()
    return { key, from, to: from + number() }
  }
  const down = (holder: unknown): void => {
    if (!isHolder(holder)) return
    const within = new Map<string | number, Spot>()
    spots.set(holder, within)
    for (const [key, value] of Object.entries(holder)) {
      within.set(keyIn(holder, key), take())
      down(value)
    }
  }
  const root = take()
  down(data)
  return { file, text, data, root, spots, place: placesIn(text, file) }
}

/** Offset to place; the lines are counted when it is first asked. */
function placesIn(text: string, file: string): (offset: number) => Place {
  let lines: LineCounter | undefined
  return (offset) => {
    lines ??= linesOf(text)
    const { line, col } = lines.linePos(offset)
    return { file, line, column: col }
  }
}

function linesOf(text: string): LineCounter {
  const lines = new LineCounter()
  lines.addNewLine(0)
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) lines.addNewLine(end + 1)
  return lines
}
