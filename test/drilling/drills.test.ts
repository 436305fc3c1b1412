import { beforeEach, describe, expect, test } from 'vitest'
import type { Job, PollContext } from '../../collectors/collector.ts'
import { AlarmKeeper } from '../../src/alarms/alarm-keeper.ts'
import type { Sighting } from '../../src/drill/report.ts'
import type { DrillParts } from '../../src/drilling/drill.ts'
import { DrillSchedule } from '../../src/drilling/drill-schedule.ts'
import { Drills } from '../../src/drilling/drills.ts'
import { bad, good, type Outcome } from '../../src/model/aim.ts'
import { Harvest } from '../../src/model/harvest.ts'
import type { Labels } from '../../src/model/labels.ts'
import { silent } from '../../src/model/log.ts'
import type { Point } from '../../src/model/probe.ts'
import type { PollResult, Reading } from '../../src/model/reading.ts'
import type { RecordEvent } from '../../src/model/record.ts'
import { good as goodResult } from '../../src/model/result.ts'
import { type Series, type SeriesScope, SeriesTable } from '../../src/model/series.ts'
import type { PlannedDrill } from '../../src/model/site.ts'
import type { Firing } from '../../src/notify/book.ts'
import { Schedule } from '../../src/schedule/schedule.ts'
import { noJournal } from '../../src/store/journal.ts'
import { ManualClock } from '../manual-clock.ts'
import { makeDevice, makePoint, makeProbe, makeRule, makeSite, temperature } from '../samples.ts'

const minute = 60_000
const day = 86_400_000

/** The far end: what was told, and what Alertmanager makes of it. */
let told: Map<string, Firing>
let ended: string[]
let shown: readonly Reading[]
let events: RecordEvent[]
let clock: ManualClock
let sighting: Omit<Sighting, 'alertmanager'>
let drills: Drills
/** What the device sends at each poll; undefined where it is silent. */
let sent: number | undefined
let polls: number
/** What the protocol says of putting another value on the wire; undefined where it has no way to. */
let wire: ((raw: number) => Outcome<string>) | undefined
let closed: number

const table = new SeriesTable('hospital')
const real = table.scope(table.source('crac-1', 'sample')).series(temperature, { sensor: 'return' }) as Series

/** A device with two sensors, of which the return is drilled; a register holds whole numbers. */
function jobOf(scope: SeriesScope, [point]: readonly Point[]): Job {
  const read = ({ witness }: PollContext, return_: number | undefined): PollResult => {
    polls++
    const harvest = new Harvest(scope, witness)
    if (point === undefined || sent === undefined) harvest.fault('timeout', 'unit 1 did not answer', 1)
    else {
      // 60 °C, which breaks the rule in earnest and is none of the drill's.
      harvest.labelled(point, { sensor: 'supply' }, 600)
      harvest.labelled(point, { sensor: 'return' }, return_ ?? sent)
    }
    return harvest.result(1)
  }
  const put = wire
  const face = { endpoint: 'bus', session: 'bus', parallel: 1, cost: 0 }
  const job = {
    ...face,
    poll: async (context: PollContext) => read(context, undefined),
    close: async () => void closed++,
  }
  if (put === undefined) return job
  return {
    ...job,
    pollWith: async ({ raw, placed }, context) => {
      const outcome = put(Number(raw))
      if (sent !== undefined) placed(outcome)
      return read(context, outcome.ok ? Math.round(Number(raw)) : undefined)
    },
  }
}

function start(changed: Partial<DrillParts> = {}): void {
  const probe = makeProbe('fake', [makePoint({}, { conversion: { ...makePoint({}).conversion, scale: 0.1 } })], {})
  const rules = [makeRule({ for: 2 * minute }), makeRule({ for: 2 * minute, severity: 'critical' })]
  const device = makeDevice({ rules, probes: [{ probe, interval: 30_000, timeout: 5000 }] })
  const site = makeSite({
    labels: { region: 'north' },
    devices: [device],
    vocabulary: new Map([[temperature.name, temperature]]),
  })
  const notifier = {
    fire: (firing: Firing) => told.set(firing.key, firing),
    resolve: (key: string) => ended.push(key),
  }
  const keeper = new AlarmKeeper({
    site: () => site,
    journal: { ...noJournal(), write: (changes) => events.push(...(changes.events ?? [])) },
    notifier: notifier as never,
    clock,
    log: silent,
    journalFailed: () => {},
    eventsLost: () => {},
    attendance: {
      began: () => {},
      held: () => {},
      told: () => {},
      ended: () => {},
      left: () => {},
      words: (key) => drills.words(key),
    },
    holds: { pending: () => {}, began: () => undefined, over: () => false, words: () => ({}) },
  })
  drills = new Drills({
    site: () => site,
    keeper,
    clock,
    log: silent,
    prepare: (use, _device, scope) => goodResult(jobOf(scope, use.probe.points)),
    polls: new Schedule(clock, Math.random, 10, { started: () => {}, skipped: () => {} }),
    bug: (error) => {
      throw error
    },
    seriesOf: () => [real],
    value: () => 22,
    expose: (_device, readings) => {
      shown = readings
    },
    unexpose: () => {
      shown = []
    },
    look: async () => (told.size === 0 ? [] : [{ alertmanager: 'peer', ...sighting }]),
    receipt: () => undefined,
    ended: () => {},
    ...changed,
  })
}

beforeEach(() => {
  told = new Map()
  ended = []
  shown = []
  events = []
  clock = new ManualClock()
  sighting = { state: 'active', receivers: ['duty'], suppressedBy: [], why: '' }
  sent = 220
  polls = 0
  closed = 0
  wire = (raw) => good(`register 1: ${Math.round(raw).toString(16)}`)
  start()
})

const order = { device: 'crac-1', aim: 'room_temperature_celsius=35 °C', hold: undefined, by: 'desk' }

function texts(): string {
  return (drills.newest?.steps ?? []).map(({ text }) => text).join('\n')
}

describe('a drill', () => {
  test('goes the whole way under its own mark, and is withdrawn', async () => {
    expect(drills.start(order).ok).toBe(true)
    await clock.pass(1000)
    expect(shown.map(({ series, value }) => [series.labels['drill'], series.labels['sensor'], value])).toEqual([
      ['true', 'return', 35],
    ])
    await clock.pass(3 * minute)
    const labels: Labels = {
      alertname: 'RoomTemperature',
      device: 'crac-1',
      sensor: 'return',
      drill: 'true',
      region: 'north',
    }
    expect([...told.values()].map((one) => one.labels)).toEqual([
      expect.objectContaining({ ...labels, severity: 'warning' }),
      expect.objectContaining({ ...labels, severity: 'critical' }),
    ])
    const words = [...told.values()][0]?.annotations()
    expect(words?.['summary']).toMatch(/^\[DRILL 演练\] /)
    expect(drills.newest).toMatchObject({ state: 'passed', verdict: expect.stringContaining('duty') })
    expect(texts()).toMatch(
      /itself sends 220 \(22 °C\)\n.*at the wire, register 1: 15e, is read as 35 °C, every 30s\n.*pending.*\n.*pending.*\n.*firing.*\n.*firing.*\npeer has it.*\nwithdrawn/,
    )
    // Two at once, to find out what the device sends and to replace it, and then at the places of the drill's own task.
    expect([polls, closed]).toEqual([7, 1])
    expect(ended.sort()).toEqual([...told.keys()].sort())
    expect(shown).toEqual([])
    expect(events.filter(({ kind }) => kind === 'drill').map(({ by, note }) => `${by} ${note.split(':')[0]}`)).toEqual([
      'desk begun',
      'desk passed',
    ])
  })

  test('tells what the device can send, where that is not quite what was asked for', async () => {
    drills.start({ ...order, aim: 'room_temperature_celsius=35.04' })
    await clock.pass(1000)
    expect(texts()).toContain('is read as 35 °C')
  })

  test.each<[string, typeof wire, string]>([
    ['the protocol sends no values', undefined, 'its protocol sends no values'],
    ['the registers cannot hold it', () => bad('register 1 cannot hold 350'), 'register 1 cannot hold 350'],
  ])('enters behind the decoder where %s, and says so', async (_what, changed, why) => {
    wire = changed
    drills.start(order)
    await clock.pass(3 * minute)
    expect(texts()).toContain('behind the decoder, the raw value 350, is read as 35 °C')
    expect(texts()).toContain(`not at the wire: ${why}`)
    expect(drills.newest?.state).toBe('passed')
  })

  test('waits for a device that is silent, and fails where it stays so', async () => {
    sent = undefined
    drills.start(order)
    await clock.pass(minute)
    sent = 230
    await clock.pass(3 * minute)
    expect(texts()).toMatch(/does not send it now: unit 1 did not answer\n.*itself sends 230/)
    expect(drills.newest?.state).toBe('passed')
    sent = undefined
    drills.start(order)
    await clock.pass(6 * minute)
    expect(texts().match(/does not send it now/g)).toHaveLength(1)
    expect(drills.newest).toMatchObject({ state: 'failed', verdict: expect.stringContaining('did not fire') })
  })

  test('fails where the page would not go out, and says why', async () => {
    sighting = { ...sighting, state: 'suppressed', suppressedBy: ['silence-7'] }
    drills.start(order)
    await clock.pass(2.5 * minute)
    expect(drills.newest).toMatchObject({ state: 'failed', verdict: expect.stringContaining('silence-7') })
  })

  test('fails where its value is held for less than the alarm waits', async () => {
    drills.start({ ...order, hold: minute })
    await clock.pass(2 * minute)
    expect(drills.newest).toMatchObject({ state: 'failed', verdict: expect.stringContaining('did not fire') })
    expect(told.size).toBe(0)
  })

  test('waits for the receipt of the very page, and fails without it', async () => {
    const asked: string[] = []
    const receipt = async (text: string): Promise<boolean> => {
      asked.push(text)
      return asked.length > 3
    }
    start({ receipt: () => receipt })
    drills.start(order)
    await clock.pass(4 * minute)
    expect(drills.newest).toMatchObject({ state: 'passed', verdict: expect.stringContaining('the receipt came') })
    expect(new Set(asked)).toEqual(new Set([drills.newest?.id]))
    start({ receipt: () => async () => false })
    drills.start(order)
    await clock.pass(12 * minute)
    expect(drills.newest).toMatchObject({ state: 'failed', verdict: expect.stringContaining('never came') })
  })

  test('is one at a time, and is withdrawn by its own name only', async () => {
    const first = drills.start(order)
    expect(drills.start(order)).toMatchObject({ ok: false, why: expect.stringContaining('one at a time') })
    expect(drills.withdraw('drill-other')).toBe(false)
    expect(first.ok && drills.withdraw(first.value.id)).toBe(true)
    expect(drills.newest?.state).toBe('withdrawn')
    expect(drills.start(order).ok).toBe(true)
  })

  test.each([
    ['another device', { device: 'crac-9' }, 'no device'],
    ['another metric', { aim: 'nothing_celsius=3' }, 'no metric'],
    ['a label that it has not', { aim: 'room_temperature_celsius{sensor="x"}=35' }, 'has not given'],
    ['another unit', { aim: 'room_temperature_celsius=35 V' }, 'no unit'],
    ['what cannot be', { aim: 'room_temperature_celsius=99' }, 'would not believe'],
  ])('of %s is refused', (_what, changed, why) => {
    expect(drills.start({ ...order, ...changed })).toMatchObject({ ok: false, why: expect.stringContaining(why) })
  })
})

describe('a plan', () => {
  const at = (clockTime: number): number => {
    const date = new Date(clockTime)
    return (date.getHours() * 60 + date.getMinutes()) * minute
  }
  let plan: PlannedDrill

  function schedule(past: readonly RecordEvent[] = events): DrillSchedule {
    return new DrillSchedule([plan], drills, past, clock.now(), (event) => events.push(event))
  }

  function said(one: DrillSchedule): Record<string, number> {
    return Object.fromEntries(one.sayings(clock.now()).map(({ metric, value }) => [metric, value]))
  }

  beforeEach(() => {
    const { wall } = clock.now()
    plan = {
      name: 'room',
      device: 'crac-1',
      aim: order.aim,
      every: 30 * day,
      at: at(wall + 60 * minute),
      hold: undefined,
    }
  })

  test('begins at its time of day, and again when it is due', async () => {
    const one = schedule()
    one.tick(clock.now())
    expect(drills.newest).toBeUndefined()
    await clock.pass(61 * minute)
    one.tick(clock.now())
    expect(drills.newest).toMatchObject({ by: 'schedule: room', state: 'running' })
    expect(said(one)).toEqual({ siteward_drill_overdue: 0 })
    await clock.pass(4 * minute)
    if (drills.newest !== undefined) one.ended(drills.newest)
    expect(said(one)).toEqual({ siteward_drill_overdue: 0, siteward_drill_passed: 1 })
    const first = drills.newest?.id
    await clock.pass(day)
    one.tick(clock.now())
    expect(drills.newest?.id).toBe(first)
    const later = schedule()
    await clock.pass(29 * day)
    later.tick(clock.now())
    expect(drills.newest?.id).not.toBe(first)
    expect(drills.newest?.state).toBe('running')
    expect(said(later)).toEqual({ siteward_drill_overdue: 0, siteward_drill_passed: 1 })
  })

  test('waits for its device to be read, as long as its hour lasts', async () => {
    start({ seriesOf: () => [] })
    const one = schedule()
    await clock.pass(60 * minute)
    for (let i = 0; i < 180; i++) {
      one.tick(clock.now())
      await clock.pass(10_000)
    }
    expect(said(one)).toEqual({ siteward_drill_overdue: 0 })
    const later = schedule()
    for (let i = 0; i < 180; i++) {
      later.tick(clock.now())
      await clock.pass(10_000)
    }
    expect(said(later)).toEqual({ siteward_drill_overdue: 0, siteward_drill_passed: 0 })
    expect(events.at(-1)?.note).toContain('has not given')
    start()
    const again = schedule()
    await clock.pass(day - 30 * minute)
    again.tick(clock.now())
    expect(drills.newest?.state).toBe('running')
  })

  test('that somebody withdraws has not failed, and is tried again the next day', async () => {
    const one = schedule()
    await clock.pass(61 * minute)
    one.tick(clock.now())
    const first = drills.newest?.id ?? ''
    drills.withdraw(first)
    if (drills.newest !== undefined) one.ended(drills.newest)
    await clock.pass(20)
    expect(said(one)).toEqual({ siteward_drill_overdue: 0 })
    expect(said(schedule())).toEqual({ siteward_drill_overdue: 0 })
    await clock.pass(day - minute)
    one.tick(clock.now())
    expect(drills.newest?.id).not.toBe(first)
  })

  test('that failed says so, and is tried again the next day', async () => {
    sighting = { ...sighting, state: 'suppressed' }
    const one = schedule()
    await clock.pass(61 * minute)
    one.tick(clock.now())
    await clock.pass(10 * minute)
    if (drills.newest !== undefined) one.ended(drills.newest)
    expect(said(one)).toEqual({ siteward_drill_overdue: 0, siteward_drill_passed: 0 })
    expect(said(schedule())).toEqual({ siteward_drill_overdue: 0, siteward_drill_passed: 0 })
    const first = drills.newest?.id
    await clock.pass(day - minute)
    one.tick(clock.now())
    expect(drills.newest?.id).not.toBe(first)
  })

  test('that nobody proves for too long is overdue, also over restarts', async () => {
    schedule()
    await clock.pass(30 * day)
    expect(said(schedule())).toEqual({ siteward_drill_overdue: 0 })
    await clock.pass(2 * day)
    expect(said(schedule())).toEqual({ siteward_drill_overdue: 1 })
  })
})
