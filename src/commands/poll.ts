import { parseArgs } from 'node:util'
import { nearest } from '../config/misspelt.ts'
import { Judge } from '../judge/judge.ts'
import { limitText, measureText } from '../judge/text.ts'
import { instantVerdict, type Verdict } from '../judge/verdict.ts'
import { type DerivedResult, derive } from '../model/derived.ts'
import type { Device } from '../model/device.ts'
import { describeReading } from '../model/harvest.ts'
import { silent } from '../model/log.ts'
import { stateName } from '../model/metric.ts'
import type { Poll, Reading } from '../model/reading.ts'
import { SeriesTable } from '../model/series.ts'
import type { Site } from '../model/site.ts'
import { runPoll } from '../schedule/frame.ts'
import { Stop } from '../schedule/stop.ts'
import { Store } from '../store/store.ts'
import { type Prepared, prepareJobs } from '../watch/jobs.ts'
import { type Command, type Io, UsageError } from './command.ts'
import { byProtocol, configOf, printProblems, readSite } from './site-file.ts'

const usage = `Usage: siteward poll DEVICE --config FILE [--json]

Polls one device once and prints its readings with units, the verdict of each threshold, and what could not be read.

  --config FILE  the site file
  --json         print JSON instead of a table

Exit status: 0 when all was read and is well, 1 when something was not read or breaks a threshold, 2 for a wrong command
line.
`

/** A reading as the commands print it. */
export interface Line {
  readonly probe: string
  readonly metric: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number | string | null
  readonly text: string
  readonly verdict: Verdict
  readonly limits: readonly string[]
}

/** \`siteward poll\`. */
export const poll: Command = {
  name: 'poll',
  summary: 'poll one device once and print its readings',
  usage,
  async run(args, io) {
    const options = { config: { type: 'string' }, json: { type: 'boolean', default: false } } as const
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [name, more] = positionals
    if (name === undefined || more !== undefined) throw new UsageError('exactly one DEVICE is needed')
    const { site, problems } = await readSite(configOf(values), io.env)
    printProblems(problems, io)
    if (site === undefined) return 1
    return pollDevice(onlyDevice(site, name), io, values.json)
  },
}

/** The site with one of its devices only; throws UsageError where there is none of the name. */
export function onlyDevice(site: Site, name: string): Site {
  const device = site.devices.find((one) => one.name === name)
  if (device !== undefined) return { ...site, devices: [device] }
  const near = nearest(
    name,
    site.devices.map((one) => one.name),
  )
  throw new UsageError(`no device ${name} in ${site.name}${near === undefined ? '' : ` (did you mean ${near}?)`}`)
}

async function pollDevice(site: Site, io: Io, asJson: boolean): Promise<number> {
  const store = new Store()
  const judge = new Judge(site, store)
  const table = new SeriesTable(site.name, (series) => {
    store.add(series)
    judge.addSeries(series)
  })
  for (const device of site.devices) judge.addDevice(device)
  const { prepared, problems } = prepareJobs(site, table, byProtocol)
  printProblems(problems, io)
  if (problems.length > 0) return 1
  const polls = new Map<Prepared, Poll>()
  for (const one of prepared) polls.set(one, await pollOnce(one, io))
  const read = [...polls.values()].flatMap(({ readings }) => readings)
  const made = site.devices.map((device) => deriveOf(device, read, table))
  for (const reading of [...read, ...made.flatMap(({ readings }) => readings)]) store.apply(reading, 1)
  const lines = [
    ...[...polls].flatMap(([{ use }, { readings }]) => readings.map((one) => lineOf(one, use.probe.name, judge))),
    ...made.flatMap(({ readings }) => readings.map((one) => lineOf(one, derivedName, judge))),
  ]
  const doubts = made.flatMap((one) => one.doubts)
  io.out.write(asJson ? `${JSON.stringify(asObject(lines, polls, doubts), null, 2)}\n` : asTable(lines, polls, doubts))
  const isWell = lines.every(({ verdict }) => verdict === 'ok' || verdict === 'unknown')
  return isWell && [...polls.values()].every(({ faults }) => faults.length === 0) ? 0 : 1
}

/** In the place of a probe's name, for readings that are made of others. */
export const derivedName = 'derived'

/** The readings of a device that are made of these others. */
export function deriveOf(device: Device, readings: readonly Reading[], table: SeriesTable): DerivedResult {
  return derive(device.derived, readings, table.scope(table.source(device.name, derivedName)))
}

async function pollOnce({ job, use }: Prepared, io: Io): Promise<Poll> {
  const bug = (error: unknown): void => {
    throw error
  }
  try {
    return await runPoll(job, use.timeout, new Stop(), { clock: io.clock, log: silent, bug })
  } finally {
    await job.close()
  }
}

/** A reading with its verdict by itself, and the limits that it was judged by. */
export function lineOf(reading: Reading, probe: string, judge: Judge): Line {
  const { series, value } = reading
  const { metric } = series
  const { site: _site, device: _device, ...labels } = series.labels
  const isState = metric.kind === 'state'
  return {
    probe,
    metric: metric.name,
    labels,
    value: Number.isNaN(value) ? null : isState ? stateName(metric, value) : value,
    text: describeReading(reading),
    verdict: instantVerdict(judge, series, value),
    limits: judge.cellsOf(series).map((cell) => {
      const { alarm, severity } = cell.rule
      const measure = measureText(cell.rule)
      const measured = measure === undefined ? '' : `${measure}: `
      return `${alarm} (${severity}): ${measured}${limitText(cell.rule, judge.bounds(cell), 'en')}`
    }),
  }
}

function asObject(
  lines: readonly Line[],
  polls: ReadonlyMap<Prepared, Poll>,
  derivedDoubts: readonly string[],
): unknown {
  return {
    readings: lines,
    derivedDoubts,
    polls: [...polls].map(([{ use }, { faults, doubts, requests, duration }]) => ({
      probe: use.probe.name,
      seconds: duration / 1000,
      requests,
      faults,
      doubts,
    })),
  }
}

function asTable(lines: readonly Line[], polls: ReadonlyMap<Prepared, Poll>, derivedDoubts: readonly string[]): string {
  const ends = [...polls].flatMap(([{ use }, { readings, faults, doubts, requests, duration }]) => [
    `${use.probe.name}: ${readings.length} readings, ${requests} requests, ${Math.round(duration)} ms`,
    ...faults.map(({ kind, detail }) => `  fault ${kind}: ${detail}`),
    ...doubts.map((doubt) => `  doubt: ${doubt}`),
  ])
  ends.push(...derivedDoubts.map((doubt) => `${derivedName}: doubt: ${doubt}`))
  return `${[...linesTable(lines), '', ...ends].join('\n')}\n`
}

/** Readings side by side with their verdicts and limits, a text a line. */
export function linesTable(lines: readonly Line[]): readonly string[] {
  const rows = lines.map(({ metric, labels, text, verdict, limits }) => [
    `${metric}${labelsShort(labels)}`,
    text,
    limits.length === 0 && verdict === 'ok' ? '' : verdict,
    limits.join('; '),
  ])
  return columnsText(rows)
}

/** Rows as columns, each as wide as its widest cell, but for the last. */
export function columnsText(rows: readonly (readonly string[])[]): readonly string[] {
  const count = Math.max(0, ...rows.map((row) => row.length - 1))
  const widths = Array.from({ length: count }, (_, column) =>
    Math.min(80, Math.max(0, ...rows.map((row) => (row[column] ?? '').length))),
  )
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function labelsShort(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  return pairs.length === 0 ? '' : `{${pairs.join(', ')}}`
}
