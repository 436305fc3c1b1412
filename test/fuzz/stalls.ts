/** How often the loop is looked at, in ms. */
const pace = 5

/**
 * The longest that one piece of work has held the event loop. Both must have passed: time, and the processor's time of
 * this process; a machine that has given its processors to others is no stall.
 */
export class Stalls {
  longest = 0
  #timer: NodeJS.Timeout
  #at = performance.now()
  #used = process.cpuUsage()

  constructor() {
    this.#timer = setInterval(() => this.#look(), pace)
  }

  end(): number {
    clearInterval(this.#timer)
    return this.longest
  }

  #look(): void {
    const now = performance.now()
    const used = process.cpuUsage()
    const busy = (used.user + used.system - this.#used.user - this.#used.system) / 1000
    this.longest = Math.max(this.longest, Math.min(now - this.#at, busy) - pace)
    this.#at = now
    this.#used = used
  }
}
