import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { startModbusSimulator } from '../collectors/modbus/simulator.ts'
import { collectors } from '../collectors/registry.ts'
import { parseRecording } from '../collectors/snmp/recording.ts'
import { startSnmpSimulator } from '../collectors/snmp/simulator.ts'
import { startSshSimulator } from '../collectors/ssh/simulator.ts'
import { diskFiles } from '../src/config/files.ts'
import { loadProbes } from '../src/config/probes.ts'
import { loadVocabulary } from '../src/config/vocabulary.ts'
import { Exposition } from '../src/expose/exposition.ts'
import { shipped } from '../src/home.ts'
import { systemClock } from '../src/model/clock.ts'
import { silent } from '../src/model/log.ts'
import type { Probe } from '../src/model/probe.ts'
import { formatProblem } from '../src/model/problem.ts'
import { Secret } from '../src/model/secret.ts'
import { SeriesTable } from '../src/model/series.ts'
import { Store } from '../src/store/store.ts'
import { makeDevice } from './samples.ts'

/**
 * The table of probes: fixtures/probes/PROBE/CASE/ holds a recording (recording.snmprec, registers.yaml or commands.yaml)
 * and expected.prom, all that the probe reads from it, a comment line a fault. `UPDATE=1 npx vitest run
 * test/probes.test.ts` writes expected.prom anew: read the difference before it is committed.
 */
const folder = shipped('fixtures', 'probes')

const { vocabulary } = await loadVocabulary(shipped('config', 'metrics.yaml'), diskFiles)
const protocols = new Map(Object.entries(collectors).map(([name, { schemas }]) => [name, schemas]))
const { probes, problems } = await loadProbes(shipped('probes'), { files: diskFiles, protocols, vocabulary })

/** Protocols whose devices cannot be served from a file; their probes are proven on real peers in test/peers. */
const livePeers = ['ipmi', 'host', 'reach']

test('every probe that ships is without a problem', () => {
  expect(problems.map(formatProblem)).toEqual([])
  expect(probes.size).toBeGreaterThan(8)
})

test('every probe that ships says on what it was proven', () => {
  expect([...probes.values()].filter(({ proof }) => proof === undefined).map(({ name }) => name)).toEqual([])
})

test.each([...probes.values()].filter(({ collector }) => !livePeers.includes(collector)).map(({ name }) => name))(
  '%s has a recording',
  (name) => {
    expect(existsSync(join(folder, name))).toBe(true)
  },
)

interface Served {
  readonly port: number
  readonly credential: unknown
  close(): Promise<void>
}

/** Serves a case's recording by the simulator of its protocol. */
async function serve(probe: Probe, where: string): Promise<Served> {
  const read = (file: string): string => readFileSync(join(where, file), 'utf8')
  switch (probe.collector) {
    case 'snmp': {
      const recording = parseRecording(read('recording.snmprec'), where)
      if (!recording.ok) throw new Error(recording.problems.map(formatProblem).join('\n'))
      const simulator = await startSnmpSimulator({ recording: recording.value })
      return { ...simulator, credential: { version: '2c', community: new Secret('public') } }
    }
    case 'modbus': {
      const simulator = await startModbusSimulator({ units: new Map([[1, {}]]) })
      const tables: Record<string, Record<string, number>> = parse(read('registers.yaml'))
      for (const table of ['holding', 'input', 'coil', 'discrete'] as const) {
        for (const [address, word] of Object.entries(tables[table] ?? {}))
          simulator.set(1, table, Number(address), [word])
      }
      return { port: simulator.port, credential: undefined, close: () => simulator.close() }
    }
    default: {
      const table: Record<string, string> = parse(read('commands.yaml'))
      const command = (run: string) => (table[run] === undefined ? undefined : { stdout: table[run] })
      const simulator = await startSshSimulator({ user: 'u', password: 'p', command })
      return { ...simulator, credential: { user: 'u', password: new Secret('p'), host_key: simulator.fingerprint } }
    }
  }
}

async function readings(probe: Probe, where: string): Promise<string> {
  const served = await serve(probe, where)
  const store = new Store()
  const table = new SeriesTable('site', (series) => store.add(series))
  const device = makeDevice({
    name: 'device',
    address: `127.0.0.1:${served.port}`,
    credentials: { [probe.collector]: served.credential },
  })
  const scope = table.scope(table.source(device.name, probe.name))
  const job = collectors[probe.collector as keyof typeof collectors].prepare(
    { probe, interval: 60_000, timeout: 5000 },
    device,
    scope,
  )
  if (!job.ok) throw new Error(job.problems.map(formatProblem).join('\n'))
  try {
    const poll = await job.value.poll({ signal: AbortSignal.timeout(5000), clock: systemClock, log: silent })
    for (const reading of poll.readings) store.apply(reading, 1)
    const comments = [
      ...poll.faults.map(({ kind, detail }) => `# fault ${kind}: ${detail}`),
      ...poll.doubts.map((doubt) => `# doubt ${doubt}`),
    ]
    const text = [...new Exposition(store).chunks('text')].join('')
    return `${comments.map((line) => `${line}\n`).join('')}${text}`
  } finally {
    await job.value.close()
    await served.close()
  }
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
