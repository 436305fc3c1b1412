import type { Static } from 'typebox'
import type { Device } from '../model/device.ts'
import type { DeviceGroup } from '../model/group.ts'
import { labelsMatch } from '../model/labels.ts'
import type { Vocabulary } from '../model/metric.ts'
import type { Rule } from '../model/rule.ts'
import { checkOf, type Spot } from './check.ts'
import { draftsOf } from './drafts.ts'
import { orOneOf } from './misspelt.ts'
import type { Problems } from './problems.ts'
import { cleanLabels, rulesOf } from './rules.ts'
import { override as overrideSchema } from './schemas/rule.ts'
import type { group as groupSchema } from './schemas/site.ts'
import { placesOf } from './tree.ts'

const checkOverride = checkOf('override', overrideSchema)

type GroupText = Static<typeof groupSchema>

/** The groups of a site; what is wrong is left out and told. `names` are those of all devices, of broken ones too. */
export function readGroups(
  list: readonly GroupText[],
  devices: readonly Device[],
  names: ReadonlySet<string>,
  vocabulary: Vocabulary,
  { tree, path }: Spot,
  problems: Problems,
): readonly DeviceGroup[] {
  const seen = new Set(names)
  return list.map((text, index) => {
    const spot = { tree, path: [...path, index] }
    if (seen.has(text.name)) {
      problems.add(
        tree.at([...spot.path, 'name']),
        `there is a device or group ${text.name} already`,
        'its alarms need a name',
      )
    }
    seen.add(text.name)
    const members = membersOf(text, devices, names, spot, problems)
    const rules = groupRules(text, vocabulary, spot, problems)
    for (const rule of rules) checkRule(rule, members, problems)
    const device: Device = {
      ...{ name: text.name, address: '', labels: cleanLabels(text.labels ?? {}), probes: [], derived: [], options: {} },
      ...{ credentials: {}, dependsOn: [], rules, place: tree.keyAt(spot.path) },
      at: placesOf(tree, spot.path, Object.keys(text)),
    }
    return { device, members: members.map(({ name }) => name) }
  })
}

function membersOf(
  { devices: named, match }: GroupText,
  devices: readonly Device[],
  names: ReadonlySet<string>,
  { tree, path }: Spot,
  problems: Problems,
): readonly Device[] {
  for (const name of named ?? []) {
    if (!names.has(name)) {
      const hint = orOneOf(name, [...names], 'devices')
      problems.add(tree.at([...path, 'devices']), `there is no device "${name}"`, hint)
    }
  }
  if ((named === undefined) === (match === undefined)) {
    problems.add(
      tree.keyAt(path),
      'which devices are in the group?',
      'give devices: or match:, the labels that they have',
    )
    return []
  }
  const found = devices.filter(({ name, labels }) =>
    named === undefined ? labelsMatch(labels, match ?? {}) : named.includes(name),
  )
  if (found.length === 0 && named === undefined) problems.add(tree.at([...path, 'match']), 'no device has these labels')
  return found
}

function groupRules(
  text: GroupText,
  vocabulary: Vocabulary,
  { tree, path }: Spot,
  problems: Problems,
): readonly Rule[] {
  const drafts = Object.entries(text.rules).flatMap(([alarm, value]) => {
    const spot = { tree, path: [...path, 'rules', alarm] }
    const checked = checkOverride(value, spot, problems)
    if (checked === undefined || checked === 'off') return []
    if (checked.when !== undefined) return draftsOf(alarm, checked.when, checked, spot, problems)
    problems.add(tree.keyAt(spot.path), 'a rule of a group needs when: and count:')
    return []
  })
  return rulesOf(drafts, vocabulary, problems)
}

/** A member that never gives the metric would leave the count open for ever. */
function checkRule({ metric, measure, place }: Rule, members: readonly Device[], problems: Problems): void {
  if (measure?.kind !== 'count') problems.add(place, 'a rule of a group counts', 'give count:, as { is: running }')
  for (const { name, probes, derived } of members) {
    const points = [...probes.flatMap(({ probe }) => probe.points), ...derived.map(({ point }) => point)]
    if (points.some((point) => point.metric === metric)) continue
    problems.add(place, `${name} does not read ${metric.name}`, 'take it out of the group')
  }
}
