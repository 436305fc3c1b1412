import { snmp } from '../../collectors/snmp/collector.ts'
import { oidsOf } from '../../collectors/snmp/layout.ts'
import type { SnmpSpec } from '../../collectors/snmp/schema.ts'
import { Exposition } from '../../src/expose/exposition.ts'
import { systemClock } from '../../src/model/clock.ts'
import { silent } from '../../src/model/log.ts'
import type { Point, Probe } from '../../src/model/probe.ts'
import { Secret } from '../../src/model/secret.ts'
import { SeriesTable } from '../../src/model/series.ts'
import { Store } from '../../src/store/store.ts'
import { makeDevice, makePoint, makeProbe } from '../../test/samples.ts'
import { answer, memoryOf, ownCpu } from '../program.ts'
import { interfaceColumns, interfacePoints, metric } from './if-mib.ts'

/** What to do: `devices` switches, each on an address of its own, each polled `polls` times, at most 50 at once. */
export interface Polls {
  readonly devices: number
  readonly polls: number
  /** Whether /metrics is written after each poll. */
  readonly isExposed: boolean
}

/** CPU milliseconds of one poll, the series that it gave and the requests that it took; then what stays. */
export interface Polled {
  readonly ms: number
  readonly series: number
  readonly requests: number
  /** The largest message that came, in bytes. */
  readonly largest: number
  /** Resident memory after a collection, in KB. */
  readonly memory: number
}

/** Polls at once: the memory of polls under way is not that of devices. */
const mostAtOnce = 50

const [, , agentPort] = process.argv
const points = allPoints()
const probe: Probe = makeProbe('snmp', points, {})
const store = new Store()
const table = new SeriesTable('bench', (series) => store.add(series))
const exposition = new Exposition(store)
const switches: Switch[] = []
let largest = 0

answer(async ({ devices, polls, isExposed }: Polls): Promise<Polled> => {
  while (switches.length < devices) switches.push(makeSwitch(switches.length))
  let last = { series: 0, requests: 0 }
  const ms = await ownCpu(async () => {
    for (let i = 0; i < polls; i++) {
      for (let from = 0; from < devices; from += mostAtOnce) {
        const some = switches.slice(from, Math.min(devices, from + mostAtOnce))
        const results = await Promise.all(some.map((one) => one.poll()))
        last = results.at(-1) ?? last
      }
      if (isExposed) expose()
    }
  })
  return { ms: ms / polls / devices, ...last, largest, memory: await resident() }
})

/** The points of the table; the columns that are neither numbers nor labels are walked with them: their rows are counted. */
function allPoints(): readonly Point<SnmpSpec>[] {
  const read = interfacePoints.flatMap(({ spec }) => oidsOf(spec))
  const ifIndex = interfaceColumns[0]?.oid ?? ''
  const left = interfaceColumns.filter(({ oid }) => !read.includes(oid))
  return [
    ...interfacePoints,
    ...left.map(({ name, oid }) =>
      makePoint({ rows: oid, only: { column: ifIndex, not: ['0'] } }, { metric: metric(name, 'gauge') }),
    ),
  ]
}

interface Switch {
  poll(): Promise<{ series: number; requests: number }>
}

function makeSwitch(n: number): Switch {
  const name = `switch-${n}`
  const device = makeDevice({
    name,
    address: `127.1.${Math.floor(n / 250)}.${(n % 250) + 1}:${agentPort}`,
    credentials: { snmp: { version: '2c', community: new Secret('public') } },
  })
  const use = { probe, interval: 60_000, timeout: 10_000 }
  const source = table.source(name, 'if-mib')
  const job = snmp.prepare(use, device, table.scope(source), ({ way, bytes }) => {
    if (way === 'received') largest = Math.max(largest, bytes.length)
  })
  if (!job.ok) throw new Error(JSON.stringify(job.problems))
  return {
    async poll() {
      const { signal } = new AbortController()
      const { readings, faults, requests } = await job.value.poll({ signal, clock: systemClock, log: silent })
      if (faults.length > 0) throw new Error(JSON.stringify(faults))
      for (const row of table.rowsOf(source)) store.expireRow(row)
      for (const reading of readings) store.apply(reading, 1)
      return { series: readings.length, requests }
    },
  }
}

function expose(): void {
  let length = 0
  for (const chunk of exposition.chunks('text')) length += chunk.length
  if (length === 0) throw new Error('nothing was exposed')
}

async function resident(): Promise<number> {
  // Only there with --expose-gc: else the memory is as it is.
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return memoryOf('self', 'VmRSS') * 1024
}
