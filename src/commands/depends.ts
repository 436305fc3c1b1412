import { parseArgs } from 'node:util'
import { likelyRoot, type Proposal, plainName, proposeDependencies } from '../hold/neighbours.ts'
import type { Device } from '../model/device.ts'
import { silent } from '../model/log.ts'
import type { Reading } from '../model/reading.ts'
import { SeriesTable } from '../model/series.ts'
import type { Site } from '../model/site.ts'
import { runPoll } from '../schedule/frame.ts'
import { Stop } from '../schedule/stop.ts'
import { type Prepared, prepareJobs } from '../watch/jobs.ts'
import { type Command, type Io, UsageError } from './command.ts'
import { byProtocol, configOf, printProblems, readSite } from './site-file.ts'

const usage = `Usage: siteward depends --config FILE [--root DEVICE ...]

Asks the devices for their neighbours (LLDP) and proposes depends_on: for each, those of its neighbours that are nearer to
where siteward is plugged in. Changes nothing: what is right goes into the site file by hand.

  --config FILE  the site file; devices with the probe lldp are asked
  --root DEVICE  where siteward is plugged in; may stand several times. The device with most neighbours by default

Exit status: 0 when the site file says the same, 1 when it does not or nothing was found, 2 for a wrong command line.
`

const neighbourMetric = 'lldp_neighbour_info'
/** A device's own name, as it tells it to its neighbours. */
const nameMetric = 'device_info'

/** \`siteward depends\`. */
export const depends: Command = {
  name: 'depends',
  summary: 'propose depends_on by what neighbours tell (LLDP)',
  usage,
  async run(args, io) {
    const options = { config: { type: 'string' }, root: { type: 'string', multiple: true } } as const
    const { values } = parseArgs({ args: [...args], options })
    const { site, problems } = await readSite(configOf(values), io.env)
    printProblems(problems, io)
    if (site === undefined) return 1
    const strange = values.root?.find((name) => !site.devices.some((device) => device.name === name))
    if (strange !== undefined) throw new UsageError(`--root ${strange}: there is no such device`)
    return propose(site, values.root ?? [], io)
  },
}

async function propose(site: Site, roots: readonly string[], io: Io): Promise<number> {
  const asked = { ...site, devices: site.devices.filter((device) => gives(device, neighbourMetric)) }
  if (asked.devices.length === 0) {
    io.err.write('siteward depends: no device has the probe lldp: add it to the probes of the switches\n')
    return 1
  }
  const readings = await readAll(asked, io)
  if (readings === undefined) return 1
  const links = readings.flatMap(({ series: { metric, labels } }) => {
    const { device = '', neighbour = '' } = labels
    return metric.name === neighbourMetric && neighbour !== '' ? [{ device, neighbour }] : []
  })
  const free = new Set(site.devices.filter(({ dependsOn }) => dependsOn.length === 0).map(({ name }) => name))
  const root = roots.length > 0 ? roots : [likelyRoot(links, free)].flatMap((name) => name ?? [])
  const proposals = proposeDependencies(links, root, namesOf(site, readings))
  io.out.write(`# from ${root.join(', ')}, by ${links.length} neighbours\n`)
  const lines = proposals.map((one) => lineOf(one, site))
  for (const { text } of lines) io.out.write(`${text}\n`)
  return lines.length > 0 && lines.every(({ isSame }) => isSame) ? 0 : 1
}

function gives({ probes }: Device, metric: string): boolean {
  return probes.some(({ probe }) => probe.points.some((point) => point.metric.name === metric))
}

/** One poll of each probe that tells of neighbours or of the device's own name; undefined, with the problems, otherwise. */
async function readAll(site: Site, io: Io): Promise<readonly Reading[] | undefined> {
  const { prepared, problems } = prepareJobs(site, new SeriesTable(site.name), byProtocol)
  printProblems(problems, io)
  if (problems.length > 0) return undefined
  const wanted = prepared.filter(({ use }) =>
    use.probe.points.some(({ metric }) => metric.name === neighbourMetric || metric.name === nameMetric),
  )
  const polls = await Promise.all(wanted.map((one) => readOne(one, io)))
  await Promise.all(prepared.map(({ job }) => job.close()))
  return polls.flat()
}

async function readOne({ device, use, job }: Prepared, io: Io): Promise<readonly Reading[]> {
  const bug = (error: unknown): void => {
    throw error
  }
  const { readings, faults } = await runPoll(job, use.timeout, new Stop(), { clock: io.clock, log: silent, bug })
  for (const { kind, detail } of faults) io.err.write(`${device.name}: ${kind}: ${detail}\n`)
  return readings
}

/** Which device of the site a neighbour is: by its name in the site file, or the one that it gives itself. */
function namesOf(site: Site, readings: readonly Reading[]): (neighbour: string) => string | undefined {
  const byName = new Map<string, string>()
  for (const { series } of readings) {
    const { device = '', name = '' } = series.labels
    if (series.metric.name === nameMetric && name !== '') byName.set(plainName(name), device)
  }
  for (const { name } of site.devices) byName.set(plainName(name), name)
  return (neighbour) => byName.get(plainName(neighbour))
}

function lineOf({ device, parents }: Proposal, site: Site): { readonly text: string; readonly isSame: boolean } {
  const written = site.devices.find(({ name }) => name === device)?.dependsOn ?? []
  const said = written.filter(({ kind }) => kind === 'any' || kind === 'network').flatMap(({ devices }) => devices)
  const isSame = [...said].sort().join(' ') === parents.join(' ')
  const note = isSame
    ? 'as written'
    : said.length === 0
      ? 'the site file says nothing'
      : `the site file says ${said.join(', ')}`
  return { text: `${device}: { depends_on: [${parents.join(', ')}] } # ${note}`, isSame }
}
