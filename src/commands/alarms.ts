import { parseArgs } from 'node:util'
import { sinceOf, usualSince } from '../alarms/alarm-routes.ts'
import { episodesIn } from '../alarms/record-view.ts'
import { formatDuration } from '../model/duration.ts'
import { asCsv, type Listed, listed, whereText } from '../record/listing.ts'
import { JournalError, viewJournal } from '../store/journal.ts'
import { columns } from './columns.ts'
import { type Command, type Io, UsageError } from './command.ts'
import { DaemonError, daemonOptions, daemonUsage, findDaemon, goodBody, type RunningDaemon } from './operate.ts'

const usage = `Usage: siteward alarms --config FILE [--since 7d] [--device DEVICE] [--json | --csv]

Lists the alarms that fire and those that have fired, with who took them and how that stands to the service levels. Asks
the running siteward; where none runs, reads the record in its state folder.

  --since TIME       how far back: a duration as 7d (default), or a time as 2026-01-31T08:00:00Z
  --device DEVICE    only this device
  --json             print JSON
  --csv              print CSV
${daemonUsage}
Exit status: 0 when it was listed, 1 when neither siteward nor its record could be read, 2 for a wrong command line.
`

const options = {
  ...daemonOptions,
  since: { type: 'string', default: usualSince },
  device: { type: 'string' },
  json: { type: 'boolean', default: false },
  csv: { type: 'boolean', default: false },
} as const

interface Wanted {
  readonly since: string
  readonly device?: string | undefined
}

/** `siteward alarms`. */
export const alarms: Command = {
  name: 'alarms',
  summary: 'list the alarms that fire and have fired',
  usage,
  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options })
    if (values.json && values.csv) throw new UsageError('either --json or --csv')
    if (sinceOf(values.since, 0) === undefined)
      throw new UsageError(`--since: ${values.since} is neither 7d nor a time`)
    const daemon = await findDaemon(values, io)
    if (daemon === undefined) return 1
    try {
      const list = await ask(daemon, values, io)
      io.out.write(values.json ? `${JSON.stringify(list, null, 2)}\n` : values.csv ? asCsv(list) : asTable(list))
      return 0
    } catch (error) {
      if (!(error instanceof DaemonError) && !(error instanceof JournalError)) throw error
      io.err.write(`siteward alarms: ${error.message}\n`)
      return 1
    }
  },
}

/** The running siteward knows best; its record, which it leaves behind, knows all that it has written. */
async function ask(daemon: RunningDaemon, wanted: Wanted, io: Io): Promise<readonly Listed[]> {
  const query = new URLSearchParams({
    since: wanted.since,
    ...(wanted.device === undefined ? {} : { device: wanted.device }),
  })
  try {
    return listIn(goodBody(await daemon.call('GET', `/api/v1/alarms?${query}`)))
  } catch (error) {
    if (!(error instanceof DaemonError) || daemon.site === undefined) throw error
    io.err.write(`${error.message}; this is its record\n`)
  }
  const now = io.clock.now().wall
  const view = viewJournal(daemon.site.stateDirectory)
  try {
    const { serviceLevels } = daemon.site
    const episodes = episodesIn(view, { since: sinceOf(wanted.since, now) ?? 0, device: wanted.device })
    return episodes.map((episode) => listed(episode, serviceLevels, now))
  } finally {
    view.close()
  }
}

function listIn(body: unknown): readonly Listed[] {
  if (typeof body === 'object' && body !== null && 'alarms' in body && Array.isArray(body.alarms)) return body.alarms
  throw new DaemonError('what answers there is no siteward')
}

function asTable(list: readonly Listed[]): string {
  if (list.length === 0) return 'no alarm has fired\n'
  const head = [
    'ID',
    'STATE',
    'SEVERITY',
    'ALARM',
    'DEVICE',
    'WHERE',
    'FIRED',
    'LASTED',
    'TAKEN BY',
    'LEVELS',
    'SUMMARY',
  ]
  return columns([head, ...list.map(rowOf)])
}

function rowOf(one: Listed): readonly string[] {
  return [
    one.id,
    stateText(one),
    one.severity,
    one.alarm,
    one.device,
    whereText(one.labels),
    one.fired_at.replace('T', ' ').replace(/\..*/, 'Z'),
    lengthText(one.lasted_seconds),
    one.taken?.by ?? '-',
    levelsText(one),
    one.summary,
  ]
}

function stateText({ state, told_at, escalated_at, taken }: Listed): string {
  if (state !== 'firing') return state
  if (told_at === null) return 'held'
  return escalated_at !== null && taken === null ? 'escalated' : state
}

/** To the minute past an hour: nobody reads seconds there. */
function lengthText(seconds: number): string {
  const step = seconds < 3600 ? 1 : 60
  return formatDuration(Math.floor(seconds / step) * step * 1000)
}

function levelsText({ service_levels: levels }: Listed): string {
  const told = levels.filter(({ state }) => state !== 'void' && state !== 'open')
  return told.length === 0 ? '-' : told.map(({ level, state }) => `${level}: ${state}`).join(', ')
}
