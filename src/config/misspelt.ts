/** Names longer than this are not compared: the work grows with the square of it. */
const longestName = 64

/**
 * The allowed name that was most likely meant: the nearest by insertions, deletions, replacements and swaps of
 * neighbours, if at most a third of the longer one differs; undefined when none is near.
 */
export function nearest(written: string, allowed: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = longestName
  for (const name of allowed) {
    const longer = Math.min(Math.max(written.length, name.length), longestName)
    const limit = Math.min(least, Math.floor(longer / 3) + 1)
    const distance = editDistance(written.toLowerCase(), name.toLowerCase(), limit)
    if (distance < limit) {
      best = name
      least = distance
    }
  }
  return best
}

/** `did you mean "interval"?`, or undefined: the hint of a problem. */
export function didYouMean(written: string, allowed: Iterable<string>): string | undefined {
  const name = nearest(written, allowed)
  return name === undefined ? undefined : `did you mean "${name}"?`
}

/** What the hint of a wrong name tells: the nearest one, or the whole list where it is short. */
export function orOneOf(written: string, allowed: readonly string[], what: string): string | undefined {
  const guess = didYouMean(written, allowed)
  if (guess !== undefined) return guess
  if (allowed.length === 0) return `there are no ${what}`
  return allowed.length <= 12 ? `${what}: ${allowed.join(', ')}` : undefined
}

/** Optimal string alignment distance; `limit` where it is that or more. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit || a.length > longestName || b.length > longestName) return limit
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      const replaced = cell(above, j - 1) + (same ? 0 : 1)
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? cell(before, j - 2) + 1 : limit
      row.push(Math.min(replaced, cell(above, j) + 1, cell(row, j - 1) + 1, swapped))
    }
    before = above
    above = row
  }
  return Math.min(limit, cell(above, b.length))
}

function cell(row: readonly number[], index: number): number {
  return row[index] ?? Number.MAX_SAFE_INTEGER
}
