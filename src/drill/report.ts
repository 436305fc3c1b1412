import type { HeldAlert } from '../model/alert.ts'
import type { Milliseconds } from '../model/clock.ts'

/** One thing that happened in a drill. */
export interface DrillStep {
  /** Wall clock. */
  readonly at: Milliseconds
  readonly text: string
}

/** A drill, as it runs and as it ended. */
export interface DrillReport {
  readonly id: string
  readonly device: string
  /** As it was written: `room_temperature_celsius=35 °C`. */
  readonly aim: string
  readonly by: string
  readonly startedAt: Milliseconds
  readonly state: 'running' | 'passed' | 'failed' | 'withdrawn'
  /** Whether the page would have gone out, in a sentence; empty while it runs. */
  readonly verdict: string
  readonly steps: readonly DrillStep[]
}

/** How one Alertmanager holds the alert. */
export interface Sighting extends HeldAlert {
  readonly alertmanager: string
}

/** What a drill has seen by its end. */
export interface Seen {
  readonly hasFired: boolean
  readonly sightings: readonly Sighting[]
  /** Whether a page came out at the far end; undefined where nobody was asked. */
  readonly isReceived: boolean | undefined
}

/** Pure: whether the page would have gone out. */
export function verdictOf({ hasFired, sightings, isReceived }: Seen): {
  readonly passed: boolean
  readonly text: string
} {
  if (!hasFired) return { passed: false, text: 'no page: the alarm did not fire while the value was held' }
  if (sightings.length === 0) return { passed: false, text: 'no page: the site names no Alertmanager' }
  const active = sightings.filter(({ state, receivers }) => state === 'active' && receivers.length > 0)
  if (active.length === 0) return { passed: false, text: `no page: ${sightings.map(sightingText).join('; ')}` }
  const receivers = [...new Set(active.flatMap((one) => one.receivers))].join(', ')
  if (isReceived === false) {
    return { passed: false, text: `Alertmanager routes it to ${receivers}, but the receipt never came` }
  }
  const how = isReceived === true ? 'and the receipt came' : 'no receipt was asked for (drills.receipt)'
  const others = sightings.filter((one) => !active.includes(one)).map(sightingText)
  const but = others.length === 0 ? '' : `; but ${others.join('; ')}`
  return { passed: true, text: `the page goes out: Alertmanager routes it to ${receivers}, ${how}${but}` }
}

/** One sighting in words. */
export function sightingText({ alertmanager, state, receivers, suppressedBy, why }: Sighting): string {
  switch (state) {
    case 'active':
      return receivers.length > 0
        ? `${alertmanager} has it, for ${receivers.join(', ')}`
        : `${alertmanager} has it, but no receiver for it`
    case 'suppressed':
      return `${alertmanager} has it, but it is silenced or inhibited by ${suppressedBy.join(', ')}`
    case 'unprocessed':
    case 'absent':
      return `${alertmanager} has not taken it up yet`
    case 'unreachable':
      return `${alertmanager} cannot be asked: ${why}`
  }
}
