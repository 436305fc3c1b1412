import type { Access } from './access.ts'
import type { AddressRange } from './address-range.ts'
import type { Holidays } from './calendar.ts'
import type { Milliseconds } from './clock.ts'
import type { Inhibition } from './dependency.ts'
import type { Device } from './device.ts'
import type { DeviceList } from './device-list.ts'
import type { Duty } from './duty.ts'
import type { DeviceGroup } from './group.ts'
import type { Labels } from './labels.ts'
import type { Language, Vocabulary } from './metric.ts'
import type { Probing } from './probing.ts'
import type { OtlpTarget, Textfile } from './push.ts'
import type { QuietWindow } from './quiet.ts'
import type { SiteReports } from './report.ts'
import type { RollUpPlan } from './roll-up.ts'
import type { ServiceLevels } from './service-level.ts'

/** Where /metrics is served. */
export interface Listen {
  readonly host: string
  readonly port: number
}

/** A drill that siteward begins by itself. */
export interface PlannedDrill {
  readonly name: string
  readonly device: string
  /** As `siteward drill` takes it: `room_temperature_celsius=35 °C`. */
  readonly aim: string
  readonly every: Milliseconds
  /** Since midnight, in the time zone of the process. */
  readonly at: Milliseconds
  readonly hold: Milliseconds | undefined
}

/** The site's drills. */
export interface SiteDrills {
  /** Where a page shows that it is out: an address that answers with the text of pages received. */
  readonly receipt: URL | undefined
  readonly schedule: readonly PlannedDrill[]
}

/** Where what devices say by themselves is heard; the credentials are by protocol, as a device's are. */
export interface Traps {
  readonly listen: Listen
  readonly credentials: readonly Readonly<Record<string, unknown>>[]
}

/** The place that one siteward watches. */
export interface Site {
  readonly name: string
  readonly labels: Labels
  /** The language of an alert's `summary`; both languages are always sent beside it. */
  readonly language: Language
  readonly listen: Listen
  /** Base URLs: every instance is told everything. */
  readonly alertmanagers: readonly URL[]
  /** Where the sitewards listen that watch this site, this one too; none where there is only this one. */
  readonly sitewards: readonly URL[]
  /** How often a firing alert is sent again. */
  readonly resend: Milliseconds
  /** How long a firing alert stands when siteward falls silent. */
  readonly runOut: Milliseconds
  /** The name of the alert that always fires; undefined where there is none. */
  readonly watchdog: string | undefined
  /** Who judges the readings and tells Alertmanager; `both` is for comparing the two. */
  readonly judge: 'siteward' | 'prometheus' | 'both'
  /** The folder of the alarm journal. */
  readonly stateDirectory: string
  /** The most memory that the readings of the last day may take. */
  readonly historyBytes: number
  /** Where the past readings of siteward are asked for; undefined where there is none. */
  readonly prometheus: URL | undefined
  /** Where devices are heard that speak by themselves, and by which credentials; undefined where nowhere. */
  readonly traps: Traps | undefined
  /** The most polls in flight at once over all devices. */
  readonly parallelPolls: number
  /** Who may do what over HTTP. */
  readonly access: Access
  readonly serviceLevels: ServiceLevels
  /** How long the record of alarms and operations is kept. */
  readonly keepRecord: Milliseconds
  /** For how long readings are kept rolled up, for reports. */
  readonly rollUps: RollUpPlan
  readonly drills: SiteDrills
  /** Recurring work that no sensor shows. */
  readonly duties: readonly Duty[]
  /** The file of what the site owes; undefined where none is named. */
  readonly dutyPlan: string | undefined
  readonly holidays: Holidays
  /** Reports on a schedule; undefined where there are none. */
  readonly reports: SiteReports | undefined
  readonly devices: readonly Device[]
  /** Who is sent readings by OTLP. */
  readonly otlp: readonly OtlpTarget[]
  /** Where readings are written for node_exporter; undefined for nowhere. */
  readonly textfile: Textfile | undefined
  /** What may be asked for at /probe; undefined where nothing may. */
  readonly probing: Probing | undefined
  /** The lists of devices that others keep. */
  readonly deviceLists: readonly DeviceList[]
  /** Whether a file that changes is read again by itself. */
  readonly reloadOnChange: boolean
  /** Where devices may be looked for. */
  readonly discoveryRanges: readonly AddressRange[]
  /** What siteward never polls: what the ledger knows beside the devices, and what people read by hand. */
  readonly unpolled: readonly Device[]
  /** siteward as a device of its own, on which it alarms about itself. */
  readonly itself: Device
  /** Devices that are counted together. */
  readonly groups: readonly DeviceGroup[]
  /** As the time zone database names it: quiet times are told in it. */
  timeZone(): string
  /** Times in which new alerts are held back, of the site file. */
  readonly quiet: readonly QuietWindow[]
  /** Alarms that explain others. */
  readonly inhibit: readonly Inhibition[]
  readonly vocabulary: Vocabulary
}

/**
 * The site as it is now. A reload puts another in its place, so that whoever lives longer than a call asks again each time
 * and keeps nothing of it.
 */
export type SiteNow = () => Site

/** All that has rules: the devices, what is not polled, the groups of devices, and siteward itself. */
export function ruledDevices({
  devices,
  unpolled,
  groups,
  itself,
}: Pick<Site, 'devices' | 'unpolled' | 'groups' | 'itself'>): readonly Device[] {
  return [...devices, ...unpolled, ...groups.map(({ device }) => device), itself]
}
