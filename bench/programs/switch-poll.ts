import { snmp } from '../../collectors/snmp/collector.ts'
import type { SnmpSpec } from '../../collectors/snmp/schema.ts'
import { Exposition } from '../../src/expose/exposition.ts'
import { systemClock } from '../../src/model/clock.ts'
import { silent } from '../../src/model/log.ts'
import type { NumberMetric } from '../../src/model/metric.ts'
import type { Point } from '../../src/model/probe.ts'
import { Secret } from '../../src/model/secret.ts'
import { SeriesTable } from '../../src/model/series.ts'
import { Store } from '../../src/store/store.ts'
import { makeDevice, makePoint, makeProbe } from '../../test/samples.ts'
import { answer, ownCpu } from '../program.ts'
import { interfaceColumns, numberColumns } from './if-mib.ts'

function metric(name: string, kind: 'gauge' | 'counter'): NumberMetric {
  return { name, kind, unit: 'none', labels: [], text: { en: name, zh: name }, range: { low: 0, high: 2 ** 64 } }
}

/** The labels that prometheus-snmp-exporter's own if_mib module looks up, and the index. */
function labels(): NonNullable<SnmpSpec['labels']> {
  const column = (name: string): string => interfaceColumns.find((one) => one.name === name)?.oid ?? ''
  return {
    ifIndex: 'index',
    ifName: { column: column('ifName') },
    ifDescr: { column: column('ifDescr') },
    ifAlias: { column: column('ifAlias') },
  }
}

/** How often to poll. */
export interface Polls {
  readonly polls: number
}

/** CPU milliseconds of one poll, the series that it gave and the requests that it took. */
export interface Polled {
  readonly ms: number
  readonly series: number
  readonly requests: number
}

const [, , agentPort] = process.argv
const polling = pollSwitch(Number(agentPort))
answer(async ({ polls }: Polls): Promise<Polled> => {
  let last = { series: 0, requests: 0 }
  const ms = await ownCpu(async () => {
    for (let i = 0; i < polls; i++) last = await polling.once()
  })
  return { ms: ms / polls, ...last }
})

/** Polls the switch as the daemon does: collector, store, and the text of /metrics. */
function pollSwitch(port: number): { once(): Promise<{ series: number; requests: number }> } {
  const points = numberColumns.map(
    ({ name, oid, kind }): Point<SnmpSpec> =>
      makePoint({ column: oid, labels: labels() }, { metric: metric(name, kind === 'text' ? 'gauge' : kind) }),
  )
  const device = makeDevice({
    name: 'switch',
    address: `127.0.0.1:${port}`,
    credentials: { snmp: { version: '2c', community: new Secret('public') } },
  })
  const store = new Store()
  const table = new SeriesTable('bench', (series) => store.add(series))
  const use = { probe: makeProbe('snmp', points, {}), interval: 60_000, timeout: 10_000 }
  const job = snmp.prepare(use, device, table.scope(table.source('switch', 'if-mib')))
  if (!job.ok) throw new Error(JSON.stringify(job.problems))
  const exposition = new Exposition(store)
  return {
    async once() {
      const signal = AbortSignal.timeout(10_000)
      const { readings, faults, requests } = await job.value.poll({ signal, clock: systemClock, log: silent })
      if (faults.length > 0) throw new Error(JSON.stringify(faults))
      for (const reading of readings) store.apply(reading, 1)
      let length = 0
      for (const chunk of exposition.chunks('text')) length += chunk.length
      if (length === 0) throw new Error('nothing was exposed')
      return { series: readings.length, requests }
    },
  }
}
