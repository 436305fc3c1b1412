import type { Derived } from '../model/derived.ts'
import type { ProbeUse } from '../model/device.ts'
import type { Vocabulary } from '../model/metric.ts'
import type { Spot } from './check.ts'
import { checkInputs, inOrder, readDerived } from './derived.ts'
import type { Problems } from './problems.ts'

/** What a site has for the derived readings of its devices. */
interface SiteDerived {
  readonly vocabulary: Vocabulary
  /** Readings that the site derives for every device that has what they need. */
  readonly derived: readonly Derived[]
}

/** All derived readings of a device: its probes', its own (`list`, standing at `spot`), and those of the site that fit. */
export function deviceDerived(
  list: readonly unknown[],
  uses: readonly ProbeUse[],
  { vocabulary, derived: ofSite }: SiteDerived,
  { tree, path }: Spot,
  problems: Problems,
): readonly Derived[] {
  const read = new Set(uses.flatMap(({ probe }) => probe.points.map(({ metric }) => metric.name)))
  const own = readDerived(list, vocabulary, tree, path, problems)
  const ofProbes = uses.flatMap(({ probe }) => probe.derived)
  checkInputs([...ofProbes, ...own], read, problems)
  let all: readonly Derived[] = [...ofProbes, ...own]
  for (const one of ofSite) {
    const known = new Set([...read, ...all.map(({ point }) => point.metric.name)])
    const fits = one.inputs.every(({ metric }) => known.has(metric.name))
    if (fits && !all.some(({ point }) => point.metric === one.point.metric)) all = [...all, one]
  }
  checkOnce(all, read, problems)
  return inOrder(all, problems)
}

/** A metric without labels is one series of the device: it is read, or derived once. */
function checkOnce(all: readonly Derived[], read: ReadonlySet<string>, problems: Problems): void {
  const seen = new Set<string>()
  for (const { point } of all) {
    const { name, labels } = point.metric
    if (labels.length === 0 && read.has(name)) problems.add(point.at('metric'), `${name} is read by a probe already`)
    else if (labels.length === 0 && seen.has(name)) problems.add(point.at('metric'), `${name} is derived twice`)
    seen.add(name)
  }
}
