import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { Recorded, Recordings, RecordOrder } from '../../collectors/collector.ts'
import { loadMasking } from '../config/masking.ts'
import { shipped } from '../home.ts'
import type { Device } from '../model/device.ts'
import { silent } from '../model/log.ts'
import { Mask, type Telltales } from '../model/mask.ts'
import { SeriesTable } from '../model/series.ts'
import { files } from '../shipped-files.ts'
import { type Command, type Io, UsageError } from './command.ts'
import { onlyDevice } from './poll.ts'
import { byProtocol, configOf, printProblems, readSite } from './site-file.ts'

const usage = `Usage: siteward record DEVICE --config FILE -o FILE [--protocol NAME] [--whole]

Records what a device answers to its probes into a file that can stand in for it: for siteward probe test, identify and
simulate, for a test, or for a bug report. It only reads, within bounds. Communities, passwords, serial numbers, hardware
addresses and names are replaced, the same by the same; look through the file before it leaves the house all the same.

  --config FILE      the site file
  -o, --output FILE  where the recording is written: model.snmprec, registers.yaml, commands.yaml or bmc.yaml
  --protocol NAME    which of the device's protocols, where it has several
  --whole            SNMP: everything the agent has but tables of addresses and users, at most 50,000 variables;
                     Modbus: the first 1,000 addresses of each table, too

Exit status: 0 when all was recorded, 1 when something could not be read, 2 for a wrong command line.
`

/** A whole walk of a slow agent takes minutes. */
const patience = 600_000

/** `siteward record`. */
export const record: Command = {
  name: 'record',
  summary: "record a device's answers, without names and secrets",
  usage,
  async run(args, io) {
    const options = {
      config: { type: 'string' },
      output: { type: 'string', short: 'o' },
      protocol: { type: 'string' },
      whole: { type: 'boolean', default: false },
    } as const
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [name, more] = positionals
    const { output, protocol, whole } = values
    if (name === undefined || more !== undefined) throw new UsageError('exactly one DEVICE is needed')
    if (output === undefined) throw new UsageError('-o FILE is needed')
    const { site, problems } = await readSite(configOf(values), io.env)
    printProblems(problems, io)
    if (site === undefined) return 1
    const [device] = onlyDevice(site, name).devices
    if (device === undefined) return 1
    const [chosen, recordings] = protocolOf(device, protocol)
    const masking = await loadMasking(shipped('config', 'masking.yaml'), files)
    if (!masking.ok) {
      printProblems(masking.problems, io)
      return 1
    }
    const mask = maskFor(device, masking.value)
    const recorded = await recordOf(device, chosen, recordings, { whole, mask }, io)
    if (recorded === undefined) return 1
    for (const { kind, detail } of recorded.faults) io.err.write(`fault ${kind}: ${detail}\n`)
    if (recorded.values === 0) return 1
    await writeFile(output, recorded.text)
    io.out.write(`${output}: ${recorded.values} values of ${device.name} by ${chosen}\n`)
    return recorded.faults.length === 0 ? 0 : 1
  },
}

/** The protocol to record; throws UsageError where it is not told by what the device has. */
function protocolOf(device: Device, wanted: string | undefined): readonly [name: string, recordings: Recordings] {
  const own = [...new Set(device.probes.map(({ probe }) => probe.collector))]
  const able = own.flatMap((name) => {
    const recordings = byProtocol.get(name)?.recordings
    return recordings === undefined || (wanted !== undefined && wanted !== name) ? [] : [[name, recordings] as const]
  })
  const [first, second] = able
  if (first === undefined) {
    const what = wanted === undefined ? own.join(', ') : wanted
    throw new UsageError(`${device.name} has no probe by ${what} that could be recorded`)
  }
  if (second === undefined) return first
  throw new UsageError(`${device.name} has ${able.map(([name]) => name).join(', ')}: choose one with --protocol`)
}

/** A mask that knows the device's own name and address. */
function maskFor({ name, address }: Device, telltales: Telltales): Mask {
  const mask = new Mask(telltales)
  mask.replace('name', name)
  mask.replace('name', hostOf(address))
  return mask
}

async function recordOf(
  device: Device,
  protocol: string,
  recordings: Recordings,
  order: RecordOrder,
  io: Io,
): Promise<Recorded | undefined> {
  const uses = device.probes.filter(({ probe }) => probe.collector === protocol)
  const table = new SeriesTable('site')
  const context = { signal: AbortSignal.timeout(patience), clock: io.clock, log: silent }
  const scope = table.scope(table.source(device.name, 'record'))
  const recorded = await recordings.record(uses, device, scope, order, context)
  if (recorded.ok) return recorded.value
  printProblems(recorded.problems, io)
  return undefined
}

/** Without its port; a loopback address tells nothing. */
function hostOf(address: string): string {
  const host = address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return /^(?:127\.|::1$|localhost$|\/dev\/)/.test(host) ? '' : host
}
