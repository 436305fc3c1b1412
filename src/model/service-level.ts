import type { Milliseconds } from './clock.ts'
import type { Step } from './record.ts'
import type { Severity } from './rule.ts'

/** How long after somebody was told of an alarm each step may take. */
export interface ServiceLevels extends Readonly<Record<Step, Milliseconds>> {
  /** The severities for which these times hold. */
  readonly severities: readonly Severity[]
}
