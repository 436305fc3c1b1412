/**
 * Tells a poll under way to end. An AbortSignal does the same; but every task would keep one, and making it costs more
 * than all else that the schedule does for a poll.
 */
export class Stop {
  #isAsked = false
  #hear: (() => void) | undefined

  get isAsked(): boolean {
    return this.#isAsked
  }

  ask(): void {
    this.#isAsked = true
    this.#hear?.()
  }

  /** One hears at a time: `hear` is called when somebody asks, at once where it was asked before; undefined ends it. */
  listen(hear: (() => void) | undefined): void {
    this.#hear = hear
    if (this.#isAsked) hear?.()
  }
}
