import type { Transition } from '../judge/cell.ts'
import type { Judge } from '../judge/judge.ts'
import { type Cancel, type Clock, elapsed, type Milliseconds, type Moment } from '../model/clock.ts'
import type { Device } from '../model/device.ts'
import type { DeclaredEvent } from '../model/event.ts'
import type { Metric } from '../model/metric.ts'
import type { SeriesScope } from '../model/series.ts'
import type { Store } from '../store/store.ts'

/** Polls that events ask for are at least so far apart: a device that tells a thousand is asked as often as one that tells one. */
const spacing: Milliseconds = 5000
/** A poll that is under way may have read before the event: it is asked again. */
const again: Milliseconds = 1000

/** What the desk is wired to. */
export interface EventDeskParts {
  readonly clock: Clock
  readonly store: Store
  readonly judge: Judge
  readonly metric: Metric | undefined
  /** Polls a device now; false where a poll of it is under way. */
  hurry(device: string): boolean
  take(transitions: readonly Transition[]): void
}

interface Desk {
  device: Device
  readonly scope: SeriesScope
  hurriedAt: Moment | undefined
  waiting: Cancel | undefined
  readonly ends: Map<string, Cancel>
}

/**
 * What devices tell by themselves: a hint that makes siteward poll them at once, for the poll is the truth; and, where a
 * probe declares it, a series that is 1 from the event to its clear, on which rules stand like on any reading.
 */
export class EventDesk {
  readonly #parts: EventDeskParts
  readonly #desks = new Map<string, Desk>()

  constructor(parts: EventDeskParts) {
    this.#parts = parts
  }

  /** A device whose probes declare events; what lasted before a restart lasts no longer than it may from now on. */
  add(device: Device, scope: SeriesScope): void {
    const desk: Desk = { device, scope, hurriedAt: undefined, waiting: undefined, ends: new Map() }
    this.#desks.set(device.name, desk)
    for (const event of eventsOf(device)) this.#endLater(desk, event)
  }

  /** A device whose probes declare other events now: those that are declared as before last as they did. */
  change(device: Device): void {
    const desk = this.#desks.get(device.name)
    if (desk === undefined) return
    desk.device = device
    const events = eventsOf(device)
    for (const [name, end] of desk.ends) {
      if (events.some((event) => event.name === name)) continue
      end()
      desk.ends.delete(name)
    }
    for (const event of events) if (event.name !== undefined && !desk.ends.has(event.name)) this.#endLater(desk, event)
  }

  /** A device that is listened to no more. */
  remove(device: string): void {
    const desk = this.#desks.get(device)
    desk?.waiting?.()
    for (const end of desk?.ends.values() ?? []) end()
    this.#desks.delete(device)
  }

  /** Takes an event in; false where no probe of the device declares it. */
  heard(device: string, id: string): boolean {
    const desk = this.#desks.get(device)
    if (desk === undefined) return false
    let isDeclared = false
    for (const event of eventsOf(desk.device)) {
      const isOver = event.clear.includes(id)
      if (!isOver && !event.on.includes(id)) continue
      isDeclared = true
      this.#set(desk, event, isOver ? 0 : 1)
      if (!isOver) this.#endLater(desk, event)
    }
    if (isDeclared) this.#hurry(desk)
    return isDeclared
  }

  /** No timer is left. */
  stop(): void {
    for (const { waiting, ends } of this.#desks.values()) {
      waiting?.()
      for (const end of ends.values()) end()
    }
  }

  #set({ scope }: Desk, { name }: DeclaredEvent, value: number): void {
    const { clock, store, judge, metric, take } = this.#parts
    const series = name === undefined || metric === undefined ? undefined : scope.series(metric, { event: name })
    if (series === undefined) return
    const at = clock.now()
    store.apply({ series, value }, at.mono)
    take(judge.judge([series], at))
  }

  #endLater(desk: Desk, event: DeclaredEvent): void {
    const { name, lasts } = event
    if (name === undefined) return
    desk.ends.get(name)?.()
    desk.ends.set(
      name,
      this.#parts.clock.after(lasts, () => this.#set(desk, event, 0)),
    )
  }

  #hurry(desk: Desk): void {
    if (desk.waiting !== undefined) return
    const now = this.#parts.clock.now()
    const wait = desk.hurriedAt === undefined ? 0 : Math.max(0, spacing - elapsed(desk.hurriedAt, now))
    this.#hurryIn(desk, wait)
  }

  #hurryIn(desk: Desk, wait: Milliseconds): void {
    desk.waiting = this.#parts.clock.after(wait, () => {
      desk.waiting = undefined
      desk.hurriedAt = this.#parts.clock.now()
      if (!this.#parts.hurry(desk.device.name)) this.#hurryIn(desk, again)
    })
  }
}

function eventsOf(device: Device): readonly DeclaredEvent[] {
  return device.probes.flatMap(({ probe }) => probe.events ?? [])
}
