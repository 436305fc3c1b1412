import { modbus } from '../../collectors/modbus/collector.ts'
import type { PointSpec } from '../../collectors/modbus/schema.ts'
import { systemClock } from '../../src/model/clock.ts'
import { silent } from '../../src/model/log.ts'
import type { NumberMetric } from '../../src/model/metric.ts'
import type { Point } from '../../src/model/probe.ts'
import { SeriesTable } from '../../src/model/series.ts'
import { makeDevice, makePoint, makeProbe } from '../../test/samples.ts'
import { answer, ownCpu } from '../program.ts'

/** How many polls, with the points merged or read one by one. */
export interface Reads {
  readonly polls: number
  readonly merged: boolean
}

/** CPU milliseconds of one poll, and the requests that it took. */
export interface ReadCost {
  readonly ms: number
  readonly requests: number
}

const points = 60
const registers = 2

const power: NumberMetric = {
  name: 'power_watts',
  kind: 'gauge',
  unit: 'watts',
  labels: ['circuit'],
  text: { en: 'Power', zh: '功率' },
  range: { low: 0, high: 1e7 },
}

/** A power meter with 60 circuits, each an uint32 in two registers, side by side. Arguments: PORT. */
const [, , port] = process.argv
const device = makeDevice({ name: 'meter', address: `127.0.0.1:${port}` })
const jobs = { merged: job(125), single: job(registers) }
answer(async ({ polls, merged }: Reads): Promise<ReadCost> => {
  const one = merged ? jobs.merged : jobs.single
  let requests = 0
  const ms = await ownCpu(async () => {
    for (let i = 0; i < polls; i++) {
      const { signal } = new AbortController()
      const result = await one.poll({ signal, clock: systemClock, log: silent })
      if (result.readings.length !== points) throw new Error(JSON.stringify(result.faults))
      requests = result.requests
    }
  })
  return { ms: ms / polls, requests }
})

/** The same probe, with at most so many registers in a request. */
function job(block: number) {
  const listed = Array.from({ length: points }, (_, i): Point<PointSpec> => {
    const spec: PointSpec = { register: i * registers, type: 'uint32', labels: { circuit: String(i + 1) } }
    return makePoint(spec, { metric: power })
  })
  const table = new SeriesTable('bench')
  const use = { probe: makeProbe('modbus', listed, { gap: 0, block }), interval: 60_000, timeout: 10_000 }
  const prepared = modbus.prepare(use, device, table.scope(table.source('meter', `block-${block}`)))
  if (!prepared.ok) throw new Error(JSON.stringify(prepared.problems))
  return prepared.value
}
