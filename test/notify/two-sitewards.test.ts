import { beforeEach, describe, expect, test } from 'vitest'
import type { Alert } from '../../src/model/alert.ts'
import { labelKey } from '../../src/model/labels.ts'
import { silent } from '../../src/model/log.ts'
import type { Firing } from '../../src/notify/book.ts'
import { Notifier } from '../../src/notify/notifier.ts'
import type { AlertmanagerClient, Look } from '../../src/notify/sender.ts'
import { ManualClock } from '../manual-clock.ts'

const second = 1000
const minute = 60 * second

/** Alertmanager's memory: the newest word on an alert stands (types/types.go: Alert.Merge). */
class Alertmanager {
  readonly clock: ManualClock
  readonly held = new Map<string, { readonly startsAt: number; readonly endsAt: number }>()
  started = 'first'
  /** Each time that an alert began or ended to it. */
  readonly changes: string[] = []

  constructor(clock: ManualClock) {
    this.clock = clock
  }

  restart(): void {
    this.held.clear()
    this.started = `at ${this.clock.now().mono}`
  }

  isActive(key: string): boolean {
    return (this.held.get(key)?.endsAt ?? 0) > this.clock.now().wall
  }

  client(): AlertmanagerClient {
    return {
      url: 'http://one',
      post: async (alerts) => {
        for (const alert of alerts) this.#take(alert)
        return { kind: 'taken' }
      },
      look: async (): Promise<Look> => {
        const active = [...this.held].filter(([key]) => this.isActive(key))
        return {
          kind: 'view',
          view: {
            started: this.started,
            clock: this.clock.now().wall,
            active: new Map(active.map(([key, { startsAt }]) => [key, startsAt])),
          },
        }
      },
      close: () => {},
    }
  }

  #take({ labels, startsAt, endsAt = 0 }: Alert): void {
    // A label without a text is none to it.
    const key = labelKey(Object.fromEntries(Object.entries(labels).filter(([, text]) => text !== '')))
    const was = this.isActive(key)
    this.held.set(key, { startsAt, endsAt })
    if (this.isActive(key) !== was) this.changes.push(was ? 'ends' : 'begins')
  }
}

describe('two sitewards and one alertmanager', () => {
  const labels = { alertname: 'RoomTemperature', site: 'hospital', sensor: '' }
  const key = labelKey({ alertname: 'RoomTemperature', site: 'hospital' })
  let clock: ManualClock
  let alertmanager: Alertmanager
  let first: Notifier
  let other: Notifier

  const notifier = (): Notifier => {
    const watch = { delivered: () => {}, failed: () => {}, refused: () => {}, up: () => {}, reached: () => {} }
    const made = new Notifier(
      [alertmanager.client()],
      minute,
      { clock, random: () => 0.5, log: silent, watch },
      () => {},
    )
    made.start()
    return made
  }
  const firing = (confirmedAt = (): number => 0, startsAt = clock.now().wall): Firing => ({
    key: 'k',
    labels,
    annotations: () => ({}),
    startsAt,
    lifetime: () => 120 * minute,
    confirmedAt,
  })

  beforeEach(async () => {
    clock = new ManualClock()
    alertmanager = new Alertmanager(clock)
    first = notifier()
    other = notifier()
    await clock.pass(second)
  })

  test('what one has seen to end is not begun again by the other, which has not asked since', async () => {
    first.fire(firing())
    other.fire(firing())
    await clock.pass(5 * minute)
    first.resolve('k', clock.now())
    await clock.pass(30 * minute)
    expect(alertmanager.changes).toEqual(['begins', 'ends'])
    other.resolve('k', clock.now())
    await clock.pass(30 * minute)
    expect(alertmanager.changes).toEqual(['begins', 'ends'])
  })

  test('what the other reads to be so after the end is told again', async () => {
    first.fire(firing())
    other.fire(firing(() => clock.now().mono))
    await clock.pass(5 * minute)
    first.resolve('k', clock.now())
    await clock.pass(2 * minute)
    expect(alertmanager.changes).toEqual(['begins', 'ends', 'begins'])
    // And the first one does not end it over and over.
    await clock.pass(30 * minute)
    expect(alertmanager.changes).toHaveLength(3)
  })

  test('an alertmanager that has started anew is told everything, seen or not', async () => {
    first.fire(firing())
    await clock.pass(5 * minute)
    alertmanager.restart()
    await clock.pass(minute + second)
    expect(alertmanager.isActive(key)).toBe(true)
  })

  test('an end is told again to one that has started anew, but not over what has begun since', async () => {
    first.fire(firing())
    await clock.pass(5 * minute)
    first.resolve('k', clock.now())
    await clock.pass(second)
    alertmanager.restart()
    other.fire(firing())
    await clock.pass(10 * minute)
    expect(alertmanager.isActive(key)).toBe(true)
  })

  describe('after a restart', () => {
    let began = 0

    beforeEach(async () => {
      first.fire(firing())
      other.fire(firing())
      began = clock.now().wall
      await clock.pass(5 * minute)
      await other.stop()
    })

    test('what still fires is no news', async () => {
      notifier().remember(firing(undefined, began), undefined)
      await clock.pass(10 * minute)
      expect(alertmanager.changes).toEqual(['begins'])
    })

    test('what the other has seen to end meanwhile waits for a reading', async () => {
      first.resolve('k', clock.now())
      await clock.pass(minute)
      let readAt = 0
      const again = notifier()
      again.remember(
        firing(() => readAt, began),
        undefined,
      )
      await clock.pass(minute)
      expect(alertmanager.changes).toEqual(['begins', 'ends'])
      again.resolve('k', clock.now())
      await clock.pass(10 * minute)
      expect(alertmanager.changes).toEqual(['begins', 'ends'])
      readAt = clock.now().mono
    })

    test('with no reading and an alertmanager that has forgotten too, it is told within minutes', async () => {
      await first.stop()
      alertmanager.restart()
      notifier().remember(firing(undefined, began), undefined)
      await clock.pass(minute)
      expect(alertmanager.isActive(key)).toBe(false)
      await clock.pass(3 * minute)
      expect(alertmanager.isActive(key)).toBe(true)
      expect(alertmanager.held.get(key)?.startsAt).toBe(began)
    })

    test('an end that may not have been told is told', async () => {
      await first.stop()
      notifier().remember(firing(undefined, began), clock.now())
      await clock.pass(second)
      expect(alertmanager.changes).toEqual(['begins', 'ends'])
    })
  })

  test('the wall clock of a past end ends nothing that began after it', async () => {
    first.fire(firing())
    await clock.pass(minute)
    const end = clock.now()
    await first.stop()
    await clock.pass(5 * minute)
    other.fire(firing(undefined, clock.now().wall))
    await clock.pass(second)
    alertmanager.held.set(key, { startsAt: clock.now().wall, endsAt: clock.now().wall + 60 * minute })
    notifier().remember(firing(undefined, 0), end)
    await clock.pass(10 * minute)
    expect(alertmanager.isActive(key)).toBe(true)
  })
})
