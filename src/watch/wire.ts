import type { Device, ProbeUse } from '../model/device.ts'
import { Comparison } from '../model/same.ts'

/** A probe as a device uses it. */
interface Used {
  readonly device: Device
  readonly use: ProbeUse
}

/** Whether a device that changes goes on using a probe as it does: then its polls go on. */
export function isUsedOn({ device, use }: Used, next: Device): boolean {
  const found = next.probes.find(({ probe }) => probe.name === use.probe.name)
  return found !== undefined && new Comparison().same(wireOf({ device, use }), wireOf({ device: next, use: found }))
}

/** All that makes up what is asked of the device, how and how often. */
function wireOf({ device: { address, options, credentials, place }, use: { probe, interval, timeout } }: Used): object {
  const { collector, settings, points } = probe
  // Paths in options count from the file in which the device stands.
  const own = { address, options: options[collector], credential: credentials[collector], file: place.file }
  return { ...own, interval, timeout, collector, settings, points }
}
