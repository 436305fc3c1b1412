import { basename, dirname } from 'node:path'
import Type, { type Static } from 'typebox'
import type { Milliseconds } from '../model/clock.ts'
import type { DeviceList } from '../model/device-list.ts'
import type { Place } from '../model/place.ts'
import { checkOf, type Spot } from './check.ts'
import { type CsvRow, parseCsv } from './csv.ts'
import { day, minute, readDuration, second } from './durations.ts'
import { type Files, whyUnreadable } from './files.ts'
import { isJson, type Json, jsonOf } from './json.ts'
import { Problems } from './problems.ts'
import { deviceFile, type deviceSource } from './schemas/device.ts'
import { besideFile } from './secrets.ts'
import { readText } from './text.ts'
import type { Path, Tree } from './tree.ts'
import { type ParseTree, parseHere, readTree } from './yaml.ts'

/** One entry of a list of devices, wherever it stands. */
export interface DeviceItem {
  readonly item: unknown
  readonly tree: Tree
  readonly path: Path
}

/** A list that a server gives, or the last one that it gave. */
export interface FetchedList {
  readonly text: string
  /** Why this is not the list of today; undefined where it is. */
  readonly old: string | undefined
}

/** Where lists of devices are fetched; undefined where there never was one. Never rejects. */
export type FetchList = (url: string, stateDirectory: string) => Promise<FetchedList | undefined>

/** What the sources are read with. */
export interface SourceDeps {
  readonly files: Files
  readonly fetchList: FetchList
  readonly parse?: ParseTree
}

export type DeviceSource = Static<typeof deviceSource>

const checkDeviceFile = checkOf('device file', deviceFile)

const groups = Type.Array(
  Type.Object(
    {
      targets: Type.Array(Type.String({ description: 'host or host:port' }), { maxItems: 20_000 }),
      labels: Type.Optional(Type.Record(Type.String(), Type.String())),
    },
    { additionalProperties: true },
  ),
  { maxItems: 20_000 },
)
const checkGroups = checkOf('host groups', Type.Object({ groups }))

/** The devices of every source, as they would stand in the site file; what is wrong is told. */
export async function readSources(
  sources: readonly DeviceSource[],
  tree: Tree,
  stateDirectory: string,
  deps: SourceDeps,
  problems: Problems,
): Promise<readonly DeviceItem[]> {
  // Side by side: of several servers that do not answer, each costs its deadline only once.
  const items = await Promise.all(
    sources.map((source, index) =>
      readSource(source, { tree, path: ['device_sources', index] }, stateDirectory, deps, problems),
    ),
  )
  return items.flat()
}

/** An HTTP SD list is asked for as often as Prometheus does by default. */
const refreshDefault: Milliseconds = minute

/** Pure: which of the sources are lists that others keep. */
export function deviceListsOf(
  sources: readonly DeviceSource[],
  { tree, path }: Spot,
  problems: Problems,
): readonly DeviceList[] {
  return sources.flatMap(({ file_sd, http_sd, refresh_interval: interval }, index): readonly DeviceList[] => {
    const at = tree.at([...path, index, 'refresh_interval'])
    if (interval !== undefined && http_sd === undefined)
      problems.add(at, 'only an http_sd list is asked for by interval')
    if (file_sd !== undefined) return [{ kind: 'files', ...splitPath(besideFile(tree.file, file_sd)) }]
    if (http_sd === undefined) return []
    const every = interval === undefined ? refreshDefault : readDuration(interval, [5 * second, day], at, problems)
    return [{ kind: 'http', url: http_sd, interval: every ?? refreshDefault }]
  })
}

/** Whether a path is a list's own, or its folder's. */
export function isOfList(list: DeviceList, path: string): boolean {
  if (list.kind === 'http') return false
  return path === list.folder || (path.startsWith(`${list.folder}/`) && fits(basename(path), list.name))
}

async function readSource(
  source: DeviceSource,
  { tree, path }: Spot,
  stateDirectory: string,
  deps: SourceDeps,
  problems: Problems,
): Promise<readonly DeviceItem[]> {
  const [kind, ...others] = sourceKinds.filter((one) => source[one] !== undefined)
  if (kind === undefined || others.length > 0) {
    problems.add(tree.keyAt(path), `a source has one of ${sourceKinds.join(', ')}`, 'make several sources of it')
    return []
  }
  const common = { item: jsonOf(source.device), tree, path: [...path, 'device'] }
  const where = { at: source[kind] ?? '', place: tree.at([...path, kind]), stateDirectory }
  return readers[kind](where, common, deps, problems)
}

const sourceKinds = ['files', 'csv', 'file_sd', 'http_sd'] as const

interface Where {
  /** The path or address as written. */
  readonly at: string
  readonly place: Place
  readonly stateDirectory: string
}

type Reader = (where: Where, common: DeviceItem, deps: SourceDeps, problems: Problems) => Promise<readonly DeviceItem[]>

const readers: Readonly<Record<(typeof sourceKinds)[number], Reader>> = {
  async files({ at, place }, common, deps, problems) {
    const items: DeviceItem[] = []
    for (const file of await filesOf(besideFile(common.tree.file, at), place, deps, problems))
      items.push(...(await readDeviceFile(file, common, deps, problems)))
    return items
  },
  csv: ({ at }, common, deps, problems) => readTable(besideFile(common.tree.file, at), common, deps, problems),
  async file_sd({ at, place }, common, deps, problems) {
    const items: DeviceItem[] = []
    for (const file of await filesOf(besideFile(common.tree.file, at), place, deps, problems)) {
      const text = await readText(file, deps.files, problems)
      if (text !== undefined) items.push(...(await targetsOf(text, file, common, deps, problems)))
    }
    return items
  },
  async http_sd({ at, place, stateDirectory }, common, deps, problems) {
    const url = URL.canParse(at) ? new URL(at) : undefined
    if (url === undefined || url.username !== '' || url.password !== '') {
      const what = url === undefined ? 'this is no address of a web server' : 'an address may hold no user and password'
      problems.add(
        place,
        what,
        url === undefined ? 'as http://127.0.0.1:8000/targets' : 'let a proxy beside siteward add them',
      )
      return []
    }
    const list = await deps.fetchList(at, stateDirectory)
    // What it is asked with may be a key.
    const server = `${url.origin}${url.pathname}`
    if (list === undefined) {
      problems.warn(place, `${server} has given no list of devices yet`)
      return []
    }
    if (list.old !== undefined) problems.warn(place, `${server} ${list.old}`, 'its last list is used')
    return targetsOf(list.text, server, common, deps, problems)
  },
}

/** The files of a path whose last part may have stars. */
async function filesOf(
  pattern: string,
  place: Place,
  { files }: SourceDeps,
  problems: Problems,
): Promise<readonly string[]> {
  const { folder, name } = splitPath(pattern)
  if (!name.includes('*')) return [pattern]
  try {
    const inFolder = await files.list(folder)
    return inFolder.filter((file) => fits(basename(file), name))
  } catch (error) {
    problems.add(place, `the folder ${folder} ${whyUnreadable(error)}`)
    return []
  }
}

function splitPath(pattern: string): { readonly folder: string; readonly name: string } {
  return { folder: dirname(pattern), name: basename(pattern) }
}

/** Whether a name fits a pattern with stars. No regular expression: several stars would make one slow. */
function fits(name: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop() ?? ''
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last)) return false
  let from = first.length
  for (const part of rest) {
    const found = name.indexOf(part, from)
    if (found < 0 || found + part.length > name.length - last.length) return false
    from = found + part.length
  }
  return true
}

async function readDeviceFile(
  file: string,
  common: DeviceItem,
  { files, parse }: SourceDeps,
  problems: Problems,
): Promise<readonly DeviceItem[]> {
  const tree = await readTree(file, files, problems, parse)
  const checked = tree === undefined ? undefined : checkDeviceFile(tree.data, { tree, path: [] }, problems)
  if (tree === undefined || checked === undefined) return []
  return checked.devices.map((item, index) => {
    const path = ['devices', index]
    return isJson(item)
      ? placed(item, (key) => tree.at([...path, ...key]), tree.keyAt(path), common)
      : { item, tree, path }
  })
}

async function readTable(
  file: string,
  common: DeviceItem,
  { files }: SourceDeps,
  problems: Problems,
): Promise<readonly DeviceItem[]> {
  const text = await readText(file, files, problems)
  if (text === undefined) return []
  const csv = parseCsv(text, file)
  if (!csv.ok) {
    problems.add(csv.place, csv.message)
    return []
  }
  return csv.rows.map((row) => rowItem(row, common))
}

/** Columns that hold several names, with blanks between them. */
const lists = new Set(['probes', 'credentials', 'depends_on'])

/** A row as a device: the columns are its keys; `labels.floor` and `modbus.unit` are keys inside of keys. */
function rowItem({ cells, place }: CsvRow, common: DeviceItem): DeviceItem {
  const item: Record<string, unknown> = {}
  for (const [column, { text }] of cells) {
    const [key = '', inner] = column.split('.', 2)
    if (inner === undefined) item[key] = lists.has(key) ? text.split(/\s+/) : text
    else item[key] = { ...jsonOf(item[key]), [inner]: key === 'labels' ? text : numberOr(text) }
  }
  const at = ([key = '', inner]: Path): Place =>
    (cells.get(`${key}.${inner}`) ?? cells.get(String(key)))?.place ?? place
  return placed(item, at, place, common)
}

function numberOr(text: string): number | string | boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text
}

/**
 * Prometheus' target groups (`file_sd_configs`, `http_sd_configs`): [{ targets: [..], labels: {..} }]. A target is a
 * device; the label `device`, or else the target, is its name. Labels of Prometheus' own (`__..`) are left out.
 * https://prometheus.io/docs/prometheus/latest/http_sd/
 */
async function targetsOf(
  text: string,
  file: string,
  common: DeviceItem,
  { parse = parseHere }: SourceDeps,
  problems: Problems,
): Promise<readonly DeviceItem[]> {
  // JSON is YAML; a key in front makes the list a mapping. A list in YAML's block form stands on lines of its own.
  const key = /^\s*-/.test(text) ? 'groups:\n' : 'groups: '
  const inText = (place: Place): Place => beforeKey(place, key)
  const found = new Problems()
  const tree = await parse(`${key}${text}`, file, found)
  const checked = tree === undefined ? undefined : checkGroups(tree.data, { tree, path: [] }, found)
  problems.take(found.list().map((problem) => ({ ...problem, place: inText(problem.place) })))
  if (tree === undefined || checked === undefined) return []
  return checked.groups.flatMap(({ targets, labels = {} }, group) =>
    targets.map((target, index) => {
      const place = inText(tree.at(['groups', group, 'targets', index]))
      const { device, ...rest } = labels
      const own = Object.entries(rest).filter(([name]) => !name.startsWith('__'))
      const name = device ?? target.replace(/[^\p{L}\p{N}._-]+/gu, '-')
      return placed({ name, address: target, labels: Object.fromEntries(own) }, () => place, place, common)
    }),
  )
}

/** A place of the text with a key in front, as a place of the text alone. */
function beforeKey(place: Place, key: string): Place {
  if (key.endsWith('\n')) return { ...place, line: Math.max(1, place.line - 1) }
  return place.line > 1 ? place : { ...place, column: Math.max(1, place.column - key.length) }
}

/** A device of a source with what the source says for all of them; places are those of its own keys, or of these. */
function placed(own: Json, at: (path: Path) => Place, place: Place, common: DeviceItem): DeviceItem {
  const shared = jsonOf(common.item)
  const labels = { ...jsonOf(shared['labels']), ...jsonOf(own['labels']) }
  const item = { ...shared, ...own, ...(Object.keys(labels).length > 0 ? { labels } : {}) }
  const where = (path: Path): Place => {
    const [key] = path
    if (key === undefined) return place
    return Object.hasOwn(own, key) || !Object.hasOwn(shared, key) ? at(path) : common.tree.at([...common.path, ...path])
  }
  const tree: Tree = {
    file: place.file,
    data: item,
    at: where,
    keyAt: where,
    written: (path) => String(path.reduce<unknown>((value, key) => Reflect.get(Object(value), key), item)),
  }
  return { item, tree, path: [] }
}
