import { type AddressRange, parseRange } from '../model/address-range.ts'
import type { Spot } from './check.ts'
import type { Problems } from './problems.ts'

/** Ranges of IPv4 addresses; one that is none is told and left out. */
export function readRanges(
  texts: readonly string[],
  { tree, path }: Spot,
  problems: Problems,
): readonly AddressRange[] {
  return texts.flatMap((text, index) => {
    const range = parseRange(text)
    if (range === undefined)
      problems.add(
        tree.at([...path, index]),
        `${text} is no range of IPv4 addresses`,
        'as 10.1.0.0/24, its first address',
      )
    return range ?? []
  })
}
