import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import type { Collector, Introduction } from '../../collectors/collector.ts'
import { loadCredential } from '../config/credentials.ts'
import { chosen, groundsOf, type Proposal, proposalOf, ranked, type Trial } from '../library/identify.ts'
import type { Device } from '../model/device.ts'
import { labelKey } from '../model/labels.ts'
import { silent } from '../model/log.ts'
import type { Probe } from '../model/probe.ts'
import { SeriesTable } from '../model/series.ts'
import { files } from '../shipped-files.ts'
import { watchPoll } from '../watch/watched-poll.ts'
import { type Command, type Io, UsageError } from './command.ts'
import { readLibrary } from './library.ts'
import { columnsText } from './poll.ts'
import { playBy, protocolsOf, readRecording } from './recording-file.ts'
import { byProtocol, printProblems, protocols } from './site-file.ts'

const usage = `Usage: siteward identify ADDRESS|RECORDING [OPTION...]

Asks a device, or a recording of one, what it is: its sysObjectID and description, then what it answers; tries the probes
that fit, and prints them ranked, with an entry for the site file. It only reads.

For an ADDRESS (host, host:port, or a serial line) it needs to know how to ask. Secrets are never given as arguments:
  --community-file FILE     SNMP v2c with the community in this file
  --community-env NAME      SNMP v2c with the community in this environment variable
  --config FILE             a site file, with
  --credentials NAME        one of its credentials: every protocol that it is for is tried
  --protocol NAME           ask by this protocol only; modbus needs no credential

  --json                    print JSON: an array of { probe, score, why }, best first

Exit status: 0 when a probe fits, 1 when none does or nothing answers, 2 for a wrong command line.
`

/** How long the device may take for the questions, and for each probe that is tried. */
const patience = 30_000

/** A device with what speaks to it. */
interface Subject {
  readonly collector: Collector
  readonly address: string
  readonly credential: unknown
  close(): Promise<void>
}

/** What came of asking by one protocol. */
interface Answer {
  readonly proposals: readonly Proposal[]
  readonly trials: ReadonlyMap<string, Trial>
  readonly told: Introduction | undefined
}

/** `siteward identify`. */
export const identify: Command = {
  name: 'identify',
  summary: 'ask a device or a recording what it is, and propose its probes',
  usage,
  async run(args, io) {
    const options = {
      json: { type: 'boolean', default: false },
      config: { type: 'string' },
      credentials: { type: 'string' },
      protocol: { type: 'string' },
      'community-file': { type: 'string' },
      'community-env': { type: 'string' },
    } as const
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [target, more] = positionals
    if (target === undefined || more !== undefined) throw new UsageError('exactly one ADDRESS or RECORDING is needed')
    const { probes, problems } = await readLibrary()
    printProblems(problems, io)
    const isFile = existsSync(target) && !target.startsWith('/dev/')
    const subjects = isFile ? await fromRecording(target, io) : await fromAddress(target, values, io)
    const answers = new Map<Subject, Answer>()
    for (const subject of subjects) {
      try {
        const answer = await askAll(subject, [...probes.values()], io)
        if (answer === undefined) continue
        answers.set(subject, answer)
        // A recording is of one protocol: the first whose probes read something.
        if (isFile && answer.proposals.length > 0) break
      } finally {
        await subject.close()
      }
    }
    const proposals = ranked([...answers.values()].flatMap((answer) => answer.proposals))
    const told = [...answers.values()].find((answer) => answer.told !== undefined)?.told
    const entry = entryOf(isFile ? undefined : target, proposals, answers, values.credentials)
    io.out.write(values.json ? `${JSON.stringify(proposals, null, 2)}\n` : asText(told, proposals, entry))
    return proposals.length > 0 ? 0 : 1
  },
}

async function fromRecording(path: string, io: Io): Promise<readonly Subject[]> {
  const file = await readRecording(path)
  if (!file.ok) {
    printProblems(file.problems, io)
    return []
  }
  const subjects: Subject[] = []
  for (const [collector] of await protocolsOf(file.value.text)) {
    const played = await playBy(collector, file.value)
    if (played.ok) subjects.push(played.value)
    else printProblems(played.problems.slice(0, 20), io)
  }
  if (subjects.length === 0) io.err.write(`${path}: this is no recording of any protocol\n`)
  return subjects
}

interface Access {
  readonly config?: string
  readonly credentials?: string
  readonly protocol?: string
  readonly 'community-file'?: string
  readonly 'community-env'?: string
}

async function fromAddress(address: string, access: Access, io: Io): Promise<readonly Subject[]> {
  const credentials = await credentialsOf(access, io)
  if (credentials === undefined) return []
  const names = access.protocol === undefined ? Object.keys(credentials) : [access.protocol]
  if (names.length === 0)
    throw new UsageError(
      'how is it asked? --community-file FILE, --community-env NAME, --config FILE --credentials NAME, or --protocol modbus',
    )
  return names.map((name) => {
    const collector = byProtocol.get(name)
    if (collector === undefined)
      throw new UsageError(`no protocol ${name}; there are ${[...byProtocol.keys()].join(', ')}`)
    return { collector, address, credential: credentials[name], close: async () => {} }
  })
}

/** By protocol; undefined when one cannot be read, which is told. */
async function credentialsOf(access: Access, io: Io): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { config, credentials, 'community-file': file, 'community-env': env } = access
  if (credentials !== undefined && config === undefined)
    throw new UsageError('--credentials NAME is one of --config FILE')
  if (credentials === undefined && file === undefined && env === undefined) return {}
  const name = credentials ?? 'given'
  const community = file === undefined ? { env } : { file: resolve(file) }
  const written = { credentials: { given: { snmp: { version: '2c', community } } } }
  const text =
    credentials === undefined ? JSON.stringify(written) : await readFile(config ?? '', 'utf8').catch(() => undefined)
  if (text === undefined) {
    io.err.write(`${config}: cannot be read\n`)
    return undefined
  }
  const deps = { files, env: io.env }
  const where = credentials === undefined ? 'command line' : (config ?? '')
  const { credential, problems } = await loadCredential(text, where, name, protocols, deps)
  printProblems(problems, io)
  return credential
}

/** Asks by one protocol: what the device is, then what each probe that may fit reads. Undefined when nothing answers. */
async function askAll(subject: Subject, probes: readonly Probe[], io: Io): Promise<Answer | undefined> {
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
    { probe: nothing, interval: patience, timeout: patience },
    deviceOf(subject, nothing),
    series.scope(series.source('device', 'none')),
    [...questions],
    contextOf(io),
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
    { probe, interval: patience, timeout: patience },
    deviceOf(subject, probe),
    table.scope(table.source('device', probe.name)),
    contextOf(io),
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

function contextOf(io: Io) {
  return { signal: AbortSignal.timeout(patience), clock: io.clock, log: silent }
}

function deviceOf({ collector, address, credential }: Subject, { place }: Probe): Device {
  return {
    ...{ name: 'device', address, labels: {}, probes: [], options: {}, dependsOn: [], derived: [], rules: [], place },
    credentials: credential === undefined ? {} : { [collector.protocol]: credential },
    at: () => place,
  }
}

/** An entry for the site file. */
function entryOf(
  address: string | undefined,
  proposals: readonly Proposal[],
  answers: ReadonlyMap<Subject, Answer>,
  credentials: string | undefined,
): string {
  const trials = new Map([...answers.values()].flatMap((answer) => [...answer.trials]))
  const needsCredential = [...answers.keys()].some(({ credential }) => credential !== undefined)
  const entry = {
    name: 'NAME',
    address: address ?? 'ADDRESS',
    ...(needsCredential ? { credentials: credentials ?? 'CREDENTIALS' } : {}),
    probes: chosen(proposals, trials),
  }
  return `- ${stringify(entry, { collectionStyle: 'flow', lineWidth: 0 }).trim()}`
}

function asText(told: Introduction | undefined, proposals: readonly Proposal[], entry: string): string {
  const says = [
    ...(told?.objectId === undefined ? [] : [`sysObjectID  ${told.objectId}`]),
    ...(told?.description === undefined ? [] : [`description  ${told.description.replace(/\s+/g, ' ').trim()}`]),
  ]
  if (proposals.length === 0) return `${[...says, 'no probe fits'].join('\n')}\n`
  const rows = columnsText(proposals.map(({ probe, score, why }) => [String(score).padStart(3), probe, why]))
  return `${[...says, ...(says.length > 0 ? [''] : []), ...rows, '', 'devices:', `  ${entry.trimEnd()}`].join('\n')}\n`
}
