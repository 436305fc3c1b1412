import type { Cancel, Clock, Milliseconds } from '../model/clock.ts'

/** How finely due times are kept: waking up is what a schedule costs, so everything due in one slot wakes once. */
const slotLength: Milliseconds = 100

/** How many slots are looked through one by one for the next that holds something: mostly it is the very next. */
const nearSlots = 100

/** The slot of what is not due. */
export const nowhere = -1

/** What lies in a wheel. It is due once: whoever puts it in again takes it from where it was. */
export interface Item {
  /** The slot that it runs in, kept by the wheel. */
  slot: number
}

/** Many due times, one timer: items lie in slots of 100 ms, and only slots that hold something wake the process. */
export class Wheel<One extends Item> {
  readonly #clock: Clock
  readonly #run: (item: One, now: Milliseconds) => void
  /** Some of what lies in a slot may be due in another one by now. */
  readonly #slots = new Map<number, One[]>()
  #timer: { readonly slot: number; readonly cancel: Cancel } | undefined
  /** When slot 0 is over, on the monotonic clock: as the first item comes, which then need not wait. */
  #origin: Milliseconds | undefined
  /** The last slot whose items have run, or may not be added to any more. */
  #turned = -1
  #isTurning = false

  /** `run` is called with what is due, and with the time at which the slot was found to be over (monotonic). */
  constructor(clock: Clock, run: (item: One, now: Milliseconds) => void) {
    this.#clock = clock
    this.#run = run
  }

  /** Makes an item due in the slot of `due` (monotonic), at most 100 ms after it. */
  put(item: One, due: Milliseconds): void {
    this.#origin ??= this.#clock.now().mono
    const slot = Math.max(Math.ceil((due - this.#origin) / slotLength), this.#turned + 1)
    item.slot = slot
    const items = this.#slots.get(slot)
    if (items === undefined) this.#slots.set(slot, [item])
    else items.push(item)
    // While slots run the next is not known yet: it is armed when they have ended.
    if (!this.#isTurning && (this.#timer === undefined || slot < this.#timer.slot)) this.#arm(slot)
  }

  /** When the first entry is due; undefined where there is none. */
  get next(): Milliseconds | undefined {
    const earliest = this.#earliest()
    return earliest === undefined ? undefined : (this.#origin ?? 0) + earliest * slotLength
  }

  /** Drops everything. */
  clear(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#slots.clear()
  }

  #arm(slot: number): void {
    this.#timer?.cancel()
    const delay = (this.#origin ?? 0) + slot * slotLength - this.#clock.now().mono
    this.#timer = { slot, cancel: this.#clock.after(Math.max(0, delay), () => this.#turn()) }
  }

  #turn(): void {
    this.#timer = undefined
    const now = this.#clock.now().mono
    const over = Math.floor((now - (this.#origin ?? 0)) / slotLength)
    this.#isTurning = true
    let next = this.#earliest()
    for (; next !== undefined && next <= over; next = this.#earliest()) {
      const items = this.#slots.get(next) ?? []
      this.#slots.delete(next)
      this.#turned = next
      for (const item of items) if (item.slot === next) this.#run(item, now)
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
