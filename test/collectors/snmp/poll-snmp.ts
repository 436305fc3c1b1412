import type { Job } from '../../../collectors/collector.ts'
import { snmp } from '../../../collectors/snmp/collector.ts'
import type { SnmpSpec } from '../../../collectors/snmp/schema.ts'
import { plainConversion } from '../../../src/model/conversion.ts'
import { silent } from '../../../src/model/log.ts'
import type { NumberMetric, StateMetric } from '../../../src/model/metric.ts'
import type { Point } from '../../../src/model/probe.ts'
import type { PollResult } from '../../../src/model/reading.ts'
import { Secret } from '../../../src/model/secret.ts'
import { SeriesTable } from '../../../src/model/series.ts'
import { makeDevice, makePoint, makeProbe } from '../../samples.ts'
import { TurnClock } from '../../turn-clock.ts'

/** A metric that takes any number, with any labels. */
function anyMetric(name: string): NumberMetric {
  return {
    name,
    kind: 'gauge',
    unit: 'none',
    labels: [],
    text: { en: name, zh: name },
    range: { low: -1e18, high: 1e18 },
  }
}

/** A state metric with the states' numbers. */
export function stateMetric(name: string, states: readonly string[]): StateMetric {
  return {
    name,
    kind: 'state',
    unit: 'none',
    labels: [],
    text: { en: name, zh: name },
    states: [...states, 'unknown'],
    stateTexts: {},
  }
}

/** A point of any metric. */
export function at(name: string, spec: SnmpSpec, changed: Partial<Point<SnmpSpec>> = {}): Point<SnmpSpec> {
  return makePoint(spec, { metric: anyMetric(name), conversion: plainConversion, ...changed })
}

/** The clock of all polls here; of SNMPv3 the library keeps the time itself. */
export const clock = new TurnClock()

const community = { version: '2c', community: new Secret('public') }

/** A job of these points on the agent at `port` of 127.0.0.1. */
export function prepare(
  port: number,
  points: readonly Point<SnmpSpec>[],
  credential: object = community,
  options = {},
): Job {
  const probe = makeProbe('snmp', points, {})
  const device = makeDevice({
    address: `127.0.0.1:${port}`,
    credentials: { snmp: credential },
    options: { snmp: { timeout: '200ms', retries: 1, ...options } },
  })
  const table = new SeriesTable('hospital')
  const job = snmp.prepare({ probe, interval: 60_000, timeout: 5000 }, device, table.scope(table.source('d', 'p')))
  if (!job.ok) throw new Error(JSON.stringify(job.problems))
  return job.value
}

/** One poll of a job, which is left open. */
export function poll(job: Job, deadline = 5000): Promise<PollResult> {
  const over = new AbortController()
  const cancel = clock.after(deadline, () => over.abort())
  return clock.during(job.poll({ signal: over.signal, clock, log: silent })).finally(cancel)
}

/** One poll of these points, closed afterwards. */
export async function pollOnce(...args: Parameters<typeof prepare>): Promise<PollResult> {
  const job = prepare(...args)
  try {
    return await poll(job)
  } finally {
    await job.close()
  }
}

/** Readings by metric and label values. */
export function values({ readings }: PollResult): Readonly<Record<string, number>> {
  return Object.fromEntries(
    readings.map(({ series, value }) => {
      const { site: _site, device: _device, ...own } = series.labels
      return [[series.metric.name, ...Object.values(own)].join(' '), value]
    }),
  )
}
