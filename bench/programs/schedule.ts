import { systemClock } from '../../src/model/clock.ts'
import { Schedule } from '../../src/schedule/schedule.ts'
import { answer, ownCpu } from '../program.ts'

/** For how long to look. */
export interface Looking {
  readonly seconds: number
}

/** CPU as a share of one core, polls started a second, and the latest of them in ms. */
export interface Kept {
  readonly share: number
  readonly polls: number
  readonly late: number
}

const shortest = 30_000
const longest = 60_000

/** The schedule of so many devices, each polled every 30 to 60 s, and nothing else: a poll ends at once. Arguments: DEVICES. */
const [, , devices] = process.argv
let late = 0
let polls = 0
const schedule = new Schedule(systemClock, Math.random, 1000, {
  started: (lateness) => {
    polls++
    late = Math.max(late, lateness)
  },
  skipped: () => {},
})
for (let i = 0; i < Number(devices); i++) {
  const key = `device-${i}/if-mib`
  const interval = shortest + ((i * 7919) % (longest - shortest))
  schedule.add({ key, interval, endpoint: key, parallel: 1, run: async () => true })
}
answer(async ({ seconds }: Looking): Promise<Kept> => {
  late = 0
  polls = 0
  const ms = await ownCpu(() => new Promise((resolve) => setTimeout(resolve, seconds * 1000)))
  return { share: ms / 1000 / seconds, polls: polls / seconds, late }
})
