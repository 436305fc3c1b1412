import type { Collector } from '../../collectors/collector.ts'
import type { Clock, Milliseconds } from '../model/clock.ts'
import type { Device, ProbeUse } from '../model/device.ts'
import type { Log } from '../model/log.ts'
import type { Poll } from '../model/reading.ts'
import { SeriesTable } from '../model/series.ts'
import { runPoll } from '../schedule/frame.ts'
import type { Schedule } from '../schedule/schedule.ts'
import type { Stop } from '../schedule/stop.ts'
import { Store } from '../store/store.ts'
import { DerivedSeries } from '../watch/derived-series.ts'
import { prepareDevice } from '../watch/jobs.ts'

/** What a target is asked with. */
export interface AskingParts {
  readonly clock: Clock
  readonly log: Log
  readonly collectors: ReadonlyMap<string, Collector>
  /** The schedule of all polls: whoever asks waits for their turn at a bus like any other. */
  readonly polls: Pick<Schedule, 'add' | 'remove'>
  /** An exception that nobody expected. */
  bug(error: unknown): void
}

/** What a target has answered. */
export interface Answered {
  readonly store: Store
  /** By the name of each probe; undefined where its turn had not come at the deadline. */
  readonly polls: ReadonlyMap<string, Poll | undefined>
}

/** A device's probes cannot be compiled for it: what is missing, for whoever asks. */
export class Unaskable extends Error {}

/** Longer than any poll: the task leaves the schedule after its first, and its place there is free at the next. */
const onlyOnce: Milliseconds = 300_000

let asked = 0

/** Polls a device once, by all of its probes, within a time; leaves nothing behind. Throws Unaskable. */
export async function ask(device: Device, within: Milliseconds, site: string, parts: AskingParts): Promise<Answered> {
  const store = new Store()
  const table = new SeriesTable(site, (series) => store.add(series))
  const { prepared, problems } = prepareDevice(device, { table, collectors: parts.collectors })
  try {
    const [problem] = problems
    if (problem !== undefined) throw new Unaskable(problem.message)
    const polls = new Map<string, Poll | undefined>()
    await Promise.all(
      prepared.map(async ({ use, job }) => {
        const poll = await pollOnce({ use, job, within }, parts)
        polls.set(use.probe.name, poll)
        for (const reading of poll?.readings ?? []) store.apply(reading, parts.clock.now().mono)
      }),
    )
    const sources = prepared.map(({ source }) => source)
    if (device.derived.length > 0) new DerivedSeries({ device, table, store, sources }).update(parts.clock.now().mono)
    return { store, polls }
  } finally {
    await Promise.all(prepared.map(({ job }) => job.close()))
  }
}

interface Turn {
  readonly use: ProbeUse
  readonly job: ReturnType<typeof prepareDevice>['prepared'][number]['job']
  readonly within: Milliseconds
}

/** Waits for the turn and polls; undefined where the time was over before. */
async function pollOnce({ use, job, within }: Turn, parts: AskingParts): Promise<Poll | undefined> {
  const { clock, log, polls, bug } = parts
  const end = clock.now().mono + within
  const key = `probe ${++asked}`
  let poll: Poll | undefined
  await new Promise<void>((resolve) => {
    const cancel = clock.after(within, resolve)
    const run = async (stop: Stop): Promise<boolean> => {
      const left = Math.max(1, end - clock.now().mono)
      poll = await runPoll(job, Math.min(use.timeout, left), stop, { clock, log, bug })
      cancel()
      resolve()
      return true
    }
    polls.add({ key, interval: onlyOnce, endpoint: job.endpoint, parallel: job.parallel, run }, 0)
  })
  await polls.remove(key)
  return poll
}
