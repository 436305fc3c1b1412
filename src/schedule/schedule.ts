import type { Clock, Milliseconds } from '../model/clock.ts'
import { backoff, nextDue, placeWithin, retryAfter } from './due.ts'
import { Gate, type Waiting } from './gate.ts'
import { type Entry, Wheel } from './wheel.ts'

/** Something that is polled again and again. */
export interface Task {
  /** Unique; its hash is the task's place within its interval. */
  readonly key: string
  readonly interval: Milliseconds
  readonly endpoint: string
  readonly parallel: number
  /** One poll; resolves to whether the device answered at all. Never rejects. */
  run(signal: AbortSignal): Promise<boolean>
}

/** What the schedule tells of itself; called for each poll. */
export interface ScheduleWatch {
  /** How long after its due time a poll started. */
  started(lateness: Milliseconds): void
  /** A poll was left out, because the one before it had not ended. */
  skipped(task: Task): void
}

interface Slot {
  readonly task: Task
  /** One of its due times; the others are whole intervals away. */
  readonly phase: Milliseconds
  due: Milliseconds
  failures: number
  entry: Entry | undefined
  waiting: Waiting | undefined
  abort: AbortController | undefined
  ended: Promise<void>
  removed: boolean
}

/** Keeps every task at its interval: spread, one poll of a task at a time, limits by endpoint and in all. */
export class Schedule {
  readonly #clock: Clock
  readonly #random: () => number
  readonly #watch: ScheduleWatch
  readonly #wheel: Wheel
  readonly #gate: Gate
  readonly #slots = new Map<string, Slot>()
  /** When a poll last began or ended. */
  #movedAt: Milliseconds

  constructor(clock: Clock, random: () => number, limit: number, watch: ScheduleWatch) {
    this.#clock = clock
    this.#random = random
    this.#watch = watch
    this.#wheel = new Wheel(clock)
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

  /** Adds a task: first polled within `soon`, and from then on at its own place within each interval. */
  add(task: Task, soon: Milliseconds = task.interval): void {
    const now = this.#clock.now().mono
    const first = now + placeWithin(task.key, Math.min(task.interval, soon))
    const slot: Slot = {
      task,
      phase: now + placeWithin(task.key, task.interval),
      due: first,
      failures: 0,
      entry: undefined,
      waiting: undefined,
      abort: undefined,
      ended: Promise.resolve(),
      removed: false,
    }
    this.#slots.set(task.key, slot)
    this.#arm(slot, first)
  }

  /** Polls a task now, out of its turn; false where a poll of it waits or is under way, which may have read before now. */
  hurry(key: string): boolean {
    const slot = this.#slots.get(key)
    if (slot === undefined) return true
    if (slot.waiting !== undefined) return false
    slot.entry?.cancel()
    this.#arm(slot, this.#clock.now().mono)
    return true
  }

  /** Takes a task out; a poll of it that is under way is aborted. Resolves when it has ended. */
  async remove(key: string): Promise<void> {
    const slot = this.#slots.get(key)
    if (slot === undefined) return
    this.#slots.delete(key)
    slot.removed = true
    slot.entry?.cancel()
    if (slot.waiting !== undefined && this.#gate.withdraw(slot.waiting)) slot.waiting = undefined
    slot.abort?.abort()
    await slot.ended
  }

  /** Stops everything and aborts what is under way; resolves when all of it has ended. */
  async stop(): Promise<void> {
    this.#wheel.clear()
    await Promise.all([...this.#slots.keys()].map((key) => this.remove(key)))
  }

  #arm(slot: Slot, due: Milliseconds): void {
    slot.due = due
    slot.entry = this.#wheel.at(due, () => this.#due(slot))
  }

  #due(slot: Slot): void {
    const { task, due } = slot
    const next = nextDue(slot.phase, task.interval, this.#clock.now().mono)
    if (slot.waiting !== undefined) {
      this.#watch.skipped(task)
      this.#arm(slot, next)
      return
    }
    const waiting: Waiting = {
      endpoint: task.endpoint,
      parallel: task.parallel,
      start: () => {
        this.#movedAt = this.#clock.now().mono
        this.#watch.started(Math.max(0, this.#movedAt - due))
        slot.ended = this.#run(slot, waiting)
      },
    }
    slot.waiting = waiting
    this.#arm(slot, next)
    this.#gate.enter(waiting)
  }

  async #run(slot: Slot, waiting: Waiting): Promise<void> {
    // One for all polls of the task: a controller costs as much as the rest of what is done here for a poll.
    slot.abort ??= new AbortController()
    const answered = await slot.task.run(slot.abort.signal)
    this.#movedAt = this.#clock.now().mono
    slot.waiting = undefined
    this.#gate.leave(waiting)
    if (slot.removed) return
    slot.failures = answered ? 0 : slot.failures + 1
    const { failures, task } = slot
    const soon = retryAfter(failures, task.interval)
    const again = soon === undefined ? slot.due : Math.min(slot.due, this.#movedAt + soon)
    const due = again + backoff(failures, task.interval, this.#random)
    if (due === slot.due) return
    slot.entry?.cancel()
    this.#arm(slot, due)
  }
}
