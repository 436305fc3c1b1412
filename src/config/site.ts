import Type, { type Static } from 'typebox'
import type { Operator } from '../model/access.ts'
import type { Holidays } from '../model/calendar.ts'
import type { Inhibition } from '../model/dependency.ts'
import type { Device } from '../model/device.ts'
import type { Duty } from '../model/duty.ts'
import type { Vocabulary } from '../model/metric.ts'
import type { OtlpTarget } from '../model/push.ts'
import type { Rule } from '../model/rule.ts'
import type { Listen, Site, Traps } from '../model/site.ts'
import { isTimeZone, systemTimeZone } from '../model/time-zone.ts'
import { checkOf, type Spot } from './check.ts'
import type { Credential } from './credentials.ts'
import { deviceListsOf } from './device-sources.ts'
import { readDrills } from './drills.ts'
import { hour, minute, readDuration, second, week } from './durations.ts'
import { readGroups } from './groups.ts'
import { orOneOf } from './misspelt.ts'
import { readProbing } from './probing.ts'
import type { Problems } from './problems.ts'
import { readTextfile } from './push.ts'
import { readQuiet } from './quiet.ts'
import { readRanges } from './ranges.ts'
import { readReports } from './reports.ts'
import { readRollUps } from './roll-ups.ts'
import { cleanLabels, isReserved } from './rules.ts'
import { siteSchema } from './schemas/site.ts'
import { besideFile } from './secrets.ts'
import { readServiceLevels } from './service-levels.ts'
import type { Tree } from './tree.ts'
import { readUrl } from './urls.ts'
import { readWebConfig } from './web-config.ts'

const schema = siteSchema(Type.Unknown(), Type.Unknown(), Type.Unknown(), Type.Unknown())

/** Checks the top of a site file; its devices, credentials and rules are still unknown. */
export const checkSite = checkOf('site', schema)

/** The top of a site file. */
export type SiteText = Static<typeof schema>

/** What of a site is read by itself. */
export interface SiteParts {
  readonly devices: readonly Device[]
  readonly itself: Device
  readonly unpolled: readonly Device[]
  /** Each probe of probing: as a device that uses it alone. */
  readonly probing: readonly Device[]
  readonly duties: readonly Duty[]
  readonly holidays: Holidays
  /** Of all devices, those with a mistake too. */
  readonly names: ReadonlySet<string>
  readonly vocabulary: Vocabulary
  readonly operators: readonly Operator[]
  readonly alertmanagers: readonly URL[]
  readonly otlp: readonly OtlpTarget[]
  readonly credentials: ReadonlyMap<string, Credential>
}

/** A site of its text and what was read before it; what is wrong is told. */
export function readSite(
  text: SiteText,
  parts: SiteParts,
  env: Readonly<Record<string, string | undefined>>,
  tree: Tree,
  problems: Problems,
): Site {
  const { devices, itself, unpolled, probing, duties, holidays, names, vocabulary } = parts
  const { operators, alertmanagers, otlp, credentials } = parts
  for (const label of Object.keys(text.labels ?? {})) {
    if (!isReserved(label)) continue
    problems.add(tree.keyAt(['labels', label]), `the label "${label}" is reserved`, 'siteward or Prometheus sets it')
  }
  const spot = { tree, path: [] }
  const groups = readGroups(text.groups ?? [], devices, names, vocabulary, { tree, path: ['groups'] }, problems)
  const timeZone = readTimeZone(text.time_zone, spot, problems)
  return {
    name: text.site,
    labels: cleanLabels(text.labels ?? {}),
    language: text.language,
    listen: readListen(text.listen, { tree, path: ['listen'] }, problems),
    alertmanagers,
    sitewards: text.sitewards.flatMap((url, index) => {
      return readUrl(url, { tree, path: ['sitewards', index] }, problems) ?? []
    }),
    resend: readDuration(text.resend, [second, hour], tree.at(['resend']), problems) ?? 60 * second,
    runOut: readDuration(text.run_out, [minute, week], tree.at(['run_out']), problems) ?? 2 * hour,
    watchdog: text.watchdog === 'off' ? undefined : text.watchdog,
    judge: text.judge,
    stateDirectory: stateDirectoryOf(text, tree.file, env),
    traps: text.traps === undefined ? undefined : readTraps(text.traps, credentials, tree, problems),
    historyBytes: text.history_megabytes * 2 ** 20,
    prometheus:
      text.prometheus === undefined ? undefined : readUrl(text.prometheus, { tree, path: ['prometheus'] }, problems),
    parallelPolls: text.parallel_polls,
    access: { operators, operateWithoutTls: text.operate_without_tls, webConfig: webConfigOf(text, tree, problems) },
    serviceLevels: readServiceLevels(text, { holidays, timeZone }, tree, problems),
    keepRecord: readDuration(text.keep_record, [week, 520 * week], tree.at(['keep_record']), problems) ?? 156 * week,
    rollUps: readRollUps(text, tree, problems),
    drills: readDrills(text, { devices, vocabulary }, tree, problems),
    devices,
    otlp,
    textfile: readTextfile(text.textfile, { tree, path: ['textfile'] }, problems),
    probing: readProbing(text.probing, probing, credentials, { tree, path: ['probing'] }, problems),
    deviceLists: deviceListsOf(text.device_sources, { tree, path: ['device_sources'] }, problems),
    reloadOnChange: text.reload_on_change,
    discoveryRanges: readRanges(text.discovery_ranges, { tree, path: ['discovery_ranges'] }, problems),
    itself,
    unpolled,
    duties,
    dutyPlan: text.duty_plan === undefined ? undefined : besideFile(tree.file, text.duty_plan),
    holidays,
    reports: readReports(text.reports, { devices: [...devices, ...unpolled], language: text.language }, tree, problems),
    groups,
    timeZone,
    quiet: readQuiet(
      text.quiet ?? [],
      timeZone,
      new Set([...names, ...groups.map(({ device }) => device.name)]),
      { tree, path: ['quiet'] },
      problems,
    ),
    inhibit: readInhibit(text.inhibit ?? [], { tree, path: ['inhibit'] }, problems),
    vocabulary,
  }
}

/** The name under which siteward alarms about itself; no device may have it. */
export const ownName = 'siteward'

/** siteward as a device of its own: never polled, with rules on what it says of itself. */
export function itself(rules: readonly Rule[], tree: Tree): Device {
  const place = tree.keyAt([])
  return {
    name: ownName,
    address: '',
    labels: {},
    probes: [],
    options: {},
    credentials: {},
    dependsOn: [],
    derived: [],
    rules,
    place,
    at: () => place,
  }
}

function readTimeZone(text: string | undefined, { tree }: Spot, problems: Problems): () => string {
  if (text === undefined) return systemTimeZone
  if (isTimeZone(text)) return () => text
  problems.add(tree.at(['time_zone']), `there is no time zone "${text}"`, 'as Asia/Shanghai or UTC')
  return () => 'UTC'
}

function readInhibit(
  list: NonNullable<SiteText['inhibit']>,
  { tree, path }: Spot,
  problems: Problems,
): readonly Inhibition[] {
  return list.map(({ source, target = {}, equal = [], followers = false }, index) => {
    // Without an end on either side it would hold everything back.
    if (Object.keys(source).length === 0) problems.add(tree.at([...path, index, 'source']), 'of which alerts?')
    if (Object.keys(target).length === 0 && !followers) {
      problems.add(tree.keyAt([...path, index]), 'an inhibition without a target', 'give target: or followers: true')
    }
    return { source, target, equal, followers }
  })
}

/** The schema has seen `host:port`; an IPv6 address stands in brackets. */
function readListen(text: string, { tree, path }: Spot, problems: Problems): Listen {
  const colon = text.lastIndexOf(':')
  const port = Number(text.slice(colon + 1))
  if (port > 65_535) problems.add(tree.at(path), `there is no port ${port}`, 'a port is at most 65535')
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port }
}

function readTraps(
  text: NonNullable<SiteText['traps']>,
  credentials: ReadonlyMap<string, Credential>,
  tree: Tree,
  problems: Problems,
): Traps {
  const names = typeof text.credentials === 'string' ? [text.credentials] : text.credentials
  const found = names.flatMap((name, index): readonly Credential[] => {
    const place = tree.at(['traps', 'credentials', ...(typeof text.credentials === 'string' ? [] : [index])])
    const credential = credentials.get(name)
    if (credential === undefined)
      problems.add(place, `there is no credential "${name}"`, orOneOf(name, [...credentials.keys()], 'credentials'))
    return credential === undefined ? [] : [credential]
  })
  return { listen: readListen(text.listen, { tree, path: ['traps', 'listen'] }, problems), credentials: found }
}

/** The file is read here for its mistakes alone; whoever listens reads it again and again. */
function webConfigOf(text: SiteText, tree: Tree, problems: Problems): string | undefined {
  if (text.web_config === undefined) return undefined
  const file = besideFile(tree.file, text.web_config)
  const read = readWebConfig(file)
  if (!read.ok) problems.take(read.problems)
  return file
}

/** systemd names the folders of StateDirectory=, separated by colons; the first is ours. */
export function stateDirectoryOf(
  text: SiteText,
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  if (text.state_directory !== undefined) return besideFile(file, text.state_directory)
  const [folder] = (env['STATE_DIRECTORY'] ?? '').split(':')
  return folder === undefined || folder === '' ? besideFile(file, 'siteward-state') : folder
}
