import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { dashboardsOf } from '../dashboards/dashboards.ts'
import type { Command } from './command.ts'
import { configOf, printProblems, readSite } from './site-file.ts'

const usage = `Usage: siteward dashboards --config FILE --output FOLDER [--language en|zh]

Writes Grafana dashboards of a site: the room, power, network, servers, and siteward itself; a panel for each metric that
the site's devices may give, with the limits of its rules. Grafana takes them by hand (Dashboards, New, Import) or from a
folder that it is told of (provisioning).

  --config FILE      the site file
  --output FOLDER    where to write them, as siteward-room.json and so on; made where it is not there
  --language en|zh   the language of titles and states; the site's by default

Exit status: 0 when they were written, 1 when a problem was found, 2 for a wrong command line.
`

/** \`siteward dashboards\`. */
export const dashboards: Command = {
  name: 'dashboards',
  summary: 'write Grafana dashboards of a site',
  usage,
  async run(args, io) {
    const options = { config: { type: 'string' }, output: { type: 'string' }, language: { type: 'string' } } as const
    const { values } = parseArgs({ args: [...args], options })
    const { output, language } = values
    if (output === undefined || (language !== undefined && language !== 'en' && language !== 'zh')) {
      io.err.write(usage)
      return 2
    }
    const { site, problems } = await readSite(configOf(values), io.env)
    printProblems(problems, io)
    if (site === undefined) return 1
    try {
      mkdirSync(output, { recursive: true })
      for (const { file, dashboard } of dashboardsOf(site, language ?? site.language)) {
        const path = join(output, file)
        writeFileSync(path, `${JSON.stringify(dashboard, undefined, 2)}\n`)
        io.out.write(`${path}\n`)
      }
      return 0
    } catch (error) {
      const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
      io.err.write(`siteward dashboards: ${output} cannot be written: ${why}\n`)
      return 1
    }
  },
}
