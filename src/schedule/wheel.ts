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

/** How many slots are looked through one by one for the next that holds something: mostly it is the very next. */
const nearSlots = 100

/** Many due times, one timer: items lie in slots of 100 ms, and only slots that hold something wake the process. */
export class Wheel {
  readonly #clock: Clock
  readonly #slots = new Map<number, Item[]>()
  #timer: { readonly slot: number; readonly cancel: Cancel } | undefined
  /** The last slot whose items have run, or may not be added to any more. */
  #turned: number
  #isTurning = false

  constructor(clock: Clock) {
    this.#clock = clock
    this.#turned = Math.floor(clock.now().mono / slotLength)
  }

  /** Runs `run` in the slot of `due` (monotonic), at most 100 ms after it. */
  at(due: Milliseconds, run: () => void): Entry {
    const slot = Math.max(Math.ceil(due / slotLength), this.#turned + 1)
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
    // While slots run the next is not known yet: it is armed when they have ended.
    if (!this.#isTurning && (this.#timer === undefined || slot < this.#timer.slot)) this.#arm(slot)
    return item
  }

  /** When the first entry is due; undefined where there is none. */
  get next(): Milliseconds | undefined {
    const earliest = this.#earliest()
    return earliest === undefined ? undefined : earliest * slotLength
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
    this.#isTurning = true
    let next = this.#earliest()
    for (; next !== undefined && next <= now; next = this.#earliest()) {
      const items = this.#slots.get(next) ?? []
      this.#slots.delete(next)
      this.#turned = next
      for (const item of items) if (!item.cancelled) item.run()
    }
    this.#isTurning = false
    if (next !== undefined) this.#arm(next)
  }

  /** The first slot that holds something. */
  #earliest(): number | undefined {
    if (this.#slots.size === 0) return undefined
    for (let slot = this.#turned + 1; slot <= this.#turned + nearSlots; slot++) if (this.#slots.has(slot)) return slot
    let earliest = Number.POSITIVE_INFINITY
    for (const slot of this.#slots.keys()) earliest = Math.min(earliest, slot)
    return earliest
  }
}
