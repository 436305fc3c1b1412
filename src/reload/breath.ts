import { type Clock, elapsed, type Milliseconds } from '../model/clock.ts'

/** What takes a while has pauses, in which other work has its turn. */
export type Breathe = () => Promise<void>

/** No other work waits longer than about this for what has pauses: a hundredth of the shortest interval between polls. */
const longestTurn: Milliseconds = 10

/** Pauses once it has gone on for 10 ms since the last pause. */
export function breather(clock: Clock): Breathe {
  let since = clock.now()
  return async () => {
    if (elapsed(since, clock.now()) < longestTurn) return
    await new Promise<void>((resolve) => setImmediate(resolve))
    since = clock.now()
  }
}
