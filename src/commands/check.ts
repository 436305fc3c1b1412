import { parseArgs } from 'node:util'
import { checkBusLoad } from '../config/bus-load.ts'
import type { Problem } from '../model/problem.ts'
import { SeriesTable } from '../model/series.ts'
import type { Site } from '../model/site.ts'
import { prepareJobs } from '../watch/jobs.ts'
import type { Command } from './command.ts'
import { keptList } from './device-lists.ts'
import { byProtocol, configOf, printProblems, readSite } from './site-file.ts'

const usage = `Usage: siteward check --config FILE

Checks a site file, the probes that it uses and its secrets, and contacts nothing. Every mistake is printed as
file:line:column: message.

Exit status: 0 when all is well or only warnings were printed, 1 when a problem was found, 2 for a wrong command line.
`

/** \`siteward check\`. */
export const check: Command = {
  name: 'check',
  summary: 'check a site file without contacting anything',
  usage,
  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options: { config: { type: 'string' } } })
    const { site, problems } = await readSite(configOf(values), io.env, keptList)
    const all = site === undefined ? problems : [...problems, ...checkJobs(site)]
    printProblems(all, io)
    const mistakes = all.filter(({ level }) => level !== 'warning').length
    if (mistakes > 0 || site === undefined) return 1
    const probes = new Set(site.devices.flatMap((device) => device.probes.map(({ probe }) => probe.name)))
    const rules = site.devices.reduce((sum, device) => sum + device.rules.length, 0)
    io.out.write(
      `${site.name}: ${site.devices.length} devices, ${probes.size} probes, ${rules} rules: ${all.length === 0 ? 'no problem found' : `${all.length} warnings`}\n`,
    )
    return 0
  },
}

/** What only shows when the probes are compiled for their devices: addresses, options, the load of a bus. */
export function checkJobs(site: Site): readonly Problem[] {
  const { prepared, problems } = prepareJobs(site, new SeriesTable(site.name), byProtocol)
  const loads = prepared.map(({ device, use, job }) => ({
    endpoint: job.endpoint,
    cost: job.cost,
    interval: use.interval,
    place: device.at('interval'),
  }))
  return [...problems, ...checkBusLoad(loads)]
}
