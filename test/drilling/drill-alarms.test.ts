import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { Collector, PollContext } from '../../collectors/collector.ts'
import { modbus } from '../../collectors/modbus/collector.ts'
import { readSite } from '../../src/commands/site-file.ts'
import { Daemon } from '../../src/daemon.ts'
import type { Alert } from '../../src/model/alert.ts'
import { Harvest } from '../../src/model/harvest.ts'
import { silent } from '../../src/model/log.ts'
import { formatProblem } from '../../src/model/problem.ts'
import { good } from '../../src/model/result.ts'
import { openJournal } from '../../src/store/journal.ts'
import { openWeb } from '../../src/web/web-file.ts'
import { ManualClock } from '../manual-clock.ts'

/** A whole daemon whose plan of drills can never pass: nobody is named whom it could tell. Only the wires are not real. */

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const clock = new ManualClock()
const folder = mkdtempSync(join(tmpdir(), 'siteward-drill-alarms-'))
const alerts: Alert[] = []
/** What the sensor sends; undefined while it is silent. */
let sent: number | undefined = 241
let daemon: Daemon | undefined

afterEach(async () => {
  await daemon?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const sensor: Collector = {
  ...modbus,
  prepare: ({ probe }, _device, scope) => {
    const read = ({ witness }: PollContext, value = sent) => {
      const harvest = new Harvest(scope, witness)
      for (const point of probe.points.slice(0, 1)) {
        if (value === undefined) harvest.fault('timeout', 'no answer', 1)
        else harvest.labelled(point, {}, value)
      }
      return harvest.result(1)
    }
    return good({
      ...{ endpoint: 'bus', session: 'bus', parallel: 1, cost: 0, close: async () => {} },
      poll: async (context: PollContext) => read(context),
      pollWith: async ({ raw, placed }, context) => {
        placed({ ok: true, value: 'register 0' })
        return read(context, Number(raw))
      },
    })
  },
}

/** `HH:MM` of the wall clock, this long from now. */
function timeIn(length: number): string {
  const date = new Date(clock.now().wall + length)
  return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`
}

async function begin(): Promise<void> {
  const { site, problems } = await readSite(join(folder, 'site.yaml'), {})
  if (site === undefined) throw new Error(problems.map(formatProblem).join('\n'))
  const post = async (list: readonly Alert[]) => {
    alerts.push(...list)
    return { kind: 'taken' } as const
  }
  daemon = new Daemon({
    ...{ site, version: '0', collectors: new Map([['modbus', sensor]]), journal: openJournal(folder, 1, () => {}) },
    clients: [{ url: 'http://peer', post, look: async () => ({ kind: 'closed' }) as const, close: () => {} }],
    ...{ clock, random: () => 0.5, web: () => openWeb, log: silent },
  })
  await daemon.start()
}

function told(): readonly string[] {
  return [...new Set(alerts.map(({ labels }) => `${labels['alertname']} ${labels['plan'] ?? labels['drill'] ?? ''}`))]
}

test('a plan that failed, and one that nobody proves, are alarms, also over a restart', {
  timeout: 120_000,
}, async () => {
  writeFileSync(
    join(folder, 'site.yaml'),
    `site: hospital
listen: 127.0.0.1:0
watchdog: off
state_directory: ${folder}
defaults: { interval: 5m, timeout: 1s }
drills:
  schedule: [{ name: room, device: room, aim: 'room_temperature_celsius=35', every: 1d, at: '${timeIn(10 * minute)}' }]
devices:
  - { name: room, address: 127.0.0.1, probes: [modbus-temperature-humidity] }
`,
  )
  await begin()
  await clock.pass(12 * minute)
  // It runs, and that is no alarm yet.
  expect(told()).toEqual([])
  await clock.pass(5 * minute)
  expect(told()).toEqual(['RoomTemperature true', 'DrillFailed room'])
  expect(alerts.at(-1)?.annotations['summary_en']).toContain('the drill room failed')
  // From now on it cannot even begin.
  sent = undefined
  await clock.pass(day + 10 * hour)
  await daemon?.stop()
  await begin()
  await clock.pass(12 * hour)
  expect(told().filter((one) => one.startsWith('Drill'))).toEqual(['DrillFailed room'])
  await clock.pass(2 * hour)
  expect(told().filter((one) => one.startsWith('Drill'))).toEqual(['DrillFailed room', 'DrillOverdue room'])
  expect(
    alerts.filter(({ labels }) => labels['drill'] === 'true' && labels['alertname'] !== 'RoomTemperature'),
  ).toEqual([])
})
