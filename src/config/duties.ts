import type { Static } from 'typebox'
import { isDay } from '../model/calendar.ts'
import type { Device } from '../model/device.ts'
import type { Duty, HandReading } from '../model/duty.ts'
import type { Vocabulary } from '../model/metric.ts'
import type { Rule } from '../model/rule.ts'
import { checkOf, type Spot } from './check.ts'
import { draftsOf } from './drafts.ts'
import { didYouMean, orOneOf } from './misspelt.ts'
import type { Problems } from './problems.ts'
import { readRecurrence } from './recurrence.ts'
import { rulesOf } from './rules.ts'
import type { duty as dutySchema } from './schemas/duty.ts'
import { override as overrideSchema } from './schemas/rule.ts'
import { ownPrefix } from './vocabulary.ts'

const checkOverride = checkOf('rule of a duty', overrideSchema)

type DutyText = Static<typeof dutySchema>

/** What duties may name. */
export interface DutyDeps {
  readonly devices: readonly Device[]
  /** Of all devices, those with a mistake too. */
  readonly names: ReadonlySet<string>
  readonly vocabulary: Vocabulary
}

/** A site's duties, with the rules on what is read by hand, by the names of devices. */
export interface Duties {
  readonly duties: readonly Duty[]
  readonly rules: ReadonlyMap<string, readonly Rule[]>
}

/** The duties of a site; what is wrong is left out and told. */
export function readDuties(
  list: readonly DutyText[],
  deps: DutyDeps,
  { tree, path }: Spot,
  problems: Problems,
): Duties {
  const rules = new Map<string, Rule[]>()
  const taken = new Set<string>()
  const duties = list.flatMap((text, index) => {
    const spot = { tree, path: [...path, index] }
    if (list.findIndex(({ name }) => name === text.name) < index)
      problems.add(tree.at([...spot.path, 'name']), `the duty "${text.name}" is there already`)
    const duty = readDuty(text, deps, spot, taken, problems)
    if (duty === undefined) return []
    for (const rule of handRules(text, duty.readings, deps, spot, problems)) {
      for (const device of new Set(duty.readings.flatMap((one) => (one.metric === rule.metric ? [one.device] : [])))) {
        rules.set(device, [...(rules.get(device) ?? []), rule])
      }
    }
    return [duty]
  })
  return { duties, rules }
}

function readDuty(
  text: DutyText,
  deps: DutyDeps,
  spot: Spot,
  taken: Set<string>,
  problems: Problems,
): Duty | undefined {
  const { tree, path } = spot
  const recurrence = readRecurrence(text, spot, problems)
  if (text.from !== undefined && !isDay(text.from))
    problems.add(tree.at([...path, 'from']), `there is no day ${text.from}`)
  const devices = typeof text.devices === 'string' ? [text.devices] : (text.devices ?? [])
  for (const name of devices) {
    if (deps.names.has(name)) continue
    problems.add(
      tree.at([...path, 'devices']),
      `there is no device "${name}"`,
      orOneOf(name, [...deps.names], 'devices'),
    )
  }
  const readings = readReadings(text, deps, spot, taken, problems)
  if (recurrence === undefined) return undefined
  const { title = text.name } = text
  return {
    name: text.name,
    title: typeof title === 'string' ? { en: title, zh: title } : title,
    recurrence,
    moves: text.moves,
    grace: Number((text.grace ?? '0d').slice(0, -1)),
    from: text.from,
    plan: text.plan ?? [],
    devices,
    readings,
    place: tree.keyAt(path),
  }
}

function readReadings(
  text: DutyText,
  { devices, vocabulary }: DutyDeps,
  { tree, path }: Spot,
  taken: Set<string>,
  problems: Problems,
): readonly HandReading[] {
  const list = text.readings ?? []
  return list.flatMap((one, index): readonly HandReading[] => {
    const at = [...path, 'readings', index]
    const metric = vocabulary.get(one.metric)
    const name = one.name ?? (list.length === 1 ? text.name : undefined)
    if (name === undefined)
      problems.add(tree.keyAt(at), 'of several readings each needs a name', 'by which it is typed in')
    if (one.name !== undefined && list.findIndex((other) => other.name === name) < index)
      problems.add(tree.at([...at, 'name']), `the reading "${name}" is there already`)
    if (metric === undefined || metric.kind === 'info' || metric.name.startsWith(ownPrefix)) {
      const what = metric === undefined ? `there is no metric "${one.metric}"` : `${one.metric} cannot be typed in`
      problems.add(tree.at([...at, 'metric']), what, didYouMean(one.metric, vocabulary.keys()))
      return []
    }
    for (const label of Object.keys(one.labels ?? {})) {
      if (!metric.labels.includes(label))
        problems.add(
          tree.keyAt([...at, 'labels', label]),
          `${metric.name} has no label "${label}"`,
          orOneOf(label, metric.labels, 'labels'),
        )
    }
    const key = JSON.stringify([one.device, metric.name, Object.entries(one.labels ?? {}).sort()])
    if (taken.has(key)) problems.add(tree.keyAt(at), `this reading of ${one.device} is typed in elsewhere already`)
    taken.add(key)
    const device = devices.find((known) => known.name === one.device)
    if (device !== undefined && reads(device, metric.name))
      problems.add(tree.at([...at, 'device']), `${device.name} gives ${metric.name} by itself`, 'name another device')
    return name === undefined ? [] : [{ name, device: one.device, metric, labels: one.labels ?? {} }]
  })
}

function reads({ probes, derived }: Device, metric: string): boolean {
  const points = [...probes.flatMap(({ probe }) => probe.points), ...derived.map(({ point }) => point)]
  return points.some((point) => point.metric.name === metric)
}

/** The rules on a duty's readings. Each judges the value as it was typed in: between two there is nothing to measure. */
function handRules(
  text: DutyText,
  readings: readonly HandReading[],
  { vocabulary }: DutyDeps,
  { tree, path }: Spot,
  problems: Problems,
): readonly Rule[] {
  const drafts = Object.entries(text.rules ?? {}).flatMap(([alarm, value]) => {
    const spot = { tree, path: [...path, 'rules', alarm] }
    const checked = checkOverride(value, spot, problems)
    if (checked === undefined || checked === 'off') return []
    const when = checked.when ?? (readings.length === 1 ? readings[0]?.metric.name : undefined)
    if (when !== undefined && readings.some(({ metric }) => metric.name === when))
      return draftsOf(alarm, when, checked, spot, problems)
    const hint = 'when: names the metric of one of its readings'
    problems.add(tree.keyAt(spot.path), 'no reading of this duty is judged by it', hint)
    return []
  })
  const rules = rulesOf(drafts, vocabulary, problems)
  for (const { measure, condition, place } of rules) {
    if (measure !== undefined || condition.kind === 'stale' || condition.kind === 'absent')
      problems.add(place, 'a reading by hand is judged by its value', 'that it is missing is told by the duty')
  }
  return rules
}
