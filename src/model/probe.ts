import type { Milliseconds } from './clock.ts'
import type { Conversion, Pattern } from './conversion.ts'
import type { Derived } from './derived.ts'
import type { DeclaredEvent } from './event.ts'
import type { Metric } from './metric.ts'
import type { Place } from './place.ts'
import type { Rule } from './rule.ts'

/** One thing that a probe reads. `spec` is the protocol's part of its YAML, valid by the protocol's schema. */
export interface Point<Spec = unknown> {
  readonly metric: Metric
  readonly conversion: Conversion
  readonly spec: Spec
  readonly place: Place
  /** Where one of its keys stands, for problems. */
  at(key: string): Place
}

/** By what a device tells of itself that a probe fits it; each part that is given must hold. */
export interface Fingerprint {
  /** Beginnings of the identifier that its vendor gave the model (SNMP: sysObjectID). */
  readonly objectIds: readonly string[]
  /** Stands in the device's own description (SNMP: sysDescr). */
  readonly description: Pattern | undefined
  /** Identifiers (SNMP: OIDs) under one of which the device answers anything at all. */
  readonly answers: readonly string[]
  /** Most devices answer it: it says nothing of the model. */
  readonly common: boolean
}

/** On what a probe was proven: a real device's own answers, or what its maker (or a MIB) says that it answers. */
export const proofs = ['recording', 'register-map'] as const

export type Proof = (typeof proofs)[number]

/** A YAML that says what to read from one device model or MIB (snmp_exporter: module). */
export interface Probe<Spec = unknown, Settings = unknown> {
  readonly name: string
  readonly title: string
  readonly collector: string
  readonly proof: Proof
  /** Absent where nothing tells the model: the probe is then only used by name. */
  readonly match?: Fingerprint
  /** How often it is worth asking, and how long that may take, where the device's entry does not say. */
  readonly interval?: Milliseconds
  readonly timeout?: Milliseconds
  /** The protocol's settings for the whole probe (word order, command list ...), valid by the protocol's schema. */
  readonly settings: Settings
  readonly points: readonly Point<Spec>[]
  /** What its device tells by itself; absent where it tells nothing. */
  readonly events?: readonly DeclaredEvent[]
  /** Readings made of those that the points give; each stands after those that it needs. */
  readonly derived: readonly Derived[]
  /** Rules as the probe declares them, before a device's overrides. */
  readonly rules: readonly Rule[]
  readonly place: Place
}
