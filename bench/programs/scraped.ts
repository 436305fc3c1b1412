import { openSync, readSync } from 'node:fs'
import { Exposition, type Format } from '../../src/expose/exposition.ts'
import { Gate } from '../../src/expose/gate.ts'
import { ownMetrics } from '../../src/expose/own-metrics.ts'
import { pages } from '../../src/expose/pages.ts'
import { Scrapes } from '../../src/expose/scrapes.ts'
import { startServer } from '../../src/expose/server.ts'
import { systemClock } from '../../src/model/clock.ts'
import { openWeb } from '../../src/web/web-file.ts'
import { answer, memoryOf } from '../program.ts'
import { fillStore } from './many-series.ts'

/** `rest` before the scrapes, `seen` after them. */
export interface Watching {
  readonly ask: 'rest' | 'seen'
  /** Whether to look how long each turn of the event loop takes, which costs a whole processor. */
  readonly isTurning: boolean
}

/** What happened since `rest` was asked for. */
export interface Seen {
  readonly port: number
  /** Resident memory now, MB. */
  readonly memory: number
  /** CPU milliseconds of the longest turn of the event loop, and how long it took by the clock. */
  readonly longestBlock: number
  readonly longestWall: number
  /** How often the exposition was written. */
  readonly written: number
  /** CPU of the main thread and of all threads, ms. */
  readonly mainThread: number
  readonly allThreads: number
}

class Counted extends Exposition {
  written = 0

  override *chunks(format: Format): Generator<Buffer> {
    this.written++
    yield* super.chunks(format)
  }
}

/** The code of the digit. */
const zero = 48

/** siteward's HTTP side with so many series. Arguments: SERIES. */
const [, , series] = process.argv
const { store, set } = fillStore(Number(series))
const exposition = new Counted(store)
const nothing = { bytes: 0, size: 0, left: 0 }
const own = ownMetrics({
  version: 'bench',
  devices: () => 0,
  pollsRunning: () => 0,
  series: () => 0,
  alerts: () => 0,
  late: () => ({}),
  logFailures: () => 0,
  history: () => nothing,
  held: () => ({}),
})
const server = await startServer(
  { host: '127.0.0.1', port: 0 },
  {
    routes: pages({ scrapes: new Scrapes(exposition, own, systemClock), isReady: () => true }),
    gate: new Gate(
      { operators: [], operateWithoutTls: false },
      () => openWeb,
      () => 0,
    ),
    web: () => openWeb,
    clock: systemClock,
    watch: {
      answered: () => {},
      called: () => {},
      denied: () => {},
      bug: (error) => process.stderr.write(`${error}\n`),
    },
  },
)

const schedule = openSync('/proc/self/schedstat', 'r')
const text = Buffer.alloc(64)

/**
 * The main thread's CPU milliseconds so far (sched-stats in the kernel's documentation), other threads' not included. The
 * kernel brings the number up to date when it is asked for the process's. Makes no garbage, which would be measured too.
 */
function mainThread(): number {
  process.cpuUsage()
  const length = readSync(schedule, text, 0, text.length, 0)
  let nanoseconds = 0
  for (let at = 0; at < length; at++) {
    const digit = (text[at] ?? 0) - zero
    if (digit < 0) break
    nanoseconds = nanoseconds * 10 + digit
  }
  return nanoseconds / 1e6
}

let isWatching = false
let longestBlock = 0
let longestWall = 0

/**
 * Turns the event loop without a pause and notes what the longest turn took: of the processor, since on a shared machine
 * others take it away in between, and by the clock.
 */
function watch(): void {
  let [wall, cpu] = [performance.now(), mainThread()]
  const turn = (): void => {
    const [now, used] = [performance.now(), mainThread()]
    longestBlock = Math.max(longestBlock, used - cpu)
    longestWall = Math.max(longestWall, now - wall)
    wall = now
    cpu = used
    if (isWatching) setImmediate(turn)
  }
  isWatching = true
  setImmediate(turn)
}

let before = { written: 0, main: 0, all: process.cpuUsage() }
let round = 0

answer(async ({ ask, isTurning }: Watching): Promise<Seen> => {
  if (ask === 'rest') {
    set(++round)
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 100))
    before = { written: exposition.written, main: mainThread(), all: process.cpuUsage() }
    longestBlock = 0
    longestWall = 0
    if (isTurning) watch()
  } else isWatching = false
  const all = process.cpuUsage(before.all)
  return {
    port: Number(new URL(server.url).port),
    memory: memoryOf('self', 'VmRSS'),
    longestBlock,
    longestWall,
    written: exposition.written - before.written,
    mainThread: mainThread() - before.main,
    allThreads: (all.user + all.system) / 1000,
  }
})
