import { readFileSync } from 'node:fs'
import { ssh } from '../../collectors/ssh/collector.ts'
import type { SshSpec } from '../../collectors/ssh/schema.ts'
import { systemClock } from '../../src/model/clock.ts'
import { silent } from '../../src/model/log.ts'
import type { NumberMetric } from '../../src/model/metric.ts'
import type { Point } from '../../src/model/probe.ts'
import { Secret } from '../../src/model/secret.ts'
import { SeriesTable } from '../../src/model/series.ts'
import { makeDevice, makePoint, makeProbe } from '../../test/samples.ts'
import { answer, ownCpu } from '../program.ts'

/** How many polls of ten commands. */
export interface HostPolls {
  readonly polls: number
}

/** CPU milliseconds of one. */
export interface HostPolled {
  readonly ms: number
}

/** What a poll reads of a host, and what ssh(1) is given one by one on the other side. */
export const commands = [
  'cat /proc/loadavg',
  'cat /proc/uptime',
  'cat /proc/sys/fs/file-nr',
  'cat /proc/sys/kernel/random/entropy_avail',
  'cat /proc/sys/kernel/pid_max',
  'cat /proc/sys/kernel/threads-max',
  'cat /proc/sys/fs/file-max',
  'cat /proc/sys/vm/swappiness',
  'nproc',
  'date +%s',
] as const

const load: NumberMetric = {
  name: 'host_number',
  kind: 'gauge',
  unit: 'none',
  labels: ['command'],
  text: { en: 'Number', zh: '数值' },
  range: { low: 0, high: 1e12 },
}

/** Polls a host over one kept connection. Arguments: PORT USER KEYFILE FINGERPRINT. */
async function serve([port, user, key = '', fingerprint]: readonly string[]): Promise<void> {
  const named = commands.map((run, i) => [`command-${i}`, { run, parse: { regex: '^(?P<first>[0-9.]+)' } }] as const)
  const points = named.map(
    ([command], i): Point<SshSpec> =>
      makePoint({ command, value: 'first', labels: { command: { text: String(i) } } }, { metric: load }),
  )
  const device = makeDevice({
    name: 'host',
    address: `127.0.0.1:${port}`,
    credentials: { ssh: { user, key: new Secret(readFileSync(key, 'utf8')), host_key: fingerprint } },
  })
  const table = new SeriesTable('bench')
  const use = {
    probe: makeProbe('ssh', points, { commands: Object.fromEntries(named) }),
    interval: 60_000,
    timeout: 30_000,
  }
  const job = ssh.prepare(use, device, table.scope(table.source('host', 'linux')))
  if (!job.ok) throw new Error(JSON.stringify(job.problems))
  answer(async ({ polls }: HostPolls): Promise<HostPolled> => {
    const ms = await ownCpu(async () => {
      for (let i = 0; i < polls; i++) {
        const { signal } = new AbortController()
        const { readings, faults } = await job.value.poll({ signal, clock: systemClock, log: silent })
        if (readings.length !== commands.length) throw new Error(JSON.stringify(faults))
      }
    })
    return { ms: ms / polls }
  })
}

if (process.send !== undefined) await serve(process.argv.slice(2))
