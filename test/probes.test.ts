import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Collector } from '../collectors/collector.ts'
import { collectors } from '../collectors/registry.ts'
import { loadChecks } from '../src/config/checks.ts'
import { diskFiles } from '../src/config/files.ts'
import { loadProbes } from '../src/config/probes.ts'
import { Problems } from '../src/config/problems.ts'
import { loadRules } from '../src/config/rules.ts'
import { loadVocabulary } from '../src/config/vocabulary.ts'
import { Exposition } from '../src/expose/exposition.ts'
import { shipped } from '../src/home.ts'
import { systemClock } from '../src/model/clock.ts'
import { derive } from '../src/model/derived.ts'
import { silent } from '../src/model/log.ts'
import type { Probe } from '../src/model/probe.ts'
import { formatProblem } from '../src/model/problem.ts'
import type { Result } from '../src/model/result.ts'
import { SeriesTable } from '../src/model/series.ts'
import { Store } from '../src/store/store.ts'
import { playedDevice, watchPoll } from '../src/watch/watched-poll.ts'

/**
 * The table of probes: fixtures/probes/PROBE/CASE/ holds a recording (recording.snmprec, registers.yaml or commands.yaml)
 * and expected.prom, all that the probe reads from it, a comment line a fault. `UPDATE=1 npx vitest run
 * test/probes.test.ts` writes expected.prom anew: read the difference before it is committed.
 */
const folder = shipped('fixtures', 'probes')

const { vocabulary } = await loadVocabulary(shipped('config', 'metrics.yaml'), diskFiles)
const protocols = new Map(Object.entries(collectors).map(([name, { schemas }]) => [name, schemas]))
const { probes, problems } = await loadProbes(shipped('probes'), { files: diskFiles, protocols, vocabulary })

/** Protocols whose probes are proven on real peers in test/peers; a recording of a BMC is welcome, but not needed. */
const livePeers = ['ipmi', 'host', 'reach']

test('every probe that ships is without a problem', () => {
  expect(problems.map(formatProblem)).toEqual([])
  expect(probes.size).toBeGreaterThan(8)
})

test('every alarm that ships says in both languages what to check, and nothing is said of one that is none', async () => {
  const checks = await loadChecks(shipped('config', 'checks.yaml'), diskFiles, new Problems())
  const { drafts, ofSiteward, ofAssets } = await loadRules(shipped('config', 'rules.yaml'), diskFiles, vocabulary)
  const alarms = [
    ...[...drafts, ...ofSiteward, ...ofAssets].map(({ alarm, part }) => ({ alarm, check: part.check })),
    ...[...probes.values()].flatMap(({ rules }) => rules),
  ]
  const unsaid = alarms.filter(({ alarm, check }) => check === undefined && !checks.has(alarm))
  expect(unsaid.map(({ alarm }) => alarm)).toEqual([])
  const known = new Set(alarms.map(({ alarm }) => alarm))
  expect([...checks.keys()].filter((alarm) => !known.has(alarm))).toEqual([])
})

test('one thing that goes wrong has one name, whatever the maker and the protocol', () => {
  const names = new Map<string, Set<string>>()
  for (const { alarm, metric } of [...probes.values()].flatMap(({ rules }) => rules)) {
    if (metric.kind === 'state') names.set(metric.name, (names.get(metric.name) ?? new Set()).add(alarm))
  }
  const several = [...names].filter(([, alarms]) => alarms.size > 1)
  expect(Object.fromEntries(several.map(([metric, alarms]) => [metric, [...alarms].sort()]))).toEqual({
    // By what kind of device it is: another person is called.
    device_component_state: ['DeviceComponent', 'ServerComponent', 'StorageComponent'],
    device_state: ['DeviceHealth', 'ServerHealth', 'StorageHealth'],
    // By the state: another thing is to be done.
    air_conditioner_state: ['AirConditionerFailed', 'AirConditionerOff'],
    guest_state: ['GuestFailed', 'GuestPaused'],
    ups_alarm_state: ['UpsAlarm', 'UpsReplaceBattery'],
    ups_output_source: ['UpsNotProtecting', 'UpsOnBattery'],
  })
})

test.each([...probes.values()].filter(({ collector }) => !livePeers.includes(collector)).map(({ name }) => name))(
  '%s has a recording',
  (name) => {
    expect(existsSync(join(folder, name))).toBe(true)
  },
)

async function readings(probe: Probe, where: string): Promise<string> {
  const { recordings } = collectorOf(probe)
  if (recordings === undefined) throw new Error(`${probe.collector} has no recordings`)
  const file = join(where, recordings.fileName)
  const played = mustBe(await recordings.play(readFileSync(file, 'utf8'), file))
  const store = new Store()
  const table = new SeriesTable('site', (series) => store.add(series))
  const scope = table.scope(table.source('device', probe.name))
  try {
    const use = { probe, interval: 60_000, timeout: 5000 }
    const context = { signal: AbortSignal.timeout(5000), clock: systemClock, log: silent }
    const watched = await watchPoll(played.collector, use, playedDevice(played, probe, 'device'), scope, context)
    const { readings: found, faults, doubts } = mustBe(watched).result
    const made = derive(probe.derived, found, table.scope(table.source('device', 'derived')))
    for (const reading of [...found, ...made.readings]) store.apply(reading, 1)
    const comments = [
      ...faults.map(({ kind, detail }) => `# fault ${kind}: ${detail}`),
      ...[...doubts, ...made.doubts].map((doubt) => `# doubt ${doubt}`),
    ]
    const text = new Exposition(store).text('text')
    return `${comments.map((line) => `${line}\n`).join('')}${text}`
  } finally {
    await played.close()
  }
}

function collectorOf({ collector }: Probe): Collector {
  const list: Readonly<Record<string, Collector>> = collectors
  const found = list[collector]
  if (found === undefined) throw new Error(`no collector ${collector}`)
  return found
}

function mustBe<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'))
  return result.value
}

describe.each(readdirSync(folder))('%s', (name) => {
  const cases = readdirSync(join(folder, name))

  test.each(cases)('%s', async (one) => {
    const probe = probes.get(name)
    if (probe === undefined) throw new Error(`fixtures/probes/${name} is of no probe in probes/`)
    const where = join(folder, name, one)
    const text = await readings(probe, where)
    const file = join(where, 'expected.prom')
    if (process.env['UPDATE'] === '1') writeFileSync(file, text)
    expect(text).toBe(readFileSync(file, 'utf8'))
  })
})
