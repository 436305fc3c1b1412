import { daysBetween, noHolidays } from '../model/calendar.ts'
import type { Device } from '../model/device.ts'
import type { Duty } from '../model/duty.ts'
import type { DutyPlan, PlanItem } from '../model/duty-plan.ts'
import type { Site } from '../model/site.ts'
import { occurrences } from './occurrences.ts'
import { recurrenceText } from './texts.ts'

/** What there is of one need of an item: by what it is met, or that nothing does. */
export interface Cover {
  /** For people: `reading room_temperature_celsius`, `duty A6 (month)`. */
  readonly need: string
  /** By what, for people; empty where nothing meets it. */
  readonly by: readonly string[]
}

/** How an item of the plan is covered. */
export interface Covered {
  readonly item: PlanItem
  readonly state: 'covered' | 'partly' | 'uncovered' | 'out_of_scope'
  readonly covers: readonly Cover[]
}

/** The plan held against the site. */
export interface Coverage {
  readonly items: readonly Covered[]
  /** What the plan's names in `plan:` of duties do not know: a slip of the pen, or another plan. */
  readonly strangers: readonly { readonly duty: string; readonly id: string }[]
}

/** Devices named by name where there are few. */
const fewDevices = 3

/** Pure: what of a plan is watched by readings, duties, drills and reports of a site, and what nobody watches. */
export function coverageOf(plan: DutyPlan, site: Site): Coverage {
  const ids = new Set(plan.items.map(({ id }) => id))
  const strangers = site.duties.flatMap((duty) =>
    duty.plan.filter((id) => !ids.has(id)).map((id) => ({ duty: duty.name, id })),
  )
  return { items: plan.items.map((item) => covered(item, site)), strangers }
}

function covered(item: PlanItem, site: Site): Covered {
  const covers = coversOf(item, site)
  const met = covers.filter(({ by }) => by.length > 0).length
  if (covers.length === 0) return { item, state: item.outOfScope === undefined ? 'uncovered' : 'out_of_scope', covers }
  return { item, state: met === covers.length ? 'covered' : met > 0 ? 'partly' : 'uncovered', covers }
}

function coversOf(item: PlanItem, site: Site): readonly Cover[] {
  const { id, readings, alarms, duty, drill, report, ledger, siteward } = item
  const duties = site.duties.filter(({ plan }) => plan.includes(id))
  const covers: Cover[] = [
    ...readings.map((metric) => ({ need: `reading ${metric}`, by: readBy(metric, site) })),
    ...alarms.map((alarm) => ({ need: `alarm ${alarm}`, by: alarmOf(alarm, site) })),
  ]
  if (duty !== undefined)
    covers.push({
      need: `duty (${duty.written})`,
      by: duties.filter((one) => longestPause(one) <= duty.days).map(dutyText),
    })
  if (drill) {
    covers.push({ need: 'drill on a schedule', by: site.drills.schedule.map(({ name }) => `drill ${name}`) })
  }
  if (report !== undefined) {
    const found = (site.reports?.schedule ?? []).filter(({ period }) => period === report)
    covers.push({ need: `report (${report})`, by: found.map(({ name }) => `report ${name}`) })
  }
  if (ledger) covers.push({ need: 'ledger', by: ledgerText(site) })
  if (siteward !== undefined) covers.push({ need: 'siteward itself', by: [siteward] })
  return covers
}

/** Devices that read a metric, or of which it is typed in. */
function readBy(metric: string, { devices, duties }: Site): readonly string[] {
  const reading = devices.filter((device) => pointsOf(device).includes(metric)).map(({ name }) => name)
  const typed = duties.filter(({ readings }) => readings.some((one) => one.metric.name === metric))
  return [...someOf(reading), ...typed.map(({ name }) => `by hand: duty ${name}`)]
}

function pointsOf({ probes, derived }: Device): readonly string[] {
  return [...probes.flatMap(({ probe }) => probe.points), ...derived.map(({ point }) => point)].map(
    ({ metric }) => metric.name,
  )
}

function alarmOf(alarm: string, { devices, unpolled, groups, itself }: Site): readonly string[] {
  const all = [...devices, ...unpolled, ...groups.map(({ device }) => device), itself]
  return someOf(all.filter(({ rules }) => rules.some((rule) => rule.alarm === alarm)).map(({ name }) => name))
}

function someOf(names: readonly string[]): readonly string[] {
  if (names.length <= fewDevices) return names
  return [...names.slice(0, fewDevices - 1), `${names.length - fewDevices + 1} more`]
}

function ledgerText({ devices, unpolled }: Site): readonly string[] {
  const count = [...devices, ...unpolled].filter(({ asset }) => asset !== undefined).length
  return count === 0 ? [] : [`${count} assets`]
}

function dutyText({ name, recurrence }: Duty): string {
  return `duty ${name} (${recurrenceText(recurrence, 'en')})`
}

/** A stretch of time that holds every pause of a calendar, leap year and all. */
const [proofFrom, proofTo] = ['2023-12-01', '2026-02-01']

/** The longest time between two times that a duty is due, in days; days off are as any other here. */
function longestPause(duty: Duty): number {
  if (duty.recurrence.kind === 'days') return duty.recurrence.days
  const days = occurrences({ ...duty, moves: undefined }, proofFrom, proofTo, noHolidays).map(({ due }) => due)
  return Math.max(0, ...days.slice(1).map((day, n) => daysBetween(days[n] ?? day, day)))
}
