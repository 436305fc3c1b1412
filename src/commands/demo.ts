import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseAddress } from '../../collectors/address.ts'
import { makeDaemon } from '../daemon.ts'
import { type SimulatedRoom, startRoom } from '../demo/simulated-room.ts'
import { table } from '../demo/table.ts'
import { shipped } from '../home.ts'
import { silent } from '../model/log.ts'
import { seededRandom } from '../model/random.ts'
import type { Site } from '../model/site.ts'
import { alertmanagerClient } from '../notify/alertmanager.ts'
import { openJournal } from '../store/journal.ts'
import { version } from '../version.ts'
import { openWeb } from '../web/web-file.ts'
import type { Command, Io } from './command.ts'
import { byProtocol, printProblems, readSite } from './site-file.ts'

const usage = `Usage: siteward demo [--listen HOST:PORT] [--alertmanager URL]

Starts a simulated machine room on this machine, over the real protocols (SNMP, Modbus, SSH), and a siteward that watches
it. After 30 s an air conditioner fails and the room warms past 28 °C; later it recovers. An Alertmanager that listens on
127.0.0.1:9093 gets the alerts. Ctrl-C ends it.

  --listen HOST:PORT   where it is served; 127.0.0.1:9879 by default
  --alertmanager URL   an Alertmanager elsewhere

Exit status: 0 when it was stopped, 1 when it could not start.
`

const usualAlertmanager = 'http://127.0.0.1:9093'
const redraw = 1000
const clearScreen = '\u001b[H\u001b[2J'

/** \`siteward demo\`. */
export const demo: Command = {
  name: 'demo',
  summary: 'a simulated machine room, watched',
  usage,
  async run(args, io) {
    const options = { listen: { type: 'string' }, alertmanager: { type: 'string' } } as const
    const { values } = parseArgs({ args: [...args], options })
    const listen = values.listen === undefined ? undefined : parseAddress(values.listen)
    const { alertmanager = usualAlertmanager } = values
    if ((values.listen !== undefined && listen?.port === undefined) || !URL.canParse(alertmanager)) {
      io.err.write(usage)
      return 2
    }
    const { site, problems } = await readSite(shipped('config', 'demo', 'site.yaml'), io.env)
    if (site === undefined) {
      printProblems(problems, io)
      return 1
    }
    const state = await mkdtemp(join(tmpdir(), 'siteward-demo-'))
    try {
      const { host, port = site.listen.port } = listen ?? site.listen
      return await simulateAndWatch(
        { ...site, listen: { host, port }, stateDirectory: state },
        new URL(alertmanager),
        io,
      )
    } finally {
      await rm(state, { recursive: true, force: true })
    }
  },
}

async function simulateAndWatch(site: Site, alertmanager: URL, io: Io): Promise<number> {
  let room: SimulatedRoom
  try {
    room = await startRoom(site.devices, io.clock, seededRandom(1))
  } catch (error) {
    io.err.write(
      `siteward demo: a port of the simulated room cannot be used: ${codeOf(error)}; is a demo running already?\n`,
    )
    return 1
  }
  try {
    return await watch(site, alertmanager, room, io)
  } finally {
    await room.close()
  }
}

async function watch(site: Site, alertmanager: URL, room: SimulatedRoom, io: Io): Promise<number> {
  const alertmanagers = (await listens(alertmanager)) ? [alertmanager] : []
  const made = makeDaemon({
    site: { ...site, alertmanagers },
    version,
    collectors: byProtocol,
    journal: openJournal(site.stateDirectory, io.clock.now().wall, () => {}),
    client: (url) => alertmanagerClient(url, site.name, io.clock),
    clock: io.clock,
    random: seededRandom(2),
    log: silent,
    web: () => openWeb,
  })
  if (!made.ok) {
    printProblems(made.problems, io)
    return 1
  }
  const { daemon } = made
  try {
    await daemon.start()
  } catch (error) {
    await daemon.stop()
    io.err.write(`siteward demo: cannot listen on ${site.listen.host}:${site.listen.port}: ${codeOf(error)}\n`)
    return 1
  }
  const isTerminal = io.out.isTTY === true
  const draw = (): void => {
    const failed = room.failed()
    const where = [
      `siteward ${version} watches the simulated room. Ctrl-C ends it.`,
      `metrics: ${daemon.url}/metrics   alertmanager: ${alertmanagers.length > 0 ? alertmanager.href : `none at ${alertmanager.host}`}`,
      `room: ${room.room().temperature.toFixed(1)} °C after ${Math.round(room.room().time)} s${failed === undefined ? '' : `, air conditioner ${failed} is out of order`}`,
    ]
    io.out.write(
      `${isTerminal ? clearScreen : ''}${where.join('\n')}\n\n${table(daemon, io.clock.now(), io.out.columns ?? 200)}\n${isTerminal ? '' : '\n'}`,
    )
    cancel = io.clock.after(isTerminal ? redraw : 10 * redraw, draw)
  }
  let cancel = io.clock.after(redraw, draw)
  await io.untilStopped()
  cancel()
  io.out.write('\nstopping\n')
  await daemon.stop()
  return 0
}

/** Whether an Alertmanager is there to be told. */
async function listens(alertmanager: URL): Promise<boolean> {
  try {
    return (await fetch(new URL('/-/ready', alertmanager), { signal: AbortSignal.timeout(1000) })).ok
  } catch {
    return false
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}
