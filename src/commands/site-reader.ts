import { realpath, stat } from 'node:fs/promises'
import { dirname, relative } from 'node:path'
import { checkBusLoad } from '../config/bus-load.ts'
import { type FetchList, isOfList } from '../config/device-sources.ts'
import type { Files } from '../config/files.ts'
import { type LoadDeps, type Loaded, loadSite } from '../config/load.ts'
import { ParseThread } from '../config/parse-thread.ts'
import { SeenFiles } from '../config/seen-files.ts'
import { Memory } from '../config/shipped.ts'
import { home } from '../home.ts'
import type { DeviceList } from '../model/device-list.ts'
import { SeriesTable } from '../model/series.ts'
import type { Listen, Site } from '../model/site.ts'
import { type Breathe, breather } from '../reload/breath.ts'
import type { Extent, SiteReading, SiteSource } from '../reload/site-source.ts'
import { devicesOf, type Shard } from '../shard.ts'
import { files } from '../shipped-files.ts'
import { type Prepared, prepareDevice } from '../watch/jobs.ts'
import type { Io } from './command.ts'
import { fetchList } from './device-lists.ts'
import { byProtocol, depsOf } from './site-file.ts'

/** What of the command line stands before the site file. */
export interface ReaderOptions {
  readonly listen: Listen | undefined
  readonly shard: Shard | undefined
}

/** Reads the site of a daemon, again and again. What has been read once is remembered, so that polls need not wait. */
export class SiteReader implements SiteSource {
  readonly #file: string
  readonly #io: Pick<Io, 'env' | 'clock'>
  readonly #options: ReaderOptions
  readonly #memory = new Memory()
  readonly #thread = new ParseThread()
  readonly #seen = new SeenFiles(files, (path) => this.mark(path))
  #lists: readonly DeviceList[] = []
  #stateDirectory = ''
  /** The lists of servers as they were last read. */
  #fetched = new Map<string, string>()

  constructor(file: string, io: Pick<Io, 'env' | 'clock'>, options: ReaderOptions) {
    this.#file = file
    this.#io = io
    this.#options = options
  }

  /** The first reading, for which nothing waits. */
  first(): Promise<SiteReading> {
    return this.#read(
      () => true,
      {},
      async () => {},
    )
  }

  read(extent: Extent): Promise<SiteReading> {
    const isFresh = (path: string): boolean => extent === 'all' || this.#isListed(path)
    const breathe = breather(this.#io.clock)
    return this.#read(isFresh, { parse: this.#thread.parse, breathe }, breathe)
  }

  async draft(file: string): Promise<SiteReading | undefined> {
    const [folder, own] = await Promise.all(
      [dirname(file), dirname(this.#file)].map((one) => realpath(one).catch(() => '')),
    )
    // Whoever operates may see what is wrong with a draft of the site, and nothing of other files of this machine.
    if (folder === '' || folder !== own || !/\.ya?ml$/.test(file)) return undefined
    const breathe = breather(this.#io.clock)
    const { deps } = this.#deps(files, { parse: this.#thread.parse, breathe })
    return this.#proved(await loadSite(file, deps), breathe)
  }

  /** What ships changes with siteward alone. */
  marks(extent: Extent): ReadonlyMap<string, string> {
    const isMeant = extent === 'all' ? isOwn : (path: string) => this.#isListed(path)
    return new Map([...this.#seen.marks].filter(([path]) => isMeant(path)))
  }

  async mark(path: string): Promise<string> {
    const found = await stat(path, { bigint: true }).catch(() => undefined)
    return found === undefined ? '-' : `${found.ino} ${found.size} ${found.mtimeNs}`
  }

  async hasChanged(url: string): Promise<boolean> {
    const list = await fetchList(url, this.#stateDirectory)
    return list !== undefined && list.old === undefined && list.text !== this.#fetched.get(url)
  }

  async close(): Promise<void> {
    await this.#thread.close()
  }

  #isListed(path: string): boolean {
    return this.#lists.some((list) => isOfList(list, path))
  }

  async #read(isFresh: (path: string) => boolean, more: Partial<LoadDeps>, breathe: Breathe): Promise<SiteReading> {
    const { deps, fetched } = this.#deps(this.#seen.reading(isFresh), more)
    const reading = await this.#proved(await loadSite(this.#file, deps), breathe)
    if (reading.site === undefined) return reading
    this.#seen.keep()
    this.#fetched = fetched
    this.#lists = reading.site.deviceLists
    this.#stateDirectory = reading.site.stateDirectory
    return reading
  }

  /** With what a site is loaded, and where the lists land that are fetched for it. */
  #deps(from: Files, more: Partial<LoadDeps>): { readonly deps: LoadDeps; readonly fetched: Map<string, string> } {
    const fetched = new Map<string, string>()
    const fetch: FetchList = async (url, stateDirectory) => {
      const list = await fetchList(url, stateDirectory)
      if (list !== undefined) fetched.set(url, list.text)
      return list
    }
    return { deps: { ...depsOf(this.#io.env, fetch), ...more, files: from, memory: this.#memory }, fetched }
  }

  /** What is loaded, once all of it compiles. */
  async #proved({ site, problems }: Loaded, breathe: Breathe): Promise<SiteReading> {
    if (site === undefined) return { site, elsewhere: new Set(), problems }
    const { prepared, problems: notCompiled } = await prepareAll(site, breathe)
    const all = [...problems, ...notCompiled, ...checkBusLoad(prepared.map(busUseOf))]
    if (all.some(({ level }) => level !== 'warning')) return { site: undefined, elsewhere: new Set(), problems: all }
    const { listen = site.listen, shard } = this.#options
    return { ...partOf({ ...site, listen }, prepared, shard), problems: all }
  }
}

/** Whether a file is the site's and did not come with siteward. */
function isOwn(path: string): boolean {
  return relative(home, path).startsWith('..')
}

async function prepareAll(
  site: Site,
  breathe: Breathe,
): Promise<{ readonly prepared: readonly Prepared[]; readonly problems: SiteReading['problems'] }> {
  const table = new SeriesTable(site.name)
  const all: ReturnType<typeof prepareDevice>[] = []
  for (const device of site.devices) {
    await breathe()
    all.push(prepareDevice(device, { table, collectors: byProtocol }))
  }
  return { prepared: all.flatMap(({ prepared }) => prepared), problems: all.flatMap(({ problems }) => problems) }
}

function busUseOf({ device, use, job }: Prepared): Parameters<typeof checkBusLoad>[0][number] {
  return { endpoint: job.endpoint, cost: job.cost, interval: use.interval, place: device.at('interval') }
}

/** What one siteward of a site watches. */
function partOf(site: Site, prepared: readonly Prepared[], shard: Shard | undefined): Omit<SiteReading, 'problems'> {
  if (shard === undefined) return { site, elsewhere: new Set() }
  const own = devicesOf(shard, prepared, site.groups)
  const elsewhere = site.devices.filter((device) => !own.has(device)).map(({ name }) => name)
  const devices = [...own]
  const groups = site.groups.filter(({ members }) => devices.some(({ name }) => members.includes(name)))
  return { site: { ...site, devices, groups }, elsewhere: new Set(elsewhere) }
}
