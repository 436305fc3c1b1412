import Type, { type Static } from 'typebox'
import type { Asset } from '../model/asset.ts'
import type { Derived } from '../model/derived.ts'
import type { Device, ProbeUse } from '../model/device.ts'
import type { Vocabulary } from '../model/metric.ts'
import { readAsset } from './assets.ts'
import { checkOf, type Spot } from './check.ts'
import type { Credential } from './credentials.ts'
import { readDependsOn } from './dependencies.ts'
import { deviceDerived } from './device-derived.ts'
import { changeProbe } from './device-points.ts'
import { isJson, type Json, jsonOf } from './json.ts'
import { orOneOf } from './misspelt.ts'
import type { LoadedProbe } from './probes.ts'
import type { Problems } from './problems.ts'
import { checksOf, type Protocols } from './protocols.ts'
import { cleanLabels, isReserved } from './rules.ts'
import { deviceSchema } from './schemas/device.ts'
import type { SiteRules } from './site-rules.ts'
import { probeTiming, readTiming, type Timing } from './timing.ts'
import { placesOf } from './tree.ts'

const schema = deviceSchema(Type.Unknown(), Type.Unknown())
const checkDevice = checkOf('device', schema)

type DeviceFields = Static<typeof schema>

/** A device as written: its own keys proved by the schema, the protocols' not yet. */
export interface DeviceText {
  readonly fields: DeviceFields
  readonly options: Json
  readonly spot: Spot
}

/** What a site has for its devices. */
export interface DeviceDeps {
  readonly protocols: Protocols
  readonly timing: Timing
  /** Names of all probes that there are; `probes` are those that devices name and that have no mistake. */
  readonly probeNames: readonly string[]
  readonly probes: ReadonlyMap<string, LoadedProbe>
  readonly credentials: ReadonlyMap<string, Credential>
  readonly rules: SiteRules
  readonly vocabulary: Vocabulary
  /** Readings that the site derives for every device that has what they need. */
  readonly derived: readonly Derived[]
  /** What the ledger's tables know, by names. */
  readonly assets: ReadonlyMap<string, Asset>
}

/** One item of `devices:`; undefined, with the problems, where it does not fit the schema. */
export function readDeviceText(
  item: unknown,
  protocols: Protocols,
  spot: Spot,
  problems: Problems,
): DeviceText | undefined {
  const entries = isJson(item) ? Object.entries(item) : []
  const core = isJson(item) ? Object.fromEntries(entries.filter(([key]) => !protocols.has(key))) : item
  const fields = checkDevice(core, spot, problems, [...protocols.keys()])
  if (fields === undefined) return undefined
  return { fields, options: Object.fromEntries(entries.filter(([key]) => protocols.has(key))), spot }
}

/** The names of the probes that a device uses. */
export function probesOf({ fields }: DeviceText): readonly string[] {
  return fields.probes.map((use) => (typeof use === 'string' ? use : use.probe))
}

/** The names of the credentials that a device uses. */
export function credentialsOf({ fields }: DeviceText): readonly string[] {
  return listOf(fields.credentials)
}

function listOf(text: string | readonly string[] | undefined): readonly string[] {
  return text === undefined ? [] : typeof text === 'string' ? [text] : text
}

/** A device with all that it refers to; what is wrong is left out and told. */
export function readDevice(text: DeviceText, deps: DeviceDeps, problems: Problems): Device {
  const { fields, spot } = text
  const { tree, path } = spot
  const used = usedProbes(text, deps, problems)
  checkShared(used, text, problems)
  const probes = readUses(text, used, deps, problems)
  const derived = deviceDerived(fields.derived ?? [], probes, deps, { tree, path: [...path, 'derived'] }, problems)
  for (const label of Object.keys(fields.labels ?? {})) {
    if (!isReserved(label)) continue
    problems.add(
      tree.keyAt([...path, 'labels', label]),
      `the label "${label}" is reserved`,
      'siteward or Prometheus sets it',
    )
  }
  const asset = readAsset(
    fields.name,
    fields.asset,
    deps.assets.get(fields.name),
    { tree, path: [...path, 'asset'] },
    problems,
  )
  return {
    name: fields.name,
    address: fields.address,
    labels: cleanLabels(fields.labels ?? {}),
    probes,
    derived,
    options: readOptions(text, used, deps, problems),
    credentials: mergeCredentials(text, deps, problems),
    dependsOn: readDependsOn(fields.depends_on),
    rules: deps.rules.ofDevice(
      fields.rules,
      { uses: probes, derived, probes: used, asset },
      { tree, path: [...path, 'rules'] },
    ),
    ...(asset === undefined ? {} : { asset }),
    place: tree.keyAt(path),
    at: placesOf(tree, path, [...Object.keys(fields), ...Object.keys(text.options)]),
  }
}

/** The probes that a device names and that could be loaded: one that could not has told why. */
function usedProbes(text: DeviceText, deps: DeviceDeps, problems: Problems): readonly LoadedProbe[] {
  const names = probesOf(text)
  return names.flatMap((name, index) => {
    const place = placeOfUse(text, index)
    if (!deps.probeNames.includes(name)) {
      problems.add(place, `there is no probe "${name}"`, orOneOf(name, deps.probeNames, 'probes'))
    }
    if (names.indexOf(name) < index) problems.add(place, `the probe ${name} stands twice in the list`)
    return deps.probes.get(name) ?? []
  })
}

function placeOfUse({ spot: { tree, path } }: DeviceText, index: number) {
  return tree.at([...path, 'probes', index])
}

function readUses(
  text: DeviceText,
  used: readonly LoadedProbe[],
  deps: DeviceDeps,
  problems: Problems,
): readonly ProbeUse[] {
  const { fields, spot } = text
  const outer = readTiming(fields, deps.timing, spot, problems)
  const uses = fields.probes.flatMap((use, index): readonly ProbeUse[] => {
    const name = typeof use === 'string' ? use : use.probe
    const loaded = used.find((one) => one.probe.name === name)
    const own = { tree: spot.tree, path: [...spot.path, 'probes', index] }
    const usual = loaded === undefined ? outer : probeTiming(loaded.probe, outer)
    const timing = typeof use === 'string' ? usual : readTiming(use, usual, own, problems)
    return loaded === undefined ? [] : [{ probe: loaded.probe, interval: timing.interval, timeout: timing.timeout }]
  })
  return fields.points === undefined ? uses : changeProbe(fields.points, uses, spot, problems)
}

/** A metric without labels is one series of the device: only one probe can give it. */
function checkShared(used: readonly LoadedProbe[], text: DeviceText, problems: Problems): void {
  const givenBy = new Map<string, string>()
  for (const { probe } of used) {
    const place = placeOfUse(text, probesOf(text).indexOf(probe.name))
    const shared = probe.points.find(
      ({ metric }) => metric.labels.length === 0 && (givenBy.get(metric.name) ?? probe.name) !== probe.name,
    )
    if (shared !== undefined) {
      const other = givenBy.get(shared.metric.name)
      problems.add(
        place,
        `${probe.name} and ${other} both read ${shared.metric.name}`,
        'one device has one such series: use one of the probes',
      )
    }
    for (const { metric } of probe.points) {
      if (metric.labels.length === 0 && !givenBy.has(metric.name)) givenBy.set(metric.name, probe.name)
    }
  }
}

/** The options of each protocol that the device's probes speak, with their defaults. */
function readOptions(
  text: DeviceText,
  used: readonly LoadedProbe[],
  deps: DeviceDeps,
  problems: Problems,
): Readonly<Record<string, unknown>> {
  const { tree, path } = text.spot
  const spoken = new Set(used.map(({ probe }) => probe.collector))
  const options: Record<string, unknown> = {}
  for (const [protocol, schemas] of deps.protocols) {
    const written = text.options[protocol]
    if (written === undefined && !spoken.has(protocol)) continue
    const inner = { tree, path: [...path, protocol] }
    if (!spoken.has(protocol) && used.length === text.fields.probes.length) {
      problems.warn(tree.keyAt(inner.path), `no probe of this device speaks ${protocol}`, 'delete the key')
    }
    options[protocol] = checksOf(protocol, schemas).options(written ?? {}, inner, problems)
  }
  return options
}

function mergeCredentials(text: DeviceText, deps: DeviceDeps, problems: Problems): Readonly<Record<string, unknown>> {
  const { tree, path } = text.spot
  const merged: Record<string, unknown> = {}
  for (const [index, name] of credentialsOf(text).entries()) {
    const place = Array.isArray(text.fields.credentials)
      ? tree.at([...path, 'credentials', index])
      : tree.at([...path, 'credentials'])
    const credential = deps.credentials.get(name)
    if (credential === undefined) {
      problems.add(
        place,
        `there is no credential "${name}"`,
        orOneOf(name, [...deps.credentials.keys()], 'credentials'),
      )
    }
    for (const [protocol, value] of Object.entries(jsonOf(credential))) {
      if (Object.hasOwn(merged, protocol))
        problems.add(place, `two credentials of this device are for ${protocol}`, 'keep one')
      merged[protocol] = value
    }
  }
  return merged
}
