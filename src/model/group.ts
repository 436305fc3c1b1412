import type { Device } from './device.ts'

/** Devices whose series are counted together: three air conditioners of one room. Its alarms are those of a device. */
export interface DeviceGroup {
  /** What the alarms are named after: no probe of its own, the group's labels and rules. */
  readonly device: Device
  /** Names of the devices in it. */
  readonly members: readonly string[]
}
