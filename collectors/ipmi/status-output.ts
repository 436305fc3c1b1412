import type { ChassisKey } from './schema.ts'

/** Lines of `ipmi-chassis --get-chassis-status` and `ipmitool chassis status`, which differ in wording and case. */
const chassisLines: Readonly<Record<string, ChassisKey>> = {
  'system power': 'power',
  'power overload': 'power_overload',
  interlock: 'power_interlock',
  'power interlock': 'power_interlock',
  'power fault': 'power_fault',
  'main power fault': 'power_fault',
  'power control fault': 'power_control_fault',
  'chassis intrusion': 'intrusion',
  'front panel lockout': 'lockout',
  'front-panel lockout': 'lockout',
  'drive fault': 'drive_fault',
  'cooling/fan fault': 'cooling_fault',
}

/** What the system event log is said to hold. */
export interface EventLog {
  readonly entries: number
  readonly free: number | undefined
}

/** A record of the system event log has 16 bytes (IPMI v2.0, 32.1). */
const recordBytes = 16

/** Chassis status by either tool: `on`, `off`, `true`, `false`, `active`, `inactive` by key. */
export function parseChassis(text: string): ReadonlyMap<ChassisKey, string> {
  const found = new Map<ChassisKey, string>()
  for (const [name, value] of pairs(text)) {
    const key = Object.hasOwn(chassisLines, name) ? chassisLines[name] : undefined
    if (key !== undefined && value !== '') found.set(key, value.toLowerCase())
  }
  return found
}

/** Entries and free bytes of `ipmi-sel --info` and `ipmitool sel info`; undefined when the number is not there. */
export function parseEventLog(text: string): EventLog | undefined {
  const values = new Map(pairs(text))
  const entries = count(values.get('number of log entries') ?? values.get('entries'))
  if (entries === undefined) return undefined
  return { entries, free: count(values.get('free space remaining') ?? values.get('free space')) }
}

/** How full the log is, 0 to 1; undefined when its free space is not known. */
export function usedRatio({ entries, free }: EventLog): number | undefined {
  // 65535 says "65535 bytes or more" (IPMI v2.0, 31.2).
  if (free === undefined || free >= 0xffff) return undefined
  const used = entries * recordBytes
  return used + free === 0 ? 0 : used / (used + free)
}

/** Watts of `ipmi-dcmi --get-system-power-statistics` and `ipmitool dcmi power reading`. */
export function parsePower(text: string): { readonly power?: number; readonly average_power?: number } {
  const found: { power?: number; average_power?: number } = {}
  for (const [name, value] of pairs(text)) {
    const watts = /^(\d{1,6}) watts/i.exec(value)
    if (watts === null) continue
    if (name === 'current power' || name === 'instantaneous power reading') found.power = Number(watts[1])
    if (/^average power (over sampling duration|reading over sample period)$/.test(name))
      found.average_power = Number(watts[1])
  }
  return found
}

/** Lines of `ipmi-fru` and `ipmitool fru print`, from those that say most: of the product, then of its board. */
const inventoryLines: Readonly<Record<Identity, readonly string[]>> = {
  vendor: ['fru product manufacturer name', 'product manufacturer', 'fru board manufacturer', 'board mfg'],
  model: ['fru product name', 'product name', 'fru board product name', 'board product'],
  serial: ['fru product serial number', 'product serial', 'fru chassis serial number', 'chassis serial'],
  version: ['fru product version number', 'fru product version', 'product version'],
}

/** What an inventory says of the whole machine; the names are those of labels. */
export type Identity = 'vendor' | 'model' | 'serial' | 'version'

/** The machine's own inventory by either tool; what it does not say is left out. Platform Management FRU v1.0, 10 to 12. */
export function parseInventory(text: string): Readonly<Partial<Record<Identity, string>>> {
  const values = new Map(pairs(text))
  const found: Partial<Record<Identity, string>> = {}
  for (const name of ['vendor', 'model', 'serial', 'version'] as const) {
    const value = inventoryLines[name].map((line) => values.get(line) ?? '').find((one) => isFilled(one))
    if (value !== undefined) found[name] = value
  }
  return found
}

/** What makers leave in places that they did not fill. */
function isFilled(text: string): boolean {
  return /[a-z0-9]/i.test(text) && !/^(0+|to be filled.*|default string|n\/?a|none|unknown|not specified)$/i.test(text)
}

function pairs(text: string): [string, string][] {
  return text
    .split('\n', 200)
    .map((line) => [line, line.indexOf(':')] as const)
    .filter(([, at]) => at > 0)
    .map(([line, at]) => [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()])
}

function count(text: string | undefined): number | undefined {
  // "1.5" is no count: a line may have been cut into another.
  const digits = /^(\d{1,6})(?:\s|$)/.exec(text ?? '')
  return digits === null ? undefined : Number(digits[1])
}
