import type { AddressRange } from './address-range.ts'
import type { Device } from './device.ts'

/** What Prometheus may have asked that keeps the list of targets itself. */
export interface Probing {
  /** Nothing outside of them is asked. */
  readonly targets: readonly AddressRange[]
  /** The most targets that are asked at once. */
  readonly parallel: number
  /** By the name of a probe: a device that uses it alone, with no address and credentials of its own. */
  readonly probes: ReadonlyMap<string, Device>
  /** By name: what a device that names it has for each protocol. */
  readonly credentials: ReadonlyMap<string, Readonly<Record<string, unknown>>>
}
