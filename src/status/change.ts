import type { DeviceStatus, Status, StatusChange } from './shape.ts'

/** Pure: what has changed from one look to the next; undefined where nothing has. */
export function changeOf(before: Status, after: Status): StatusChange | undefined {
  const devices = changedDevices(before.devices, after.devices)
  const names = new Set(after.devices.map(({ name }) => name))
  const gone = before.devices.flatMap(({ name }) => (names.has(name) ? [] : [name]))
  const change = {
    ...(isSame(before.site, after.site) ? {} : { site: after.site }),
    ...(isSame(before.alarms, after.alarms) ? {} : { alarms: after.alarms }),
    ...(isSame(before.room, after.room) ? {} : { room: after.room }),
    ...(devices.length === 0 ? {} : { devices }),
    ...(gone.length === 0 ? {} : { gone }),
  }
  return Object.keys(change).length === 0 ? undefined : { at: after.at, ...change }
}

function changedDevices(before: readonly DeviceStatus[], after: readonly DeviceStatus[]): readonly DeviceStatus[] {
  const known = new Map(before.map((device) => [device.name, device]))
  return after.filter((device) => known.get(device.name) !== device)
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}
