import type { Static } from 'typebox'
import type { Labels } from '../model/labels.ts'
import type { Place } from '../model/place.ts'
import { type Severity, severities } from '../model/rule.ts'
import type { Spot } from './check.ts'
import type { Problems } from './problems.ts'
import { conditionKeys, measureDetails, measureKeys, type overrideKeys, type rulePart } from './schemas/rule.ts'

/** What a rule says of its condition and times, as written. */
type RulePart = Static<typeof rulePart>

/** What stands under an alarm's name in a site or device; a probe's rule is the same with its alarm beside it. */
export type RuleText = Static<typeof overrideKeys>

type Block = RulePart | 'off' | undefined

/** A rule as written, one severity each, before anything in it is judged: overrides change it key by key. */
export interface Draft {
  readonly alarm: string
  readonly when: string
  readonly severity: Severity
  readonly match: Labels
  readonly part: RulePart
  /** Where the rule, or what last changed it, stands. */
  readonly place: Place
  /** Where the value of one of its keys stands. */
  at(key: string): Place
  /** Where a key stands, or one inside of it. */
  keyAt(...keys: readonly string[]): Place
}

/** A rule as drafts: one, or one for each of its blocks warning: and critical:. */
export function draftsOf(
  alarm: string,
  when: string,
  text: RuleText,
  spot: Spot,
  problems: Problems,
): readonly Draft[] {
  const { tree, path } = spot
  const { match = {}, severity, warning, critical } = text
  const common = partOf(text)
  const base = { alarm, when, match }
  if (warning === undefined && critical === undefined) {
    return [{ ...base, severity: severity ?? 'warning', part: common, ...placesOf(spot, undefined, common) }]
  }
  const stray = [...conditionKeys, 'severity' as const].find((key) => text[key] !== undefined)
  if (stray !== undefined) {
    const hint = 'write it under warning: or critical:'
    problems.add(tree.keyAt([...path, stray]), `"${stray}" stands beside warning: or critical:`, hint)
  }
  return blocksOf(text).map(([level, block]) => {
    const own = block === 'off' || block === undefined ? {} : block
    return { ...base, severity: level, part: mergeParts(common, own), ...placesOf(spot, level, own) }
  })
}

/**
 * Drafts with what a site or device writes under an alarm's name: `off` takes the alarm away, `when:` makes a rule of
 * its own, and anything else changes the drafts of that name key by key.
 */
export function overrideDrafts(
  drafts: readonly Draft[],
  alarm: string,
  text: RuleText | 'off',
  spot: Spot,
  problems: Problems,
): readonly Draft[] {
  const others = drafts.filter((draft) => draft.alarm !== alarm)
  if (text === 'off') return others
  if (text.when !== undefined) return [...others, ...draftsOf(alarm, text.when, text, spot, problems)]
  const own = drafts.filter((draft) => draft.alarm === alarm)
  if (own.length === 0 || !isClear(own, text, spot, problems)) return drafts
  const common = partOf(text)
  const changed = own.map((draft) => ({
    ...changeDraft(draft, common, spot, undefined),
    severity: text.severity ?? draft.severity,
  }))
  return [...others, ...changeBlocks(changed, text, spot)]
}

function changeBlocks(drafts: readonly Draft[], text: RuleText, spot: Spot): readonly Draft[] {
  let changed = drafts
  for (const [level, block] of blocksOf(text)) {
    if (block === undefined) continue
    const same = changed.filter((draft) => draft.severity === level)
    const rest = changed.filter((draft) => draft.severity !== level)
    if (block === 'off') changed = rest
    else if (same.length > 0) changed = [...rest, ...same.map((draft) => changeDraft(draft, block, spot, level))]
    else changed = [...rest, ...rest.map((draft) => ({ ...changeDraft(draft, block, spot, level), severity: level }))]
  }
  return changed
}

function blocksOf(text: RuleText): ReadonlyArray<readonly [Severity, Block]> {
  return severities.flatMap((level) => (text[level] === undefined ? [] : [[level, text[level]] as const]))
}

/** Whether it is clear which of several drafts an override means. */
function isClear(own: readonly Draft[], text: RuleText, { tree, path }: Spot, problems: Problems): boolean {
  if (text.match !== undefined) {
    problems.add(tree.keyAt([...path, 'match']), 'match: goes with a rule of its own', 'add when: and the condition')
    return false
  }
  const levels = new Set([...own.map((draft) => draft.severity), ...blocksOf(text).map(([level]) => level)])
  const key = [...conditionKeys, 'severity' as const].find((one) => text[one] !== undefined)
  if (key === undefined || levels.size === 1 || (key === 'severity' && own.length === 1)) return true
  const message = `the alarm is a warning and critical at once: "${key}" of which?`
  problems.add(tree.keyAt([...path, key]), message, 'write it under warning: or critical:')
  return false
}

/** A condition or measure that is written replaces the one before, whatever its kind; the hysteresis stays if it can. */
function changeDraft(draft: Draft, part: RulePart, spot: Spot, level: Severity | undefined): Draft {
  if (Object.keys(part).length === 0) return draft
  const places = placesOf(spot, level, part)
  return {
    ...draft,
    part: mergeParts(draft.part, part),
    place: places.place,
    at: (key) => (Object.hasOwn(part, key) ? places.at(key) : draft.at(key)),
    keyAt: (...keys) => (Object.hasOwn(part, keys[0] ?? '') ? places.keyAt(...keys) : draft.keyAt(...keys)),
  }
}

function mergeParts(before: RulePart, next: RulePart): RulePart {
  const replaces = (keys: readonly (keyof RulePart)[]): boolean => keys.some((key) => next[key] !== undefined)
  let kept = before
  if (replaces(measureKeys)) kept = without(kept, [...measureKeys, ...measureDetails])
  if (replaces(conditionKeys)) kept = without(kept, conditionKeys)
  // What is no limit on a number has no way back to it.
  if (replaces(['is', 'not', 'stale', 'absent'])) kept = without(kept, ['hysteresis'])
  return { ...kept, ...next }
}

function without(part: RulePart, keys: readonly (keyof RulePart)[]): RulePart {
  return Object.fromEntries(Object.entries(part).filter(([key]) => !keys.some((one) => one === key)))
}

function partOf(text: RuleText): RulePart {
  const { when, match, severity, warning, critical, ...part } = text
  return part
}

/** Places of a rule's keys: of a block warning: or critical: what it holds itself, of the rule the others. */
function placesOf(
  { tree, path }: Spot,
  level: Severity | undefined,
  own: RulePart,
): Pick<Draft, 'place' | 'at' | 'keyAt'> {
  const inner = level === undefined ? path : [...path, level]
  const holder = (key: string | undefined) => (key !== undefined && Object.hasOwn(own, key) ? inner : path)
  return {
    place: tree.keyAt(inner),
    at: (key) => tree.at([...holder(key), key]),
    keyAt: (...keys) => tree.keyAt([...holder(keys[0]), ...keys]),
  }
}
