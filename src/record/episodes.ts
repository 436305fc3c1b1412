import type { Milliseconds } from '../model/clock.ts'
import { isDrill } from '../model/drill.ts'
import type { Labels } from '../model/labels.ts'
import { type RecordEvent, type Step, steps } from '../model/record.ts'
import { countedTime, type ServiceLevels } from '../model/service-level.ts'

/** What somebody did about an alarm, and when (wall clock). */
export interface Attended {
  readonly at: Milliseconds
  readonly by: string
  readonly note: string
}

/** One life of an alarm that fired: from when its rule was first broken to when it was well again. */
export interface Episode {
  readonly id: string
  readonly alarm: string
  readonly severity: string
  readonly device: string
  readonly own: Labels
  readonly summary: string
  readonly activeAt: Milliseconds
  readonly firedAt: Milliseconds
  /** When somebody was first told of it: as it fired, or later; undefined while, and if ever, it is only held back. */
  readonly toldAt: Milliseconds | undefined
  readonly endedAt: Milliseconds | undefined
  readonly escalatedAt: Milliseconds | undefined
  readonly attended: Readonly<Partial<Record<Step, Attended>>>
}

/** Pure: the episodes that entries of the record tell of, in the order in which they began to fire. */
export function episodesOf(events: readonly RecordEvent[]): readonly Episode[] {
  const found = new Map<string, Episode>()
  for (const event of events) {
    if (event.alarmId === '') continue
    const key = `${event.alarmId} ${event.activeAt}`
    const known = found.get(key)
    const next = known === undefined ? begun(event) : continued(known, event)
    if (next !== undefined) found.set(key, next)
  }
  return [...found.values()].sort((a, b) => a.firedAt - b.firedAt)
}

/** An episode begins for people when it fires; one whose beginning was pruned or lost still tells its end. */
function begun(event: RecordEvent): Episode | undefined {
  const { kind, alarmId, alarm, severity, device, own, note, activeAt, at } = event
  if (kind === 'pending' || kind === 'cleared') return undefined
  const firedAt = kind === 'firing' ? at : activeAt
  const episode: Episode = {
    id: alarmId,
    alarm,
    severity,
    device,
    own,
    summary: note,
    activeAt,
    firedAt,
    toldAt: firedAt,
    endedAt: undefined,
    escalatedAt: undefined,
    attended: {},
  }
  return kind === 'firing' ? episode : continued(episode, event)
}

/** Pure: an episode after one more entry of its own. */
export function continued(episode: Episode, { kind, at, by, note }: RecordEvent): Episode {
  switch (kind) {
    case 'held':
      return { ...episode, toldAt: undefined }
    case 'told':
      return { ...episode, toldAt: at }
    case 'resolved':
      return { ...episode, endedAt: at }
    case 'escalated':
      return { ...episode, escalatedAt: at }
    case 'taken':
    case 'on_site':
    case 'repaired':
      // The first word counts for the times: who comes later adds to the record, not to the clock.
      return kind in episode.attended
        ? episode
        : { ...episode, attended: { ...episode.attended, [kind]: { at, by, note } } }
    case 'firing':
    case 'pending':
    case 'cleared':
    case 'operation':
    case 'drill':
    case 'asset':
    case 'duty':
      return episode
  }
}

/** What a step is called where it is measured. */
export const levelNames = { taken: 'response', on_site: 'on_site', repaired: 'repair' } as const satisfies Record<
  Step,
  string
>

/** How one step of an episode stands to its time. */
export interface StepTime {
  readonly step: Step
  /** How long it took from the telling on, or has been waited for by now. */
  readonly took: Milliseconds
  readonly limit: Milliseconds
  /** `open`: still in time; `late`: waited for beyond its time; `void`: it was never done and is no longer needed. */
  readonly state: 'met' | 'missed' | 'open' | 'late' | 'void'
}

/**
 * Pure: the times of an episode; none where no times hold for its severity, or while nobody was told of it: the clocks
 * begin when somebody could know. Who is on site or has repaired it has also responded. An alarm that ended is repaired;
 * it needs nobody on site any more, and asks no one to respond.
 */
export function stepTimes(episode: Episode, levels: ServiceLevels, now: Milliseconds): readonly StepTime[] {
  const { toldAt } = episode
  if (toldAt === undefined || isDrill(episode.own)) return []
  if (!levels.severities.some((severity) => severity === episode.severity)) return []
  const over = doneAt(episode, 'repaired')
  return steps.map((step) => {
    const done = doneAt(episode, step)
    const limit = levels[step]
    const took = countedTime(step, toldAt, done ?? over ?? now, levels.working)
    const isLate = took > limit
    if (done !== undefined) return { step, took, limit, state: isLate ? 'missed' : 'met' }
    if (over !== undefined) return { step, took, limit, state: isLate ? 'missed' : 'void' }
    return { step, took, limit, state: isLate ? 'late' : 'open' }
  })
}

/** When a step was done (wall clock), by its own word or by one that comes after it. */
export function doneAt({ attended, endedAt }: Episode, step: Step): Milliseconds | undefined {
  const own = attended[step]?.at
  switch (step) {
    case 'taken':
      return earliest(own, attended.on_site?.at, attended.repaired?.at)
    case 'on_site':
      return own
    case 'repaired':
      return earliest(own, endedAt)
  }
}

function earliest(...times: readonly (Milliseconds | undefined)[]): Milliseconds | undefined {
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
