import { parseArgs } from 'node:util'
import type { ListedQuiet } from '../model/listed-quiet.ts'
import { type Command, type Io, UsageError } from './command.ts'
import { atEach, eachOptions, eachUsage, findEach } from './each-daemon.ts'
import { DaemonError, goodBody, type RunningDaemon } from './operate.ts'

const usage = `Usage: siteward quiet --config FILE
       siteward quiet add --by NAME (--for DURATION | --until TIME) [--from TIME] [--device NAME ...] [--alarm NAME ...]
                          [--match LABEL=VALUE ...] [--note TEXT] [--ends-when-well DURATION] --config FILE
       siteward quiet end NAME [--anyway] --config FILE

Lists the quiet times, adds one, or ends one that was added. In a quiet time new alerts are held back; what still fires at
its end is told then. Times are local to the site, as '2026-12-01 22:00'. Of several sitewards of a site each is told, under
one name.

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
${eachUsage}
Exit status: 0 when it was done, everywhere, 1 when it was not, 2 for a wrong command line.
`

const options = {
  ...eachOptions,
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
    const daemons = await findEach(values, io)
    return daemons === undefined ? 1 : action(daemons, io)
  },
}

type Action = (daemons: readonly RunningDaemon[], io: Io) => Promise<number>

function actionOf(values: Values, [word, name, more]: readonly string[]): Action {
  if (word === undefined) return list
  if (word === 'add' && name === undefined) return addition(values)
  if (word === 'end' && name !== undefined && more === undefined) return ending(name, values.anyway)
  throw new UsageError(word === 'end' ? 'exactly one NAME is needed' : `quiet has no ${word}: add or end`)
}

function list(daemons: readonly RunningDaemon[], io: Io): Promise<number> {
  return atEach('quiet', daemons, io, async (daemon) => {
    const all = await quietTimesOf(daemon)
    return { text: all.length === 0 ? 'no quiet times\n' : all.map((one) => `${lineOf(one)}\n`).join('') }
  })
}

async function quietTimesOf(daemon: RunningDaemon): Promise<readonly ListedQuiet[]> {
  const body = goodBody(await daemon.call('GET', '/api/v1/quiet')) as { readonly quiet: readonly ListedQuiet[] }
  return body.quiet
}

/** A name that is free at all of several sitewards; of one that does not answer nothing is known. */
async function freeName(daemons: readonly RunningDaemon[]): Promise<string | undefined> {
  if (daemons.length === 1) return undefined
  const names: string[] = []
  for (const daemon of daemons) {
    try {
      names.push(...(await quietTimesOf(daemon)).map(({ name }) => name))
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error
    }
  }
  const numbers = names.map((name) => Number(/^quiet-(\d+)$/.exec(name)?.[1] ?? 0))
  return `quiet-${Math.max(0, ...numbers) + 1}`
}

function lineOf(one: Omit<ListedQuiet, 'active'> & Partial<ListedQuiet>): string {
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
  return async (daemons, io) => {
    const name = await freeName(daemons)
    return atEach('quiet', daemons, io, async (daemon) => {
      const reply = goodBody(await daemon.call('POST', '/api/v1/quiet', { ...body, name })) as Added
      const text = `${lineOf(reply.quiet)}\n`
      return reply.written ? { text } : { text, problem: 'it holds, but cannot be kept: a restart forgets it' }
    })
  }
}

interface Added {
  readonly quiet: Omit<ListedQuiet, 'active'>
  readonly written: boolean
}

function ending(name: string, isAnyway: boolean): Action {
  const path = `/api/v1/quiet/${encodeURIComponent(name)}${isAnyway ? '?anyway=true' : ''}`
  return (daemons, io) =>
    atEach('quiet', daemons, io, async (daemon) => {
      goodBody(await daemon.call('DELETE', path))
      return { text: `${name} has ended\n` }
    })
}
