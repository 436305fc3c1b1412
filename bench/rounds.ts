import type { Measured } from './figure.ts'

/** At least three: the median of fewer is only one of them. */
export const rounds = 3

/** The middle value; of an even count the lower of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN
}

/** Two sides of one comparison; each call does the same work once and tells what it cost. */
export interface Sides {
  ours(): Promise<number>
  theirs(): Promise<number>
}

/**
 * Measures both sides in turn, which of them begins alternating, and takes the ratio inside each round, so that what
 * else the machine does weighs on both alike. `most` is the highest median that meets the goal.
 */
export async function compare(sides: Sides, most: number, unit: string, count = rounds): Promise<Measured> {
  const found: { ours: number; theirs: number }[] = []
  for (let round = 0; round < count; round++) {
    const first = round % 2 === 0 ? await sides.ours() : Number.NaN
    const theirs = await sides.theirs()
    found.push({ ours: round % 2 === 0 ? first : await sides.ours(), theirs })
  }
  const ratios = found.map(({ ours, theirs }) => ours / theirs)
  const value = median(ratios)
  const side = (name: 'ours' | 'theirs'): string => shortNumber(median(found.map((one) => one[name])))
  return {
    value,
    met: value <= most,
    spread: spreadOf(ratios),
    detail: `${side('ours')} against ${side('theirs')} ${unit}`,
  }
}

/** `0.041-0.052 in 3 rounds`. */
export function spreadOf(values: readonly number[]): string {
  return `${shortNumber(Math.min(...values))}-${shortNumber(Math.max(...values))} in ${values.length} rounds`
}

/** Three digits that count: 0.0412, 12.3, 1640. */
export function shortNumber(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}
