import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  beat,
  givesUpAfter,
  type HeldLease,
  Lease,
  type LeasePlace,
  type Term,
  takesOverAfter,
} from '../../src/lease/lease.ts'
import { leaseFolder } from '../../src/lease/lease-folder.ts'
import { ManualClock } from '../manual-clock.ts'

/** A place in memory that one side, or both, may be cut off from. */
class Shared {
  readonly terms: Term[] = []

  place(link: { isCut: boolean; hangs?: boolean } = { isCut: false }): LeasePlace {
    const reach = async (): Promise<void> => {
      if (link.hangs === true) await new Promise(() => {})
      if (link.isCut) throw new Error('cut off')
    }
    return {
      newest: async () => {
        await reach()
        return this.terms.at(-1)
      },
      begin: async (term) => {
        await reach()
        if (this.terms.some(({ number }) => number === term.number)) return false
        this.terms.push(term)
        return true
      },
      write: async (term) => {
        await reach()
        const at = this.terms.findIndex(({ number }) => number === term.number)
        if (at < 0) throw new Error('gone')
        this.terms[at] = term
      },
    }
  }
}

/** One siteward of the pair. */
class Side {
  held: HeldLease | undefined
  lostAt: number | undefined
  readonly link = { isCut: false, hangs: false }
  readonly stop = new AbortController()
  readonly #clock: ManualClock

  constructor(shared: Shared, name: string, clock: ManualClock) {
    this.#clock = clock
    const lease = new Lease(shared.place(this.link), name, clock)
    void lease.acquire(this.stop.signal).then((held) => {
      this.held = held
      held?.keep(() => {
        this.lostAt = clock.now().mono
      })
    })
  }

  get polls(): boolean {
    return this.held?.isHeld === true && this.lostAt === undefined
  }

  get now(): number {
    return this.#clock.now().mono
  }
}

async function pair(): Promise<{ clock: ManualClock; shared: Shared; a: Side; b: Side }> {
  const clock = new ManualClock()
  const shared = new Shared()
  const a = new Side(shared, 'a', clock)
  await clock.pass(beat)
  const b = new Side(shared, 'b', clock)
  await clock.pass(beat)
  return { clock, shared, a, b }
}

describe('a lease', () => {
  test('is held by the first, for as long as it says so', async () => {
    const { clock, a, b } = await pair()
    for (let i = 0; i < 60; i++) {
      await clock.pass(10_000)
      expect([a.polls, b.polls]).toEqual([true, false])
    }
  })

  test('goes over at once when it was given back', async () => {
    const { clock, a, b } = await pair()
    await a.held?.release()
    await clock.pass(2 * beat)
    expect([a.polls, b.polls]).toEqual([false, true])
    expect(b.held?.number).toBe(2)
  })

  test('goes over when its holder has died, and no sooner than its polls can have ended', async () => {
    const { clock, a, b } = await pair()
    a.link.hangs = true
    const died = clock.now().mono
    while (b.held === undefined && clock.now().mono < died + 60_000) await clock.pass(500)
    expect(clock.now().mono - died).toBeGreaterThanOrEqual(takesOverAfter - beat)
    expect(clock.now().mono - died).toBeLessThan(takesOverAfter + 2 * beat)
  })

  test.each(['isCut', 'hangs'] as const)(
    'a holder whose place %s has given up long before another takes over',
    async (how) => {
      const { clock, a, b } = await pair()
      a.link[how] = true
      for (let i = 0; i < 200; i++) {
        await clock.pass(250)
        expect(a.polls && b.polls).toBe(false)
      }
      expect([a.polls, b.polls]).toEqual([false, true])
      expect(a.lostAt).toBeLessThanOrEqual(clock.now().mono)
      // Back again, the first finds that the term is over and holds nothing.
      a.link[how] = false
      await clock.pass(60_000)
      expect([a.polls, b.polls]).toEqual([false, true])
    },
  )

  test('one who is cut off takes nothing over, however long', async () => {
    const { clock, a, b } = await pair()
    b.link.isCut = true
    await clock.pass(600_000)
    expect([a.polls, b.polls]).toEqual([true, false])
    b.link.isCut = false
    await clock.pass(60_000)
    expect([a.polls, b.polls]).toEqual([true, false])
  })

  test('a holder that was suspended polls no more: the wall clock has gone on', async () => {
    const { clock, a } = await pair()
    expect(a.polls).toBe(true)
    clock.step(givesUpAfter)
    expect(a.polls).toBe(false)
    await clock.pass(2 * beat)
    expect(a.lostAt).toBeDefined()
  })

  test('of several who wait one gets it', async () => {
    const clock = new ManualClock()
    const shared = new Shared()
    const sides = ['a', 'b', 'c', 'd'].map((name) => new Side(shared, name, clock))
    await clock.pass(30_000)
    expect(sides.filter(({ polls }) => polls)).toHaveLength(1)
    for (const side of sides) if (side.polls) side.link.isCut = true
    await clock.pass(60_000)
    expect(sides.filter(({ polls }) => polls)).toHaveLength(1)
    expect(shared.terms).toHaveLength(2)
  })

  test('who is told to stop waits no longer', async () => {
    const { clock, b } = await pair()
    b.stop.abort()
    await clock.pass(60_000)
    expect(b.held).toBeUndefined()
  })
})

describe('a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-lease-'))

  test('holds terms, of which each can be begun once', async () => {
    const place = leaseFolder(folder)
    expect(await place.newest()).toBeUndefined()
    const begun = await Promise.all(Array.from({ length: 10 }, (_, i) => place.begin({ number: 1, text: `side ${i}` })))
    expect(begun.filter(Boolean)).toHaveLength(1)
    await place.write({ number: 1, text: 'a word that is long' })
    await place.write({ number: 1, text: 'short' })
    expect(await place.newest()).toEqual({ number: 1, text: 'short' })
    for (let number = 2; number <= 12; number++) expect(await place.begin({ number, text: 'x' })).toBe(true)
    expect(await place.newest()).toEqual({ number: 12, text: 'x' })
    expect(readdirSync(folder)).toHaveLength(3)
    await expect(place.write({ number: 1, text: 'late' })).rejects.toThrow('ENOENT')
    rmSync(folder, { recursive: true })
  })

  test('that is not there is not made: it may only not be mounted', async () => {
    const place = leaseFolder(join(folder, 'nothing'))
    await expect(place.newest()).rejects.toThrow('ENOENT')
    await expect(place.begin({ number: 1, text: 'x' })).rejects.toThrow('ENOENT')
    mkdirSync(folder, { recursive: true })
  })
})
