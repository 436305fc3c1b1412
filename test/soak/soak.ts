import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { seededRandom } from '../../src/model/random.ts'
import { House } from '../faults/house.ts'
import { pause, until } from '../peers/process.ts'
import { type Fault, type HouseFault, plannedFaults, rest } from './faults.ts'
import { type Look, lookOf } from './looks.ts'
import { type Held, reportOf } from './report.ts'
import { Rooms } from './rooms.ts'
import { Paging, SlowClients } from './surroundings.ts'
import { verdictOf } from './verdict.ts'

/*
 * `npm run soak [-- --minutes 30 --rooms 20 --seed 1 --log FILE]`: the demonstration's room many times over, under random faults of
 * every class, with random reloads and kills. Prints what was done, what was seen of it and what is held in the end; the
 * exit status is 1 when a fault went unseen, somebody was paged for nothing, or something leaks. FILE gets the last of what
 * siteward printed.
 */

const betweenLooks = 3000
/** Until everybody is well again, paged back, and nothing is held that is not needed. */
const afterwards = 120_000

interface Soak {
  readonly rooms: Rooms
  readonly house: House
  readonly paging: Paging
  readonly clients: SlowClients
  readonly alertmanager: string
  /** On the monotonic clock. */
  readonly began: number
  readonly looks: Look[]
  hasGuests: boolean
}

async function soak(minutes: number, rooms: Rooms, seed: number, log?: string): Promise<boolean> {
  const { paging, url } = await Paging.start()
  const house = await House.build({ site: rooms.site(false, url) })
  try {
    await house.start()
    const clients = new SlowClients()
    await allUp(house, rooms.patients.length)
    const [began, beganAt] = [performance.now(), Date.now()]
    const run: Soak = { rooms, house, paging, clients, alertmanager: url, began, looks: [], hasGuests: false }
    const faults = plannedFaults(minutes, rooms.patients, seededRandom(seed))
    const looking = keepLooking(run)
    const held = await happen(run, faults)
    looking.end()
    const pages = paging.pages
      .map(({ at, startsAt, ...page }) => ({ ...page, at: at - began, since: Date.parse(startsAt) - beganAt }))
      .filter(({ at }) => at > 0)
    const report = reportOf({ faults, looks: run.looks, pages, held, verdict: verdictOf(faults, run.looks, pages) })
    process.stdout.write(report.text)
    if (log !== undefined) writeFileSync(log, house.output)
    return report.isGood
  } finally {
    await house.remove()
    await paging.close()
  }
}

/** Lets all faults happen at their times; resolves to what the last process held at first, and in the end. */
async function happen(run: Soak, faults: readonly Fault[]): Promise<{ readonly before: Held; readonly after: Held }> {
  const steps = faults.flatMap((fault) => [
    { at: fault.at, take: () => begin(run, fault) },
    { at: fault.at + fault.lasts, take: () => end(run, fault) },
  ])
  let before: Held | undefined
  const lastStart = Math.max(0, ...faults.filter(({ kind }) => endsProcess(kind)).map(({ at, lasts }) => at + lasts))
  steps.push({
    at: lastStart + rest,
    take: async () => {
      before = await heldBy(run, faults)
    },
  })
  for (const { at, take } of steps.sort((a, b) => a.at - b.at)) {
    await pause(Math.max(0, run.began + at - performance.now()))
    await take()
  }
  await pause(afterwards)
  const after = await heldBy(run, faults)
  return { before: before ?? after, after }
}

async function heldBy({ house, rooms, began }: Soak, faults: readonly Fault[]): Promise<Held> {
  const at = performance.now() - began
  const connected = new Set(rooms.patients.filter(({ by }) => by === 'tcp').map(({ device }) => device))
  const ill = faults.filter((fault) => 'device' in fault && connected.has(fault.device) && isDuring(fault, at))
  return { at, ill: ill.length, ...(await house.vitals()) }
}

function isDuring({ at, lasts }: Fault, time: number): boolean {
  return time >= at && time < at + lasts
}

/** Waits until all devices have answered, and what was told of them before is taken back. */
async function allUp(house: House, count: number): Promise<void> {
  let up: readonly boolean[] = []
  const look = async (): Promise<boolean> => {
    up = [...lookOf(0, 0, await house.text()).up.values()]
    return up.filter(Boolean).length === count
  }
  await until(look, 300, () => `${up.filter(Boolean).length} of ${count} devices answer\n${house.output}`)
  await pause(afterwards / 4)
}

function endsProcess(kind: Fault['kind']): boolean {
  return kind === 'killed' || kind === 'stopped'
}

async function begin(run: Soak, fault: Fault): Promise<void> {
  if ('device' in fault) {
    run.rooms.set(fault.device, fault.kind)
    return
  }
  const { house, paging, clients } = run
  const kinds: Readonly<Record<HouseFault, () => unknown>> = {
    killed: async () => {
      await house.stop('SIGKILL')
      await house.start()
    },
    stopped: async () => {
      await house.stop('SIGTERM')
      await house.start()
    },
    paused: () => void process.kill(house.pid, 'SIGSTOP'),
    reloaded: () => {
      run.hasGuests = !run.hasGuests
      reload(run)
    },
    misconfigured: () => {
      house.writeSite('devices: [{ name: nobody, address: 127.0.0.1, probes: [none] }]\n')
      process.kill(house.pid, 'SIGHUP')
    },
    'alertmanager-cut': () => paging.cut(),
    'alertmanager-restarted': () => paging.stop(),
    'slow-clients': () => clients.come(house.port),
  }
  await kinds[fault.kind]()
}

function end(run: Soak, fault: Fault): void {
  if ('device' in fault) {
    run.rooms.set(fault.device, undefined)
    return
  }
  if (fault.kind === 'paused') process.kill(run.house.pid, 'SIGCONT')
  if (fault.kind === 'misconfigured') reload(run)
  if (fault.kind === 'alertmanager-cut') run.paging.mend()
  if (fault.kind === 'alertmanager-restarted') run.paging.revive()
  if (fault.kind === 'slow-clients') run.clients.go()
}

/** Writes the site as it should be, and has it read. */
function reload({ house, rooms, hasGuests, alertmanager }: Soak): void {
  house.writeSite(rooms.site(hasGuests, alertmanager))
  process.kill(house.pid, 'SIGHUP')
}

/** Looks at /metrics until it is told to end; a process that is being replaced or stands still cannot be looked at. */
function keepLooking({ house, looks, began }: Soak): { end(): void } {
  let isOver = false
  const look = async (): Promise<void> => {
    while (!isOver) {
      const asked = performance.now()
      const page = await house.text().catch(() => undefined)
      const took = performance.now() - asked
      if (page !== undefined) looks.push(lookOf(asked - began, took, page))
      await pause(Math.max(0, betweenLooks - took))
    }
  }
  void look()
  return {
    end: () => {
      isOver = true
    },
  }
}

function numberOf(text: string, name: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`--${name} is a number above 0`)
  return value
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    rooms: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    log: { type: 'string' },
  },
})
const rooms = await Rooms.start(numberOf(values.rooms, 'rooms'))
const isGood = await soak(numberOf(values.minutes, 'minutes'), rooms, Number(values.seed), values.log)
process.exit(isGood ? 0 : 1)
