import { parseArgs } from 'node:util'
import { type Comparison, compareFired, firedOfCounts } from '../backtest/compare.ts'
import { type Judged, judgePast } from '../backtest/judge-past.ts'
import { type Fired, type Past, PastError } from '../backtest/past.ts'
import { type Fetch, prometheusPast } from '../backtest/prometheus-past.ts'
import { sitewardPast } from '../backtest/siteward-past.ts'
import type { Milliseconds } from '../model/clock.ts'
import { isDrill } from '../model/drill.ts'
import { formatDuration, parseDuration } from '../model/duration.ts'
import { type Labels, labelText } from '../model/labels.ts'
import type { Site } from '../model/site.ts'
import { type Command, UsageError } from './command.ts'
import { DaemonError, daemonOptions, daemonUsage, findDaemon, goodBody, type RunningDaemon } from './operate.ts'
import { printProblems, readSiteWithoutSecrets } from './site-file.ts'

const usage = `Usage: siteward backtest FILE [--since 30d] [--prometheus URL] [--step 30s] [--json]

Judges the readings of the past by the rules of FILE, a site file, and shows which alarms would have fired, and which that
did fire would not have. Tells nobody and changes nothing. The readings come from the Prometheus that scrapes siteward
(\`prometheus:\` in FILE, or --prometheus), else from the running siteward, which has the last 24 hours.

  --since TIME      how far back: 30d with Prometheus, 24h without, where nothing is said
  --prometheus URL  as http://127.0.0.1:9090
  --step TIME       how densely Prometheus is asked; the shortest interval of FILE, at least 15s, where nothing is said
  --json            print JSON
${daemonUsage}
Exit status: 0 when the past was judged, 1 when it could not be read or FILE has a mistake, 2 for a wrong command line.
`

const options = {
  ...daemonOptions,
  since: { type: 'string' },
  prometheus: { type: 'string' },
  step: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

const second: Milliseconds = 1000
const minute: Milliseconds = 60 * second
const hour: Milliseconds = 60 * minute
const day: Milliseconds = 24 * hour
/** Prometheus answers a span of the past within this time, or not at all. */
const slowestAnswer: Milliseconds = 60 * second

/** \`siteward backtest\`. */
export const backtest: Command = {
  name: 'backtest',
  summary: 'judge the readings of the past by new rules',
  usage,
  async run(args, io) {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [file, more] = positionals
    if (file === undefined || more !== undefined) throw new UsageError('exactly one FILE is needed')
    const { site, problems } = await readSiteWithoutSecrets(file, io.env)
    printProblems(problems, io)
    if (site === undefined) return 1
    const step = durationOf('--step', values.step) ?? stepOf(site)
    const prometheus = values.prometheus === undefined ? site.prometheus : urlOf(values.prometheus)
    // The running siteward has the file of today; where it listens and its token stand in the new one as well.
    const daemon = await findDaemon(
      { ...values, config: values.config ?? (values.url === undefined ? file : undefined) },
      io,
    )
    if (daemon === undefined) return 1
    const past =
      prometheus === undefined
        ? sitewardPast(daemon.url.origin, async (path) => goodBody(await daemon.call('GET', path)))
        : prometheusPast(prometheus, site.name, site.vocabulary, step, ask)
    const to = io.clock.now().wall
    const from = to - (durationOf('--since', values.since) ?? (prometheus === undefined ? day : 30 * day))
    try {
      const judged = await judgePast(site, past, Math.max(from, to - past.reach), to)
      const since = judged.since ?? to
      const { did, from: source } = await whatFired(site, past, daemon, since, to)
      const compared = compareFired(judged.fired, did, Math.max(2 * step, minute))
      const report = { judged, compared, source, past, asked: from, from: since, to }
      io.out.write(values.json ? `${JSON.stringify(asObject(report), null, 2)}\n` : asText(report))
      return 0
    } catch (error) {
      if (!(error instanceof PastError) && !(error instanceof DaemonError)) throw error
      io.err.write(`siteward backtest: ${error.message}\n`)
      return 1
    }
  },
}

function durationOf(option: string, text: string | undefined): Milliseconds | undefined {
  if (text === undefined) return undefined
  const duration = parseDuration(text)
  if (duration === undefined || duration < second)
    throw new UsageError(`${option}: ${text} is no duration as 30d or 15s`)
  return duration
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new UsageError(`--prometheus: ${text} is no address of a web server`)
  return url
}

function stepOf({ devices }: Site): Milliseconds {
  const intervals = devices.flatMap((device) => device.probes.map(({ interval }) => interval))
  return Math.max(15 * second, Math.min(...intervals, minute))
}

const ask: Fetch = async (url, body) => {
  const response = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(slowestAnswer) })
  return { status: response.status, text: await response.text() }
}

/** What did fire since there are readings: by the record of the running siteward, or by the counts that it exposed. */
async function whatFired(
  site: Site,
  past: Past,
  daemon: RunningDaemon,
  from: Milliseconds,
  to: Milliseconds,
): Promise<{ readonly did: readonly Fired[]; readonly from: string }> {
  const record = await recorded(daemon, from, site.itself.name)
  if (record !== undefined) return { did: record, from: `the record of siteward at ${daemon.url.origin}` }
  const counts = new Map<
    string,
    { of: Pick<Fired, 'alarm' | 'severity' | 'device'>; points: (readonly [number, number])[] }
  >()
  const devices = [...site.devices, ...site.groups.map(({ device }) => device)].map(({ name }) => name)
  for (let start = from; start < to; start += past.span) {
    const end = start + past.span > to ? to : start + past.span - 1
    for (const { labels, points } of await past.read({ devices, metrics: ['siteward_alarms'], from: start, to: end })) {
      const { alarm = '', severity = '', device = '', state } = labels
      if (state !== 'firing') continue
      const key = JSON.stringify([alarm, severity, device])
      const known = counts.get(key) ?? { of: { alarm, severity, device }, points: [] }
      counts.set(key, known)
      for (const point of points) known.points.push(point)
    }
  }
  const did = [...counts.values()].flatMap(({ of, points }) => firedOfCounts(points, of))
  return { did, from: `siteward_alarms in ${past.name}` }
}

interface Recorded {
  readonly alarm: string
  readonly severity: string
  readonly device: string
  readonly fired_at: string
  readonly lasted_seconds: number
  readonly state: string
  readonly labels: Labels
}

/**
 * Undefined where no siteward with a record answers. What siteward (`itself`) said of itself, and drills, are not judged
 * again; nor is what was over before there are readings.
 */
async function recorded(
  daemon: RunningDaemon,
  from: Milliseconds,
  itself: string,
): Promise<readonly Fired[] | undefined> {
  try {
    const body = goodBody(await daemon.call('GET', `/api/v1/alarms?since=${new Date(from).toISOString()}`))
    const list = typeof body === 'object' && body !== null && 'alarms' in body ? body.alarms : undefined
    if (!Array.isArray(list)) return undefined
    const judged = list.filter(({ device, labels }: Recorded) => device !== itself && !isDrill(labels))
    return judged.map(firedOf).filter(({ to }) => to === undefined || to >= from)
  } catch (error) {
    if (error instanceof DaemonError) return undefined
    throw error
  }
}

function firedOf({ alarm, severity, device, fired_at, lasted_seconds, state }: Recorded): Fired {
  const at = Date.parse(fired_at)
  return {
    alarm,
    severity,
    device,
    own: undefined,
    from: at,
    to: state === 'firing' ? undefined : at + lasted_seconds * second,
  }
}

interface Report {
  readonly judged: Judged
  readonly compared: Comparison
  readonly source: string
  readonly past: Past
  /** From when on it was asked for, and from when on there are readings. */
  readonly asked: Milliseconds
  readonly from: Milliseconds
  readonly to: Milliseconds
}

function asObject({ judged, compared, source, past, from, to }: Report): unknown {
  const list = (all: readonly Fired[]): unknown =>
    all.map((one) => ({ ...one, from: stamp(one.from), to: one.to === undefined ? null : stamp(one.to) }))
  return {
    from: stamp(from),
    to: stamp(to),
    readings: { from: past.name, count: judged.readings, missing_metrics: judged.unread },
    fired: { from: source },
    would_fire: list(compared.added),
    would_not_fire: list(compared.removed),
    as_before: list(compared.same),
  }
}

function asText({ judged, compared, source, past, asked, from, to }: Report): string {
  const lines = [
    ...(from - asked < hour ? [] : [`${past.name} has readings since ${stamp(from)} only`]),
    `${judged.readings} readings from ${past.name}, ${stamp(from)} to ${stamp(to)}; what fired then is from ${source}`,
    ...(judged.unread.length === 0
      ? []
      : [`no reading of: ${judged.unread.join(', ')}; rules on these were not judged`]),
    '',
    ...section('would have fired, and did not', compared.added),
    ...section('fired, and would not have', compared.removed),
    ...section('would have fired, and did', compared.same),
  ]
  return `${lines.join('\n')}\n`
}

function section(title: string, all: readonly Fired[]): readonly string[] {
  return [`${title}: ${all.length}`, ...all.map((one) => `  ${lineOf(one)}`)]
}

function lineOf({ alarm, severity, device, own, from, to }: Fired): string {
  const length = to === undefined ? 'still firing' : formatDuration(Math.round((to - from) / second) * second)
  return `${stamp(from)}  ${length.padEnd(12)}  ${severity.padEnd(8)}  ${alarm}  ${device}${labelText(own ?? {})}`
}

function stamp(at: Milliseconds): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
}
