import type { Inhibition } from '../model/dependency.ts'
import { labelsMatch } from '../model/labels.ts'
import type { FiringAlarm, Hold } from './hold.ts'

/**
 * The alarm that explains another by the site's rules of inhibition (Alertmanager: inhibit_rules): one that fires, is no
 * target of the same rule itself, and agrees in the labels that must be equal.
 */
export function inhibitedBy(
  target: FiringAlarm,
  sources: readonly FiringAlarm[],
  rules: readonly Inhibition[],
  followers: (device: string) => ReadonlySet<string>,
): FiringAlarm | undefined {
  for (const rule of rules) {
    if (!labelsMatch(target.labels, rule.target)) continue
    // What is source and target at once would hold its like, and nobody be told of either.
    if (labelsMatch(target.labels, rule.source)) continue
    const source = sources.find(
      (one) =>
        one.key !== target.key &&
        labelsMatch(one.labels, rule.source) &&
        rule.equal.every((label) => (one.labels[label] ?? '') === (target.labels[label] ?? '')) &&
        (!rule.followers || followers(one.device).has(target.device)),
    )
    if (source !== undefined) return source
  }
  return undefined
}

/** A hold by another alarm, named as people know it. */
export function inhibitedHold(source: FiringAlarm): Hold {
  return { reason: 'inhibited', by: `${source.alarm} ${source.device}` }
}
