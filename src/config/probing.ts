import type { Device } from '../model/device.ts'
import type { Probing } from '../model/probing.ts'
import type { Spot } from './check.ts'
import type { Credential } from './credentials.ts'
import type { DeviceItem } from './device-sources.ts'
import { orOneOf } from './misspelt.ts'
import type { Problems } from './problems.ts'
import { readRanges } from './ranges.ts'
import type { SiteText } from './site.ts'
import type { Tree } from './tree.ts'

/** For documentation (RFC 5737): the address of a device until somebody says which it is. */
const nobody = '192.0.2.1'

/** Each probe that may be asked for, as the entry of a device that uses it alone; what is wrong with it is told there. */
export function probingItems(probing: SiteText['probing'], tree: Tree): readonly DeviceItem[] {
  return (probing?.probes ?? []).map((name, index) => {
    const at = tree.at(['probing', 'probes', index])
    const item = { name, address: nobody, probes: [name] }
    const spot: Tree = { ...{ file: tree.file, data: item }, at: () => at, keyAt: () => at, written: () => name }
    return { item, tree: spot, path: [] }
  })
}

/** What may be asked for at /probe; `devices` are what was made of the items. */
export function readProbing(
  text: SiteText['probing'],
  devices: readonly Device[],
  known: ReadonlyMap<string, Credential>,
  { tree, path }: Spot,
  problems: Problems,
): Probing | undefined {
  if (text === undefined) return undefined
  const credentials = new Map<string, Credential>()
  for (const [index, name] of text.credentials.entries()) {
    const credential = known.get(name)
    if (credential !== undefined) credentials.set(name, credential)
    else {
      const hint = orOneOf(name, [...known.keys()], 'credentials')
      problems.add(tree.at([...path, 'credentials', index]), `there is no credential "${name}"`, hint)
    }
  }
  return {
    targets: readRanges(text.targets, { tree, path: [...path, 'targets'] }, problems),
    parallel: text.parallel,
    probes: new Map(devices.map((device) => [device.name, { ...device, rules: [] }])),
    credentials,
  }
}
