import type { Problem } from '../model/problem.ts'
import { pack } from './packed.ts'
import { Problems } from './problems.ts'
import { parse } from './yaml.ts'

/** A text that a thread is to parse. */
export interface ParseOrder {
  readonly text: string
  readonly file: string
}

/** What a thread has made of it. As JSON it is read in a part of the time that a copy of objects takes. */
export interface ParseAnswer {
  /** Packed; undefined where the text is no YAML mapping. */
  readonly packed: string | undefined
  readonly problems: readonly Problem[]
}

/** Parses a text for another thread, which has the text itself. */
export function parseOrder({ text, file }: ParseOrder): ParseAnswer {
  const problems = new Problems()
  const placed = parse(text, file, problems)
  const packed = placed === undefined ? undefined : JSON.stringify({ ...pack(placed), text: '' })
  return { packed, problems: problems.list() }
}
