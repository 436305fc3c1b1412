import type { Asset } from './asset.ts'
import type { Milliseconds } from './clock.ts'
import type { Dependency } from './dependency.ts'
import type { Derived } from './derived.ts'
import type { Labels } from './labels.ts'
import type { Place } from './place.ts'
import type { Probe } from './probe.ts'
import type { Rule } from './rule.ts'

/** A thing watched. `options` and `credentials` are by protocol, valid by that protocol's schema. */
export interface Device {
  readonly name: string
  readonly address: string
  readonly labels: Labels
  readonly probes: readonly ProbeUse[]
  /** All readings made of others: its probes', its own and the site's; each stands after those that it needs. */
  readonly derived: readonly Derived[]
  readonly options: Readonly<Record<string, unknown>>
  readonly credentials: Readonly<Record<string, unknown>>
  /** Through which devices this one is reached, and by which it is fed; each of them is needed. */
  readonly dependsOn: readonly Dependency[]
  /** All rules that hold for this device: its probes', with its overrides. */
  readonly rules: readonly Rule[]
  /** What the ledger knows of it, where it knows something. */
  readonly asset?: Asset
  readonly place: Place
  /** Where one of its keys stands, for problems. */
  at(key: string): Place
}

/** A probe as one device uses it: its points carry the device's overrides of scale and the like. */
export interface ProbeUse {
  readonly probe: Probe
  readonly interval: Milliseconds
  /** The deadline of one poll. */
  readonly timeout: Milliseconds
}
