import { parseArgs } from 'node:util'
import { formatDuration } from '../model/duration.ts'
import type { Step } from '../model/record.ts'
import type { Listed } from '../record/listing.ts'
import { type Command, UsageError } from './command.ts'
import { atEach, eachOptions, eachUsage, findEach } from './each-daemon.ts'
import { goodBody } from './operate.ts'

const usage = `Usage: siteward ack ALARM --by NAME [--note TEXT] [--on-site | --repaired] --config FILE

Writes down that somebody has taken an alarm, is on site, or has repaired it. ALARM is its id, as the page and
\`siteward alarms\` show it; its first letters are enough. An alarm that is taken is escalated no more. Of several
sitewards of a site each is told.

  --by NAME          who
  --note TEXT        what there is to say
  --on-site          somebody is on site
  --repaired         it is repaired
${eachUsage}
Exit status: 0 when it was written down, everywhere, 1 when it was not, 2 for a wrong command line.
`

const options = {
  ...eachOptions,
  by: { type: 'string' },
  note: { type: 'string' },
  'on-site': { type: 'boolean', default: false },
  repaired: { type: 'boolean', default: false },
} as const

/** `siteward ack`. */
export const ack: Command = {
  name: 'ack',
  summary: 'write down that somebody has taken an alarm, is on site, or has repaired it',
  usage,
  async run(args, io) {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [id, more] = positionals
    if (id === undefined || more !== undefined) throw new UsageError('exactly one ALARM is needed')
    const { by, note = '' } = values
    if (by === undefined || by.trim() === '') throw new UsageError('--by NAME is needed')
    const word = { step: stepOf(values), by, note }
    const daemons = await findEach(values, io)
    if (daemons === undefined) return 1
    return atEach('ack', daemons, io, async (daemon) => {
      const path = `/api/v1/alarms/${encodeURIComponent(id)}/attendance`
      const reply = goodBody(await daemon.call('POST', path, word)) as Answer
      const text = `${told(reply.alarm, word.step)}\n`
      if (reply.written) return { text }
      return { text, problem: 'siteward knows, but its record cannot be written now: a restart may forget it' }
    })
  },
}

interface Answer {
  readonly alarm: Listed
  readonly written: boolean
}

function stepOf(values: { 'on-site': boolean; repaired: boolean }): Step {
  if (values['on-site'] && values.repaired) throw new UsageError('either --on-site or --repaired')
  return values['on-site'] ? 'on_site' : values.repaired ? 'repaired' : 'taken'
}

const levelOf = { taken: 'response', on_site: 'on_site', repaired: 'repair' } as const satisfies Record<Step, string>
const words = { taken: 'taken', on_site: 'on site', repaired: 'repaired' } as const satisfies Record<Step, string>

function told(alarm: Listed, step: Step): string {
  const time = alarm.service_levels.find(({ level }) => level === levelOf[step])
  const text = `${alarm.id} ${alarm.alarm} on ${alarm.device}: ${words[step]} by ${alarm[step]?.by ?? '?'}`
  if (time === undefined) return text
  return `${text} after ${lengthText(time.took_seconds)} (allowed: ${lengthText(time.limit_seconds)}; ${time.state})`
}

function lengthText(seconds: number): string {
  return formatDuration(seconds * 1000)
}
