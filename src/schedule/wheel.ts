import type { Cancel, Clock, Milliseconds } from '../model/clock.ts'

/** How finely due times are kept: waking up is what a schedule costs, so everything due in one slot wakes once. */
const slotLength: Milliseconds = 100

/** Withdraws an entry; harmless once it ran. */
export interface Entry {
  cancel(): void
}

interface Item extends Entry {
  readonly run: () => void
  cancelled: boolean
}

/** Many due times, one timer: items lie in slots of 100 ms, and only slots that hold something wake the process. */
export class Wheel {
  readonly #clock: Clock
  readonly #slots = new Map<number, Item[]>()
  #timer: { readonly slot: number; readonly cancel: Cancel } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Runs `run` in the slot of `due` (monotonic), at most 100 ms after it. */
  at(due: Milliseconds, run: () => void): Entry {
    const slot = Math.ceil(due / slotLength)
    const item: Item = {
      run,
      cancelled: false,
      cancel() {
        item.cancelled = true
      },
    }
    const items = this.#slots.get(slot)
    if (items === undefined) this.#slots.set(slot, [item])
    else items.push(item)
    if (this.#timer === undefined || slot < this.#timer.slot) this.#arm(slot)
    return item
  }

  /** Drops everything. */
  clear(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#slots.clear()
  }

  #arm(slot: number): void {
    this.#timer?.cancel()
    const delay = slot * slotLength - this.#clock.now().mono
    this.#timer = { slot, cancel: this.#clock.after(Math.max(0, delay), () => this.#turn()) }
  }

  #turn(): void {
    this.#timer = undefined
    const now = Math.floor(this.#clock.now().mono / slotLength)
    const due = [...this.#slots.keys()].filter((slot) => slot <= now).sort((a, b) => a - b)
    for (const slot of due) {
      const items = this.#slots.get(slot) ?? []
      this.#slots.delete(slot)
      for (const item of items) if (!item.cancelled) item.run()
    }
    let next = Number.POSITIVE_INFINITY
    for (const slot of this.#slots.keys()) if (slot < next) next = slot
    if (Number.isFinite(next) && this.#timer === undefined) this.#arm(next)
  }
}
