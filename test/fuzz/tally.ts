import type { Job, PollContext } from '../../collectors/collector.ts'
import { systemClock } from '../../src/model/clock.ts'
import { silent } from '../../src/model/log.ts'
import type { PollResult, Reading } from '../../src/model/reading.ts'
import { Stalls } from './stalls.ts'

/** What came of so many spoilt replies. */
export class Tally {
  /** Replies that were sent, spoilt or not. */
  replies = 0
  polls = 0
  readings = 0
  faults = 0
  /** The first values that no reference knows, in words. */
  readonly wrong: string[] = []
  wrongValues = 0
  /** In ms. */
  longestStall = 0

  /** Notes a poll; `isRight` says of each reading whether the reference has it, too. */
  take({ readings, faults }: PollResult, isRight: (reading: Reading) => boolean, why: () => string): void {
    this.polls++
    this.readings += readings.length
    this.faults += faults.length
    for (const reading of readings) {
      if (Number.isNaN(reading.value) || isRight(reading)) continue
      this.wrongValues++
      const { metric, labels } = reading.series
      if (this.wrong.length < 5) this.wrong.push(`${metric.name} ${JSON.stringify(labels)} ${reading.value}: ${why()}`)
    }
  }
}

/** A device whose replies are spoilt. */
export interface FuzzedDevice {
  readonly job: Job
  /** Notes what came of the poll that has just ended. */
  judge(result: PollResult): void
}

/** Polls each device again and again, all at once, until so many replies were sent, and looks for stalls meanwhile. */
export async function pollUntil(count: number, tally: Tally, devices: readonly FuzzedDevice[]): Promise<void> {
  const stalls = new Stalls()
  await Promise.all(
    devices.map(async ({ job, judge }) => {
      while (tally.replies < count) judge(await pollOnce(job))
      await job.close()
    }),
  )
  tally.longestStall = stalls.end()
}

/** A poll may last for as long as any: what it waits for is what is looked at here. */
const deadline = 20_000

async function pollOnce(job: Job): Promise<PollResult> {
  const over = new AbortController()
  const cancel = systemClock.after(deadline, () => over.abort())
  const context: PollContext = { signal: over.signal, clock: systemClock, log: silent }
  try {
    return await job.poll(context)
  } finally {
    cancel()
  }
}
