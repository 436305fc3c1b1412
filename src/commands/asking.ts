import type { Collector, Introduction } from '../../collectors/collector.ts'
import { groundsOf, type Proposal, proposalOf, ranked, type Trial } from '../library/identify.ts'
import type { Device } from '../model/device.ts'
import { labelKey } from '../model/labels.ts'
import { silent } from '../model/log.ts'
import type { Probe } from '../model/probe.ts'
import { SeriesTable } from '../model/series.ts'
import { watchPoll } from '../watch/watched-poll.ts'
import type { Io } from './command.ts'
import { printProblems } from './site-file.ts'

/** A device with what speaks to it. */
export interface Subject {
  readonly collector: Collector
  readonly address: string
  readonly credential: unknown
  /** Milliseconds that it may take for the questions, and for each probe that is tried. */
  readonly patience: number
  close(): Promise<void>
}

/** What came of asking by one protocol. */
export interface Answer {
  readonly proposals: readonly Proposal[]
  readonly trials: ReadonlyMap<string, Trial>
  readonly told: Introduction | undefined
}

/** Asks by one protocol: what the device is, then what each probe that may fit reads. Undefined when nothing answers. */
export async function askAll(subject: Subject, probes: readonly Probe[], io: Io): Promise<Answer | undefined> {
  const { collector } = subject
  const own = probes.filter((one) => one.collector === collector.protocol)
  const told = await introduced(subject, own, io)
  if (told === 'silent') return undefined
  const trials = new Map<string, Trial>()
  const proposals: Proposal[] = []
  for (const probe of own) {
    const grounds = told === undefined ? [] : probe.match === undefined ? undefined : groundsOf(probe.match, told)
    if (grounds === undefined) continue
    const trial = await tryOn(subject, probe, io)
    const proposal = trial === undefined ? undefined : proposalOf(probe, grounds, trial)
    if (trial === undefined || proposal === undefined) continue
    trials.set(probe.name, trial)
    proposals.push(proposal)
  }
  return { proposals: ranked(proposals), trials, told }
}

/** What the device tells of itself; undefined where its protocol has no such question. */
async function introduced(
  subject: Subject,
  probes: readonly Probe[],
  io: Io,
): Promise<Introduction | undefined | 'silent'> {
  const { recordings, protocol } = subject.collector
  if (recordings === undefined) return undefined
  const questions = new Set(probes.flatMap(({ match }) => match?.answers ?? []))
  const place = { file: 'command line', line: 1, column: 1 }
  const nothing: Probe = {
    name: 'none',
    title: '',
    collector: protocol,
    proof: 'register-map',
    settings: {},
    points: [],
    derived: [],
    rules: [],
    place,
  }
  const series = new SeriesTable('site')
  const told = await recordings.introduce(
    { probe: nothing, interval: subject.patience, timeout: subject.patience },
    deviceOf(subject, nothing),
    series.scope(series.source('device', 'none')),
    [...questions],
    contextOf(subject, io),
  )
  if (!told.ok) {
    printProblems(told.problems, io)
    return 'silent'
  }
  const [fault] = told.value?.faults ?? []
  if (fault === undefined) return told.value
  io.err.write(`${protocol}: fault ${fault.kind}: ${fault.detail}\n`)
  return 'silent'
}

async function tryOn(subject: Subject, probe: Probe, io: Io): Promise<Trial | undefined> {
  const table = new SeriesTable('site')
  const watched = await watchPoll(
    subject.collector,
    { probe, interval: subject.patience, timeout: subject.patience },
    deviceOf(subject, probe),
    table.scope(table.source('device', probe.name)),
    contextOf(subject, io),
  )
  if (!watched.ok) return undefined
  const { outcomes, result } = watched.value
  return {
    points: outcomes.length,
    matched: outcomes.filter(({ values }) => values.some(({ converted }) => converted.kind === 'value')).length,
    doubts: result.doubts.length,
    telling: subject.collector.recordings?.telling ?? true,
    series: new Set(result.readings.map(({ series: { metric, labels } }) => metric.name + labelKey(labels))),
  }
}

function contextOf({ patience }: Subject, io: Io) {
  return { signal: AbortSignal.timeout(patience), clock: io.clock, log: silent }
}

function deviceOf({ collector, address, credential }: Subject, { place }: Probe): Device {
  return {
    ...{ name: 'device', address, labels: {}, probes: [], options: {}, dependsOn: [], derived: [], rules: [], place },
    credentials: credential === undefined ? {} : { [collector.protocol]: credential },
    at: () => place,
  }
}
