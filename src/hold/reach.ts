import type { Milliseconds } from '../model/clock.ts'
import type { Dependency } from '../model/dependency.ts'
import type { FiringAlarm, Hold } from './hold.ts'

/** How a device stands, as its polls tell. Times are monotonic; undefined for never. */
export interface DeviceState {
  readonly dependsOn: readonly Dependency[]
  /** `down`: no probe of it is answered. */
  readonly state: 'up' | 'down' | 'unknown'
  /** Whether an alarm of its own says so, pending or firing: a device that nobody is told of explains no other. */
  readonly isAlarmed: boolean
  /** When a poll last was answered, and since when every one was. */
  readonly lastUp: Milliseconds | undefined
  readonly upSince: Milliseconds | undefined
  /** When the probe that waits longest was last polled, whatever came. */
  readonly lastTried: Milliseconds | undefined
  readonly interval: Milliseconds
  readonly timeout: Milliseconds
}

/** A dead device is asked again at least this often (src/schedule/due.ts), or at its interval where that is longer. */
const farthestRetry: Milliseconds = 300_000

/** What holds the silence of devices back. */
export class Reach {
  readonly #stateOf: (device: string) => DeviceState | undefined
  readonly #startedAt: Milliseconds
  readonly #now: Milliseconds

  /** `startedAt`: since when devices are polled; before that nothing is known of any. Times are monotonic. */
  constructor(stateOf: (device: string) => DeviceState | undefined, startedAt: Milliseconds, now: Milliseconds) {
    this.#stateOf = stateOf
    this.#startedAt = startedAt
    this.#now = now
  }

  /**
   * The hold of an alarm that says that a device is silent. One kind of its dependencies that is dead as a whole is
   * enough; while it is not clear of one, the alarm waits, but never longer than it takes to poll parent and device again.
   */
  holdOf({ device, isSilence, activeAt }: FiringAlarm): Hold | undefined {
    const own = isSilence ? this.#stateOf(device) : undefined
    let waits: Hold | undefined
    for (const { devices } of own?.dependsOn ?? []) {
      const found = devices.map((parent) => ({ parent, verdict: this.#verdict(parent, own, activeAt) }))
      const [nearest] = found
      if (nearest === undefined || found.some(({ verdict }) => verdict === 'alive')) continue
      const open = found.find(({ verdict }) => verdict === 'waiting')
      if (open === undefined) return { reason: 'parent', by: nearest.parent }
      waits ??= { reason: 'settling', by: open.parent }
    }
    return waits
  }

  /** Whether a parent explains that `own` is silent since `activeAt`. */
  #verdict(name: string, own: DeviceState | undefined, activeAt: Milliseconds): 'dead' | 'alive' | 'waiting' {
    const parent = this.#stateOf(name)
    if (parent === undefined || own === undefined) return 'alive'
    if (parent.state === 'down') return parent.isAlarmed ? 'dead' : 'alive'
    const since = Math.max(activeAt, this.#startedAt)
    // An answer proves that the parent lived after the silence began if it came later than that poll could have begun.
    const isProven = parent.lastUp !== undefined && parent.lastUp > since + parent.timeout
    if (!isProven && this.#now < since + parent.interval + 2 * parent.timeout) return 'waiting'
    // A parent that came back has not brought its followers back yet: each must have been asked once more.
    const back = parent.upSince ?? this.#startedAt
    const isAsked = own.lastTried !== undefined && own.lastTried > back + own.timeout
    const patience = Math.max(own.interval, farthestRetry) + 2 * own.timeout
    return !isAsked && this.#now < back + patience ? 'waiting' : 'alive'
  }
}

/** Which devices hang on which, at once. */
export type Children = ReadonlyMap<string, readonly string[]>

/** Of all devices, those that name each as what they depend on. */
export function childrenOf(
  devices: Iterable<{ readonly name: string; readonly dependsOn: readonly Dependency[] }>,
): Children {
  const children = new Map<string, string[]>()
  for (const { name, dependsOn } of devices) {
    for (const parent of dependsOn.flatMap((one) => one.devices)) {
      const known = children.get(parent)
      if (known === undefined) children.set(parent, [name])
      else known.push(name)
    }
  }
  return children
}

/** All devices that hang on another, by whatever way. */
export function followersOf(device: string, children: Children): ReadonlySet<string> {
  const found = new Set<string>()
  const open = [device]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const child of children.get(next) ?? []) {
      if (found.has(child)) continue
      found.add(child)
      open.push(child)
    }
  }
  return found
}
