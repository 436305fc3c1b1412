import type { Device } from '../model/device.ts'
import { labelKey } from '../model/labels.ts'
import type { Rule } from '../model/rule.ts'
import type { Comparison } from '../model/same.ts'

/** What becomes of one rule, and of which devices. */
export interface RulesChange {
  readonly kind: 'added' | 'removed' | 'changed'
  readonly alarm: string
  readonly severity: string
  readonly metric: string
  readonly devices: readonly string[]
}

type OneChange = Omit<RulesChange, 'devices'>

/** Gathers what becomes of the rules of devices, rule by rule. */
export class RuleChanges {
  readonly #comparison: Comparison
  /** Many devices share one list of rules: two lists are compared once. */
  readonly #known = new Map<readonly Rule[], Map<readonly Rule[], readonly OneChange[]>>()
  readonly #found = new Map<string, OneChange & { readonly devices: string[] }>()

  constructor(comparison: Comparison) {
    this.#comparison = comparison
  }

  compare(before: Device, after: Device): void {
    if (before.rules === after.rules) return
    for (const one of this.#changesOf(before.rules, after.rules)) {
      const key = JSON.stringify(one)
      const found = this.#found.get(key) ?? { ...one, devices: [] }
      found.devices.push(after.name)
      this.#found.set(key, found)
    }
  }

  list(): readonly RulesChange[] {
    return [...this.#found.values()]
  }

  #changesOf(before: readonly Rule[], after: readonly Rule[]): readonly OneChange[] {
    const known = this.#known.get(before)?.get(after)
    if (known !== undefined) return known
    const changes = this.#compareLists(before, after)
    const ofBefore = this.#known.get(before) ?? new Map<readonly Rule[], readonly OneChange[]>()
    this.#known.set(before, ofBefore.set(after, changes))
    return changes
  }

  #compareLists(before: readonly Rule[], after: readonly Rule[]): readonly OneChange[] {
    if (this.#comparison.same(before, after)) return []
    const left = new Map(before.map((rule) => [keyOf(rule), rule]))
    const changes: OneChange[] = []
    for (const rule of after) {
      const key = keyOf(rule)
      const old = left.get(key)
      left.delete(key)
      if (old === undefined) changes.push(changeOf('added', rule))
      else if (!this.#comparison.same(old, rule)) changes.push(changeOf('changed', rule))
    }
    return [...changes, ...[...left.values()].map((rule) => changeOf('removed', rule))]
  }
}

function keyOf({ alarm, severity, metric, match }: Rule): string {
  return JSON.stringify([alarm, severity, metric.name, labelKey(match)])
}

function changeOf(kind: RulesChange['kind'], { alarm, severity, metric }: Rule): OneChange {
  return { kind, alarm, severity, metric: metric.name }
}
