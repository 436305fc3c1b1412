import type { Static } from 'typebox'
import { type Dependency, dependencyKinds } from '../model/dependency.ts'
import type { Device } from '../model/device.ts'
import { orOneOf } from './misspelt.ts'
import type { Problems } from './problems.ts'
import type { dependsOn as dependsOnSchema } from './schemas/holds.ts'

/** What stands under depends_on: a name or a list of them, or the same for each kind. */
export function readDependsOn(text: Static<typeof dependsOnSchema> | undefined): readonly Dependency[] {
  if (text === undefined) return []
  if (typeof text === 'string') return [{ kind: 'any', devices: [text] }]
  if (isList(text)) return text.length === 0 ? [] : [{ kind: 'any', devices: text }]
  return dependencyKinds.flatMap((kind) => {
    const names = text[kind]
    return names === undefined ? [] : [{ kind, devices: typeof names === 'string' ? [names] : names }]
  })
}

function isList(text: unknown): text is string[] {
  return Array.isArray(text)
}

function parentsOf({ dependsOn }: Device): readonly string[] {
  return dependsOn.flatMap(({ devices }) => devices)
}

/** Names that devices depend on must be of devices, and lead in no circle. `names` are also those of broken devices. */
export function checkDependencies(devices: readonly Device[], names: ReadonlySet<string>, problems: Problems): void {
  const byName = new Map(devices.map((device) => [device.name, device]))
  for (const device of devices) {
    for (const name of parentsOf(device)) {
      if (names.has(name)) continue
      problems.add(device.at('depends_on'), `there is no device "${name}"`, orOneOf(name, [...names], 'devices'))
    }
  }
  const done = new Set<string>()
  for (const device of devices) findCircle(device, [], byName, done, problems)
}

/** Follows the dependencies of a device; each device is entered once, so each circle is told once. */
function findCircle(
  device: Device,
  trail: readonly string[],
  byName: ReadonlyMap<string, Device>,
  done: Set<string>,
  problems: Problems,
): void {
  const start = trail.indexOf(device.name)
  if (start >= 0) {
    const circle = [...trail.slice(start), device.name]
    const first = byName.get(device.name) ?? device
    problems.add(first.at('depends_on'), `depends_on goes in a circle: ${circle.join(' -> ')}`)
    return
  }
  if (done.has(device.name)) return
  for (const name of parentsOf(device)) {
    const next = byName.get(name)
    if (next !== undefined) findCircle(next, [...trail, device.name], byName, done, problems)
  }
  done.add(device.name)
}
