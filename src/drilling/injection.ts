import type { Job } from '../../collectors/collector.ts'
import { type Outcome, rawFor } from '../model/aim.ts'
import type { Cancel, Clock, Milliseconds } from '../model/clock.ts'
import type { Raw } from '../model/conversion.ts'
import type { Device, ProbeUse } from '../model/device.ts'
import { formatDuration } from '../model/duration.ts'
import { describeReading, Harvest, type Witnessed } from '../model/harvest.ts'
import type { Log } from '../model/log.ts'
import type { Poll, PollResult, Reading } from '../model/reading.ts'
import type { Result } from '../model/result.ts'
import type { SeriesScope } from '../model/series.ts'
import { runPoll } from '../schedule/frame.ts'
import type { Schedule } from '../schedule/schedule.ts'
import type { Stop } from '../schedule/stop.ts'
import type { DrillWorld } from './drill-world.ts'
import type { Target } from './target.ts'

/** A value that is drilled comes as often as the device is polled, and no less than this. */
const slowest: Milliseconds = 60_000
/** A reading that nobody polls for comes as often as this. */
const bareInterval: Milliseconds = 10_000

/** How the value of a drill comes into its world, again and again. */
export interface Injection {
  readonly interval: Milliseconds
  begin(): void
  /** Resolves when nothing of it is on the wire any more. */
  end(): Promise<void>
}

/** Whom an injection tells. */
export interface Receiver {
  take(readings: readonly Reading[]): void
  say(text: string): void
  /** There is no use in going on. */
  fail(why: string): void
}

/** What injections are wired to. */
export interface InjectionParts {
  readonly clock: Clock
  readonly log: Log
  /** A probe of a device as a job of its own; undefined where its protocol is not there. */
  prepare(use: ProbeUse, device: Device, series: SeriesScope): Result<Job> | undefined
  /** The schedule of all polls: a drill's poll waits for its turn at the bus like any other. */
  readonly polls: Pick<Schedule, 'add' | 'remove'>
  bug(error: unknown): void
}

/** The injection that suits a target. */
export function injectionFor(target: Target, world: DrillWorld, parts: InjectionParts, receiver: Receiver): Injection {
  const { use } = target
  return use === undefined
    ? bareInjection(target, world, parts, receiver)
    : new WireInjection(target, use, world, parts, receiver)
}

/** A reading that no point gives: nothing on the wire says it. */
function bareInjection(target: Target, world: DrillWorld, { clock }: InjectionParts, receiver: Receiver): Injection {
  const { metric, own, value } = target
  const series = world.scope('drill').series(metric, own)
  let timer: Cancel = () => {}
  const inject = (): void => {
    timer = clock.after(bareInterval, inject)
    if (series !== undefined) receiver.take([{ series, value }])
  }
  return {
    interval: bareInterval,
    begin: () => {
      receiver.say('injected as a reading: no point of a probe gives it')
      inject()
    },
    end: async () => timer(),
  }
}

/** What was found out by the first poll: what the device itself sends, and what it would have to. */
interface Found {
  readonly was: Witnessed
  readonly raw: Raw
}

/** The device is really polled, and one value of what it answers is another. */
class WireInjection implements Injection {
  readonly interval: Milliseconds
  readonly #target: Target
  readonly #use: ProbeUse
  readonly #world: DrillWorld
  readonly #parts: InjectionParts
  readonly #receiver: Receiver
  readonly #key: string
  readonly #scope: SeriesScope
  #job: Job | undefined
  #found: Found | undefined
  /** How the value was sent, as last told. */
  #told = ''
  #trouble = ''

  constructor(target: Target, use: ProbeUse, world: DrillWorld, parts: InjectionParts, receiver: Receiver) {
    this.#target = target
    this.#use = use
    this.#world = world
    this.#parts = parts
    this.#receiver = receiver
    this.interval = Math.min(use.interval, slowest)
    this.#scope = world.scope(use.probe.name)
    this.#key = `${target.device.name}/${use.probe.name} (drill)`
  }

  begin(): void {
    const { device } = this.#target
    const { probe } = this.#use
    const job = this.#parts.prepare(this.#use, device, this.#scope)
    if (job === undefined || !job.ok) {
      this.#receiver.fail(`${probe.name} cannot be polled for a drill`)
      return
    }
    this.#job = job.value
    const { endpoint, parallel } = job.value
    const run = (stop: Stop): Promise<boolean> => this.#poll(job.value, stop)
    this.#parts.polls.add({ key: this.#key, interval: this.interval, endpoint, parallel, run }, 0)
  }

  async end(): Promise<void> {
    const job = this.#job
    this.#job = undefined
    if (job === undefined) return
    await this.#parts.polls.remove(this.#key)
    await job.close()
  }

  /** One turn: what the device sends is found out once, and then replaced each time. */
  async #poll(job: Job, stop: Stop): Promise<boolean> {
    const found = this.#found ?? (await this.#findOut(job, stop))
    if (found === undefined || stop.isAsked) return true
    this.#found = found
    await (job.pollWith === undefined
      ? this.#behind(found, 'its protocol sends no values')
      : this.#substitute(job, found, stop))
    return true
  }

  async #findOut(job: Job, stop: Stop): Promise<Found | undefined> {
    const seen: Witnessed[] = []
    const poll = await this.#run((context) => job.poll({ ...context, witness: (one) => seen.push(one) }), stop)
    const was = seen.find(({ series }) => this.#world.isTarget(series))
    if (was === undefined) {
      this.#troubled(poll)
      return undefined
    }
    const raw = rawFor(was.point, this.#target.value, was)
    if (!raw.ok) {
      this.#receiver.fail(raw.why)
      return undefined
    }
    const reading = poll.readings.find(({ series }) => series.id === was.series.id)
    const means = reading === undefined ? '' : ` (${describeReading(reading)})`
    this.#receiver.say(`${this.#target.device.name} itself sends ${JSON.stringify(was.raw)}${means}`)
    return { was, raw: raw.value }
  }

  async #substitute(job: Job, found: Found, stop: Stop): Promise<void> {
    const told: Outcome<string>[] = []
    const substitute = { ...found, placed: (outcome: Outcome<string>) => told.push(outcome) }
    const poll = await this.#run((context) => job.pollWith?.(substitute, context) ?? job.poll(context), stop)
    if (stop.isAsked) return
    const wrong = told.find(({ ok }) => !ok)
    const how = [...new Set(told.flatMap((outcome) => (outcome.ok ? [outcome.value] : [])))].join(', ')
    if (told.length === 0) this.#troubled(poll)
    else if (wrong !== undefined && !wrong.ok) this.#behind(found, wrong.why)
    else this.#read(poll, found, `in its place at the wire, ${how},`)
  }

  /** Where the value cannot be put on the wire it enters behind the decoder: converted, and all that follows. */
  #behind({ was, raw }: Found, why: string): void {
    const harvest = new Harvest(this.#scope)
    harvest.value(was.point, was.series, raw, was.factor)
    const how = `in its place behind the decoder, the raw value ${JSON.stringify(raw)},`
    this.#read(harvest.result(0), { was, raw }, how, `; not at the wire: ${why}`)
  }

  #read({ readings, doubts, faults }: PollResult, { was }: Found, how: string, but = ''): void {
    const reading = readings.find(({ series }) => series.id === was.series.id)
    if (reading === undefined) {
      const own = doubts.filter((doubt) => doubt.startsWith(`${was.point.metric.name}: `))
      if (own.length > 0) this.#receiver.fail(`siteward does not believe the value: ${own.join('; ')}`)
      else this.#troubled({ faults })
      return
    }
    const text = `${how} is read as ${describeReading(reading)}, every ${formatDuration(this.interval)}${but}`
    if (text !== this.#told) this.#receiver.say(text)
    this.#told = text
    this.#receiver.take(readings)
  }

  /** The device did not give the reading: said once, and tried again. */
  #troubled({ faults }: Pick<PollResult, 'faults'>): void {
    const why = faults.map(({ detail }) => detail).join('; ')
    const text = `${this.#target.device.name} does not send it now${why === '' ? '' : `: ${why}`}`
    if (text !== this.#trouble) this.#receiver.say(text)
    this.#trouble = text
  }

  #run(poll: Job['poll'], stop: Stop): Promise<Poll> {
    return runPoll({ poll }, this.#use.timeout, stop, this.#parts)
  }
}
