import { type Alarm, isFiring } from '../model/alarm.ts'
import type { Milliseconds, Moment } from '../model/clock.ts'
import type { Device } from '../model/device.ts'
import { type Labels, labelKey } from '../model/labels.ts'
import type { Rule } from '../model/rule.ts'
import type { Series } from '../model/series.ts'
import type { Bounds } from './breach.ts'
import type { Window } from './window.ts'

/**
 * What an alarm is about: one series, or (a rule on absence) a device as a whole. `awaited` is a series that was there
 * before a restart or reload and has not come since: till then its alarm stays what it was.
 */
export type Subject =
  | { readonly kind: 'series'; readonly series: Series }
  | { readonly kind: 'device' }
  | { readonly kind: 'awaited' }

/** One rule on one subject, with its alarm: the unit of judging. */
export interface Cell {
  /** The identity of its alert, the same after a restart. */
  readonly key: string
  readonly rule: Rule
  readonly device: Device
  subject: Subject
  /** The identity that Alertmanager sees; holds no value, so that it stays the same for the alarm's life. */
  readonly labels: Labels
  /** The series' own labels, without site and device. */
  readonly own: Labels
  alarm: Alarm
  /** When a fresh reading last was not good (monotonic); 0 for never since the start. */
  brokenAt: Milliseconds
  /** The last number that was judged; NaN when there never was one. */
  value: number
  /** Its limits where they never change: most rules have such, and a hundred thousand are judged in a breath. */
  readonly bounds: Bounds | undefined
  /** What the rule looks back on; shared by rules with the same measure on the same series. */
  window: Window | undefined
}

/** A change that somebody has to be told of: into or out of pending or firing. */
export interface Transition {
  readonly cell: Cell
  readonly from: Alarm
  readonly to: Alarm
  readonly at: Moment
}

/**
 * The labels of the alert of a rule on a series (`own`: the series' labels) or on the device. Where a device has two
 * rules of one alarm and severity on different metrics, the metric's name tells their alerts apart.
 */
export function alertLabels(rule: Rule, device: Device, site: { name: string; labels: Labels }, own: Labels): Labels {
  const twin = device.rules.some(
    (other) => other.alarm === rule.alarm && other.severity === rule.severity && other.metric.name !== rule.metric.name,
  )
  return {
    ...(twin ? { metric: rule.metric.name } : {}),
    ...site.labels,
    ...device.labels,
    ...own,
    ...rule.labels,
    alertname: rule.alarm,
    severity: rule.severity,
    site: site.name,
    device: device.name,
  }
}

/** The key of an alert: its labels in canonical form. */
export function alertKey(labels: Labels): string {
  return labelKey(labels)
}

/**
 * Whether the journal and Alertmanager must hear of a change. That a reading went stale or came back changes nothing
 * for them: a firing alarm stays firing, a pending one goes on.
 */
export function isTransition(from: Alarm, to: Alarm): boolean {
  return phase(from) !== phase(to)
}

/** What an alarm is to those outside: stale or not, a firing one is firing. */
export function phase(alarm: Alarm): 'inactive' | 'pending' | 'firing' {
  if (isFiring(alarm)) return 'firing'
  const known = alarm.state === 'unknown' ? alarm.was : alarm
  return known.state
}
