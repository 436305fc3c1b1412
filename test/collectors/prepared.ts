import { Ajv } from 'ajv'
import { parse } from 'yaml'
import type { Collector, Job, PollContext } from '../../collectors/collector.ts'
import { systemClock } from '../../src/model/clock.ts'
import { type Conversion, plainConversion } from '../../src/model/conversion.ts'
import { describeReading } from '../../src/model/harvest.ts'
import { labelText } from '../../src/model/labels.ts'
import { silent } from '../../src/model/log.ts'
import type { Metric } from '../../src/model/metric.ts'
import { compilePattern } from '../../src/model/pattern.ts'
import type { Point, Probe } from '../../src/model/probe.ts'
import type { PollResult } from '../../src/model/reading.ts'
import type { Result } from '../../src/model/result.ts'
import { SeriesTable } from '../../src/model/series.ts'
import type { Unit } from '../../src/model/unit.ts'

const place = { file: 'test.yaml', line: 1, column: 1 }
const text = { en: '', zh: '' }
const ajv = new Ajv({ strict: true, allowUnionTypes: true, keywords: ['secret'] })

/** A metric by its name: its unit is what the name ends with, `NAME_state` has the states given, `NAME_info` facts. */
function metric(name: string, labels: readonly string[], states?: readonly string[]): Metric {
  const base = { name, labels, text, unit: unitOf(name) }
  if (states !== undefined) return { ...base, kind: 'state', states: [...states, 'unknown'], stateTexts: {} }
  if (name.endsWith('_info')) return { ...base, kind: 'info' }
  const range = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
  return { ...base, kind: name.endsWith('_total') ? 'counter' : 'gauge', range }
}

const endings: readonly (readonly [string, Unit])[] = [
  ['_timestamp_seconds', 'timestamp'],
  ['_celsius', 'celsius'],
  ['_rpm', 'rpm'],
  ['_volts', 'volts'],
  ['_watts', 'watts'],
  ['_ratio', 'ratio'],
  ['_bytes', 'bytes'],
  ['_seconds', 'seconds'],
]

function unitOf(name: string): Unit {
  return endings.find(([ending]) => name.replace(/_total$/, '').endsWith(ending))?.[1] ?? 'none'
}

/** What a test says of a device; `points` is a probe's list in YAML. */
export interface Setup {
  readonly address: string
  readonly points: string
  readonly options?: object
  readonly credential?: object
  readonly timeout?: number
}

interface Common {
  metric: string
  states?: Record<string, string>
  pattern?: string
  scale?: number
  labels?: object
}

/** The job of a device with one probe, or the problems; the YAML is checked by the protocol's own schema first. */
function prepare(collector: Collector, setup: Setup): Result<Job> {
  const { address, options = {}, credential, timeout = 5000 } = setup
  mustFit(collector.schemas.options, options)
  const list: (Common & Record<string, unknown>)[] = parse(setup.points)
  const points = list.map((entry) => pointOf(collector, entry))
  const probe: Probe = {
    name: 'p',
    title: '',
    collector: collector.protocol,
    proof: 'register-map',
    settings: {},
    points,
    derived: [],
    rules: [],
    place,
  }
  const use = { probe, interval: 60_000, timeout }
  const device = {
    ...{ name: 'd', address, labels: {}, probes: [use], dependsOn: [], derived: [], rules: [], place },
    options: { [collector.protocol]: options },
    credentials: credential === undefined ? {} : { [collector.protocol]: credential },
    at: (key: string) => ({ ...place, file: `${key}@device` }),
  }
  const table = new SeriesTable('s')
  return collector.prepare(use, device, table.scope(table.source('d', 'p')))
}

/** The job, where there is nothing wrong with the setup. */
export function prepared(collector: Collector, setup: Setup): Job {
  const result = prepare(collector, setup)
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'))
  return result.value
}

/** The messages of what is wrong with a setup. */
export function problemsOf(collector: Collector, setup: Setup): readonly string[] {
  const result = prepare(collector, setup)
  return result.ok ? [] : result.problems.map(({ place: { file }, message }) => `${file}: ${message}`)
}

function pointOf(collector: Collector, entry: Common & Record<string, unknown>): Point {
  const { metric: name, states, pattern, scale = 1, ...spec } = entry
  mustFit(collector.schemas.point, spec)
  const labels = Object.keys(entry.labels ?? {})
  const compiled = pattern === undefined ? undefined : compilePattern(pattern)
  if (typeof compiled === 'string') throw new Error(compiled)
  const conversion: Conversion = {
    ...plainConversion,
    scale,
    pattern: compiled,
    states: states === undefined ? undefined : new Map(Object.entries(states).map(([k, v]) => [k.toLowerCase(), v])),
  }
  const named = states === undefined ? undefined : [...new Set(Object.values(states))]
  const at = (key: string) => ({ ...place, file: key })
  return { metric: metric(name, labels, named), conversion, spec, place, at }
}

function mustFit(schema: object, data: unknown): void {
  const check = ajv.compile(schema)
  if (!check(data)) throw new Error(`${JSON.stringify(data)}: ${ajv.errorsText(check.errors)}`)
}

/** What a poll is given; `deadline` in milliseconds of real time. */
export function context(deadline = 5000, more: Partial<PollContext> = {}): PollContext {
  return { signal: AbortSignal.timeout(deadline), clock: systemClock, log: silent, ...more }
}

/** A result as lines that a test compares: `metric{labels} value`, `fault KIND (points): detail`, `doubt: ...`. */
export function lines({ readings, faults, doubts }: PollResult): readonly string[] {
  return [
    ...readings.map((reading) => {
      const { site: _site, device: _device, ...own } = reading.series.labels
      return `${reading.series.metric.name}${labelText(own)} ${describeReading(reading)}`
    }),
    ...faults.map(({ kind, detail, points }) => `fault ${kind} (${points}): ${detail}`),
    ...doubts.map((doubt) => `doubt: ${doubt}`),
  ]
}
