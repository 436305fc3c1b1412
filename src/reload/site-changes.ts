import type { Device } from '../model/device.ts'
import type { DeviceGroup } from '../model/group.ts'
import { Comparison } from '../model/same.ts'
import type { Site } from '../model/site.ts'
import type { SiteStep } from '../watch/watched-site.ts'
import type { Breathe } from './breath.ts'
import { RuleChanges, type RulesChange } from './rule-changes.ts'

/** What of a device or group is not as it was: the keys of the site file under which it is written. */
export interface Change {
  readonly name: string
  readonly keys: readonly string[]
}

/** What becomes of things that have names. */
export interface Comings {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly Change[]
  /** How many stay as they are. */
  readonly kept: number
}

/** What a new site file changes. */
export interface SiteChanges {
  /** Of devices that are kept, connections, readings and alarms go on. */
  readonly devices: Comings
  readonly groups: Comings
  /** What is not polled, but has alarms: of the ledger, and what people read by hand. */
  readonly unpolled: Comings
  /** By rule, over all devices and groups that are there before and after. */
  readonly rules: readonly RulesChange[]
  /** Settings of the site that take effect at once. */
  readonly settings: readonly string[]
  /** Settings that only a restart brings in. */
  readonly restart: readonly string[]
}

/** The keys of a device in the site file, by the fields in which they end. */
const deviceKeys = {
  address: 'address',
  labels: 'labels',
  probes: 'probes',
  options: 'protocol options',
  credentials: 'credentials',
  dependsOn: 'depends_on',
  derived: 'derived',
  rules: 'rules',
  asset: 'ledger',
} as const satisfies Record<Exclude<keyof Device, 'name' | 'place' | 'at'>, string>

/** What is different in `after`; both are whole and without mistakes. */
export async function changesBetween(before: Site, after: Site, breathe: Breathe): Promise<SiteChanges> {
  const comparison = new Comparison()
  const rules = new RuleChanges(comparison)
  const compare = async (old: Device, device: Device): Promise<readonly string[]> => {
    await breathe()
    rules.compare(old, device)
    return changedKeys(old, device, comparison)
  }
  const devices = await comings(before.devices, after.devices, compare)
  const unpolled = await comings(before.unpolled, after.unpolled, compare)
  const groups = await comings(namedGroups(before), namedGroups(after), async (old, group) => {
    rules.compare(old.device, group.device)
    const members = comparison.same(old.members, group.members) ? [] : ['devices']
    return [...members, ...changedKeys(old.device, group.device, comparison)]
  })
  rules.compare(before.itself, after.itself)
  const [now, then] = [settingsOf(before), settingsOf(after)]
  const differing = Object.keys(then).filter((key) => !comparison.same(fieldOf(now, key), fieldOf(then, key)))
  const isFixed = (key: string): boolean => fixedSettings.some((one) => one === key)
  return {
    devices,
    groups,
    unpolled,
    rules: rules.list(),
    settings: differing.filter((key) => !isFixed(key)),
    restart: differing.filter(isFixed),
  }
}

/** What a running siteward cannot change: by what it is known, where it listens, what it remembers with and in how much memory, and who judges. */
const fixedSettings = [
  'site',
  'listen',
  'web_config',
  'state_directory',
  'history_megabytes',
  'judge',
] as const satisfies readonly (keyof Settings)[]

/**
 * The site that a running siteward goes on with: the new one, but for what only a restart brings in, and with the devices
 * that are as they were themselves, so that nothing is kept of a file that was read long ago.
 */
export function mergedSite(before: Site, after: Site, { devices, unpolled }: SiteChanges): Site {
  const { name, listen, stateDirectory, historyBytes, judge, access, vocabulary } = before
  return {
    ...after,
    ...{ name, listen, stateDirectory, historyBytes, judge, vocabulary },
    access: { ...after.access, webConfig: access.webConfig },
    devices: withKept(before.devices, after.devices, devices),
    unpolled: withKept(before.unpolled, after.unpolled, unpolled),
  }
}

function withKept(before: readonly Device[], after: readonly Device[], { changed }: Comings): readonly Device[] {
  const known = new Map(before.map((device) => [device.name, device]))
  for (const { name } of changed) known.delete(name)
  return after.map((device) => known.get(device.name) ?? device)
}

/** What becomes of what is watched: with other labels of the site, every alert is another. */
export function stepTo(
  next: Site,
  { devices, groups, unpolled, settings }: SiteChanges,
  elsewhere: ReadonlySet<string>,
): SiteStep {
  const isRelabelled = settings.includes('labels')
  const changed = (
    { added, changed: changes }: Comings,
    all: readonly { readonly name: string }[],
  ): readonly string[] => (isRelabelled ? all : changes).map(({ name }) => name).filter((name) => !added.includes(name))
  return {
    next,
    devices: { ...devices, changed: changed(devices, next.devices) },
    unpolled: { ...unpolled, changed: changed(unpolled, next.unpolled) },
    groups: {
      ...groups,
      changed: changed(
        groups,
        next.groups.map(({ device }) => device),
      ),
    },
    isElsewhere: (device) => elsewhere.has(device),
  }
}

type Settings = ReturnType<typeof settingsOf>

/** What a site says of itself and not of its devices, by the keys of the site file. */
function settingsOf(site: Site) {
  const { name, access, devices: _, unpolled: _1, itself: _2, groups: _3, vocabulary: _4, ...more } = site
  // What lists of others say shows in the devices.
  const { deviceLists: _5, ...rest } = more
  const {
    stateDirectory,
    runOut,
    historyBytes,
    parallelPolls,
    serviceLevels,
    keepRecord,
    rollUps,
    timeZone,
    dutyPlan,
    discoveryRanges,
    reloadOnChange,
    ...same
  } = rest
  return {
    site: name,
    operators: access.operators,
    operate_without_tls: access.operateWithoutTls,
    web_config: access.webConfig,
    state_directory: stateDirectory,
    run_out: runOut,
    history_megabytes: historyBytes,
    parallel_polls: parallelPolls,
    service_levels: serviceLevels,
    keep_record: keepRecord,
    roll_ups: rollUps,
    time_zone: timeZone(),
    duty_plan: dutyPlan,
    discovery_ranges: discoveryRanges,
    reload_on_change: reloadOnChange,
    ...same,
  }
}

function namedGroups({ groups }: Site): readonly (DeviceGroup & { readonly name: string })[] {
  return groups.map((group) => ({ ...group, name: group.device.name }))
}

async function comings<T extends { readonly name: string }>(
  before: readonly T[],
  after: readonly T[],
  keysOf: (old: T, one: T) => Promise<readonly string[]>,
): Promise<Comings> {
  const known = new Map(before.map((one) => [one.name, one]))
  const left = new Set(after.map(({ name }) => name))
  const added: string[] = []
  const changed: Change[] = []
  for (const one of after) {
    const old = known.get(one.name)
    const keys = old === undefined ? [] : await keysOf(old, one)
    if (old === undefined) added.push(one.name)
    else if (keys.length > 0) changed.push({ name: one.name, keys })
  }
  const removed = before.map(({ name }) => name).filter((name) => !left.has(name))
  return { added, removed, changed, kept: after.length - added.length - changed.length }
}

function changedKeys(before: Device, after: Device, comparison: Comparison): readonly string[] {
  return Object.entries(deviceKeys).flatMap(([field, key]) =>
    comparison.same(fieldOf(before, field), fieldOf(after, field)) ? [] : key,
  )
}

function fieldOf(value: object, key: string): unknown {
  return Reflect.get(value, key)
}
