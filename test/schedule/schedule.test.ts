import { describe, expect, test } from 'vitest'
import type { Clock } from '../../src/model/clock.ts'
import { backoff, nextDue, placeWithin, retryAfter } from '../../src/schedule/due.ts'
import { Gate } from '../../src/schedule/gate.ts'
import { Schedule, type Task } from '../../src/schedule/schedule.ts'
import type { Stop } from '../../src/schedule/stop.ts'
import { ManualClock } from '../manual-clock.ts'

const quiet = { started: () => {}, skipped: () => {} }

function task(key: string, run: Task['run'], changed: Partial<Task> = {}): Task {
  return { key, interval: 10_000, endpoint: key, parallel: 1, run, ...changed }
}

describe('due times', () => {
  test('a thousand keys are spread evenly over their interval, the same each time', () => {
    const tenths = new Array<number>(10).fill(0)
    for (let i = 0; i < 1000; i++) {
      const place = placeWithin(`switch-${i}/interfaces`, 60_000)
      expect(placeWithin(`switch-${i}/interfaces`, 60_000)).toBe(place)
      const tenth = Math.floor(place / 6000)
      tenths[tenth] = (tenths[tenth] ?? 0) + 1
    }
    for (const count of tenths) expect(count).toBeGreaterThan(60)
  })

  test('missed polls are left out', () => {
    expect(nextDue(3000, 10_000, 3000)).toBe(13_000)
    expect(nextDue(3000, 10_000, 47_000)).toBe(53_000)
    expect(nextDue(3000, 10_000, 1000)).toBe(3000)
  })

  test('backoff begins with the third failure, doubles, and ends at five intervals or five minutes', () => {
    const waits = [0, 1, 2, 3, 4, 5, 9].map((failures) => backoff(failures, 10_000, () => 0))
    expect(waits).toEqual([0, 0, 0, 10_000, 30_000, 40_000, 40_000])
    expect(backoff(9, 240_000, () => 0)).toBe(60_000)
    expect(backoff(9, 600_000, () => 0)).toBe(0)
    expect(backoff(9, 10_000, () => 1)).toBeCloseTo(36_000)
  })

  test('what is read seldom is asked again soon after a failure, and what is read often when it is due', () => {
    const waits = [0, 1, 2, 3, 5, 99].map((failures) => retryAfter(failures, 3_600_000))
    expect(waits).toEqual([undefined, 30_000, 60_000, 120_000, 300_000, 300_000])
    expect(retryAfter(5, 300_000)).toBeUndefined()
  })
})

describe('the schedule', () => {
  test('polls at each interval, at its own place', async () => {
    const clock = new ManualClock()
    const schedule = new Schedule(clock, () => 0, 10, quiet)
    const times: number[] = []
    schedule.add(task('a', async () => Boolean(times.push(clock.now().mono))))
    await clock.pass(60_000)
    expect(times.length).toBeGreaterThanOrEqual(5)
    for (let i = 2; i < times.length; i++) expect((times[i] ?? 0) - (times[i - 1] ?? 0)).toBe(10_000)
    await schedule.stop()
    expect(clock.waiting).toBe(0)
  })

  test('a task that is due at once waits for no slot', async () => {
    const clock = new ManualClock()
    const schedule = new Schedule(clock, () => 0, 10, quiet)
    let polls = 0
    schedule.add(
      task('a', async () => Boolean(++polls)),
      0,
    )
    await clock.pass(0)
    expect(polls).toBe(1)
  })

  test('a task that is hurried is polled once, and then at its own place again', async () => {
    const clock = new ManualClock()
    const schedule = new Schedule(clock, () => 0, 10, quiet)
    const times: number[] = []
    schedule.add(task('a', async () => Boolean(times.push(clock.now().mono))))
    await clock.pass(20_000)
    const place = (times.at(-1) ?? 0) % 10_000
    const before = times.length
    expect(schedule.hurry('a')).toBe(true)
    expect(schedule.hurry('a')).toBe(true)
    await clock.pass(200)
    expect(times.length).toBe(before + 1)
    await clock.pass(20_000)
    expect(times.length).toBe(before + 3)
    expect((times.at(-1) ?? 0) % 10_000).toBe(place)
  })

  test('of many tasks none waits for another: each is polled at its own due times', async () => {
    const clock = new ManualClock()
    let latest = 0
    const schedule = new Schedule(clock, () => 0, 1000, {
      started: (lateness) => {
        latest = Math.max(latest, lateness)
      },
      skipped: () => {},
    })
    const counts = new Map<string, number>()
    for (let i = 0; i < 500; i++) {
      const key = `switch-${i}`
      const run = async (): Promise<boolean> => Boolean(counts.set(key, (counts.get(key) ?? 0) + 1))
      schedule.add(task(key, run, { interval: 30_000 + i * 60 }))
    }
    await clock.pass(300_000)
    expect(latest).toBeLessThanOrEqual(100)
    expect(Math.min(...counts.values())).toBeGreaterThanOrEqual(4)
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(10)
  })

  test('never two polls of one task at once: a slow one is skipped and counted', async () => {
    const clock = new ManualClock()
    let skipped = 0
    const schedule = new Schedule(clock, () => 0, 10, { started: () => {}, skipped: () => skipped++ })
    let running = 0
    let most = 0
    const run = (): Promise<boolean> => {
      most = Math.max(most, ++running)
      return new Promise((resolve) => {
        clock.after(25_000, () => {
          running--
          resolve(true)
        })
      })
    }
    schedule.add(task('slow', run))
    await clock.pass(100_000)
    expect(most).toBe(1)
    expect(skipped).toBeGreaterThanOrEqual(4)
  })

  test('one dead endpoint delays no other, and an endpoint bears one poll at a time', async () => {
    const clock = new ManualClock()
    const schedule = new Schedule(clock, () => 0, 100, quiet)
    let onBus = 0
    let most = 0
    const bus = { endpoint: 'bus', parallel: 1 }
    const hang = (stop: Stop): Promise<boolean> => {
      most = Math.max(most, ++onBus)
      return new Promise((resolve) => {
        const end = (): void => {
          onBus--
          resolve(false)
        }
        clock.after(9000, end)
        stop.listen(end)
      })
    }
    for (let i = 0; i < 5; i++) schedule.add(task(`dead-${i}`, hang, bus))
    let polls = 0
    schedule.add(task('alive', async () => Boolean(++polls)))
    await clock.pass(60_000)
    expect(most).toBe(1)
    expect(polls).toBeGreaterThanOrEqual(5)
  })

  test('one failed poll of an hourly task is made good within a minute', async () => {
    const clock = new ManualClock()
    const schedule = new Schedule(clock, () => 0, 10, quiet)
    const times: number[] = []
    const run = async (): Promise<boolean> => times.push(clock.now().mono) > 1
    schedule.add(task('a', run, { interval: 3_600_000 }), 1000)
    await clock.pass(3_600_000)
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBe(30_000)
    expect(times.length).toBeLessThanOrEqual(3)
    await schedule.stop()
  })

  test('a dead device is asked less and less, and at once at its interval when it answers', async () => {
    const clock = new ManualClock()
    const schedule = new Schedule(clock, () => 0, 10, quiet)
    let polls = 0
    let alive = false
    schedule.add(
      task('a', async () => {
        polls++
        return alive
      }),
    )
    await clock.pass(600_000)
    expect(polls).toBeLessThan(20)
    expect(polls).toBeGreaterThan(8)
    alive = true
    await clock.pass(60_000)
    const before = polls
    await clock.pass(60_000)
    expect(polls - before).toBe(6)
  })

  test('progress is that what is due begins and what is under way ends; with nothing to do there is progress, too', async () => {
    const clock = new ManualClock()
    const schedule = new Schedule(clock, () => 0, 1, quiet)
    expect(schedule.stalledFor).toBe(0)
    let isHung = false
    const run = async (): Promise<boolean> => (isHung ? new Promise<boolean>(() => {}) : true)
    for (const key of ['a', 'b', 'c']) schedule.add(task(key, run, { interval: 3_600_000 }), 1000)
    let most = 0
    for (let i = 0; i < 100; i++) {
      await clock.pass(100_000)
      most = Math.max(most, schedule.stalledFor)
    }
    // Nothing was due for most of the hours.
    expect(most).toBeLessThanOrEqual(100)
    // The one that hangs holds the only place: others are due and skipped, which is no progress.
    isHung = true
    await clock.pass(2 * 3_600_000)
    expect(schedule.running).toBe(1)
    expect(schedule.stalledFor).toBeGreaterThan(3_600_000)
  })

  test('a poll that is due and does not begin is no progress', async () => {
    const clock = new ManualClock()
    let isDead = false
    const dying: Clock = {
      now: () => clock.now(),
      after: (delay, run) => clock.after(delay, () => (isDead ? undefined : run())),
    }
    const schedule = new Schedule(dying, () => 0, 10, quiet)
    schedule.add(task('a', async () => true))
    await clock.pass(60_000)
    expect(schedule.stalledFor).toBe(0)
    isDead = true
    await clock.pass(60_000)
    expect(schedule.stalledFor).toBeGreaterThanOrEqual(50_000)
  })

  test('removing a task aborts its poll and waits for its end', async () => {
    const clock = new ManualClock()
    const schedule = new Schedule(clock, () => 0, 10, quiet)
    let aborted = false
    const run = (stop: Stop): Promise<boolean> =>
      new Promise((resolve) => {
        stop.listen(() => {
          aborted = true
          resolve(false)
        })
      })
    schedule.add(task('a', run), 1000)
    await clock.pass(2000)
    expect(schedule.running).toBe(1)
    await schedule.remove('a')
    expect(aborted).toBe(true)
    expect(schedule.running).toBe(0)
    await clock.pass(30_000)
    expect(schedule.running).toBe(0)
  })
})

test('the gate holds the whole to its limit, in the order of arrival', () => {
  const gate = new Gate(2)
  const started: string[] = []
  const waiting = ['a', 'b', 'c'].map((endpoint) => ({
    endpoint,
    parallel: 1,
    start: () => void started.push(endpoint),
  }))
  for (const one of waiting) gate.enter(one)
  expect(started).toEqual(['a', 'b'])
  const [a, , c] = waiting
  if (a === undefined || c === undefined) throw new Error('three were made')
  expect(gate.withdraw(c)).toBe(true)
  gate.leave(a)
  expect(started).toEqual(['a', 'b'])
  gate.enter(c)
  expect(started).toEqual(['a', 'b', 'c'])
})
