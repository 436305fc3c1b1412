import { phase, type Transition } from '../judge/cell.ts'
import { Judge } from '../judge/judge.ts'
import type { Milliseconds, Moment } from '../model/clock.ts'
import type { Device } from '../model/device.ts'
import type { DeviceGroup } from '../model/group.ts'
import type { Labels } from '../model/labels.ts'
import type { Metric } from '../model/metric.ts'
import type { Rule } from '../model/rule.ts'
import { type Series, type SeriesScope, SeriesTable } from '../model/series.ts'
import type { Site } from '../model/site.ts'
import { Store } from '../store/store.ts'
import type { Fired, Past, PastOf } from './past.ts'

/** So many devices are judged side by side: what is in memory at once is their readings of one span. */
const devicesAtOnce = 50

/** What came of judging the past. */
export interface Judged {
  readonly fired: readonly Fired[]
  /** Metrics that rules speak of and that the past has no reading of. */
  readonly unread: readonly string[]
  readonly readings: number
  /** When the first reading of all was read; undefined where there is none. */
  readonly since: Milliseconds | undefined
}

/** Judges the past of a whole site by its rules, its groups' included, as if siteward had watched then. */
export async function judgePast(site: Site, past: Past, from: Milliseconds, to: Milliseconds): Promise<Judged> {
  const fired: Fired[] = []
  const wanted = new Set<string>()
  const seen = new Set<string>()
  let readings = 0
  let since: Milliseconds | undefined
  for (const { devices, groups } of partsOf(site)) {
    const ruled = [...devices, ...groups.map(({ device }) => device)]
    const metrics = [...new Set(ruled.flatMap((device) => device.rules.flatMap(metricsOf)))]
    for (const metric of metrics) wanted.add(metric)
    const replay = new Replay(site, devices, groups)
    for (let start = from; start < to; start += past.span) {
      const end = Math.min(to, start + past.span)
      // Both ends of a span would be read twice.
      const names = devices.map(({ name }) => name)
      const found = await past.read({ devices: names, metrics, from: start, to: end === to ? to : end - 1 })
      for (const { metric, points } of found) {
        seen.add(metric)
        readings += points.length
        since = Math.min(since ?? Number.POSITIVE_INFINITY, points[0]?.[0] ?? Number.POSITIVE_INFINITY)
      }
      replay.take(found)
    }
    fired.push(...replay.end())
  }
  const unread = [...wanted].filter((metric) => !seen.has(metric)).sort()
  return { fired, unread, readings, since: Number.isFinite(since) ? since : undefined }
}

/** What is judged side by side. */
interface Part {
  readonly devices: readonly Device[]
  readonly groups: readonly DeviceGroup[]
}

/** Some devices at a time, and then each group, for which its members are read again without their own rules. */
function partsOf({ devices, groups }: Site): readonly Part[] {
  const parts: Part[] = []
  for (let i = 0; i < devices.length; i += devicesAtOnce)
    parts.push({ devices: devices.slice(i, i + devicesAtOnce), groups: [] })
  const membersOf = ({ members }: DeviceGroup): readonly Device[] =>
    devices.filter(({ name }) => members.includes(name)).map((device) => ({ ...device, rules: [] }))
  return [...parts, ...groups.map((group) => ({ devices: membersOf(group), groups: [group] }))]
}

/** The metrics without which a rule cannot be judged. */
function metricsOf({ metric, condition }: Rule): readonly string[] {
  const limits =
    condition.kind === 'within' ? [condition.low, condition.high] : 'limit' in condition ? [condition.limit] : []
  return [metric.name, ...limits.flatMap((limit) => (limit.kind === 'metric' ? [limit.metric] : []))]
}

/** Some devices judged again: readings in the order of their times, and time passing between them. */
class Replay {
  readonly #store = new Store()
  readonly #judge: Judge
  readonly #scopes = new Map<string, SeriesScope>()
  readonly #metrics: ReadonlyMap<string, Metric>
  readonly #open = new Map<string, Fired>()
  readonly #fired: Fired[] = []

  constructor(site: Site, devices: readonly Device[], groups: readonly DeviceGroup[]) {
    this.#judge = new Judge(site, this.#store)
    this.#metrics = site.vocabulary
    const table = new SeriesTable(site.name, (series) => {
      this.#store.add(series)
      this.#judge.addSeries(series)
    })
    for (const device of devices) {
      this.#judge.addDevice(device)
      this.#scopes.set(device.name, table.scope(table.source(device.name, 'past')))
    }
    for (const group of groups) this.#judge.addGroup(group)
  }

  take(found: readonly PastOf[]): void {
    const byTime = new Map<Milliseconds, { series: Series; value: number }[]>()
    for (const { metric, labels, points } of found) {
      const series = this.#seriesOf(metric, labels)
      if (series === undefined) continue
      for (const [at, value] of points) {
        const list = byTime.get(at)
        if (list === undefined) byTime.set(at, [{ series, value }])
        else list.push({ series, value })
      }
    }
    for (const at of [...byTime.keys()].sort((a, b) => a - b)) this.#step(at, byTime.get(at) ?? [])
  }

  /** What has fired; what fires at the end has no end. */
  end(): readonly Fired[] {
    return [...this.#fired, ...this.#open.values()]
  }

  #step(time: Milliseconds, readings: readonly { readonly series: Series; readonly value: number }[]): void {
    const at: Moment = { wall: time, mono: time }
    for (const reading of readings) this.#store.apply(reading, time)
    this.#note(this.#judge.sweep(at))
    this.#note(
      this.#judge.judge(
        readings.map(({ series }) => series),
        at,
      ),
    )
  }

  #note(transitions: readonly Transition[]): void {
    for (const { cell, from, to, at } of transitions) {
      const { rule, device, own, key } = cell
      if (phase(to) === 'firing') {
        const { alarm, severity } = rule
        this.#open.set(key, { alarm, severity, device: device.name, own, from: at.wall, to: undefined })
      } else if (phase(from) === 'firing') {
        const open = this.#open.get(key)
        this.#open.delete(key)
        if (open !== undefined) this.#fired.push({ ...open, to: at.wall })
      }
    }
  }

  #seriesOf(name: string, { site: _site, device = '', ...own }: Labels): Series | undefined {
    const metric = this.#metrics.get(name)
    return metric === undefined ? undefined : this.#scopes.get(device)?.series(metric, own)
  }
}
