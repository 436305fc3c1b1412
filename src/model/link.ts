/** What one end of a link says of itself; undefined where it does not. */
export interface LinkEnd {
  /** Bytes a second. */
  readonly speed: number | undefined
  /** As the device names it: full or half. */
  readonly duplex: string | undefined
}

/** How the two ends of a link stand to each other. */
export const linkStates = ['agrees', 'speed_differs', 'duplex_differs'] as const

export type LinkState = (typeof linkStates)[number]

/**
 * Two ends of one link compared: a link whose ends are set differently loses packets under load and still says "up" (IEEE
 * 802.3, 28: a fixed end beside one that negotiates falls to half duplex). Undefined where nothing can be compared.
 */
export function compareEnds(here: LinkEnd, there: LinkEnd): LinkState | undefined {
  const speeds = both(here.speed, there.speed)
  if (speeds !== undefined && speeds[0] !== speeds[1]) return 'speed_differs'
  const modes = both(here.duplex, there.duplex)
  if (modes !== undefined && modes[0] !== modes[1]) return 'duplex_differs'
  return speeds === undefined && modes === undefined ? undefined : 'agrees'
}

function both<T>(a: T | undefined, b: T | undefined): readonly [T, T] | undefined {
  return a === undefined || b === undefined ? undefined : [a, b]
}
