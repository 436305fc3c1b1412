import type { Labels } from './labels.ts'

/** What a device can hang on. `any` is what a plain list says. */
export const dependencyKinds = ['network', 'power', 'bus', 'gateway'] as const

/**
 * Devices through which another is reached or fed. One is enough: it is cut off when all of them are dead. Of several
 * kinds each is needed.
 */
export interface Dependency {
  readonly kind: (typeof dependencyKinds)[number] | 'any'
  readonly devices: readonly string[]
}

/** Which alerts a rule of inhibition is about: by labels, and (`followers`) only of devices that hang on the source's. */
export interface Inhibition {
  readonly source: Labels
  readonly target: Labels
  /** Labels that must be the same in both. */
  readonly equal: readonly string[]
  readonly followers: boolean
}
