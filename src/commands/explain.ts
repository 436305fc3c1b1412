import { parseArgs } from 'node:util'
import type { Step } from '../../collectors/collector.ts'
import { nearest } from '../config/misspelt.ts'
import { breach } from '../judge/breach.ts'
import { Judge } from '../judge/judge.ts'
import { limitText } from '../judge/text.ts'
import { conversionSteps } from '../model/conversion-steps.ts'
import type { Device, ProbeUse } from '../model/device.ts'
import { describeReading, type Witnessed } from '../model/harvest.ts'
import { labelText } from '../model/labels.ts'
import { silent } from '../model/log.ts'
import { unknownState } from '../model/metric.ts'
import { formatPlace } from '../model/place.ts'
import type { Point } from '../model/probe.ts'
import { type Series, SeriesTable } from '../model/series.ts'
import type { Site } from '../model/site.ts'
import { Store } from '../store/store.ts'
import { type WatchedPoll, watchPoll } from '../watch/watched-poll.ts'
import { type Command, type Io, UsageError } from './command.ts'
import { columnsText, onlyDevice } from './poll.ts'
import { byProtocol, configOf, printProblems, readSite } from './site-file.ts'

const usage = `Usage: siteward explain DEVICE METRIC --config FILE

Polls a device once and shows how each reading of a metric came about: the bytes on the wire, how they are decoded, what
means "not available", scale and range, and the verdict of each rule. Where there is no reading, it shows why.

  METRIC         a metric, or one series of it: 'interface_state{interface="Gi0/1"}'
  --config FILE  the site file

Exit status: 0 when a reading came, 1 when none did, 2 for a wrong command line.
`

/** `siteward explain`. */
export const explain: Command = {
  name: 'explain',
  summary: 'one reading, from the bytes on the wire to the verdict',
  usage,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { config: { type: 'string' } },
      allowPositionals: true,
    })
    const [name, metric, more] = positionals
    if (name === undefined || metric === undefined || more !== undefined)
      throw new UsageError('a DEVICE and a METRIC are needed')
    const { site, problems } = await readSite(configOf(values), io.env)
    printProblems(problems, io)
    return site === undefined ? 1 : explainDevice(onlyDevice(site, name), wantedOf(metric), io)
  },
}

/** What is to be explained: a metric, and labels that its series must have. */
interface Wanted {
  readonly metric: string
  readonly labels: Readonly<Record<string, string>>
}

function wantedOf(text: string): Wanted {
  const match = /^([a-z][a-z0-9_]*)(?:\{(.*)\})?$/s.exec(text)
  if (match?.[1] === undefined) throw new UsageError(`${text} is no metric: NAME, or NAME{label="value"}`)
  const pairs = [...(match[2] ?? '').matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"/g)]
  const labels = pairs.map(([, label = '', value = '']) => [label, value.replace(/\\(.)/g, '$1')] as const)
  return { metric: match[1], labels: Object.fromEntries(labels) }
}

async function explainDevice(site: Site, wanted: Wanted, io: Io): Promise<number> {
  const [device] = site.devices
  if (device === undefined) return 1
  const uses = device.probes.filter(({ probe }) => probe.points.some(({ metric }) => metric.name === wanted.metric))
  if (uses.length === 0) throw noSuchMetric(device, wanted.metric)
  const store = new Store()
  const judge = new Judge(site, store)
  const table = new SeriesTable(site.name, (series) => {
    store.add(series)
    judge.addSeries(series)
  })
  judge.addDevice(device)
  let readings = 0
  for (const use of uses) {
    const watched = await pollWatched(use, device, table, io)
    if (watched === undefined) return 1
    for (const reading of watched.result.readings) store.apply(reading, 1)
    readings += await explainProbe(use, wanted, watched, judge, io)
  }
  return readings > 0 ? 0 : 1
}

function noSuchMetric({ name, probes }: Device, metric: string): UsageError {
  const known = new Set(probes.flatMap(({ probe }) => probe.points.map((point) => point.metric.name)))
  const near = nearest(metric, [...known])
  return new UsageError(`no probe of ${name} reads ${metric}${near === undefined ? '' : ` (did you mean ${near}?)`}`)
}

async function pollWatched(
  use: ProbeUse,
  device: Device,
  table: SeriesTable,
  io: Io,
): Promise<WatchedPoll | undefined> {
  const collector = byProtocol.get(use.probe.collector)
  if (collector === undefined) return undefined
  const scope = table.scope(table.source(device.name, use.probe.name))
  const context = { signal: AbortSignal.timeout(use.timeout), clock: io.clock, log: silent }
  const watched = await watchPoll(collector, use, device, scope, context)
  if (watched.ok) return watched.value
  printProblems(watched.problems, io)
  return undefined
}

/** Explains what one probe reads of the metric; how many readings there were. */
async function explainProbe(
  { probe }: ProbeUse,
  { metric, labels }: Wanted,
  watched: WatchedPoll,
  judge: Judge,
  io: Io,
): Promise<number> {
  let readings = 0
  for (const { point, values } of watched.outcomes) {
    if (point.metric.name !== metric) continue
    const place = `${probe.name}, ${formatPlace(point.place)}`
    const found = values.filter(({ series }) =>
      Object.entries(labels).every(([name, value]) => series.labels[name] === value),
    )
    for (const value of found) {
      const steps = [
        ...(await watched.explain(point, value)),
        ...conversionSteps(value.raw, value.point.conversion, point.metric, value.factor),
      ]
      const { converted } = value
      if (converted.kind === 'value') readings++
      const end = converted.kind === 'value' ? verdictSteps(value, converted.value, judge) : []
      print(`${metric}${labelText(value.series.labels)}  (${place})`, [...steps, ...end], io)
    }
    if (values.length === 0) print(`${metric}: no reading  (${place})`, await whyNot(point, watched), io)
  }
  return readings
}

async function whyNot(point: Point, { explain: steps, result }: WatchedPoll): Promise<readonly Step[]> {
  const faults = result.faults.map(({ kind, detail }) => ({ name: 'fault', text: `${kind}: ${detail}` }))
  return [...(await steps(point, undefined)), ...faults]
}

/** The reading, and how each rule on it stands by this reading alone. */
function verdictSteps({ series }: Witnessed, value: number, judge: Judge): readonly Step[] {
  const reading = { name: 'reading', text: describeReading({ series, value }) }
  // One reading tells nothing of what is measured over a time or beside others.
  const plain = judge.cellsOf(series).filter(({ rule }) => rule.measure === undefined)
  const cells = plain.map((cell): Step => {
    const { alarm, severity, condition } = cell.rule
    const bounds = judge.bounds(cell)
    const stands = breach(condition, bounds, value, unknownIndex(series))
    const limit = limitText(cell.rule, bounds, 'en')
    return { name: 'verdict', text: `${alarm} (${severity}): ${limit}: ${words[stands]}` }
  })
  return [reading, ...(cells.length > 0 ? cells : [{ name: 'verdict', text: 'no rule judges it' }])]
}

const words = {
  broken: 'broken',
  near: 'good, but within the hysteresis: a firing alarm goes on',
  clear: 'good',
  unknown: 'cannot be told',
} as const satisfies Record<ReturnType<typeof breach>, string>

function unknownIndex({ metric }: Series): number {
  return metric.kind === 'state' ? metric.states.indexOf(unknownState) : -1
}

function print(title: string, steps: readonly Step[], io: Io): void {
  const lines = columnsText(steps.map(({ name, text }) => [name, text.replace(/\n/g, `\n${' '.repeat(4)}`)]))
  io.out.write(`${[title, ...lines.map((line) => `  ${line}`)].join('\n')}\n\n`)
}
