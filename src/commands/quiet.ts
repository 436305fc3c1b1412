import { parseArgs } from 'node:util'
import { type Command, type Io, UsageError } from './command.ts'
import { DaemonError, daemonOptions, daemonUsage, findDaemon, goodBody, type RunningDaemon } from './operate.ts'

const usage = `Usage: siteward quiet --config FILE
       siteward quiet add --by NAME (--for DURATION | --until TIME) [--from TIME] [--device NAME ...] [--alarm NAME ...]
                          [--match LABEL=VALUE ...] [--note TEXT] [--ends-when-well DURATION] --config FILE
       siteward quiet end NAME [--anyway] --config FILE

Lists the quiet times, adds one, or ends one that was added. In a quiet time new alerts are held back; what still fires at
its end is told then. Times are local to the site, as '2026-12-01 22:00'.

  --by NAME          who says so
  --for DURATION     how long, as 2h
  --until TIME       until when
  --from TIME        from when on; now where nothing is said
  --device NAME      alerts of this device; may stand several times
  --alarm NAME       this alarm; may stand several times
  --match LABEL=VALUE  alerts with this label; may stand several times
  --note TEXT        what is done
  --ends-when-well DURATION  ends early once all under it has been well for so long
  --anyway           ends it although not all under it is well: what fires is told
${daemonUsage}
Exit status: 0 when it was done, 1 when it was not, 2 for a wrong command line.
`

const options = {
  ...daemonOptions,
  by: { type: 'string' },
  for: { type: 'string' },
  until: { type: 'string' },
  from: { type: 'string' },
  device: { type: 'string', multiple: true },
  alarm: { type: 'string', multiple: true },
  match: { type: 'string', multiple: true },
  note: { type: 'string' },
  'ends-when-well': { type: 'string' },
  anyway: { type: 'boolean', default: false },
} as const

type Values = ReturnType<typeof parse>['values']

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options, allowPositionals: true })
}

/** `siteward quiet`. */
export const quiet: Command = {
  name: 'quiet',
  summary: 'list, add and end quiet times',
  usage,
  async run(args, io) {
    const { values, positionals } = parse(args)
    const action = actionOf(values, positionals)
    const daemon = await findDaemon(values, io)
    if (daemon === undefined) return 1
    try {
      return await action(daemon, io)
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error
      io.err.write(`siteward quiet: ${error.message}\n`)
      return 1
    }
  },
}

type Action = (daemon: RunningDaemon, io: Io) => Promise<number>

function actionOf(values: Values, [word, name, more]: readonly string[]): Action {
  if (word === undefined) return list
  if (word === 'add' && name === undefined) return addition(values)
  if (word === 'end' && name !== undefined && more === undefined) return ending(name, values.anyway)
  throw new UsageError(word === 'end' ? 'exactly one NAME is needed' : `quiet has no ${word}: add or end`)
}

/** A quiet time as the list has it. */
interface Listed {
  readonly name: string
  readonly by: string
  readonly note: string
  readonly devices: readonly string[]
  readonly alarms: readonly string[]
  readonly match: Readonly<Record<string, string>>
  readonly from?: string
  readonly until?: string
  readonly active?: boolean
  readonly ends?: string
  readonly unwell?: readonly string[]
}

async function list(daemon: RunningDaemon, io: Io): Promise<number> {
  const body = goodBody(await daemon.call('GET', '/api/v1/quiet')) as { readonly quiet: readonly Listed[] }
  for (const one of body.quiet) io.out.write(`${lineOf(one)}\n`)
  if (body.quiet.length === 0) io.out.write('no quiet times\n')
  return 0
}

function lineOf(one: Listed): string {
  const about = [
    ...one.devices,
    ...one.alarms,
    ...Object.entries(one.match).map(([label, value]) => `${label}=${value}`),
  ]
  const time = one.from === undefined ? 'recurring' : `${one.from} to ${one.until}`
  const now = one.active !== true ? '' : `, now, until ${one.ends}`
  const bad = one.unwell === undefined || one.unwell.length === 0 ? '' : `; not well: ${one.unwell.join(', ')}`
  const by = one.by === '' ? 'site file' : `by ${one.by}`
  return `${one.name}  ${time}${now}  ${about.join(' ')}  (${by}${one.note === '' ? '' : `: ${one.note}`})${bad}`
}

function addition(values: Values): Action {
  const { by } = values
  if (by === undefined || by.trim() === '') throw new UsageError('--by NAME is needed')
  const pairs = (values.match ?? []).map((text) => {
    const [, label = '', value = ''] = /^([^=]+)=(.*)$/.exec(text) ?? []
    if (label === '') throw new UsageError(`--match ${text}: LABEL=VALUE is needed`)
    return [label, value] as const
  })
  const body = {
    by,
    note: values.note,
    devices: values.device,
    alarms: values.alarm,
    match: pairs.length === 0 ? undefined : Object.fromEntries(pairs),
    from: values.from,
    until: values.until,
    for: values.for,
    ends_when_well: values['ends-when-well'],
  }
  return async (daemon, io) => {
    const reply = goodBody(await daemon.call('POST', '/api/v1/quiet', body)) as Added
    io.out.write(`${lineOf(reply.quiet)}\n`)
    if (reply.written) return 0
    io.err.write('siteward quiet: it holds, but cannot be kept: a restart forgets it\n')
    return 1
  }
}

interface Added {
  readonly quiet: Listed
  readonly written: boolean
}

function ending(name: string, isAnyway: boolean): Action {
  return async (daemon, io) => {
    const path = `/api/v1/quiet/${encodeURIComponent(name)}${isAnyway ? '?anyway=true' : ''}`
    goodBody(await daemon.call('DELETE', path))
    io.out.write(`${name} has ended\n`)
    return 0
  }
}
