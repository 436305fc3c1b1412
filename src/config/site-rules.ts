import { type Asset, assetMetrics } from '../model/asset.ts'
import type { Milliseconds } from '../model/clock.ts'
import type { Derived } from '../model/derived.ts'
import type { ProbeUse } from '../model/device.ts'
import { formatDuration } from '../model/duration.ts'
import type { Vocabulary } from '../model/metric.ts'
import type { Limit, Rule } from '../model/rule.ts'
import { checkOf, type Spot } from './check.ts'
import { type Checks, withCheck } from './checks.ts'
import { type Draft, overrideDrafts, type RuleText } from './drafts.ts'
import { didYouMean, orOneOf } from './misspelt.ts'
import type { LoadedProbe } from './probes.ts'
import type { Problems } from './problems.ts'
import { rulesOf } from './rules.ts'
import { override as overrideSchema } from './schemas/rule.ts'
import { tighterLimits } from './tighter-limits.ts'
import { ownPrefix } from './vocabulary.ts'

const checkOverride = checkOf('override', overrideSchema)

/** What stands under one alarm's name. */
interface Override {
  readonly alarm: string
  readonly text: RuleText | 'off'
  readonly spot: Spot
}

interface Ruled {
  /** As the probes and siteward have them. */
  readonly shipped: readonly Draft[]
  readonly drafts: readonly Draft[]
  readonly rules: readonly Rule[]
}

/** What the rules of a site are made of. */
export interface RuleSources {
  /** Rules for every device, on siteward's own metrics. */
  readonly shipped: readonly Draft[]
  /** Rules on siteward itself. */
  readonly ofSiteward: readonly Draft[]
  /** Rules on what the ledger knows of a device. */
  readonly ofAssets: readonly Draft[]
  readonly checks: Checks
  readonly probes: readonly LoadedProbe[]
  /** Whether every probe could be loaded: else no alarm's name can be called wrong. */
  readonly complete: boolean
  readonly vocabulary: Vocabulary
  /** What the site and its devices derive, by the names of metrics. */
  readonly derived: readonly string[]
}

/** What of a device decides which rules hold for it. */
export interface Ruling {
  readonly uses: readonly ProbeUse[]
  readonly derived: readonly Derived[]
  readonly probes: readonly LoadedProbe[]
  readonly asset: Asset | undefined
}

/** The rules of every device of a site: those of its probes and of siteward itself, with what site and device say. */
export class SiteRules {
  readonly #sources: RuleSources
  readonly #problems: Problems
  readonly #overrides: readonly Override[]
  /** By the names of a device's probes: a thousand switches have the same rules. */
  readonly #byProbes = new Map<string, Ruled>()

  constructor(texts: Readonly<Record<string, unknown>>, spot: Spot, sources: RuleSources, problems: Problems) {
    this.#sources = sources
    this.#problems = problems
    this.#overrides = readOverrides(texts, spot, problems)
    const { shipped, ofSiteward, ofAssets, probes } = sources
    const all = [...shipped, ...ofSiteward, ...ofAssets, ...probes.flatMap((probe) => probe.drafts)]
    const read = new Set([...sources.probes.flatMap(metricsRead), ...sources.derived])
    for (const one of this.#overrides) {
      this.#checkAlarm(one, all)
      this.#checkRead(one, read)
    }
  }

  /** All rules of one device, whose own overrides stand at `spot`. */
  ofDevice(texts: Readonly<Record<string, unknown>> | undefined, ruling: Ruling, spot: Spot): readonly Rule[] {
    const { uses, derived } = ruling
    const base = this.#shared(ruling)
    const rules = texts === undefined ? base.rules : this.#changed(base, readOverrides(texts, spot, this.#problems))
    const intervals = intervalsOf(uses, derived)
    for (const rule of rules) {
      checkReadable(rule, intervals, this.#problems)
      checkPace(rule, intervals, this.#problems)
    }
    return rules
  }

  /** The rules on siteward itself, with what the site says under their names. */
  ofSiteward(): readonly Rule[] {
    return this.#asTheSiteSays(this.#sources.ofSiteward)
  }

  /** The rules on what the ledger knows of a thing that is not polled. */
  ofThing(asset: Asset): readonly Rule[] {
    const made = assetMetrics(asset)
    return this.#asTheSiteSays(this.#sources.ofAssets.filter(({ when }) => made.includes(when)))
  }

  #asTheSiteSays(shipped: readonly Draft[]): readonly Rule[] {
    const names = new Set(shipped.map(({ alarm }) => alarm))
    let drafts = shipped
    for (const { alarm, text, spot } of this.#overrides) {
      if (names.has(alarm)) drafts = overrideDrafts(drafts, alarm, text, spot, this.#problems)
    }
    return rulesOf(drafts, this.#sources.vocabulary, this.#problems)
  }

  /** What devices with the same probes, derived readings and kinds of asset data have in common. */
  #shared({ probes, derived, asset }: Ruling): Ruled {
    const derivedNames = derived.map(({ point }) => point.metric.name)
    const made = asset === undefined ? [] : assetMetrics(asset)
    const key = [...probes.map(({ probe }) => probe.name), '', ...derivedNames, '', ...made].join(' ')
    const known = this.#byProbes.get(key)
    if (known !== undefined) return known
    const read = new Set([...probes.flatMap(metricsRead), ...derivedNames])
    const { shipped: forAll, ofAssets } = this.#sources
    const ofAsset = ofAssets.filter(({ when }) => made.includes(when))
    const shipped = [...probes.flatMap((probe) => probe.drafts), ...forAll, ...ofAsset]
    let drafts: readonly Draft[] = shipped.map((draft) => withCheck(draft, this.#sources.checks))
    for (const { alarm, text, spot } of this.#overrides) {
      const when = text === 'off' ? undefined : text.when
      const concerns = when === undefined || read.has(when) || when.startsWith(ownPrefix)
      if (concerns) drafts = overrideDrafts(drafts, alarm, text, spot, this.#problems)
    }
    const ruled = { shipped, drafts, rules: this.#rulesOf(shipped, drafts) }
    this.#byProbes.set(key, ruled)
    return ruled
  }

  #changed({ shipped, drafts: base }: Ruled, overrides: readonly Override[]): readonly Rule[] {
    let drafts = base
    for (const one of overrides) {
      this.#checkAlarm(one, drafts)
      drafts = overrideDrafts(drafts, one.alarm, one.text, one.spot, this.#problems)
    }
    return this.#rulesOf(shipped, drafts)
  }

  #rulesOf(shipped: readonly Draft[], drafts: readonly Draft[]): readonly Rule[] {
    const { vocabulary } = this.#sources
    return rulesOf([...drafts, ...tighterLimits(shipped, drafts, vocabulary)], vocabulary, this.#problems)
  }

  /** Without `when:` it changes a rule that there is. */
  #checkAlarm({ alarm, text, spot: { tree, path } }: Override, drafts: readonly Draft[]): void {
    if (!this.#sources.complete || (text !== 'off' && text.when !== undefined)) return
    const names = [...new Set(drafts.map((draft) => draft.alarm))]
    if (names.includes(alarm)) return
    const hint = didYouMean(alarm, names) ?? 'a rule of its own needs when: and a condition'
    this.#problems.add(tree.keyAt(path), `there is no alarm "${alarm}" here`, hint)
  }

  #checkRead({ text, spot: { tree, path } }: Override, read: ReadonlySet<string>): void {
    const when = text === 'off' ? undefined : text.when
    const { complete, vocabulary } = this.#sources
    if (when === undefined || !complete || read.has(when) || when.startsWith(ownPrefix)) return
    if (vocabulary.has(when))
      this.#problems.add(tree.at([...path, 'when']), `no device reads ${when}`, didYouMean(when, read))
    else
      this.#problems.add(
        tree.at([...path, 'when']),
        `there is no metric "${when}"`,
        didYouMean(when, vocabulary.keys()),
      )
  }
}

function metricsRead({ probe }: LoadedProbe): readonly string[] {
  return [...probe.points, ...probe.derived.map(({ point }) => point)].map(({ metric }) => metric.name)
}

/** How often each metric is read; a derived one is as slow as the slowest of its readings. */
function intervalsOf(uses: readonly ProbeUse[], derived: readonly Derived[]): ReadonlyMap<string, Milliseconds> {
  const intervals = new Map<string, Milliseconds>()
  for (const { probe, interval } of uses) for (const { metric } of probe.points) intervals.set(metric.name, interval)
  for (const { point, inputs } of derived) {
    const slowest = Math.max(...inputs.map(({ metric }) => intervals.get(metric.name) ?? 0))
    if (!intervals.has(point.metric.name)) intervals.set(point.metric.name, slowest)
  }
  return intervals
}

function readOverrides(
  texts: Readonly<Record<string, unknown>>,
  { tree, path }: Spot,
  problems: Problems,
): readonly Override[] {
  return Object.entries(texts).flatMap(([alarm, value]) => {
    const spot = { tree, path: [...path, alarm] }
    const before = problems.mistakes
    const text = checkOverride(value, spot, problems)
    return text === undefined || problems.mistakes > before ? [] : [{ alarm, text, spot }]
  })
}

/** A rule on what nothing of the device reads could never fire. */
function checkReadable(rule: Rule, read: ReadonlyMap<string, Milliseconds>, problems: Problems): void {
  for (const name of [rule.metric.name, ...limitMetrics(rule)]) {
    if (read.has(name) || name.startsWith(ownPrefix)) continue
    problems.add(rule.place, `no probe of this device reads ${name}`, orOneOf(name, [...read.keys()], 'metrics'))
  }
}

function limitMetrics({ condition }: Rule): readonly string[] {
  const limits: readonly Limit[] =
    condition.kind === 'within' ? [condition.low, condition.high] : 'limit' in condition ? [condition.limit] : []
  return limits.flatMap((limit) => (limit.kind === 'metric' ? [limit.metric] : []))
}

/** What is read every minute is always more than 30 seconds old before the next reading, and has no rate in them. */
function checkPace(rule: Rule, intervals: ReadonlyMap<string, Milliseconds>, problems: Problems): void {
  const { metric, condition, measure, place } = rule
  const interval = intervals.get(metric.name)
  if (interval === undefined) return
  const pace = `${metric.name} is read every ${formatDuration(interval)}`
  if ((condition.kind === 'stale' || condition.kind === 'absent') && condition.after <= interval) {
    const message = `${pace}: it would be ${condition.kind} before each reading`
    problems.add(place, message, `write more than ${formatDuration(interval)}`)
  }
  const least = measure?.kind === 'forecast' ? 3 * interval : 2 * interval
  if (measure !== undefined && 'over' in measure && measure.over < least) {
    const message = `${pace}: ${formatDuration(measure.over)} holds too few readings for ${measure.kind}`
    problems.add(place, message, `write at least ${formatDuration(least)}`)
  }
}
