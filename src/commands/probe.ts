import { relative } from 'node:path'
import { parseArgs } from 'node:util'
import { Judge } from '../judge/judge.ts'
import type { DerivedResult } from '../model/derived.ts'
import { silent } from '../model/log.ts'
import { formatPlace } from '../model/place.ts'
import type { Probe } from '../model/probe.ts'
import type { Reading } from '../model/reading.ts'
import { SeriesTable } from '../model/series.ts'
import { Store } from '../store/store.ts'
import { type PointOutcome, playedDevice, type WatchedPoll, watchPoll } from '../watch/watched-poll.ts'
import { type Command, type Io, UsageError } from './command.ts'
import { readProbe } from './library.ts'
import { columnsText, derivedName, deriveOf, type Line, lineOf, linesTable } from './poll.ts'
import { playBy, type RecordingFile, readRecording } from './recording-file.ts'
import { byProtocol, printProblems } from './site-file.ts'

const usage = `Usage: siteward probe test PROBE RECORDING [--json]

Polls a recording as if it were the device, and prints what the probe reads from it: the values with units and verdicts,
then every point that matched nothing, with the reason, what the device reports as not available, and values that cannot be.

  PROBE      the name of a probe in probes/, or a file: my-model.yaml
  RECORDING  .snmprec (SNMP), registers.yaml (Modbus), commands.yaml (SSH), bmc.yaml (IPMI), as siteward record writes
             them; or a folder of fixtures/probes/
  --json     print JSON instead of a table

Exit status: 0 when something matched and every value that came can be; 1 when not, 2 for a wrong command line.
`

const patience = 60_000

/** A point that has no reading, and why. */
interface Missing {
  readonly metric: string
  readonly place: string
  readonly why: string
}

/** What a probe makes of a recording. */
interface Report {
  readonly probe: string
  readonly recording: string
  readonly points: number
  /** How many points have at least one reading. */
  readonly matched: number
  readonly readings: readonly Line[]
  readonly missing: readonly Missing[]
  readonly unavailable: readonly string[]
  readonly faults: WatchedPoll['result']['faults']
  readonly doubts: readonly string[]
}

/** `siteward probe test`. */
export const probe: Command = {
  name: 'probe',
  summary: 'try a probe on a recording: what matches, what does not and why',
  usage,
  async run(args, io) {
    const options = { json: { type: 'boolean', default: false } } as const
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [verb, named, path, more] = positionals
    if (verb !== 'test')
      throw new UsageError(`${verb === undefined ? 'nothing is' : `${verb} is not`} what it can do: test`)
    if (named === undefined || path === undefined || more !== undefined)
      throw new UsageError('a PROBE and a RECORDING are needed')
    const { probe: found, problems } = await readProbe(named)
    printProblems(problems, io)
    if (found === undefined) return 1
    const report = await tryProbe(found, path, io)
    if (report === undefined) return 1
    io.out.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : asText(report))
    const isGood = report.matched > 0 && report.doubts.length === 0 && report.faults.length === 0
    return isGood ? 0 : 1
  },
}

async function tryProbe(tried: Probe, path: string, io: Io): Promise<Report | undefined> {
  const collector = byProtocol.get(tried.collector)
  if (collector === undefined) return undefined
  const file = await readRecording(path, collector)
  const played = file.ok ? await playBy(collector, file.value) : file
  if (!file.ok || !played.ok) {
    printProblems(played.ok ? [] : played.problems.slice(0, 20), io)
    return undefined
  }
  try {
    const device = playedDevice(played.value, tried)
    const store = new Store()
    const judge = new Judge({ name: 'recording', labels: {} }, store)
    judge.addDevice(device)
    const table = new SeriesTable('recording', (series) => {
      store.add(series)
      judge.addSeries(series)
    })
    const scope = table.scope(table.source(device.name, tried.name))
    const use = { probe: tried, interval: patience, timeout: patience }
    const context = { signal: AbortSignal.timeout(patience), clock: io.clock, log: silent }
    const watched = await watchPoll(played.value.collector, use, device, scope, context)
    if (!watched.ok) {
      printProblems(watched.problems, io)
      return undefined
    }
    const { readings } = watched.value.result
    const made = deriveOf(device, readings, table)
    for (const reading of [...readings, ...made.readings]) store.apply(reading, 1)
    return await reportOf(tried, file.value, watched.value, made, judge)
  } finally {
    await played.value.close()
  }
}

async function reportOf(
  tried: Probe,
  file: RecordingFile,
  watched: WatchedPoll,
  made: DerivedResult,
  judge: Judge,
): Promise<Report> {
  const { readings, faults, doubts } = watched.result
  const missing: Missing[] = []
  for (const outcome of watched.outcomes) {
    if (outcome.values.length > 0) continue
    const { metric, place } = outcome.point
    missing.push({
      metric: metric.name,
      place: formatPlace({ ...place, file: relative('', place.file) }),
      why: await whyNot(outcome, watched),
    })
  }
  return {
    probe: tried.name,
    recording: file.path,
    points: tried.points.length,
    matched: watched.outcomes.filter(isMatched).length,
    readings: [
      ...readings.filter(isThere).map((reading) => lineOf(reading, tried.name, judge)),
      ...made.readings.filter(isThere).map((reading) => lineOf(reading, derivedName, judge)),
    ],
    missing,
    unavailable: watched.outcomes.flatMap(unavailableOf),
    faults,
    doubts: [...doubts, ...made.doubts],
  }
}

function isThere({ value }: Reading): boolean {
  return !Number.isNaN(value)
}

function isMatched({ values }: PointOutcome): boolean {
  return values.some(({ converted }) => converted.kind === 'value')
}

async function whyNot({ point }: PointOutcome, watched: WatchedPoll): Promise<string> {
  const steps = await watched.explain(point, undefined)
  return steps.at(-1)?.text ?? 'nothing came'
}

function unavailableOf({ point, values }: PointOutcome): readonly string[] {
  const raws = values.filter(({ converted }) => converted.kind === 'unavailable').map(({ raw }) => String(raw))
  if (raws.length === 0) return []
  const distinct = [...new Set(raws)].slice(0, 5).join(', ')
  return [`${point.metric.name}: ${raws.length} of ${values.length} (raw ${distinct})`]
}

function asText(report: Report): string {
  const { probe: name, recording, points, matched, readings, missing, unavailable, faults, doubts } = report
  const list = (title: string, items: readonly string[]): readonly string[] =>
    items.length === 0 ? [] : ['', title, ...items.map((item) => `  ${item}`)]
  const lines = [
    `${name} on ${recording}: ${matched} of ${points} points matched, ${readings.length} readings`,
    '',
    ...linesTable(readings),
    ...list('matched nothing:', columnsText(missing.map(({ metric, place, why }) => [metric, why, place]))),
    ...list('not available by the device:', unavailable),
    ...list('cannot be:', doubts),
    ...list(
      'faults:',
      faults.map(({ kind, detail }) => `${kind}: ${detail}`),
    ),
  ]
  return `${lines.join('\n')}\n`
}
