import type { Asset } from '../model/asset.ts'
import type { Device } from '../model/device.ts'
import type { Duty } from '../model/duty.ts'
import type { Rule } from '../model/rule.ts'
import type { SiteRules } from './site-rules.ts'

/** Of what things are made that are not polled. */
interface Things {
  readonly assets: ReadonlyMap<string, Asset>
  readonly duties: readonly Duty[]
  /** Rules on readings by hand, by the names of devices. */
  readonly byHand: ReadonlyMap<string, readonly Rule[]>
  readonly rules: SiteRules
  /** The names of the devices that are polled. */
  readonly names: ReadonlySet<string>
}

/** What siteward never polls, as devices: what the ledger's tables know beside the devices, and what is read by hand. */
export function readUnpolled({ assets, duties, byHand, rules, names }: Things): readonly Device[] {
  const read = duties.flatMap(({ readings, place }) => readings.map(({ device }) => [device, place] as const))
  const places = new Map([...read, ...[...assets.values()].map(({ name, place }) => [name, place] as const)])
  return [...places].flatMap(([name, place]): readonly Device[] => {
    if (names.has(name)) return []
    const asset = assets.get(name)
    const own = asset === undefined ? [] : rules.ofThing(asset)
    return [
      {
        ...{ name, address: '', labels: {}, probes: [], derived: [], options: {}, credentials: {}, dependsOn: [] },
        rules: [...own, ...(byHand.get(name) ?? [])],
        ...(asset === undefined ? {} : { asset }),
        place,
        at: () => place,
      },
    ]
  })
}

/** A device with the rules on what is read of it by hand. */
export function withRules(device: Device, byHand: readonly Rule[] | undefined): Device {
  return byHand === undefined ? device : { ...device, rules: [...device.rules, ...byHand] }
}
