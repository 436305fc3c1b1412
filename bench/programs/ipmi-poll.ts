import { ipmi } from '../../collectors/ipmi/collector.ts'
import type { IpmiPoint } from '../../collectors/ipmi/schema.ts'
import { systemClock } from '../../src/model/clock.ts'
import { silent } from '../../src/model/log.ts'
import type { NumberMetric } from '../../src/model/metric.ts'
import type { Point } from '../../src/model/probe.ts'
import { Secret } from '../../src/model/secret.ts'
import { SeriesTable } from '../../src/model/series.ts'
import { adminPassword } from '../../test/peers/simulated-bmc.ts'
import { makeDevice, makePoint, makeProbe } from '../../test/samples.ts'
import { answer } from '../program.ts'

/** How many reads of all sensors. */
export interface SensorReads {
  readonly reads: number
}

/** How many readings one gave. */
export interface SensorsRead {
  readonly readings: number
}

const temperature: NumberMetric = {
  name: 'device_temperature_celsius',
  kind: 'gauge',
  unit: 'celsius',
  labels: ['component'],
  text: { en: 'Temperature', zh: '温度' },
  range: { low: -50, high: 200 },
}

/** Reads every temperature of a BMC as the daemon does. Arguments: PORT. */
const [, , port] = process.argv
const spec: IpmiPoint = { sensor: { type: 'Temperature' }, labels: { component: 'sensor' } }
const device = makeDevice({
  name: 'server',
  address: `127.0.0.1:${port}`,
  credentials: { ipmi: { user: 'admin', password: new Secret(adminPassword) } },
  options: { ipmi: { workarounds: ['opensesspriv'] } },
})
const table = new SeriesTable('bench')
const points: readonly Point<IpmiPoint>[] = [makePoint(spec, { metric: temperature })]
const use = { probe: makeProbe('ipmi', points, {}), interval: 60_000, timeout: 30_000 }
const job = ipmi.prepare(use, device, table.scope(table.source('server', 'bmc')))
if (!job.ok) throw new Error(JSON.stringify(job.problems))
const { value } = job
answer(async ({ reads }: SensorReads): Promise<SensorsRead> => {
  let readings = 0
  for (let i = 0; i < reads; i++) {
    const { signal } = new AbortController()
    const result = await value.poll({ signal, clock: systemClock, log: silent })
    if (result.faults.length > 0) throw new Error(JSON.stringify(result.faults))
    readings = result.readings.length
  }
  return { readings }
})
