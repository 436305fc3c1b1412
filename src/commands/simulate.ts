import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { parseArgs } from 'node:util'
import type { Recordings } from '../../collectors/collector.ts'
import { parseRecording, type Recording } from '../../collectors/snmp/recording.ts'
import { type SimulatedUser, startSnmpSimulator } from '../../collectors/snmp/simulator.ts'
import { type Command, type Io, UsageError } from './command.ts'
import { protocolsOf } from './recording-file.ts'
import { printProblems } from './site-file.ts'

const firstPort = 1161

/** For trying things out on loopback; documented in the help, so no secret. */
const tryUser: SimulatedUser = {
  name: 'siteward',
  auth: { protocol: 'sha256', secret: 'sitewardauth' },
  priv: { protocol: 'aes', secret: 'sitewardpriv' },
}

const usage = `Usage: siteward simulate FILE... [--port N] [--community NAME]

Serves recordings as devices on 127.0.0.1, each on a port of its own, until it is told to stop: .snmprec (OID|TAG|VALUE) as
SNMP agents (GET, GETNEXT and GETBULK in v1, v2c and v3), registers by Modbus TCP, outputs of commands by SSH, as siteward
record writes them. A probe can be tried on them without the device.

  --port N          the first port; the others follow it (default ${firstPort}; 0 takes free ones)
  --community NAME  the community of v1 and v2c (default public)

The user of v3 is siteward, with SHA-256 and "sitewardauth", AES-128 and "sitewardpriv":
  snmpwalk -v3 -u siteward -l authPriv -a SHA-256 -A sitewardauth -x AES -X sitewardpriv 127.0.0.1:${firstPort} 1

Exit status: 0 when it was stopped, 1 when a recording or a port could not be used, 2 for a wrong command line.
`

/** \`siteward simulate\`. */
export const simulate: Command = {
  name: 'simulate',
  summary: 'serve recordings as devices',
  usage,
  async run(args, io) {
    const options = {
      port: { type: 'string', default: String(firstPort) },
      community: { type: 'string', default: 'public' },
    } as const
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    if (positionals.length === 0) throw new UsageError('at least one FILE is needed')
    const port = Number(values.port)
    if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageError('--port takes 0 to 65535')
    const recordings = await readAll(positionals, io)
    return recordings === undefined ? 1 : serve(recordings, port, values.community, io)
  },
}

/** What stands behind a file: an agent, or a recording of another protocol. */
type Simulated =
  | { readonly kind: 'agent'; readonly recording: Recording }
  | { readonly kind: 'played'; readonly recordings: Recordings; readonly text: string }

type Files = ReadonlyMap<string, Simulated>

/** Every recording, or undefined when one cannot be used; what is wrong is printed. */
async function readAll(files: readonly string[], io: Io): Promise<Files | undefined> {
  const simulated = new Map<string, Simulated>()
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text === undefined) {
      io.err.write(`${file}: cannot be read\n`)
      continue
    }
    const [other] = extname(file) === '.snmprec' ? [] : await protocolsOf(text)
    if (other !== undefined && other[0].protocol !== 'snmp') {
      simulated.set(file, { kind: 'played', recordings: other[1], text })
      continue
    }
    const parsed = parseRecording(text, file)
    if (parsed.ok) simulated.set(file, { kind: 'agent', recording: parsed.value })
    else printProblems(parsed.problems.slice(0, 50), io)
  }
  return simulated.size === new Set(files).size ? simulated : undefined
}

interface Started {
  close(): Promise<void>
}

async function serve(files: Files, port: number, community: string, io: Io): Promise<number> {
  const started: Started[] = []
  try {
    for (const [file, simulated] of files) {
      const own = port === 0 ? 0 : port + started.length
      if (simulated.kind === 'agent') {
        const { recording } = simulated
        const simulator = await startSnmpSimulator({ recording, port: own, community, users: [tryUser] })
        started.push(simulator)
        io.out.write(`${simulator.host}:${simulator.port}  ${file}  ${recording.size} objects  v1 v2c v3\n`)
      } else {
        const played = await simulated.recordings.play(simulated.text, file, own)
        if (!played.ok) {
          printProblems(played.problems, io)
          return 1
        }
        started.push(played.value)
        const { address, reach } = played.value
        if (reach === undefined) {
          io.err.write(`${file}: a tool and no wire is between siteward and this device: use siteward probe test\n`)
          return 1
        }
        io.out.write(`${address}  ${file}  ${reach}\n`)
      }
    }
    await io.untilStopped()
    return 0
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    io.err.write(`port ${port + started.length}: ${code}: choose another with --port\n`)
    return 1
  } finally {
    await Promise.all(started.map((one) => one.close()))
  }
}
