import { alertLabels } from '../judge/cell.ts'
import type { Device } from '../model/device.ts'
import { type Labels, labelKey } from '../model/labels.ts'
import type { Rule } from '../model/rule.ts'
import type { Site } from '../model/site.ts'

/** What of a site the alarm definitions are made of. */
export type RuledSite = Pick<Site, 'name' | 'labels' | 'language' | 'devices' | 'groups'>

/** One rule with all devices that have the very same: what becomes one alert of a rule file. */
export interface Definition {
  readonly site: RuledSite
  readonly rule: Rule
  readonly devices: readonly Device[]
  /** Of a group, which is the one device: the devices whose series are counted. */
  readonly members: readonly string[] | undefined
  /** Whether every device of the site that gives the metric is among them. */
  readonly isForAll: boolean
  /** Labels of the alert that are the same for all of them, without alertname, site and device. */
  readonly fixed: Labels
  /** Names of labels that each device has of its own. */
  readonly deviceLabels: readonly string[]
  /** Which it is, from 0, of those with the same name and the same labels and other limits. */
  readonly variant: number
}

/** The alarm definitions of a site, in the order of its devices; a thousand switches with one rule make one. */
export function definitionsOf(site: RuledSite): readonly Definition[] {
  const groups = new Map<string, { readonly rule: Rule; readonly devices: Device[] }>()
  const giving = new Map<string, Set<string>>()
  for (const device of site.devices) {
    for (const rule of device.rules) {
      const key = keyOf(rule, device, site)
      const group = groups.get(key)
      if (group === undefined) groups.set(key, { rule, devices: [device] })
      else if (group.devices.at(-1) !== device) group.devices.push(device)
      const names = giving.get(rule.metric.name) ?? new Set()
      giving.set(rule.metric.name, names.add(device.name))
    }
    for (const { metric } of device.probes.flatMap(({ probe }) => probe.points)) {
      const names = giving.get(metric.name) ?? new Set()
      giving.set(metric.name, names.add(device.name))
    }
  }
  const variants = new Map<string, number>()
  const define = (rule: Rule, devices: readonly Device[], members?: readonly string[]): Definition => {
    const fixed = fixedLabels(rule, devices, site)
    const name = JSON.stringify([rule.alarm, fixed])
    const variant = variants.get(name) ?? 0
    variants.set(name, variant + 1)
    const isForAll = members === undefined && giving.get(rule.metric.name)?.size === devices.length
    return { site, rule, devices, members, isForAll, fixed, deviceLabels: ownNames(rule, devices), variant }
  }
  return [
    ...[...groups.values()].map(({ rule, devices }) => define(rule, devices)),
    ...site.groups.flatMap(({ device, members }) => device.rules.map((rule) => define(rule, [device], members))),
  ]
}

/**
 * promtool takes rules that differ in neither name nor labels for written twice. This label tells them apart in the file
 * and in ALERTS; the alert that Alertmanager gets finds it empty, and so has it not.
 */
export function variantOf({ variant }: Definition): Labels {
  return variant === 0 ? {} : { variant: `{{ if false }}${variant + 1}{{ end }}` }
}

/** What must be the same for two rules to be one alert of the file. */
function keyOf(rule: Rule, device: Device, site: RuledSite): string {
  const { place: _place, metric, ...rest } = rule
  const plain = JSON.stringify({ ...rest, metric: metric.name }, (_, value: unknown) =>
    value instanceof Set ? [...value].sort() : value,
  )
  const { metric: twin } = alertLabels(rule, device, site, {})
  const hidden = Object.keys(site.labels).filter((label) => Object.hasOwn(device.labels, label))
  return `${plain} ${twin ?? ''} ${hidden.join(' ')}`
}

/** A label of the series stands over one of the device, and one of the rule over both: as in `alertLabels`. */
function ownNames({ metric, labels }: Rule, devices: readonly Device[]): readonly string[] {
  const names = new Set(devices.flatMap((device) => Object.keys(device.labels)))
  return [...names].filter((name) => !metric.labels.includes(name) && !Object.hasOwn(labels, name)).sort()
}

function fixedLabels(rule: Rule, devices: readonly Device[], site: RuledSite): Labels {
  const [device] = devices
  if (device === undefined) return {}
  const { alertname: _name, site: _site, device: _device, ...rest } = alertLabels(rule, device, site, {})
  const own = new Set(ownNames(rule, devices))
  const match = rule.condition.kind === 'absent' || rule.measure?.kind === 'count' ? rule.match : {}
  return { ...match, ...Object.fromEntries(Object.entries(rest).filter(([name]) => !own.has(name))) }
}

/** A selector of one metric's series of the definition's devices, or of those that a group counts. */
export function selector(definition: Definition, metric: string, more: readonly string[] = []): string {
  const { devices, members } = definition
  return selectorOf(definition, members ?? devices.map(({ name }) => name), metric, more)
}

/** A selector of one metric's series of the devices (or the group) that the definition's alerts are named after. */
export function ownSelector(definition: Definition, metric: string, more: readonly string[] = []): string {
  const { devices } = definition
  return selectorOf(
    definition,
    devices.map(({ name }) => name),
    metric,
    more,
  )
}

function selectorOf(
  { site, isForAll }: Definition,
  names: readonly string[],
  metric: string,
  more: readonly string[],
): string {
  const [only] = names
  const device =
    names.length === 1 && only !== undefined
      ? [`device=${quoted(only)}`]
      : isForAll
        ? []
        : [`device=~${quoted(names.map(escaped).join('|'))}`]
  return `${metric}{${[`site=${quoted(site.name)}`, ...device, ...more].join(',')}}`
}

/** A text in PromQL's double quotes. */
export function quoted(text: string): string {
  return JSON.stringify(text)
}

/** A text as a regular expression (RE2) that matches it alone. */
export function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

/** Labels as matchers, in canonical order. */
export function matchers(labels: Labels): readonly string[] {
  return (JSON.parse(labelKey(labels)) as [string, string][]).map(([name, value]) => `${name}=${quoted(value)}`)
}
