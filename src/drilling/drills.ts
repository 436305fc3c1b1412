import type { DrillReport } from '../drill/report.ts'
import type { Outcome } from '../model/aim.ts'
import type { Labels } from '../model/labels.ts'
import { Drill, type DrillOrder, type DrillParts } from './drill.ts'
import { findTarget } from './target.ts'

/** Runs drills, one at a time. */
export class Drills {
  readonly #parts: DrillParts
  #running: Drill | undefined
  #last: Drill | undefined

  constructor(parts: DrillParts) {
    this.#parts = parts
  }

  /** The drill that runs, or the last one since the start. */
  get newest(): DrillReport | undefined {
    return (this.#running ?? this.#last)?.report
  }

  /** Begins a drill; why not, otherwise. */
  start(order: DrillOrder): Outcome<DrillReport> {
    if (this.#running !== undefined) return refuse(`the drill ${this.#running.report.id} runs: one at a time`)
    if (this.#parts.site().judge === 'prometheus') return refuse('Prometheus alone judges here: siteward pages nobody')
    const target = findTarget(order.device, order.aim, this.#parts)
    if (!target.ok) return target
    const ended = (report: DrillReport): void => {
      this.#running = undefined
      this.#parts.ended(report)
    }
    const drill = new Drill(target.value, order, { ...this.#parts, ended })
    this.#running = drill
    this.#last = drill
    drill.begin()
    return { ok: true, value: drill.report }
  }

  /** Ends the drill before its time; false where it does not run. */
  withdraw(id: string): boolean {
    if (this.#running?.report.id !== id) return false
    this.#running.withdraw('withdrawn by hand before its end')
    return true
  }

  /** Ends the drill of a device that does not go on as it is; resolves when nothing of it is on the wire any more. */
  async withdrawOf(devices: ReadonlySet<string>): Promise<void> {
    const running = this.#running
    if (running === undefined || !devices.has(running.report.device)) return
    running.withdraw('the device was changed by a new site file before its end')
    await running.closed
  }

  /** What is added to the annotations of an alert of the drill, to the end of which it tells, too. */
  words(key: string): Labels {
    return this.#last?.words(key) ?? {}
  }

  /** Ends what runs: siteward stops. Resolves when nothing of it is on the wire any more. */
  async stop(): Promise<void> {
    const running = this.#running
    running?.withdraw('siteward stopped before its end')
    await running?.closed
  }
}

function refuse(why: string): { readonly ok: false; readonly why: string } {
  return { ok: false, why }
}
