import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { parseRecording, type Recording } from '../../collectors/snmp/recording.ts'
import { type SimulatedUser, type SnmpSimulator, startSnmpSimulator } from '../../collectors/snmp/simulator.ts'
import { type Command, type Io, UsageError } from './command.ts'
import { printProblems } from './site-file.ts'

const firstPort = 1161

/** For trying things out on loopback; documented in the help, so no secret. */
const tryUser: SimulatedUser = {
  name: 'siteward',
  auth: { protocol: 'sha256', secret: 'sitewardauth' },
  priv: { protocol: 'aes', secret: 'sitewardpriv' },
}

const usage = `Usage: siteward simulate FILE... [--port N] [--community NAME]

Serves recordings (.snmprec: OID|TAG|VALUE) as SNMP agents on 127.0.0.1, each on a port of its own, until it is told to
stop: GET, GETNEXT and GETBULK in SNMP v1, v2c and v3. A probe can be tried on them without the device.

  --port N          the first port; the others follow it (default ${firstPort}; 0 takes free ones)
  --community NAME  the community of v1 and v2c (default public)

The user of v3 is siteward, with SHA-256 and "sitewardauth", AES-128 and "sitewardpriv":
  snmpwalk -v3 -u siteward -l authPriv -a SHA-256 -A sitewardauth -x AES -X sitewardpriv 127.0.0.1:${firstPort} 1

Exit status: 0 when it was stopped, 1 when a recording or a port could not be used, 2 for a wrong command line.
`

/** \`siteward simulate\`. */
export const simulate: Command = {
  name: 'simulate',
  summary: 'serve SNMP from recordings',
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

type Files = ReadonlyMap<string, Recording>

/** Every recording, or undefined when one cannot be used; what is wrong is printed. */
async function readAll(files: readonly string[], io: Io): Promise<Files | undefined> {
  const recordings = new Map<string, Recording>()
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text === undefined) {
      io.err.write(`${file}: cannot be read\n`)
      continue
    }
    const parsed = parseRecording(text, file)
    if (parsed.ok) recordings.set(file, parsed.value)
    else printProblems(parsed.problems.slice(0, 50), io)
  }
  return recordings.size === new Set(files).size ? recordings : undefined
}

async function serve(recordings: Files, port: number, community: string, io: Io): Promise<number> {
  const started: SnmpSimulator[] = []
  try {
    for (const [file, recording] of recordings) {
      const agent = { recording, port: port === 0 ? 0 : port + started.length, community, users: [tryUser] }
      const simulator = await startSnmpSimulator(agent)
      started.push(simulator)
      io.out.write(`${simulator.host}:${simulator.port}  ${file}  ${recording.size} objects  v1 v2c v3\n`)
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
