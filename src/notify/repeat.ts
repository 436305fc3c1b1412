import { elapsed, type Milliseconds, type Moment } from '../model/clock.ts'
import type { Entry } from './book.ts'

/** What one Alertmanager holds, as it says itself. */
export interface View {
  /** When its process started, in its own words: it remembers no alert from before. */
  readonly started: string
  /** What time it is by its own clock; undefined where it does not say. */
  readonly clock: Milliseconds | undefined
  /** The alerts of this site that it holds as firing, by their identities, with their starts (wall clock). */
  readonly active: ReadonlyMap<string, Milliseconds>
}

/** What an Alertmanager was last told of an alert. */
export interface Told {
  readonly version: number
  readonly at: Moment
  /** The start of the process that was told; undefined where it could not be asked. */
  readonly started: string | undefined
  /** When it was first found without the alert (monotonic), though it should have it. */
  readonly missedAt: Milliseconds | undefined
  /** Not told by this process: the one before a restart may have told it. */
  readonly isHearsay: boolean
}

/**
 * Whether an alert that was told before is told again. With two sitewards on one site the other one's newer word must
 * stand: a device that it sees well while this one has not asked again, or cannot reach it, must not flap. So a firing
 * alert is told again where Alertmanager still holds it (its end moves on), where Alertmanager has started anew, and
 * where a reading that came after its end still shows it. An end is told again only to one that has started anew, and
 * not over an alert that has begun since. Pure.
 */
export function isRepeated(
  entry: Entry,
  told: Told | undefined,
  view: View | undefined,
  now: Moment,
  patience: Milliseconds,
): boolean {
  // One that cannot be asked is told everything, as Prometheus does.
  if (view === undefined) return true
  const isTold = told !== undefined && !told.isHearsay
  const hasStarted = isTold && told.started !== view.started
  const activeSince = view.active.get(entry.identity)
  if (entry.resolvedAt !== undefined) {
    if (told !== undefined && !hasStarted) return false
    return activeSince === undefined || activeSince <= entry.resolvedAt.wall
  }
  if (activeSince !== undefined || hasStarted) return true
  const missedAt = told === undefined ? entry.since.mono : (told.missedAt ?? now.mono)
  if (entry.confirmedAt() > missedAt) return true
  // It may be that Alertmanager was restarted too, and that no reading will come: after a while it is told all the same.
  return !isTold && elapsed(entry.since, now) >= patience
}
