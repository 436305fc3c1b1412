import type { Unit } from '../model/unit.ts'

/** What the status page is given over HTTP, and its browser's code reads: docs/status-page.md. Times are ISO 8601. */
export interface Status {
  readonly at: string
  readonly site: SiteStatus
  readonly alarms: readonly AlarmStatus[]
  readonly room: readonly GlanceStatus[]
  readonly devices: readonly DeviceStatus[]
}

/** What has changed since the last one; a device that is not named is as it was. */
export interface StatusChange {
  readonly at: string
  readonly site?: SiteStatus
  readonly alarms?: readonly AlarmStatus[]
  readonly room?: readonly GlanceStatus[]
  readonly devices?: readonly DeviceStatus[]
  /** Names of devices that have left the site. */
  readonly gone?: readonly string[]
}

/** A text in both of the site's languages. */
export interface BothTexts {
  readonly en: string
  readonly zh: string
}

/** The site as a whole. */
export interface SiteStatus {
  readonly name: string
  readonly version: string
  readonly language: 'en' | 'zh'
  readonly time_zone: string
  /** Who judges: where Prometheus alone does, siteward tells nobody. */
  readonly judge: 'siteward' | 'prometheus' | 'both'
  readonly alertmanagers: number
  /** Whether the alarms can be written to disk. */
  readonly record_up: boolean
}

/** An alarm that fires or is about to. */
export interface AlarmStatus {
  readonly id: string
  readonly state: 'firing' | 'pending'
  readonly severity: string
  readonly alarm: string
  readonly device: string
  /** The labels of its series. */
  readonly labels: Readonly<Record<string, string>>
  readonly summary: BothTexts
  readonly check: BothTexts | null
  readonly value: BothTexts | null
  readonly limit: BothTexts | null
  readonly place: string
  /** When its rule was first broken. */
  readonly since: string
  /** Its reading is missing: it stays as it was. */
  readonly stale: boolean
  /** Why nobody was told of it; null where everybody was. */
  readonly held: { readonly reason: 'parent' | 'settling' | 'inhibited' | 'quiet'; readonly by: string } | null
  readonly taken: StepStatus | null
  readonly on_site: StepStatus | null
  readonly repaired: StepStatus | null
  /** When the alert went out that nobody had taken it. */
  readonly escalated_at: string | null
}

/** What somebody did about an alarm. */
export interface StepStatus {
  readonly at: string
  readonly by: string
  readonly note: string
}

/** How a reading stands to its rules; `unknown`: there is none, or it is no longer believed. */
export type Standing = 'good' | 'pending' | 'warning' | 'critical' | 'unknown'

/** One reading, with the limits that hold for it. */
export interface ReadingStatus {
  readonly metric: string
  readonly text: BothTexts
  readonly kind: 'gauge' | 'counter' | 'state' | 'info'
  readonly unit: Unit
  /** Labels without site and device. */
  readonly labels: Readonly<Record<string, string>>
  /** In the metric's base unit, or the number of a state; null where there is none. */
  readonly value: number | null
  readonly words: BothTexts
  /** What the numbers of a state are called. */
  readonly states?: readonly BothTexts[]
  readonly standing: Standing
  readonly limits: readonly LimitStatus[]
}

/** A limit of a rule on the value itself; null: open on this side. */
export interface LimitStatus {
  readonly alarm: string
  readonly severity: string
  readonly low: number | null
  readonly high: number | null
  readonly text: BothTexts
}

/** One device of the room at a glance. */
export interface GlanceStatus {
  readonly kind: 'room' | 'ups' | 'cooling' | 'meter'
  readonly device: string
  readonly place: string
  readonly readings: readonly ReadingStatus[]
}

/** A device with the last poll of each of its probes. */
export interface DeviceStatus {
  readonly name: string
  /** The label `class`, or what its probes are for. */
  readonly class: string
  readonly address: string
  readonly labels: Readonly<Record<string, string>>
  /** `partial`: some of it answers; `waiting`: not polled yet. */
  readonly state: 'up' | 'partial' | 'down' | 'waiting'
  /** Alarms of it that fire, by severity. */
  readonly firing: { readonly critical: number; readonly warning: number }
  readonly probes: readonly ProbeStatus[]
}

/** One probe of a device. */
export interface ProbeStatus {
  readonly probe: string
  readonly title: string
  readonly interval_seconds: number
  readonly polled_at: string | null
  readonly duration_seconds: number | null
  readonly readings: number
  readonly faults: readonly { readonly kind: string; readonly detail: string }[]
  /** Values that came but cannot be. */
  readonly doubts: readonly string[]
}

/** All that is read of one device. */
export interface DeviceReadings {
  readonly device: string
  readonly readings: readonly ReadingStatus[]
  /** How many there are: not all of a large switch are listed at once. */
  readonly total: number
}
