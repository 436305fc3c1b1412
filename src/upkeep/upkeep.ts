import type { Route } from '../expose/route.ts'
import type { Transition } from '../judge/cell.ts'
import type { Moment } from '../model/clock.ts'
import { LedgerKeeper, type LedgerParts } from './ledger-keeper.ts'

/** What upkeep is wired to. */
export type UpkeepParts = LedgerParts

/** What siteward does beside watching, day by day: it keeps the ledger of equipment. */
export class Upkeep {
  readonly #ledger: LedgerKeeper

  constructor(parts: UpkeepParts) {
    this.#ledger = new LedgerKeeper(parts)
  }

  get routes(): readonly Route[] {
    return this.#ledger.routes
  }

  /** What the record knows of the time before the start. */
  start(): void {
    this.#ledger.start()
  }

  /** Lets time pass; returns what the judge made of what siteward says. */
  tick(now: Moment): readonly Transition[] {
    return this.#ledger.tick(now)
  }
}
