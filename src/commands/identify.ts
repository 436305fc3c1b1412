import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import type { Introduction } from '../../collectors/collector.ts'
import { loadCredential } from '../config/credentials.ts'
import { chosen, type Proposal, ranked } from '../library/identify.ts'
import { files } from '../shipped-files.ts'
import { type Answer, askAll, type Subject } from './asking.ts'
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

/** Milliseconds: one device that somebody waits for may take long. */
const patience = 30_000

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
    if (played.ok) subjects.push({ ...played.value, patience })
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
    return { collector, address, credential: credentials[name], patience, close: async () => {} }
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
