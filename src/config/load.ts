import type { Derived } from '../model/derived.ts'
import type { Device } from '../model/device.ts'
import { formatPlace, type Place } from '../model/place.ts'
import type { Problem } from '../model/problem.ts'
import type { Site } from '../model/site.ts'
import { readAlertmanagers } from './alertmanagers.ts'
import { readLedger } from './assets.ts'
import { salvage } from './check.ts'
import { type Credential, readCredentials } from './credentials.ts'
import { checkDependencies } from './dependencies.ts'
import { readDerived } from './derived.ts'
import { type DeviceItem, type FetchList, readSources } from './device-sources.ts'
import { credentialsOf, type DeviceText, probesOf, readDevice, readDeviceText } from './devices.ts'
import { readDuties } from './duties.ts'
import type { Files } from './files.ts'
import { readHolidays } from './holidays.ts'
import { isJson } from './json.ts'
import { readOperators } from './operators.ts'
import { type LoadedProbe, listProbes, loadProbe, type ProbeDeps, probeFiles } from './probes.ts'
import { probingItems } from './probing.ts'
import { Problems } from './problems.ts'
import type { Protocols } from './protocols.ts'
import { readOtlp } from './push.ts'
import { besideFile } from './secrets.ts'
import { loadShipped, Memory, type ShippedFiles } from './shipped.ts'
import { checkSite, itself, ownName, readSite, type SiteText, stateDirectoryOf } from './site.ts'
import { SiteRules } from './site-rules.ts'
import { defaultTiming, readTiming } from './timing.ts'
import type { Tree } from './tree.ts'
import { readUnpolled, withRules } from './unpolled.ts'
import { type ParseTree, readTree } from './yaml.ts'

/** What a site is loaded with. */
export interface LoadDeps {
  readonly files: Files
  readonly env: Readonly<Record<string, string | undefined>>
  /** As in SecretDeps. */
  readonly withoutSecrets?: boolean
  readonly protocols: Protocols
  /** Where lists of devices are fetched. */
  readonly fetchList: FetchList
  readonly shipped: ShippedFiles
  /** Of a process that reads its site again and again. */
  readonly memory?: Memory
  readonly parse?: ParseTree
  /** Where polls must not wait: pauses, in which other work has its turn. */
  readonly breathe?: () => Promise<void>
}

/** A site file with all that it names; `site` is undefined where there is a mistake, and is there with warnings. */
export interface Loaded {
  readonly site: Site | undefined
  readonly problems: readonly Problem[]
}

/** Reads a site: every mistake of its files is told in one run. */
export async function loadSite(file: string, deps: LoadDeps): Promise<Loaded> {
  const problems = new Problems()
  const tree = await readTree(file, deps.files, problems, deps.parse)
  const top = tree === undefined ? undefined : readTop(tree, problems)
  if (tree === undefined || top === undefined) return { site: undefined, problems: problems.list() }
  const site = await assemble(top, tree, deps, problems)
  return { site: problems.mistakes === 0 ? site : undefined, problems: problems.list() }
}

function readTop(tree: Tree, problems: Problems): SiteText | undefined {
  const spot = { tree, path: [] }
  if (!Object.hasOwn(tree.data, 'devices') && !Object.hasOwn(tree.data, 'device_sources'))
    problems.add(tree.keyAt([]), '"devices" is missing', 'what is watched')
  return checkSite(tree.data, spot, problems) ?? salvage(checkSite, tree.data, spot, standIn, 'devices')
}

/** A site of which nothing is right but its devices. */
const standIn = { site: 'site', devices: [] }

async function assemble(top: SiteText, tree: Tree, deps: LoadDeps, problems: Problems): Promise<Site> {
  const { files, env, protocols, parse, memory = new Memory() } = deps
  const { vocabulary, drafts, ofSiteward, ofAssets, checks } = await loadShipped(deps.shipped, files, memory, problems)
  const credentials = await readCredentials(top.credentials ?? {}, tree, protocols, deps, problems)
  const items = [
    ...itemsOf(top, tree),
    ...(await readSources(top.device_sources, tree, stateDirectoryOf(top, tree.file, env), deps, problems)),
  ]
  const texts = await each(items, deps, ({ item, ...spot }) => readDeviceText(item, protocols, spot, problems))
  const probing = await each(probingItems(top.probing, tree), deps, ({ item, ...spot }) =>
    readDeviceText(item, protocols, spot, problems),
  )
  const timing = readTiming(top.defaults ?? {}, defaultTiming, { tree, path: ['defaults'] }, problems)
  const shelf = await findProbes(top, tree, deps, problems)
  const probeDeps = { files, protocols, vocabulary, parse, known: memory.probes }
  const probes = await loadProbesOf([...texts, ...probing], shelf, probeDeps, problems)
  const probeNames = [...shelf.files.keys()]
  const complete = texts.length === items.length && texts.flatMap(probesOf).every((name) => probes.has(name))
  const used = new Set([...texts, ...probing].flatMap(probesOf))
  const derived = readDerived(top.derived ?? [], vocabulary, tree, ['derived'], problems)
  const sources = {
    shipped: drafts,
    ofSiteward,
    ofAssets,
    checks,
    probes: [...probes.values()].filter((one) => used.has(one.probe.name)),
    complete,
    vocabulary,
    derived: [...derived.map(({ point }) => point.metric.name), ...texts.flatMap(derivedIn)],
  }
  const rules = new SiteRules(top.rules ?? {}, { tree, path: ['rules'] }, sources, problems)
  const assets = await readLedger(top.ledger, tree, files, problems)
  const parts = { protocols, timing, probeNames, probes, credentials, rules, vocabulary, derived, assets }
  const devices = await each(texts, deps, (text) => readDevice(text, parts, problems))
  if (complete) checkUsed(derived, devices, problems)
  checkNames(items, problems)
  const names = new Set(items.flatMap(nameIn))
  checkDependencies(devices, names, problems)
  // With a mistake elsewhere, what looks unused may be what was meant there.
  if (problems.mistakes === 0) warnUnused([...texts, ...probing], top, credentials, shelf, tree, problems)
  const operators = await readOperators(top, tree, deps, problems)
  const alertmanagers = await readAlertmanagers(top, tree, deps, problems)
  const otlp = await readOtlp(top, tree, deps, problems)
  const ofItself = itself(rules.ofSiteward(), tree)
  const { duties, rules: byHand } = readDuties(
    top.duties,
    { devices, names, vocabulary },
    { tree, path: ['duties'] },
    problems,
  )
  const others = {
    devices: devices.map((device) => withRules(device, byHand.get(device.name))),
    unpolled: readUnpolled({ assets, duties, byHand, rules, names }),
    itself: ofItself,
    probing: probing.map((text) => readDevice(text, parts, problems)),
    duties,
    holidays: await readHolidays(top.holidays, tree, deps.shipped.holidays, files, problems),
  }
  const read = { operators, alertmanagers, otlp, credentials }
  return readSite(top, { ...others, ...read, names, vocabulary }, env, tree, problems)
}

/** What is made of each, without those of which nothing is; other work has its turn in between. */
async function each<T, R>(items: readonly T[], { breathe }: LoadDeps, make: (item: T) => R | undefined): Promise<R[]> {
  const made: R[] = []
  for (const item of items) {
    if (breathe !== undefined) await breathe()
    const one = make(item)
    if (one !== undefined) made.push(one)
  }
  return made
}

/** The devices that stand in the site file itself. */
function itemsOf(top: SiteText, tree: Tree): readonly DeviceItem[] {
  return top.devices.map((item, index) => ({ item, tree, path: ['devices', index] }))
}

/** Files of probes by name; those of the site's own folders stand before shipped ones of the same name. */
interface Shelf {
  readonly files: ReadonlyMap<string, string>
  readonly own: ReadonlyMap<string, string>
}

async function findProbes(top: SiteText, tree: Tree, { files, shipped }: LoadDeps, problems: Problems): Promise<Shelf> {
  const folder = { file: shipped.probes, line: 1, column: 1 }
  const inFolder = await listProbes(shipped.probes, files, (why) => problems.add(folder, why))
  const own: string[] = []
  for (const [index, path] of top.probe_directories.entries()) {
    const place = tree.at(['probe_directories', index])
    own.push(...(await listProbes(besideFile(tree.file, path), files, (why) => problems.add(place, why))))
  }
  const ownFiles = probeFiles(own, problems)
  return { files: new Map([...probeFiles(inFolder, problems), ...ownFiles]), own: ownFiles }
}

/** The probes that devices use, and all of the site's own folders: a mistake in one is told before it is used. */
async function loadProbesOf(
  texts: readonly DeviceText[],
  shelf: Shelf,
  deps: ProbeDeps,
  problems: Problems,
): Promise<ReadonlyMap<string, LoadedProbe>> {
  const loaded = new Map<string, LoadedProbe>()
  for (const name of new Set([...texts.flatMap(probesOf), ...shelf.own.keys()])) {
    const file = shelf.files.get(name)
    const probe = file === undefined ? undefined : await loadProbe(file, deps, problems)
    if (probe !== undefined) loaded.set(name, probe)
  }
  return loaded
}

function derivedIn({ fields }: DeviceText): readonly string[] {
  return (fields.derived ?? []).flatMap((item) => (isJson(item) ? [String(item['metric'])] : []))
}

/** What the site derives must be derived of some device. */
function checkUsed(derived: readonly Derived[], devices: readonly Device[], problems: Problems): void {
  const used = new Set(devices.flatMap((device) => device.derived))
  for (const one of derived) {
    if (used.has(one)) continue
    const needed = one.inputs.map(({ metric }) => metric.name).join(' and ')
    problems.add(one.point.at('value'), `no device reads ${needed}, or each derives it already`)
  }
}

function nameIn({ item }: DeviceItem): readonly string[] {
  return isJson(item) && typeof item['name'] === 'string' ? [item['name']] : []
}

/** Names that differ in case or width only are one name to a person who reads an alert. */
function checkNames(items: readonly DeviceItem[], problems: Problems): void {
  const seen = new Map<string, Place>()
  for (const one of items) {
    const [name] = nameIn(one)
    if (name === undefined) continue
    const place = one.tree.at([...one.path, 'name'])
    const folded = name.normalize('NFKC').toLowerCase()
    if (folded === ownName) {
      problems.add(place, `${ownName} is siteward's own name`, 'as the device of its alarms about itself')
    }
    const first = seen.get(folded)
    if (first === undefined) seen.set(folded, place)
    else {
      const where = first.file === place.file ? `on line ${first.line}` : `at ${formatPlace(first)}`
      problems.add(place, `the device ${where} has this name already`, 'give each its own')
    }
  }
}

function warnUnused(
  texts: readonly DeviceText[],
  { traps, probing }: SiteText,
  credentials: ReadonlyMap<string, Credential>,
  shelf: Shelf,
  tree: Tree,
  problems: Problems,
): void {
  if (texts.length === 0) problems.warn(tree.keyAt(['devices']), 'the site has no device')
  const usedCredentials = new Set([
    ...texts.flatMap(credentialsOf),
    ...[traps?.credentials ?? []].flat(),
    ...(probing?.credentials ?? []),
  ])
  for (const name of credentials.keys()) {
    if (!usedCredentials.has(name))
      problems.warn(tree.keyAt(['credentials', name]), `no device uses the credential "${name}"`)
  }
  const usedProbes = new Set(texts.flatMap(probesOf))
  for (const [name, file] of shelf.own) {
    if (!usedProbes.has(name)) problems.warn({ file, line: 1, column: 1 }, `no device uses the probe "${name}"`)
  }
}
