import type { Milliseconds } from '../src/model/clock.ts'
import { ManualClock } from './manual-clock.ts'

/**
 * A clock for tests with real sockets whose both ends are in this process: while something is under way it goes on by a
 * millisecond a turn of the event loop, so that a machine under load, which stalls both ends alike, costs no time of it.
 */
export class TurnClock extends ManualClock {
  #underWay = 0
  #isGoing = false

  /** Lets time pass until `work` is settled. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#underWay++
    if (!this.#isGoing) void this.#go()
    try {
      return await work
    } finally {
      this.#underWay--
    }
  }

  /** Resolves when so much time has passed. */
  wait(time: Milliseconds): Promise<void> {
    return this.during(new Promise((resolve) => this.after(time, resolve)))
  }

  async #go(): Promise<void> {
    this.#isGoing = true
    while (this.#underWay > 0) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      await this.pass(1)
    }
    this.#isGoing = false
  }
}
