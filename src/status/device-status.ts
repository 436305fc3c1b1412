import { basename, dirname } from 'node:path'
import type { FiringAlarm } from '../hold/hold.ts'
import type { Device } from '../model/device.ts'
import type { Probe } from '../model/probe.ts'
import type { Seen, Watch } from '../watch/watch.ts'
import type { DeviceStatus, ProbeStatus } from './shape.ts'

/** Faults and doubts of one poll that are shown: the log and the metrics have all. */
const mostShown = 5

/** The folders of the shipped probes tell what a device is for. */
const known: ReadonlySet<string> = new Set([
  'application',
  'backup',
  'cooling',
  'database',
  'network',
  'power',
  'reach',
  'room',
  'server',
  'storage',
  'virtualization',
])

/** Pure: a device, from the last poll of each of its probes (`watches`) and those of its alarms that fire. */
export function deviceStatus(device: Device, watches: readonly Watch[], firing: readonly FiringAlarm[]): DeviceStatus {
  const critical = firing.filter(({ labels }) => labels['severity'] === 'critical').length
  return {
    name: device.name,
    class: classOf(device),
    address: device.address,
    labels: device.labels,
    state: stateOf(watches.map(({ polled }) => polled)),
    firing: { critical, warning: firing.length - critical },
    probes: watches.map(probeStatus),
  }
}

function stateOf(polls: readonly (Seen | undefined)[]): DeviceStatus['state'] {
  const seen = polls.filter((poll) => poll !== undefined)
  if (seen.length === 0) return 'waiting'
  const answered = seen.filter(({ count, faults }) => count > 0 || faults.length === 0)
  if (answered.length === 0) return 'down'
  return answered.length < seen.length || seen.some(({ faults }) => faults.length > 0) ? 'partial' : 'up'
}

function probeStatus({ parts: { use }, polled }: Watch): ProbeStatus {
  return {
    probe: use.probe.name,
    title: use.probe.title,
    interval_seconds: use.interval / 1000,
    polled_at: polled === undefined ? null : new Date(polled.at.wall).toISOString(),
    duration_seconds: polled === undefined ? null : Math.round(polled.duration) / 1000,
    readings: polled?.count ?? 0,
    faults: polled?.faults.slice(0, mostShown).map(({ kind, detail }) => ({ kind, detail })) ?? [],
    doubts: polled?.doubts.slice(0, mostShown) ?? [],
  }
}

/** The label `class` where the site gives it, or the folder of the probe that fits this model and no other. */
function classOf({ labels, probes }: Device): string {
  const given = labels['class']
  if (given !== undefined) return given
  const own = probes.find(({ probe }) => probe.match?.common !== true) ?? probes[0]
  return own === undefined ? 'other' : folderOf(own.probe)
}

function folderOf({ place }: Probe): string {
  const folder = basename(dirname(place.file))
  return known.has(folder) ? folder : 'other'
}
