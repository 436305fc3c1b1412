import type { Milliseconds } from '../model/clock.ts'
import type { Place } from '../model/place.ts'
import type { Problem } from '../model/problem.ts'

/** One plan's claim on what it shares with others on the wire. */
export interface BusUse {
  readonly endpoint: string
  /** How long the endpoint is busy with one poll; 0 where it does not matter. */
  readonly cost: Milliseconds
  readonly interval: Milliseconds
  readonly place: Place
}

/** A problem for each bus that needs more reading than its intervals give; told at its first use. */
export function checkBusLoad(uses: readonly BusUse[]): readonly Problem[] {
  const buses = new Map<string, BusUse[]>()
  for (const use of uses) {
    const bus = buses.get(use.endpoint)
    if (bus === undefined) buses.set(use.endpoint, [use])
    else bus.push(use)
  }
  return [...buses.values()].flatMap((bus) => overload(bus) ?? [])
}

function overload(bus: readonly BusUse[]): Problem | undefined {
  const [first] = bus
  if (first === undefined) return undefined
  const period = Math.min(...bus.map((use) => use.interval))
  const needed = bus.reduce((sum, { cost, interval }) => sum + (cost * period) / interval, 0)
  if (needed <= period) return undefined
  const message = `bus ${first.endpoint} needs ${seconds(needed)} of reading every ${seconds(period)}`
  return { place: first.place, message, hint: 'lengthen the intervals of its devices or read fewer points' }
}

/** Rounded up, so that what is too much never reads as just enough. */
function seconds(duration: Milliseconds): string {
  return `${Math.ceil(duration / 100) / 10} s`
}
