import { afterEach, describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/model/random.ts'
import { deviceOf, minute } from '../reload/world.ts'
import { makeRule, makeSite } from '../samples.ts'
import { Building, type Taken } from './building.ts'

/** Rows of alerting that need hours, or a death at a chosen moment: a whole daemon but for wires and time. */

const second = 1000
/** `ALERTS=5000 npm run test:faults -- -t A1` is the full size. */
const alerts = Number(process.env['ALERTS'] ?? 300)

let building: Building

afterEach(async () => {
  await building.daemon?.stop()
})

async function begin(devices: readonly string[], changed: ConstructorParameters<typeof Building>[0] = {}) {
  building = new Building({ devices: devices.map((name) => deviceOf(name)), ...changed })
  await building.start()
  await building.clock.pass(minute + second)
}

const isEnd = ({ at, alert }: Taken): boolean => (alert.endsAt ?? Number.POSITIVE_INFINITY) <= at

describe('A1: Alertmanager is away for an hour', () => {
  test.each([
    ['and remembers', false],
    ['and has forgotten everything', true],
  ])(
    'A1: all that fires and all that has ended is told within 90 s of its return (%s)',
    async (_, hasForgotten) => {
      const ending = Array.from({ length: alerts / 5 }, (_, i) => `ending-${i}`)
      const firing = Array.from({ length: alerts }, (_, i) => `firing-${i}`)
      const serviceLevels = { ...makeSite().serviceLevels, severities: [] }
      await begin([], { serviceLevels, devices: [...ending, ...firing].map((name) => deviceOf(name)) })
      const { peer, clock, answers } = building
      for (const name of ending) answers.set(name, { in: 30 })
      await clock.pass(4 * minute)
      const active = (): readonly string[] => peer.active(clock.now().wall).map(({ labels }) => labels['device'] ?? '')
      expect(active().length).toBe(ending.length)
      const starts = new Map(peer.active(clock.now().wall).map(({ labels, startsAt }) => [labels['device'], startsAt]))

      peer.isAway = true
      for (const name of ending) answers.set(name, { in: 22 })
      for (const name of firing) answers.set(name, { in: 30 })
      await clock.pass(5 * minute)
      globalThis.gc?.()
      const before = process.memoryUsage().heapUsed
      await clock.pass(55 * minute)
      globalThis.gc?.()
      const grown = process.memoryUsage().heapUsed - before
      // Asked about once a minute, and not flooded with what has gathered.
      expect(peer.missed).toBeLessThan(150)
      if (globalThis.gc !== undefined) expect(grown).toBeLessThan(5 * 2 ** 20)

      peer.isAway = false
      if (hasForgotten) peer.restart()
      peer.sendings.length = 0
      const from = peer.taken.length
      await clock.pass(90 * second)
      expect([...active()].sort()).toEqual([...firing].sort())
      const ended = new Map(
        peer.taken
          .slice(from)
          .filter(isEnd)
          .map(({ alert }) => [alert.labels['device'], alert]),
      )
      expect(ended.size).toBe(ending.length)
      for (const [device, alert] of ended) expect(alert.startsAt).toBe(starts.get(device))
      // Each was told twice at most, in batches.
      expect(Math.max(...peer.sendings)).toBeLessThanOrEqual(256)
      const sent = peer.sendings.reduce((sum, one) => sum + one, 0)
      expect(sent).toBeLessThanOrEqual(3 * (ending.length + firing.length) + 10)
    },
    600_000,
  )
})

describe('A8: SIGKILL between any two acts that outlive the process', () => {
  const device = 'one'

  /** A room that gets hot, stays so, and is well again; dies before the act after `lastAct`, and starts anew. */
  async function live(lastAct: number): Promise<void> {
    await begin([device], { watchdog: undefined })
    const { clock, answers } = building
    building.lastAct = lastAct
    const step = async (time: number): Promise<void> => {
      for (let passed = 0; passed < time; passed += second) {
        await clock.pass(second)
        if (!building.isDead) continue
        building.lastAct = Number.POSITIVE_INFINITY
        await building.kill()
        await building.start()
      }
    }
    answers.set(device, { in: 30 })
    await step(6 * minute)
    answers.set(device, { in: 22 })
    await step(5 * minute)
  }

  test('A8: it is told at least once, always with the same labels and start, and ended once it is well', async () => {
    await live(Number.POSITIVE_INFINITY)
    const { acts } = building
    await building.daemon?.stop()
    expect(acts).toBeGreaterThan(5)
    for (let lastAct = 0; lastAct <= acts; lastAct++) {
      await live(lastAct)
      const { peer, clock } = building
      const told = peer.taken.filter(({ alert }) => alert.labels['alertname'] === 'RoomTemperature')
      const where = `killed after act ${lastAct}`
      expect(told.length, where).toBeGreaterThan(1)
      expect(new Set(told.map(({ alert }) => JSON.stringify([alert.labels, alert.startsAt]))).size, where).toBe(1)
      // The first end comes after the last word that it fires: it was never ended falsely.
      const first = told.findIndex(isEnd)
      expect(first, where).toBeGreaterThan(0)
      expect(told.slice(first).every(isEnd), where).toBe(true)
      expect(peer.active(clock.now().wall), where).toEqual([])
      await building.daemon?.stop()
    }
  }, 120_000)
})

describe('A11: a reading that flaps about its limit', () => {
  /** A day of a room that swings about 28 °C, with noise: the same for every rule. */
  async function day(rule: Parameters<typeof makeRule>[0]): Promise<{ episodes: number; changes: number }> {
    const random = seededRandom(11)
    await begin(['one'], { devices: [deviceOf('one', { rules: [makeRule({ severity: 'critical', ...rule })] })] })
    const { clock, answers, peer } = building
    for (let at = 0; at < 1440; at++) {
      const swing = Math.sin((2 * Math.PI * at) / 180)
      answers.set('one', { in: 28 + 0.3 * swing + 0.4 * (random() - 0.5) })
      await clock.pass(minute)
    }
    const told = peer.taken.filter(({ alert }) => alert.labels['alertname'] === 'RoomTemperature')
    const ends = new Set(told.filter(isEnd).map(({ alert }) => alert.endsAt))
    await building.daemon?.stop()
    return { episodes: new Set(told.map(({ alert }) => alert.startsAt)).size, changes: ends.size }
  }

  test('A11: patience, hysteresis and keep_firing_for bound how often somebody is told', async () => {
    const limit = { kind: 'fixed', value: 28 } as const
    const bare = await day({ for: 0, keepFiringFor: 0, condition: { kind: 'above', limit, hysteresis: 0 } })
    const calm = await day({
      for: 5 * minute,
      keepFiringFor: 10 * minute,
      condition: { kind: 'above', limit, hysteresis: 0.5 },
    })
    // Eight swings in a day: without patience each of them is many pages.
    expect(bare.episodes).toBeGreaterThan(40)
    expect(calm.episodes).toBeGreaterThan(0)
    expect(calm.episodes).toBeLessThanOrEqual(9)
    expect(calm.changes).toBeLessThanOrEqual(calm.episodes)
  }, 120_000)
})

describe('A9, A13: the site file changes while an alarm fires', () => {
  const rule = { for: 2 * minute, severity: 'critical' } as const
  const limit = (value: number) => ({ kind: 'above', limit: { kind: 'fixed', value }, hysteresis: 0 }) as const

  async function fires(): Promise<number> {
    await begin(['one', 'two'])
    building.answers.set('one', { in: 30 })
    await building.clock.pass(5 * minute)
    expect(building.peer.active(building.clock.now().wall)).toHaveLength(1)
    return building.peer.active(building.clock.now().wall)[0]?.startsAt ?? 0
  }

  const active = () => building.peer.active(building.clock.now().wall)
  const ends = (): readonly Taken[] => building.peer.taken.filter(isEnd)

  test.each([
    ['its device is gone', { devices: [deviceOf('two')] }],
    ['its rule is gone', { devices: [deviceOf('one', { rules: [] }), deviceOf('two')] }],
  ])('A9: %s: it is told as over, and told so for a quarter of an hour', async (_, changed) => {
    await fires()
    await building.reload(changed)
    await building.clock.pass(10 * second)
    expect(active()).toEqual([])
    const told = ends().length
    expect(told).toBeGreaterThan(0)
    // An Alertmanager that has lost its memory meanwhile is told again what it must know.
    building.peer.restart()
    await building.clock.pass(10 * minute)
    expect(active()).toEqual([])
    expect(ends().length).toBeGreaterThan(told)
  })

  test('A9: a label of it has changed: the old alert ends, the new one goes on', async () => {
    await fires()
    await building.reload({ devices: [deviceOf('one', { labels: { room: 'other' } }), deviceOf('two')] })
    await building.clock.pass(3 * minute)
    expect(active().map(({ labels }) => labels['room'])).toEqual(['other'])
    expect(ends().map(({ alert }) => alert.labels['room'])).toContain('main')
  })

  test('A13: a longer for: what fires goes on firing, what is pending waits longer', async () => {
    const startsAt = await fires()
    building.answers.set('two', { in: 30 })
    await building.clock.pass(minute + 30 * second)
    const longer = [makeRule({ ...rule, for: 10 * minute })]
    await building.reload({ devices: ['one', 'two'].map((name) => deviceOf(name, { rules: longer })) })
    await building.clock.pass(5 * minute)
    // Prometheus would end it, and begin it again: nobody would know why.
    expect(active().map((alert) => [alert.labels['device'], alert.startsAt])).toEqual([['one', startsAt]])
    expect(ends()).toEqual([])
    await building.clock.pass(6 * minute)
    expect(active().map(({ labels }) => labels['device'])).toEqual(['one', 'two'])
  })

  test('A13: a shorter for: what is pending for longer fires at once', async () => {
    await begin(['one'], { devices: [deviceOf('one', { rules: [makeRule({ ...rule, for: 60 * minute })] })] })
    building.answers.set('one', { in: 30 })
    await building.clock.pass(5 * minute)
    expect(active()).toEqual([])
    await building.reload({ devices: [deviceOf('one', { rules: [makeRule(rule)] })] })
    await building.clock.pass(5 * second)
    expect(active()).toHaveLength(1)
  })

  test('A13: another limit: by the next reading it is judged, and ends only where that is good', async () => {
    const startsAt = await fires()
    await building.reload({ devices: [deviceOf('one', { rules: [makeRule({ ...rule, condition: limit(29) })] })] })
    await building.clock.pass(3 * minute)
    expect(active().map((alert) => alert.startsAt)).toEqual([startsAt])
    await building.reload({ devices: [deviceOf('one', { rules: [makeRule({ ...rule, condition: limit(31) })] })] })
    await building.clock.pass(3 * minute)
    expect(active()).toEqual([])
  })
})
