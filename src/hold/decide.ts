import type { Milliseconds } from '../model/clock.ts'
import type { Inhibition } from '../model/dependency.ts'
import type { QuietScope } from '../model/quiet.ts'
import type { FiringAlarm, Hold } from './hold.ts'
import { inhibitedBy, inhibitedHold } from './inhibit.ts'
import { isUnder } from './quiet.ts'
import { type DeviceState, Reach } from './reach.ts'

/** All that decides which alarms are held back; times are monotonic. */
export interface Situation {
  readonly now: Milliseconds
  /** Since when devices are polled. */
  readonly startedAt: Milliseconds
  stateOf(device: string): DeviceState | undefined
  /** The quiet times that hold now. */
  readonly quiet: readonly { readonly name: string; readonly scope: QuietScope }[]
  readonly inhibit: readonly Inhibition[]
  /** Devices that hang on another. */
  readonly followers: (device: string) => ReadonlySet<string>
}

/** What became of the alarms that nobody was told of yet. */
export interface Decision {
  /** Of each alarm that is held back why; what is missing here is told. */
  readonly holds: ReadonlyMap<string, Hold>
  /** By the key of an alarm those that it explains by the site's rules of inhibition. */
  readonly explains: ReadonlyMap<string, readonly FiringAlarm[]>
}

/**
 * Pure, and the same on every siteward that sees the same: which of `untold` are held back, and which alarm explains them.
 * What was `told` once stays told. In the order of their keys, so that of two alarms that explain each other one is told.
 */
export function decide(untold: readonly FiringAlarm[], told: readonly FiringAlarm[], situation: Situation): Decision {
  const reach = new Reach((device) => situation.stateOf(device), situation.startedAt, situation.now)
  const holds = new Map<string, Hold>()
  const explains = new Map<string, FiringAlarm[]>()
  const all = [...told, ...untold]
  for (const alarm of [...untold].sort((a, b) => (a.key < b.key ? -1 : 1))) {
    const quiet = situation.quiet.find(({ scope }) => isUnder(scope, alarm))
    const blamed = reach.holdOf(alarm)
    const source = blamed?.reason === 'parent' ? undefined : sourceOf(alarm, all, holds, situation)
    const hold = holdOf(quiet?.name, blamed, source)
    if (hold !== undefined) holds.set(alarm.key, hold)
    if (source !== undefined) explains.set(source.key, [...(explains.get(source.key) ?? []), alarm])
  }
  return { holds, explains }
}

/** An alarm that is itself explained by another explains none: somebody must be told. */
function sourceOf(
  alarm: FiringAlarm,
  all: readonly FiringAlarm[],
  holds: ReadonlyMap<string, Hold>,
  { inhibit, followers }: Situation,
): FiringAlarm | undefined {
  if (inhibit.length === 0) return undefined
  const free = all.filter(({ key }) => holds.get(key)?.reason !== 'inhibited')
  return inhibitedBy(alarm, free, inhibit, followers)
}

function holdOf(
  quiet: string | undefined,
  blamed: Hold | undefined,
  source: FiringAlarm | undefined,
): Hold | undefined {
  if (quiet !== undefined) return { reason: 'quiet', by: quiet }
  if (blamed?.reason === 'parent') return blamed
  return source === undefined ? blamed : inhibitedHold(source)
}
