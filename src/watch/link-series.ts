import { compareEnds, type LinkEnd, type LinkState } from '../model/link.ts'
import { type Metric, stateName, type Vocabulary } from '../model/metric.ts'
import type { Probe } from '../model/probe.ts'
import type { Series, SeriesTable, Source } from '../model/series.ts'
import type { Store } from '../store/store.ts'

/** The readings by which links are known and compared, by their names in the vocabulary. */
const names = {
  neighbour: 'lldp_neighbour_info',
  speed: 'interface_speed_bytes_per_second',
  duplex: 'interface_duplex_state',
  interface: 'interface_info',
  device: 'device_info',
  link: 'siteward_link_state',
} as const

/** By the series of these metrics links are known. */
const tellingMetrics: ReadonlySet<string> = new Set([
  names.neighbour,
  names.speed,
  names.duplex,
  names.interface,
  names.device,
])

/** Whether a probe tells a device's neighbours. */
export function tellsNeighbours({ points }: Probe): boolean {
  return points.some(({ metric }) => metric.name === names.neighbour)
}

/** What is known of one device. */
interface Known {
  /** Its LLDP neighbours. */
  readonly neighbours: Series[]
  readonly speed: Map<string, Series>
  readonly duplex: Map<string, Series>
  /** An interface's other words (its description, in small letters), to the word that its readings have. */
  readonly interfaces: Map<string, string>
}

/** Compares both ends of every link between two devices of the site, by LLDP; made anew when one of them was polled. */
export class LinkSeries {
  readonly #table: SeriesTable
  readonly #store: Store
  readonly #metric: Metric | undefined
  readonly #known = new Map<string, Known>()
  /** The names of those in small letters, to the names as they are written. */
  readonly #spelt = new Map<string, string>()
  /** Names that devices give themselves, and those of the site, to the site's. */
  readonly #devices = new Map<string, string>()
  readonly #sources = new Map<string, Source>()

  constructor(vocabulary: Vocabulary, table: SeriesTable, store: Store) {
    this.#table = table
    this.#store = store
    this.#metric = vocabulary.get(names.link)
  }

  /** A new series of a device: kept where links are known or compared by it. */
  added(series: Series): void {
    const { device } = series.source
    const { interface: label = '', name, description } = series.labels
    switch (series.metric.name) {
      case names.neighbour:
        this.#of(device).neighbours.push(series)
        return
      case names.speed:
        this.#of(device).speed.set(label, series)
        return
      case names.duplex:
        this.#of(device).duplex.set(label, series)
        return
      case names.interface:
        if (description !== undefined) this.#of(device).interfaces.set(description.toLowerCase(), label)
        return
      case names.device:
        if (name !== undefined && name !== '') this.#devices.set(name.toLowerCase(), device)
        return
    }
  }

  /**
   * Forgets series that are gone. Returns the links that were compared by them, which the caller lets go too, by the devices
   * whose they are: those of the series' own devices, and of all that have these as neighbours.
   */
  removed(gone: readonly Series[]): ReadonlyMap<string, readonly Series[]> {
    const telling = gone.filter(({ metric }) => tellingMetrics.has(metric.name))
    const devices = new Set(telling.map(({ source }) => source.device))
    if (devices.size === 0) return new Map()
    for (const [name, { neighbours }] of this.#known) {
      const isNear = ({ labels }: Series): boolean => devices.has(this.#deviceOf(labels['neighbour'] ?? '') ?? '')
      if (!devices.has(name) && neighbours.some(isNear)) devices.add(name)
    }
    for (const series of telling) this.#forget(series)
    return new Map([...devices].map((name) => [name, this.#release(name)]))
  }

  #forget({ id, source: { device }, labels, metric }: Series): void {
    const known = this.#known.get(device)
    const { interface: label = '', description = '', name = '' } = labels
    if (metric.name === names.device) this.#devices.delete(name.toLowerCase())
    if (known === undefined) return
    const { neighbours, interfaces } = known
    const at = neighbours.findIndex((one) => one.id === id)
    if (at >= 0) neighbours.splice(at, 1)
    for (const map of [known.speed, known.duplex]) if (map.get(label)?.id === id) map.delete(label)
    if (metric.name === names.interface) interfaces.delete(description.toLowerCase())
    if (neighbours.length + known.speed.size + known.duplex.size + interfaces.size > 0) return
    this.#known.delete(device)
    this.#spelt.delete(device.toLowerCase())
  }

  #release(device: string): readonly Series[] {
    const source = this.#sources.get(device)
    this.#sources.delete(device)
    return source === undefined ? [] : this.#table.release(source)
  }

  /** The links of a device that was just polled, compared; `at` is monotonic. Returns the series to judge. */
  update(device: string, at: number): Iterable<Series> {
    const known = this.#known.get(device)
    if (known === undefined || known.neighbours.length === 0 || this.#metric?.kind !== 'state') return []
    const source = this.#sources.get(device) ?? this.#table.source(device, 'links')
    this.#sources.set(device, source)
    for (const row of this.#table.rowsOf(source)) this.#store.expireRow(row)
    const scope = this.#table.scope(source)
    for (const neighbour of known.neighbours) {
      const state = this.#compare(device, neighbour)
      if (state === undefined) continue
      const { interface: here = '', neighbour: there = '', neighbour_interface: far = '' } = neighbour.labels
      const series = scope.series(this.#metric, { interface: here, neighbour: there, neighbour_interface: far })
      if (series !== undefined) this.#store.apply({ series, value: this.#metric.states.indexOf(state) }, at)
    }
    return this.#table.seriesOf(source)
  }

  #compare(device: string, neighbour: Series): LinkState | undefined {
    // Its neighbour is gone, or was not told at the last poll.
    if (Number.isNaN(this.#store.value(neighbour))) return undefined
    const other = this.#deviceOf(neighbour.labels['neighbour'] ?? '')
    // Each link is told once: where both ends tell it, by the device whose name comes first.
    if (other === undefined || other === device || (other < device && this.#tells(other, device))) return undefined
    const far = this.#interfaceOf(other, neighbour.labels['neighbour_interface'] ?? '')
    return compareEnds(this.#end(device, neighbour.labels['interface'] ?? ''), this.#end(other, far))
  }

  /** Whether a device names another as its neighbour. */
  #tells(device: string, other: string): boolean {
    const neighbours = this.#known.get(device)?.neighbours ?? []
    return neighbours.some(
      (series) =>
        this.#deviceOf(series.labels['neighbour'] ?? '') === other && !Number.isNaN(this.#store.value(series)),
    )
  }

  /** By the name that a device gives itself, with or without its domain. */
  #deviceOf(told: string): string | undefined {
    const name = told.toLowerCase()
    const [short = ''] = name.split('.')
    const found = this.#devices.get(name) ?? this.#devices.get(short)
    if (found !== undefined) return found
    return this.#known.has(told) ? told : this.#spelt.get(name)
  }

  /** LLDP tells a port by its name or its description; readings are labelled by the name. */
  #interfaceOf(device: string, told: string): string {
    return this.#known.get(device)?.interfaces.get(told.toLowerCase()) ?? told
  }

  #end(device: string, label: string): LinkEnd {
    const known = this.#known.get(device)
    const [speed, duplex] = [known?.speed.get(label), known?.duplex.get(label)]
    const rate = speed === undefined ? Number.NaN : this.#store.value(speed)
    const mode = duplex === undefined ? Number.NaN : this.#store.value(duplex)
    const word = duplex?.metric.kind === 'state' && !Number.isNaN(mode) ? stateName(duplex.metric, mode) : undefined
    // A port without a link says 0.
    return {
      speed: rate > 0 ? rate : undefined,
      duplex: word === 'full' || word === 'half' ? word : undefined,
    }
  }

  #of(device: string): Known {
    const found = this.#known.get(device)
    if (found !== undefined) return found
    const known: Known = { neighbours: [], speed: new Map(), duplex: new Map(), interfaces: new Map() }
    this.#known.set(device, known)
    this.#spelt.set(device.toLowerCase(), device)
    return known
  }
}
