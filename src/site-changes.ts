import type { Device } from './model/device.ts'
import { Secret } from './model/secret.ts'
import type { Site } from './model/site.ts'

/** What of a device is not as it was: the keys of the site file under which it is written. */
export interface DeviceChange {
  readonly name: string
  readonly keys: readonly string[]
}

/** What a new site file changes. */
export interface SiteChanges {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly DeviceChange[]
  /** Devices of which nothing changes: their connections, readings and alarms go on. */
  readonly kept: readonly string[]
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
  rules: 'rules',
  derived: 'derived',
} as const satisfies Partial<Record<keyof Device, string>>

/** What a running siteward cannot change: where it listens and keeps its memory, and the name in all that it has told. */
const fixedSettings = ['name', 'listen', 'stateDirectory'] as const satisfies readonly (keyof Site)[]
/** Not settings: the devices are compared one by one, and the vocabulary comes with siteward. */
const notSettings: readonly string[] = ['devices', 'vocabulary', ...fixedSettings] satisfies (keyof Site)[]

/** Pure: what is different in `after`; both are whole and without mistakes. */
export function changesBetween(before: Site, after: Site): SiteChanges {
  const known = new Map(before.devices.map((device) => [device.name, device]))
  const left = new Set(after.devices.map(({ name }) => name))
  const added: string[] = []
  const changed: DeviceChange[] = []
  const kept: string[] = []
  for (const device of after.devices) {
    const old = known.get(device.name)
    const keys = old === undefined ? [] : changedKeys(old, device)
    if (old === undefined) added.push(device.name)
    else if (keys.length > 0) changed.push({ name: device.name, keys })
    else kept.push(device.name)
  }
  const differs = (key: string): boolean => !isSame(fieldOf(before, key), fieldOf(after, key))
  return {
    added,
    removed: before.devices.map(({ name }) => name).filter((name) => !left.has(name)),
    changed,
    kept,
    settings: Object.keys(after).filter((key) => !notSettings.includes(key) && differs(key)),
    restart: fixedSettings.filter(differs),
  }
}

function changedKeys(before: Device, after: Device): readonly string[] {
  return Object.entries(deviceKeys).flatMap(([field, key]) =>
    isSame(fieldOf(before, field), fieldOf(after, field)) ? [] : key,
  )
}

function fieldOf(value: object, key: string): unknown {
  return Object.entries(value).find(([name]) => name === key)?.[1]
}

/**
 * Whether two values say the same. Places do not count: a line more above changes nothing of what stands below. Functions
 * do not either: what is compiled keeps the text that it was compiled from beside it.
 */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a === 'function' && typeof b === 'function') return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Secret || b instanceof Secret) {
    return a instanceof Secret && b instanceof Secret && a.reveal() === b.reveal()
  }
  if (a instanceof URL || b instanceof URL) return a instanceof URL && b instanceof URL && a.href === b.href
  if (a instanceof Map || b instanceof Map) {
    return a instanceof Map && b instanceof Map && isSame([...a], [...b])
  }
  if (a instanceof Set || b instanceof Set) {
    return a instanceof Set && b instanceof Set && isSame([...a], [...b])
  }
  if (Array.isArray(a) !== Array.isArray(b)) return false
  return sameFields(a, b)
}

function sameFields(a: object, b: object): boolean {
  const mine = said(a)
  const other = new Map(said(b))
  return mine.length === other.size && mine.every(([key, value]) => other.has(key) && isSame(value, other.get(key)))
}

/** The fields of an object that say something. */
function said(value: object): readonly (readonly [string, unknown])[] {
  return Object.entries(value).filter(([key, field]) => field !== undefined && !(key === 'place' && isPlace(field)))
}

/** A label may be called place too; where in a file something stands has a line. */
function isPlace(field: unknown): boolean {
  return typeof field === 'object' && field !== null && 'line' in field && 'column' in field
}
