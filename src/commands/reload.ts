import { parseArgs } from 'node:util'
import { changeLines } from '../reload/plan-text.ts'
import type { SiteChanges } from '../reload/site-changes.ts'
import type { Command, Io } from './command.ts'
import { DaemonError, type DaemonReply, daemonOptions, daemonUsage, findDaemon, goodBody } from './operate.ts'

const usage = `Usage: siteward reload --config FILE

Has the running siteward read its site again, and prints what is different now: + came, - went, ~ changed, ! waits for a
restart. A site with a mistake changes nothing; each is printed as file:line:column: message.

${daemonUsage}
Exit status: 0 when siteward goes on with the site as it is now, 1 when not, 2 for a wrong command line.
`

/** \`siteward reload\`. */
export const reload: Command = {
  name: 'reload',
  summary: 'have the running siteward read its site again',
  usage,
  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options: daemonOptions })
    const daemon = await findDaemon(values, io)
    if (daemon === undefined) return 1
    try {
      const body = goodBody(reported(await daemon.call('POST', '/-/reload'), io)) as Answer
      const lines = changeLines(body.changes)
      for (const warning of body.warnings) io.err.write(`warning: ${warning}\n`)
      io.out.write(`${lines.length === 0 ? 'nothing has changed' : lines.join('\n')}\n`)
      return 0
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error
      io.err.write(`siteward reload: ${error.message}\n`)
      return 1
    }
  },
}

interface Answer {
  readonly changes: SiteChanges
  readonly warnings: readonly string[]
}

/** Prints the mistakes that an answer tells of, one a line. */
export function reported(reply: DaemonReply, io: Io): DaemonReply {
  const { body } = reply
  const problems = typeof body === 'object' && body !== null && 'problems' in body ? body.problems : undefined
  if (Array.isArray(problems)) for (const problem of problems) io.err.write(`${problem}\n`)
  return reply
}
