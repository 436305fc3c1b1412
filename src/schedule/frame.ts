import { type Clock, elapsed, type Milliseconds } from '../model/clock.ts'
import type { Log } from '../model/log.ts'
import type { Poll, PollResult } from '../model/reading.ts'
import type { Stop } from './stop.ts'

/** The part of a collector's job that the frame runs. */
export interface Runnable {
  poll(context: { signal: AbortSignal; clock: Clock; log: Log }): Promise<PollResult>
}

/** How long a poll may go on past its deadline before it is given up: a collector that hangs must not hold its place. */
const grace: Milliseconds = 2000

/** What the frame needs beside the job. */
export interface FrameTools {
  readonly clock: Clock
  readonly log: Log
  /** Hears of an exception that nobody expected: a bug of siteward's, not a fault of the world's. */
  bug(error: unknown): void
}

/**
 * One poll of any collector: deadline, duration, and the one place where a thrown exception is caught. Resolves exactly
 * once, at the latest two seconds after the deadline.
 */
export async function runPoll(job: Runnable, timeout: Milliseconds, stop: Stop, tools: FrameTools): Promise<Poll> {
  const { clock, log } = tools
  const deadline = new AbortController()
  stop.listen(() => deadline.abort())
  const begin = clock.now()
  let cancel = (): void => {}
  const hung = new Promise<PollResult>((resolve) => {
    const giveUp = (): void => resolve(failed('timeout', 'the poll did not end at its deadline'))
    cancel = clock.after(timeout, () => {
      deadline.abort()
      cancel = clock.after(grace, giveUp)
    })
  })
  try {
    const result = await Promise.race([job.poll({ signal: deadline.signal, clock, log }), hung])
    return { ...result, duration: elapsed(begin, clock.now()) }
  } catch (error) {
    tools.bug(error)
    return { ...failed('protocol', 'a bug in siteward: its log has the stack'), duration: elapsed(begin, clock.now()) }
  } finally {
    cancel()
    stop.listen(undefined)
  }
}

function failed(kind: 'timeout' | 'protocol', detail: string): PollResult {
  return { readings: [], faults: [{ kind, detail, points: 0 }], requests: 0, doubts: [] }
}
