import { type Cell, phase } from '../judge/cell.ts'
import { isFor } from '../judge/inherit.ts'
import type { Device } from '../model/device.ts'
import { ruledDevices, type Site } from '../model/site.ts'
import type { SiteChanges } from './site-changes.ts'

/** An alarm that fires or is pending, and would be over. */
export interface Ending {
  readonly device: string
  readonly alarm: string
  readonly severity: string
  readonly state: 'pending' | 'firing'
}

/** What a reload would do. */
export interface Plan {
  readonly changes: SiteChanges
  /** Alarms that end with their device or rule; undefined where nobody is there who knows them. */
  readonly endings: readonly Ending[] | undefined
}

/** Pure: which of the alarms are over in the next site, since their device or their rule is gone. */
export function endingsOf(cells: Iterable<Cell>, next: Site, elsewhere: ReadonlySet<string>): readonly Ending[] {
  const devices = new Map<string, Device>(ruledDevices(next).map((device) => [device.name, device]))
  const endings: Ending[] = []
  for (const cell of cells) {
    const state = phase(cell.alarm)
    const { name } = cell.device
    if (state === 'inactive' || elsewhere.has(name) || goesOn(cell, devices.get(name))) continue
    endings.push({ device: name, alarm: cell.rule.alarm, severity: cell.rule.severity, state })
  }
  return endings
}

function goesOn(cell: Cell, device: Device | undefined): boolean {
  const { alarm, severity, metric } = cell.rule
  const isLike = (rule: Cell['rule']): boolean =>
    rule.alarm === alarm && rule.severity === severity && rule.metric.name === metric.name
  return device?.rules.some((rule) => isFor(rule, cell) || (cell.subject.kind === 'device' && isLike(rule))) === true
}
