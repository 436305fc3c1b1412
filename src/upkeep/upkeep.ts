import type { Route } from '../expose/route.ts'
import type { Transition } from '../judge/cell.ts'
import type { Moment } from '../model/clock.ts'
import { DutyKeeper, type DutyParts } from './duty-keeper.ts'
import { dutyRoutes } from './duty-routes.ts'
import { LedgerKeeper, type LedgerParts } from './ledger-keeper.ts'
import { ReportKeeper, type ReportParts } from './report-keeper.ts'
import { RollUpKeeper, type RollUpParts } from './roll-up-keeper.ts'

/** What upkeep is wired to. */
export interface UpkeepParts extends LedgerParts, DutyParts, RollUpParts, ReportParts {
  readonly journal: RollUpParts['journal']
  /** What the judge made of what was typed in. */
  take(transitions: readonly Transition[]): void
  /** Puts the record on disk; whether the disk has taken it. */
  flush(): boolean
}

/** What siteward does beside watching, day by day: it keeps the ledger of equipment and the duties. */
export class Upkeep {
  readonly #parts: UpkeepParts
  readonly #ledger: LedgerKeeper
  readonly #duties: DutyKeeper
  readonly #rollUps: RollUpKeeper
  readonly #reports: ReportKeeper

  constructor(parts: UpkeepParts) {
    this.#parts = parts
    this.#ledger = new LedgerKeeper(parts)
    this.#duties = new DutyKeeper(parts)
    this.#rollUps = new RollUpKeeper(parts)
    this.#reports = new ReportKeeper(parts)
  }

  get routes(): readonly Route[] {
    return [...this.#ledger.routes, ...dutyRoutes({ duties: this.#duties, settle: () => this.#settle() })]
  }

  /** What the record knows of the time before the start. */
  start(): void {
    this.#ledger.start()
    this.#duties.start()
  }

  /** The site is another now. */
  follow(): void {
    this.#ledger.follow()
    this.#duties.follow()
    this.#reports.follow()
  }

  /** Lets time pass; returns what the judge made of what siteward says. */
  tick(now: Moment): readonly Transition[] {
    const keepers = [this.#ledger, this.#duties, this.#rollUps, this.#reports]
    return keepers.flatMap((keeper) => keeper.tick(now))
  }

  /** Puts on disk what is only in memory. */
  stop(): void {
    this.#rollUps.stop()
  }

  #settle(): boolean {
    const { clock, take, flush } = this.#parts
    take(this.#duties.look(clock.now()))
    return flush()
  }
}
