import type { AlarmStatus, DeviceStatus, Status, StatusChange } from '../shape.ts'

/** Pure: what is known after a change. */
export function changed(status: Status, change: StatusChange): Status {
  return {
    at: change.at,
    site: change.site ?? status.site,
    alarms: change.alarms ?? status.alarms,
    room: change.room ?? status.room,
    devices: changedDevices(status.devices, change),
  }
}

function changedDevices(
  devices: readonly DeviceStatus[],
  { devices: news, gone = [] }: StatusChange,
): readonly DeviceStatus[] {
  if (news === undefined && gone.length === 0) return devices
  const known = new Map(devices.map((device) => [device.name, device]))
  for (const name of gone) known.delete(name)
  for (const device of news ?? []) known.set(device.name, device)
  return [...known.values()]
}

/** The alarms that people are told of. */
export function toldAlarms({ alarms }: Pick<Status, 'alarms'>): readonly AlarmStatus[] {
  return alarms.filter(({ state, held }) => state === 'firing' && held === null)
}

/** Pure: which alarms have begun, and which are over, from one look to the next. */
export function news(
  before: Status,
  after: Status,
): { readonly begun: readonly AlarmStatus[]; readonly over: readonly AlarmStatus[] } {
  const [was, is] = [toldAlarms(before), toldAlarms(after)]
  const ids = (alarms: readonly AlarmStatus[]): ReadonlySet<string> => new Set(alarms.map(({ id }) => id))
  const [wasIds, isIds] = [ids(was), ids(is)]
  return { begun: is.filter(({ id }) => !wasIds.has(id)), over: was.filter(({ id }) => !isIds.has(id)) }
}

/** How bad it is, in one word. */
export type Mood = 'critical' | 'warning' | 'unread' | 'well'

/** Pure: the one word for the site as a whole. */
export function moodOf(status: Status): Mood {
  const told = toldAlarms(status)
  if (told.some(({ severity }) => severity === 'critical')) return 'critical'
  if (told.length > 0) return 'warning'
  return status.devices.every(({ state }) => state === 'up') ? 'well' : 'unread'
}

/** Whether somebody has to look at a device. */
export function isTroubled({ state, firing }: DeviceStatus): boolean {
  return state !== 'up' || firing.critical + firing.warning > 0
}

/** Pure: devices by class, each class once, in the order that `rank` gives. */
export function byClass(
  devices: readonly DeviceStatus[],
  rank: (name: string) => number,
): readonly (readonly [string, readonly DeviceStatus[]])[] {
  const classes = new Map<string, DeviceStatus[]>()
  for (const device of devices) {
    const known = classes.get(device.class)
    if (known === undefined) classes.set(device.class, [device])
    else known.push(device)
  }
  return [...classes].sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))
}

/** Pure: whether a device is what was typed: part of its name, address, class or a label. */
export function fits(device: DeviceStatus, typed: string): boolean {
  const wanted = typed.trim().toLowerCase()
  if (wanted === '') return true
  const texts = [device.name, device.address, device.class, ...Object.values(device.labels)]
  return texts.some((text) => text.toLowerCase().includes(wanted))
}
