import type { Milliseconds } from '../model/clock.ts'
import type { Labels } from '../model/labels.ts'
import type { Rule } from '../model/rule.ts'

/**
 * Why nobody is told of an alarm that fires: the device is cut off (`by` its nearest dead ancestor), that is not clear yet
 * (`by` the device that is being looked at), another alarm explains it, or it is a quiet time.
 */
export interface Hold {
  readonly reason: 'parent' | 'settling' | 'inhibited' | 'quiet'
  readonly by: string
}

/** In the order in which they are asked for, and in which metrics show them. */
export const holdReasons = ['quiet', 'parent', 'inhibited', 'settling'] as const satisfies readonly Hold['reason'][]

/** An alarm that fires, as far as holding it back needs to know. */
export interface FiringAlarm {
  readonly key: string
  readonly device: string
  readonly alarm: string
  readonly labels: Labels
  /** Whether it only says that readings are missing: then a dead parent explains it. */
  readonly isSilence: boolean
  /** When its rule was first broken (monotonic). */
  readonly activeAt: Milliseconds
}

/** Alarms that only say that something is not read. */
export function isSilence({ metric, condition }: Pick<Rule, 'metric' | 'condition'>): boolean {
  return metric.name === 'siteward_device_up' || condition.kind === 'stale' || condition.kind === 'absent'
}
