import { dirname, join, resolve } from 'node:path'
import { compile as compileJmespath } from '@jmespath-community/jmespath'
import type { Milliseconds } from '../../src/model/clock.ts'
import { parseDuration } from '../../src/model/duration.ts'
import type { Labels } from '../../src/model/labels.ts'
import { compilePattern, type LinePattern } from '../../src/model/pattern.ts'
import type { Place } from '../../src/model/place.ts'
import type { Point } from '../../src/model/probe.ts'
import type { Problem } from '../../src/model/problem.ts'
import { good, type Result } from '../../src/model/result.ts'
import type { SeriesScope } from '../../src/model/series.ts'
import { formatAddress, parseAddress } from '../address.ts'
import type { Order, PlanFace } from '../collector.ts'
import type { Manners } from './dialog.ts'
import type { DigestParser } from './digest.ts'
import { Memory } from './memory.ts'
import { type OutputParser, onlyValue } from './parse.ts'
import type { DigestText, Parser, ShellText, SshCommand, SshCredential, SshSpec, schemas } from './schema.ts'

const defaultTimeout: Milliseconds = 10_000
const defaultOutput = 1_048_576
const defaultPort = 22

/** Where and as whom to log in. */
export interface Login {
  readonly host: string
  readonly port: number
  readonly credential: Omit<SshCredential, 'jump'>
  readonly hostKey: string | readonly string[] | undefined
  readonly knownHosts: string | undefined
}

/** A command with the points that are read from its output. */
export interface PlannedCommand {
  readonly name: string
  readonly run: string
  readonly timeout: Milliseconds
  readonly most: number
  /** Good exit statuses; undefined when any is. */
  readonly exit: readonly number[] | undefined
  readonly parser: OutputParser | DigestParser
  readonly points: readonly PlannedPoint[]
}

export interface PlannedPoint {
  readonly point: Point<SshSpec>
  readonly value: string
  readonly constants: Labels
  /** Label -> column of the row. */
  readonly columns: Readonly<Record<string, string>>
}

/** A probe compiled for a device that is reached by SSH. */
export interface SshPlan extends PlanFace {
  readonly login: Login
  readonly jump: Login | undefined
  readonly isLegacy: boolean
  readonly isJoined: boolean
  /** How to talk with a device that has a command line of its own. */
  readonly manners: Manners | undefined
  readonly commands: readonly PlannedCommand[]
  readonly series: SeriesScope
  /** Names of commands that once did not end in time: they are run last, so that they cost the others nothing. */
  readonly slow: Set<string>
  /** What texts were when they were last seen; undefined where the probe compares none. */
  readonly memory: Memory | undefined
}

/** Probe and device to commands, parsers and who to log in as. */
export function compile(order: Order<typeof schemas>): Result<SshPlan> {
  const problems: Problem[] = []
  const { credential, options, probe } = order
  const address = parseAddress(order.device.address)
  if (address === undefined)
    problems.push({ place: order.place, message: `"${order.device.address}" is no host or host:port` })
  if (credential === undefined) {
    problems.push({
      place: order.device.at('credentials'),
      message: 'ssh needs a credential',
      hint: 'credentials: NAME',
    })
  }
  const commands = planCommands(order, problems)
  const manners = probe.settings.shell === undefined ? undefined : mannersOf(probe.settings.shell)
  if (typeof manners === 'string') problems.push({ place: probe.place, message: `ssh.shell: ${manners}` })
  if (address === undefined || credential === undefined || typeof manners === 'string' || problems.length > 0)
    return { ok: false, problems }
  const { jump: jumpSpec, ...own } = credential
  const port = address.port ?? options.port ?? defaultPort
  const login = loginOf(
    { host: address.host, port },
    own,
    options.host_key ?? own.host_key,
    options.known_hosts ?? own.known_hosts,
  )
  const jump = jumpSpec === undefined ? undefined : jumpOf(jumpSpec, order.device.place.file)
  for (const one of [login, jump])
    if (one !== undefined) problems.push(...checkLogin(one, order.device.at('credentials')))
  if (problems.length > 0) return { ok: false, problems }
  const endpoint = `ssh ${formatAddress(login.host, login.port)}`
  return good({
    endpoint,
    session: `${endpoint} ${own.user}`,
    parallel: 1,
    cost: 0,
    login,
    jump,
    isLegacy: options.legacy ?? false,
    isJoined: probe.settings.join ?? true,
    manners,
    commands,
    series: order.series,
    slow: new Set(),
    memory: commands.some(({ parser }) => parser.kind === 'digest') ? new Memory(memoryPlace(order)) : undefined,
  })
}

/** Without a state directory nothing is written at all: the command line asks a device beside a running siteward. */
function memoryPlace({ device, probe, options, stateDirectory }: Order<typeof schemas>) {
  const { configurations } = options
  if (stateDirectory === undefined) return { file: undefined, texts: undefined }
  const texts = configurations === undefined ? undefined : beside(device.place.file, configurations)
  return {
    file: join(stateDirectory, 'seen', `${device.name}.${probe.name}.json`),
    texts: texts === undefined ? undefined : join(texts, device.name),
  }
}

function mannersOf({ prompt, begin = [], more, answers = {}, refused }: ShellText): Manners | string {
  const questions = Object.entries(answers)
  const patterns = compileAll([prompt, more, refused, ...questions.map(([question]) => question)])
  if (typeof patterns === 'string') return patterns
  const [known, page, refusal, ...asked] = patterns
  if (known === undefined) return 'prompt is missing'
  const pairs = asked.flatMap((one, i) => (one === undefined ? [] : [[one, questions[i]?.[1] ?? ''] as const]))
  return { prompt: known, begin, more: page, answers: pairs, refused: refusal }
}

/** Every expression compiled, or what is wrong with the first that is none. */
function compileAll(sources: readonly (string | undefined)[]): readonly (LinePattern | undefined)[] | string {
  const compiled = sources.map((source) => (source === undefined ? undefined : compilePattern(source)))
  const wrong = compiled.find((one) => typeof one === 'string')
  return wrong ?? compiled.filter((one) => typeof one !== 'string')
}

function loginOf(
  { host, port }: { host: string; port: number },
  credential: Login['credential'],
  hostKey: Login['hostKey'],
  knownHosts: string | undefined,
): Login {
  return { host, port, credential, hostKey, knownHosts }
}

/** A path of the site file is relative to the site file. */
function beside(file: string, path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(dirname(file), path)
}

function jumpOf({ address, ...own }: NonNullable<SshCredential['jump']>, file: string): Login {
  const { host, port = defaultPort } = parseAddress(address) ?? { host: address }
  return loginOf({ host, port }, own, own.host_key, beside(file, own.known_hosts))
}

function checkLogin(login: Login, place: Place): readonly Problem[] {
  const problems: Problem[] = []
  const { password, key, agent } = login.credential
  if (password === undefined && key === undefined && agent !== true) {
    problems.push({ place, message: `no password, key or agent for ${login.credential.user}@${login.host}` })
  }
  if (login.hostKey === undefined && login.knownHosts === undefined) {
    problems.push({
      place,
      message: `nothing says by which key ${login.host} is known`,
      hint: 'host_key: SHA256:... (ssh-keyscan HOST | ssh-keygen -lf -), known_hosts: FILE, or host_key: accept-any',
    })
  }
  return problems
}

function planCommands(order: Order<typeof schemas>, problems: Problem[]): readonly PlannedCommand[] {
  const declared = order.probe.settings.commands ?? {}
  const planned: PlannedCommand[] = []
  for (const [name, command] of Object.entries(declared)) {
    const points = order.points.filter(({ spec }) => spec.command === name)
    if (points.length === 0 && !isCompared(name, declared)) continue
    const parser = compileParser(command.parse)
    if (typeof parser === 'string') problems.push({ place: order.probe.place, message: `command ${name}: ${parser}` })
    else planned.push(planCommand(name, command, parser, points, problems))
  }
  checkAgainst(planned, order.probe.place, problems)
  for (const point of order.points) {
    if (Object.hasOwn(declared, point.spec.command)) continue
    const known = Object.keys(declared).join(', ')
    problems.push({
      place: point.at('command'),
      message: `no command "${point.spec.command}"`,
      hint: `declared: ${known}`,
    })
  }
  return planned
}

/** Whether another command's text is compared with this one's. */
function isCompared(name: string, declared: Readonly<Record<string, SshCommand>>): boolean {
  return Object.values(declared).some(
    ({ parse }) => typeof parse === 'object' && 'digest' in parse && parse.digest.against === name,
  )
}

function checkAgainst(planned: readonly PlannedCommand[], place: Place, problems: Problem[]): void {
  for (const [i, { name, parser }] of planned.entries()) {
    if (parser.kind !== 'digest' || parser.against === undefined) continue
    const other = planned.slice(0, i).find((one) => one.name === parser.against)
    if (other?.parser.kind === 'digest') continue
    const message = `command ${name}: against: "${parser.against}" is no command with a digest above it`
    problems.push({ place, message })
  }
}

function planCommand(
  name: string,
  command: SshCommand,
  parser: PlannedCommand['parser'],
  points: readonly Point<SshSpec>[],
  problems: Problem[],
): PlannedCommand {
  return {
    name,
    run: command.run,
    timeout: parseDuration(command.timeout ?? '') ?? defaultTimeout,
    most: command.most_output ?? defaultOutput,
    exit: command.exit === 'any' ? undefined : (command.exit ?? [0]),
    parser,
    points: points.map((point) => planPoint(point, parser, problems)),
  }
}

function planPoint(point: Point<SshSpec>, parser: PlannedCommand['parser'], problems: Problem[]): PlannedPoint {
  const { select, value, labels = {} } = point.spec
  if (parser.kind === 'json' || parser.kind === 'json_lines') {
    const why = select === undefined ? 'a point of a json command needs select: (JMESPath)' : jmespathProblem(select)
    if (why !== undefined) problems.push({ place: point.at(select === undefined ? 'command' : 'select'), message: why })
  } else if (select !== undefined) {
    problems.push({ place: point.at('select'), message: 'select: is for commands with parse: json or json_lines' })
  }
  const known = columnsOf(parser)
  const columns = Object.fromEntries(
    Object.entries(labels).flatMap(([label, from]) => (typeof from === 'string' ? [[label, from]] : [])),
  )
  for (const column of [value ?? onlyValue, ...Object.values(columns)]) {
    if (known === undefined || known.includes(column)) continue
    problems.push({
      place: point.at('value'),
      message: `the command gives no "${column}"`,
      hint: `it gives ${known.join(', ')}`,
    })
  }
  const constants = Object.fromEntries(
    Object.entries(labels).flatMap(([label, from]) => (typeof from === 'string' ? [] : [[label, from.text]])),
  )
  return { point, value: value ?? onlyValue, constants, columns }
}

/** The names that a parser can give; undefined when only the device knows. */
function columnsOf(parser: PlannedCommand['parser']): readonly string[] | undefined {
  switch (parser.kind) {
    case 'table':
      return parser.columns
    case 'text':
    case 'lines':
    case 'exit_status':
      return [onlyValue]
    case 'regex':
      return parser.pattern.names
    case 'digest':
      return parser.against === undefined ? ['hash', 'changed', 'age'] : ['hash', 'changed', 'age', 'same']
    case 'json':
    case 'json_lines':
    case 'key_value':
      return undefined
  }
}

function jmespathProblem(expression: string): string | undefined {
  try {
    compileJmespath(expression)
    return undefined
  } catch (error) {
    return `not a JMESPath: ${error instanceof Error ? error.message : 'cannot be read'}`
  }
}

function compileParser(written: Parser): PlannedCommand['parser'] | string {
  if (typeof written === 'string') return { kind: written }
  if ('key_value' in written) return { kind: 'key_value', separator: written.key_value.separator }
  if ('table' in written) {
    const { columns, skip = 0, separator } = written.table
    return { kind: 'table', columns, skip, separator }
  }
  if ('digest' in written) return compileDigest(written.digest)
  const pattern = compilePattern(written.regex)
  return typeof pattern === 'string' ? pattern : { kind: 'regex', pattern }
}

function compileDigest({ from, ignore = [], mask = [], against }: DigestText): DigestParser | string {
  const patterns = compileAll([from, ...ignore, ...mask])
  if (typeof patterns === 'string') return patterns
  const [first, ...others] = patterns
  const list = others.filter((one) => one !== undefined)
  return { kind: 'digest', from: first, ignore: list.slice(0, ignore.length), mask: list.slice(ignore.length), against }
}
