/** Why something was not read. `config` is a mistake that only the device could tell (no such register). */
export const faultKinds = [
  'timeout',
  'refused',
  'dns',
  'auth',
  'hostkey',
  'protocol',
  'busy',
  'config',
  'limit',
  'cancelled',
] as const

export type FaultKind = (typeof faultKinds)[number]

/** The world's failure: a value beside the readings that did come, never an exception. */
export interface Fault {
  readonly kind: FaultKind
  /** For the operator: what failed and what to do next; never a library's error whole, never a secret. */
  readonly detail: string
  /** How many points of the probe were not read because of it. */
  readonly points: number
}
