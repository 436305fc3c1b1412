import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { systemSpawn } from '../../collectors/child.ts'
import { readWebConfig } from '../config/web-config.ts'
import { type Daemon, makeDaemon } from '../daemon.ts'
import { type HeldLease, Lease, slowestEnd } from '../lease/lease.ts'
import { leaseFolder } from '../lease/lease-folder.ts'
import { bugOf } from '../model/bug.ts'
import { type Log, lateLog } from '../model/log.ts'
import type { Listen, Site } from '../model/site.ts'
import { localTime } from '../model/time-zone.ts'
import type { WebConfig } from '../model/web.ts'
import { alertmanagerClient } from '../notify/alertmanager.ts'
import { parseShard, type Shard } from '../shard.ts'
import { type Journal, JournalError, lateJournal, noJournal, openJournal } from '../store/journal.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'
import { supervisorOf } from '../supervisor/systemd.ts'
import type { WriteReport } from '../upkeep/report-keeper.ts'
import { version } from '../version.ts'
import { standBy } from '../web/standby.ts'
import { openWeb, WebFile } from '../web/web-file.ts'
import { type Command, type Io, UsageError } from './command.ts'
import { reportProcess } from './report-process.ts'
import { byProtocol, configOf, printProblems } from './site-file.ts'
import { SiteReader } from './site-reader.ts'

const usage = `Usage: siteward run --config FILE [--shard N/M] [--lease FOLDER] [--listen HOST:PORT] [--log-level LEVEL]
                   [--web.config.file FILE]

Watches the site: polls its devices, judges the readings, serves /metrics and sends alerts to Alertmanager, until it is
told to stop (SIGINT or SIGTERM). SIGHUP has it read its site again (docs/reloading.md). Logs one line of JSON an event to
standard output.

  --config FILE      the site file
  --shard N/M        take the Nth of M parts of the site: the buses, gateways and BMCs that fall to it by a stable hash
  --lease FOLDER     poll only while holding the lease in this folder, which another siteward shares (docs/scaling.md)
  --listen H:P       listen there and not where the site file says
  --log-level LEVEL  debug, info (default), warn or error
  --web.config.file FILE
                     TLS and passwords as Prometheus' exporters take them; in place of the site file's web_config

Exit status: 0 when it was stopped, 1 when it could not start, 2 for a wrong command line.
`

const options = {
  config: { type: 'string' },
  shard: { type: 'string' },
  lease: { type: 'string' },
  listen: { type: 'string' },
  'log-level': { type: 'string', default: 'info' },
  'web.config.file': { type: 'string' },
} as const

const levels: readonly string[] = ['debug', 'info', 'warn', 'error']

/** The web configuration as it is now. */
type Web = () => WebConfig

/** What the daemon is handed of the world: who has started it, and who writes its reports, too. */
interface RunIo extends Io {
  readonly supervisor: Supervisor
  readonly writeReport: WriteReport
  readonly hangup: Hangup
}

/** How long an orderly end may take before the process ends all the same. */
const slowestStop = 10_000

/** \`siteward run\`: the daemon. */
export const run: Command = {
  name: 'run',
  summary: 'watch a site: the daemon',
  usage,
  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options })
    const shard = values.shard === undefined ? undefined : shardOf(values.shard)
    const level = levelOf(values['log-level'])
    const listen = values.listen === undefined ? undefined : listenOf(values.listen)
    const hangup = new Hangup(io)
    const source = new SiteReader(configOf(values), io, { listen, shard })
    const { site, elsewhere, problems } = await source.first()
    printProblems(problems, io)
    if (site === undefined) return 1
    const part = { site, shard, elsewhere, source }
    const log = lateLog(() => openLog(level))
    const web = webOf(values['web.config.file'] ?? site.access.webConfig, log, io)
    if (web === undefined) return 1
    const supervisor = supervisorOf({ env: io.env, pid: process.pid, clock: io.clock, spawn: systemSpawn, log })
    const own = { ...io, supervisor, hangup, writeReport: reportProcess(configOf(values), io) }
    try {
      return await (values.lease === undefined
        ? watch(part, web, log, own)
        : watchInTurn(part, web, values.lease, log, own))
    } finally {
      supervisor.stopping()
      await source.close()
    }
  },
}

/** SIGHUP asks for a reload; one that comes before anybody can do it is done then. */
class Hangup {
  #listener: (() => void) | undefined
  #isWaiting = false

  constructor(io: Io) {
    io.onHangup(() => {
      if (this.#listener === undefined) this.#isWaiting = true
      else this.#listener()
    })
  }

  listen(listener: () => void): void {
    this.#listener = listener
    if (this.#isWaiting) listener()
    this.#isWaiting = false
  }
}

/** The web configuration, read anew when its file changes; undefined, with the problems printed, where it has mistakes. */
function webOf(file: string | undefined, log: Log, io: Io): Web | undefined {
  if (file === undefined) return () => openWeb
  const first = readWebConfig(file)
  if (!first.ok) {
    printProblems(first.problems, io)
    return undefined
  }
  const web = new WebFile(file, first, log)
  return () => web.current()
}

function levelOf(text: string): string {
  if (!levels.includes(text)) throw new UsageError(`--log-level takes ${levels.join(', ')}`)
  return text
}

function shardOf(text: string): Shard {
  const shard = parseShard(text)
  if (shard === undefined) throw new UsageError('--shard takes N/M, as 2/5 for the second of five')
  return shard
}

function listenOf(text: string): Listen {
  const [, bracketed, host = bracketed, port = ''] = /^(?:\[([\w:.%]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text) ?? []
  if (host === undefined || Number(port) > 65_535) throw new UsageError('--listen takes HOST:PORT')
  return { host, port: Number(port) }
}

/** What one siteward of a site watches. */
interface Part {
  readonly site: Site
  readonly shard: Shard | undefined
  /** The names of the devices that other shards watch. */
  readonly elsewhere: ReadonlySet<string>
  readonly source: SiteReader
}

/** Waits for the lease, then watches until told to stop, or until the lease is lost; the exit status. */
async function watchInTurn(part: Part, web: Web, folder: string, log: Log, io: RunIo): Promise<number> {
  const stop = new AbortController()
  const stopped = io.untilStopped().then(() => stop.abort())
  const { site } = part
  try {
    const server = await standBy(site, web, log, io.clock)
    log.info({ lease: folder }, 'siteward stands by for the lease')
    io.supervisor.ready('stands by for the lease')
    io.supervisor.keepAlive(() => true)
    const held = await new Lease(leaseFolder(folder), `${hostname()} ${randomUUID()}`, io.clock).acquire(stop.signal)
    await server.close()
    if (held === undefined) return 0
    log.info({ lease: folder, term: held.number }, 'siteward holds the lease')
    const status = await watch(part, web, log, { ...io, untilStopped: () => stopped }, held)
    await held.release()
    return status
  } catch (error) {
    io.err.write(`siteward run: ${whyNot(error, site)}\n`)
    return 1
  }
}

/** Runs the daemon until it is told to stop, or has lost its lease; the exit status. */
async function watch(
  { site, shard, elsewhere, source }: Part,
  web: Web,
  log: Log,
  io: RunIo,
  lease?: HeldLease,
): Promise<number> {
  try {
    const made = makeDaemon({
      site: withinFiles(site, log),
      version,
      collectors: byProtocol,
      journal: lateJournal(() => journalOf(site, log, io, lease !== undefined)),
      client: (url) => alertmanagerClient(url, site.name, io.clock),
      clock: io.clock,
      random: Math.random,
      log,
      logFailures: () => logFailures,
      web,
      writeReport: io.writeReport,
      source,
      reloads: {
        began: () => io.supervisor.reloading(),
        ended: (devices) => io.supervisor.ready(watching(devices, site)),
      },
      ...(shard === undefined ? {} : { part: { shard: `${shard.index}/${shard.count}`, elsewhere } }),
      ...(lease === undefined ? {} : { mayPoll: () => lease.isHeld }),
    })
    if (!made.ok) {
      printProblems(made.problems, io)
      return 1
    }
    return await keepWatching(made.daemon, site, log, io, lease)
  } catch (error) {
    io.err.write(`siteward run: ${whyNot(error, site)}\n`)
    return 1
  }
}

/** One line for whoever asks systemd. */
function watching(devices: number, { name }: Site): string {
  return `watches ${devices} devices of ${name}`
}

/** What is open beside polls: the program itself, its log and database, 64 readers of /metrics, Alertmanagers. */
const filesBesidePolls = 64

/**
 * The site with as many polls at once as there may be files open: each holds one at least, and with none left nobody could
 * read /metrics, nor Alertmanager be told.
 */
function withinFiles(site: Site, log: Log): Site {
  const most = Math.max(1, mostOpenFiles() - filesBesidePolls)
  if (most >= site.parallelPolls) return site
  const fields = { parallel_polls: site.parallelPolls, at_once: most }
  log.warn(fields, 'fewer polls at once than parallel_polls: so few files may be open (ulimit -n, LimitNOFILE)')
  return { ...site, parallelPolls: most }
}

/** How many files this process may have open (proc(5): limits); without end where the system does not say. */
function mostOpenFiles(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8')
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY)
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/** The alarm journal; a folder that cannot be used is told, and watching goes on: what fires now matters more. */
function journalOf(site: Site, log: Log, io: Io, isShared: boolean): Journal {
  const corrupt = (kept: string): void =>
    log.error({ kept }, 'the alarm journal was no database any more; it was put aside and a new one begun')
  try {
    return openJournal(site.stateDirectory, io.clock.now().wall, corrupt, isShared)
  } catch (error) {
    if (!(error instanceof JournalError) || error.isHeld) throw error
    log.error(
      { why: error.message },
      'siteward watches without its alarm journal: a restart will forget what is pending',
    )
    return noJournal()
  }
}

async function keepWatching(daemon: Daemon, site: Site, log: Log, io: RunIo, lease?: HeldLease): Promise<number> {
  endOnBug(io)
  const lost = new Promise<'lost'>((resolve) => lease?.keep(() => resolve('lost')))
  let slowest = slowestStop
  try {
    await daemon.start()
    // What the texts of alarms need is loaded now: at the first alarm there may be no file left to open.
    localTime(0, 'UTC')
    log.info({ site: site.name, devices: site.devices.length, metrics: `${daemon.url}/metrics` }, 'siteward watches')
    io.supervisor.ready(watching(site.devices.length, site))
    io.supervisor.keepAlive(() => daemon.isAdvancing)
    io.hangup.listen(() => void daemon.reread())
    const why = await Promise.race([io.untilStopped(), lost])
    if (why === 'lost') slowest = slowestEnd
    log.info({}, why === 'lost' ? 'siteward has lost the lease, and polls no more' : 'siteward stops')
    return why === 'lost' ? 1 : 0
  } finally {
    io.supervisor.stopping()
    const cancel = io.clock.after(slowest, () => process.kill(process.pid, 'SIGKILL'))
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
    const { error: name, stack } = bugOf(error)
    io.err.write(`siteward run: bug: ${name}\n${stack}\n`)
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

/** How often standard output has refused lines of the log. */
let logFailures = 0

/**
 * pino to standard output by our own destination: its default one ends the process when the disk is full, and hangs it at
 * the exit. Lines that cannot be written are lost; watching goes on.
 */
function openLog(level: string): Log {
  const destination = pino.destination({ fd: 1, sync: false, maxLength: 1_048_576 })
  destination.on('error', () => {
    logFailures++
  })
  // pino would write what is left at the exit, again and again while the disk is full: the process would never end. What can
  // be written is written before the process has nothing more to do.
  destination.emit('close')
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: ['password', 'community', 'secret'] },
    destination,
  )
}
