import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Job, PollContext } from '../../collectors/collector.ts'
import { collectors } from '../../collectors/registry.ts'
import { diskFiles } from '../../src/config/files.ts'
import { loadProbes } from '../../src/config/probes.ts'
import { loadVocabulary } from '../../src/config/vocabulary.ts'
import { shipped } from '../../src/home.ts'
import { type Outcome, rawFor } from '../../src/model/aim.ts'
import { systemClock } from '../../src/model/clock.ts'
import { drillLabels } from '../../src/model/drill.ts'
import type { Witnessed } from '../../src/model/harvest.ts'
import { silent } from '../../src/model/log.ts'
import type { Probe } from '../../src/model/probe.ts'
import { formatProblem } from '../../src/model/problem.ts'
import type { PollResult } from '../../src/model/reading.ts'
import type { Result } from '../../src/model/result.ts'
import { type SeriesScope, SeriesTable } from '../../src/model/series.ts'
import { playedDevice } from '../../src/watch/watched-poll.ts'

/**
 * Every recorded device, with one value of each point put in the place of what it sends: what is put on the wire is what
 * the protocol's own decoder reads. These cannot be: a number of rows, a hash, what is reckoned from several values.
 */
const behindTheDecoder: Readonly<Record<string, readonly string[]>> = {
  'bmc-ipmi': ['device_event_log_used_ratio'],
  'cisco-ios': ['stack_members'],
  'cisco-ios-configuration': ['device_configuration_state'],
  'esxi-ssh': ['datastore_state', 'datastore_used_ratio'],
  fortigate: ['ha_members'],
  'h3c-comware-configuration': ['device_configuration_state'],
  'huawei-vrp': ['stack_members'],
  'huawei-vrp-configuration': ['device_configuration_state'],
  'linux-ssh': ['server_failed_units'],
  lldp: ['lldp_neighbours'],
  'proxmox-pvesh': [
    'hypervisor_host_state',
    'hypervisor_host_memory_used_ratio',
    'guest_state',
    'datastore_free_bytes',
    'datastore_used_ratio',
  ],
  'raid-ssacli': ['disk_state'],
}

const folder = shipped('fixtures', 'probes')
const { vocabulary } = await loadVocabulary(shipped('config', 'metrics.yaml'), diskFiles)
const protocols = new Map(Object.entries(collectors).map(([name, { schemas }]) => [name, schemas]))
const { probes } = await loadProbes(shipped('probes'), { files: diskFiles, protocols, vocabulary })

function mustBe<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'))
  return result.value
}

/** A recorded device as a job whose series are marked as a drill's. */
async function jobOf(probe: Probe): Promise<{ readonly job: Job; close(): Promise<void> }> {
  const { recordings } = Object.entries(collectors).find(([name]) => name === probe.collector)?.[1] ?? {}
  const files = readdirSync(join(folder, probe.name)).map((one) =>
    join(folder, probe.name, one, recordings?.fileName ?? ''),
  )
  const [longest] = files.map((file) => ({ file, text: readFileSync(file, 'utf8') })).sort(byLength)
  if (recordings === undefined || longest === undefined) throw new Error(`${probe.name} has no recording`)
  const played = mustBe(await recordings.play(longest.text, longest.file))
  const table = new SeriesTable('site')
  const scope = table.scope(table.source('device', probe.name))
  const marked: SeriesScope = {
    series: (metric, labels) => scope.series(metric, { ...labels, ...drillLabels }),
    row: (metrics, labels) => scope.row(metrics, { ...labels, ...drillLabels }),
  }
  const device = playedDevice(played, probe, 'device')
  const job = mustBe(played.collector.prepare({ probe, interval: 60_000, timeout: 5000 }, device, marked))
  return { job, close: () => job.close().then(() => played.close()) }
}

function byLength(one: { readonly text: string }, other: { readonly text: string }): number {
  return other.text.length - one.text.length
}

function context(): PollContext {
  return { signal: AbortSignal.timeout(30_000), clock: systemClock, log: silent }
}

function readIn({ readings }: PollResult, { series }: Witnessed): number {
  return readings.find((reading) => reading.series.id === series.id)?.value ?? Number.NaN
}

/** Other values that a series could have, best first. */
function others({ point: { metric } }: Witnessed, value: number): readonly number[] {
  if (metric.kind === 'info' || Number.isNaN(value)) return []
  if (metric.kind === 'state') return [...metric.states.keys()].filter((index) => index !== value)
  return [value === 0 ? 1 : value / 2]
}

/** What becomes of another value at the wire; undefined where the point has none that a device could send. */
async function sent(job: Job, was: Witnessed, value: number): Promise<string | undefined> {
  for (const wanted of others(was, value)) {
    const raw = rawFor(was.point, wanted, was)
    if (!raw.ok) continue
    const told: Outcome<string>[] = []
    const substitute = { was, raw: raw.value, placed: (outcome: Outcome<string>) => told.push(outcome) }
    const result = await job.pollWith?.(substitute, context())
    if (told.some(({ ok }) => !ok)) return 'behind'
    const read = result === undefined ? Number.NaN : readIn(result, was)
    // To the nearest that the register can hold: half of its step, or the seven digits of a float.
    const step = Math.abs(was.point.conversion.scale * was.factor) / 2
    const isNear = Math.abs(read - wanted) <= Math.max(step, Math.abs(wanted) * 1e-6) + 1e-9
    return isNear ? 'wire' : `${wanted} wanted, ${read} read, ${JSON.stringify(told)}`
  }
  return undefined
}

test.each(readdirSync(folder))('%s', { timeout: 120_000 }, async (name) => {
  const probe = probes.get(name)
  if (probe === undefined) throw new Error(`fixtures/probes/${name} is of no probe in probes/`)
  const { job, close } = await jobOf(probe)
  try {
    const seen: Witnessed[] = []
    const first = await job.poll({ ...context(), witness: (one) => seen.push(one) })
    expect(seen.length).toBeGreaterThan(0)
    const each = seen.filter(({ point }, at) => seen.findIndex((other) => other.point.place === point.place) === at)
    const outcomes = new Map<string, string[]>()
    for (const was of each) {
      const outcome = await sent(job, was, readIn(first, was))
      if (outcome !== undefined) outcomes.set(outcome, [...(outcomes.get(outcome) ?? []), was.point.metric.name])
    }
    const { wire: _wire, behind = [], ...wrong } = Object.fromEntries(outcomes)
    expect(wrong).toEqual({})
    expect([...new Set(behind)]).toEqual(behindTheDecoder[name] ?? [])
    // The device itself sends what it did.
    expect((await job.poll(context())).readings).toHaveLength(first.readings.length)
  } finally {
    await close()
  }
})
