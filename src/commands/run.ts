import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { type Daemon, makeDaemon } from '../daemon.ts'
import type { Log } from '../model/log.ts'
import type { Site } from '../model/site.ts'
import { alertmanagerClient } from '../notify/alertmanager.ts'
import { type Journal, JournalError, noJournal, openJournal } from '../store/journal.ts'
import { version } from '../version.ts'
import { checkJobs } from './check.ts'
import type { Command, Io } from './command.ts'
import { byProtocol, configOf, printProblems, readSite } from './site-file.ts'

const usage = `Usage: siteward run --config FILE [--log-level LEVEL]

Watches the site: polls its devices, judges the readings, serves /metrics and sends alerts to Alertmanager, until it is
told to stop (SIGINT or SIGTERM). Logs one line of JSON an event to standard output.

  --config FILE      the site file
  --log-level LEVEL  debug, info (default), warn or error

Exit status: 0 when it was stopped, 1 when it could not start, 2 for a wrong command line.
`

/** How long an orderly end may take before the process ends all the same. */
const slowestStop = 10_000

/** \`siteward run\`: the daemon. */
export const run: Command = {
  name: 'run',
  summary: 'watch a site: the daemon',
  usage,
  async run(args, io) {
    const options = { config: { type: 'string' }, 'log-level': { type: 'string', default: 'info' } } as const
    const { values } = parseArgs({ args: [...args], options })
    const { site, problems } = await readSite(configOf(values), io.env)
    const all = site === undefined ? problems : [...problems, ...checkJobs(site)]
    printProblems(all, io)
    if (site === undefined || all.some(({ level }) => level !== 'warning')) return 1
    return watch(site, openLog(values['log-level']), io)
  },
}

/** Runs the daemon until it is told to stop; the exit status. */
async function watch(site: Site, log: Log, io: Io): Promise<number> {
  try {
    const made = makeDaemon({
      site,
      version,
      collectors: byProtocol,
      journal: journalOf(site, log, io),
      clients: site.alertmanagers.map((url) => alertmanagerClient(url, site.name)),
      clock: io.clock,
      random: Math.random,
      log,
    })
    if (!made.ok) {
      printProblems(made.problems, io)
      return 1
    }
    return await keepWatching(made.daemon, site, log, io)
  } catch (error) {
    io.err.write(`siteward run: ${whyNot(error, site)}\n`)
    return 1
  }
}

/** The alarm journal; a folder that cannot be used is told, and watching goes on: what fires now matters more. */
function journalOf(site: Site, log: Log, io: Io): Journal {
  try {
    return openJournal(site.stateDirectory, io.clock.now().wall, (kept) =>
      log.error({ kept }, 'the alarm journal was no database any more; it was put aside and a new one begun'),
    )
  } catch (error) {
    if (!(error instanceof JournalError) || error.isHeld) throw error
    log.error(
      { why: error.message },
      'siteward watches without its alarm journal: a restart will forget what is pending',
    )
    return noJournal()
  }
}

async function keepWatching(daemon: Daemon, site: Site, log: Log, io: Io): Promise<number> {
  endOnBug(io)
  try {
    await daemon.start()
    log.info({ site: site.name, devices: site.devices.length, metrics: `${daemon.url}/metrics` }, 'siteward watches')
    await io.untilStopped()
    log.info({}, 'siteward stops')
    return 0
  } finally {
    const cancel = io.clock.after(slowestStop, () => process.kill(process.pid, 'SIGKILL'))
    await daemon.stop()
    cancel()
  }
}

/**
 * An exception outside every poll leaves siteward in a state that nobody has thought of: it ends, at once and without the
 * log, whose end may hang on a full disk. What matters is in the journal; the service manager starts it anew.
 */
function endOnBug(io: Io): void {
  process.on('uncaughtException', (error) => {
    // The message may hold what a library put into it, keys included: only where it happened is told.
    const stack = (error.stack ?? '').split('\n').slice(1).join('\n')
    io.err.write(`siteward run: bug: ${error.name}\n${stack}\n`)
    process.exit(1)
  })
}

function whyNot(error: unknown, site: Site): string {
  if (error instanceof JournalError) return error.message
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const where = `${site.listen.host}:${site.listen.port}`
  if (code === 'EADDRINUSE') return `${where} is in use: another program, or another siteward, listens there`
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') return `cannot listen on ${where} (${code}): change listen:`
  throw error
}

/**
 * pino to standard output by our own destination: its default one ends the process when the disk is full, and hangs it at
 * the exit. Lines that cannot be written are lost; watching goes on.
 */
function openLog(level: string): Log {
  const destination = pino.destination({ fd: 1, sync: false, maxLength: 1_048_576 })
  destination.on('error', () => {})
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: ['password', 'community', 'secret'] },
    destination,
  )
}
