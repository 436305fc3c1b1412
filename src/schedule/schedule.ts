import type { Clock, Milliseconds } from '../model/clock.ts'
import { backoff, nextDue, placeWithin, retryAfter } from './due.ts'
import { Gate, type Waiting } from './gate.ts'
import { Stop } from './stop.ts'
import { type Item, nowhere, Wheel } from './wheel.ts'

/** Something that is polled again and again. */
export interface Task {
  /** Unique; its hash is the task's place within its interval. */
  readonly key: string
  readonly interval: Milliseconds
  readonly endpoint: string
  readonly parallel: number
  /** One poll; resolves to whether the device answered at all. Never rejects. */
  run(stop: Stop): Promise<boolean>
}

/** What the schedule tells of itself; called for each poll. */
export interface ScheduleWatch {
  /** How long after its due time a poll started. */
  started(lateness: Milliseconds): void
  /** A poll was left out, because the one before it had not ended. */
  skipped(task: Task): void
}

/** A task in the schedule. All that a poll needs is made once: thousands are due each minute, and most do little. */
interface Planned extends Item, Waiting {
  readonly task: Task
  readonly stop: Stop
  /** One of its due times; the others are whole intervals away. */
  readonly phase: Milliseconds
  due: Milliseconds
  /** When the poll was due that waits or is under way. */
  begun: Milliseconds
  failures: number
  isBusy: boolean
  ended: Promise<void>
  readonly end: (answered: boolean) => void
}

/** Keeps every task at its interval: spread, one poll of a task at a time, limits by endpoint and in all. */
export class Schedule {
  readonly #clock: Clock
  readonly #random: () => number
  readonly #watch: ScheduleWatch
  readonly #wheel: Wheel<Planned>
  readonly #gate: Gate
  readonly #tasks = new Map<string, Planned>()
  /** When a poll last began or ended. */
  #movedAt: Milliseconds

  constructor(clock: Clock, random: () => number, limit: number, watch: ScheduleWatch) {
    this.#clock = clock
    this.#random = random
    this.#watch = watch
    this.#wheel = new Wheel(clock, (planned, now) => this.#due(planned, now))
    this.#gate = new Gate(limit)
    this.#movedAt = clock.now().mono
  }

  /** Polls under way. */
  get running(): number {
    return this.#gate.running
  }

  /**
   * For how long polls have made no progress: since when one is due that has not begun, or none under way has ended and no
   * other begun. Nothing due and nothing under way is progress, too: 0.
   */
  get stalledFor(): Milliseconds {
    const now = this.#clock.now().mono
    const overdue = now - (this.#wheel.next ?? now)
    const unmoved = this.#gate.running > 0 ? now - this.#movedAt : 0
    return Math.max(0, overdue, unmoved)
  }

  /** From now on so many polls may be under way at once. */
  limit(limit: number): void {
    this.#gate.limit(limit)
  }

  has(key: string): boolean {
    return this.#tasks.has(key)
  }

  /** Adds a task: first polled within `soon`, and from then on at its own place within each interval. */
  add(task: Task, soon: Milliseconds = task.interval): void {
    const now = this.#clock.now().mono
    const planned: Planned = {
      task,
      endpoint: task.endpoint,
      parallel: task.parallel,
      stop: new Stop(),
      slot: nowhere,
      phase: now + placeWithin(task.key, task.interval),
      due: now,
      begun: now,
      failures: 0,
      isBusy: false,
      ended: Promise.resolve(),
      start: () => this.#start(planned),
      end: (answered) => this.#end(planned, answered),
    }
    this.#tasks.set(task.key, planned)
    this.#arm(planned, now + placeWithin(task.key, Math.min(task.interval, soon)))
  }

  /** Polls a task now, out of its turn; false where a poll of it waits or is under way, which may have read before now. */
  hurry(key: string): boolean {
    const planned = this.#tasks.get(key)
    if (planned === undefined) return true
    if (planned.isBusy) return false
    this.#arm(planned, this.#clock.now().mono)
    return true
  }

  /** Takes a task out; a poll of it that is under way is told to stop. Resolves when it has ended. */
  async remove(key: string): Promise<void> {
    const planned = this.#tasks.get(key)
    if (planned === undefined) return
    this.#tasks.delete(key)
    planned.slot = nowhere
    if (planned.isBusy && this.#gate.withdraw(planned)) planned.isBusy = false
    planned.stop.ask()
    await planned.ended
    this.#gate.forget(planned.endpoint)
  }

  /** Stops everything and what is under way; resolves when all of it has ended. */
  async stop(): Promise<void> {
    this.#wheel.clear()
    await Promise.all([...this.#tasks.keys()].map((key) => this.remove(key)))
  }

  #arm(planned: Planned, due: Milliseconds): void {
    planned.due = due
    this.#wheel.put(planned, due)
  }

  #due(planned: Planned, now: Milliseconds): void {
    const { due, task } = planned
    this.#arm(planned, nextDue(planned.phase, task.interval, now))
    if (planned.isBusy) {
      this.#watch.skipped(task)
      return
    }
    planned.isBusy = true
    planned.begun = due
    this.#gate.enter(planned)
  }

  #start(planned: Planned): void {
    this.#movedAt = this.#clock.now().mono
    this.#watch.started(Math.max(0, this.#movedAt - planned.begun))
    planned.ended = planned.task.run(planned.stop).then(planned.end)
  }

  #end(planned: Planned, answered: boolean): void {
    this.#movedAt = this.#clock.now().mono
    planned.isBusy = false
    this.#gate.leave(planned)
    if (planned.stop.isAsked) return
    planned.failures = answered ? 0 : planned.failures + 1
    const { failures, task } = planned
    if (failures === 0) return
    const soon = retryAfter(failures, task.interval)
    const again = soon === undefined ? planned.due : Math.min(planned.due, this.#movedAt + soon)
    const due = again + backoff(failures, task.interval, this.#random)
    if (due !== planned.due) this.#arm(planned, due)
  }
}
