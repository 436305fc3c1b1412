import { describe, expect, test } from 'vitest'
import type { Alert } from '../../src/model/alert.ts'
import type { Labels } from '../../src/model/labels.ts'
import { silent } from '../../src/model/log.ts'
import type { Firing } from '../../src/notify/book.ts'
import { Notifier } from '../../src/notify/notifier.ts'
import type { AlertmanagerClient, Delivery, Look } from '../../src/notify/sender.ts'
import { ManualClock } from '../manual-clock.ts'

const minute = 60_000
const watch = { delivered: () => {}, failed: () => {}, refused: () => {}, up: () => {}, reached: () => {} }

class Peer implements AlertmanagerClient {
  readonly url: string
  readonly posts: (readonly Alert[])[] = []
  answer: (alerts: readonly Alert[]) => Delivery = () => ({ kind: 'taken' })

  constructor(url = 'http://peer') {
    this.url = url
  }

  async post(alerts: readonly Alert[]): Promise<Delivery> {
    this.posts.push(alerts)
    return this.answer(alerts)
  }

  view: Look = { kind: 'closed' }

  async look(): Promise<Look> {
    return this.view
  }

  close(): void {}

  get alerts(): readonly Alert[] {
    return this.posts.flat()
  }
}

function notifierFor(peers: readonly Peer[], forgotten: string[] = []): { clock: ManualClock; notifier: Notifier } {
  const clock = new ManualClock()
  const tools = { clock, random: () => 0.5, log: silent, watch }
  const notifier = new Notifier(peers, minute, tools, (keys) => forgotten.push(...keys))
  notifier.start()
  return { clock, notifier }
}

const labels = { alertname: 'RoomTemperature', device: 'crac-1' }

function firing(key: string, own: Labels, startsAt: number): Firing {
  return {
    key,
    labels: own,
    annotations: () => ({ summary: 'hot' }),
    startsAt,
    lifetime: () => 120 * minute,
    confirmedAt: () => 0,
  }
}

const failed: Delivery = { kind: 'failed', why: 'ECONNREFUSED', retryAfter: undefined }

describe('one alertmanager', () => {
  test('a firing alert is sent at once and then each minute, its end as far ahead as it is to live', async () => {
    const peer = new Peer()
    const { clock, notifier } = notifierFor([peer])
    const began = clock.now().wall
    notifier.fire(firing('k', labels, began))
    await clock.pass(1000)
    expect(peer.posts).toHaveLength(1)
    expect(peer.alerts[0]).toMatchObject({ labels, annotations: { summary: 'hot' }, startsAt: began })
    expect((peer.alerts[0]?.endsAt ?? 0) - began).toBeGreaterThanOrEqual(120 * minute)
    await clock.pass(5 * minute)
    expect(peer.posts).toHaveLength(6)
    expect(new Set(peer.alerts.map(({ startsAt }) => startsAt)).size).toBe(1)
  })

  test('a resolved alert is repeated for a quarter of an hour, then forgotten', async () => {
    const peer = new Peer()
    const forgotten: string[] = []
    const { clock, notifier } = notifierFor([peer], forgotten)
    notifier.fire(firing('k', labels, clock.now().wall))
    await clock.pass(1000)
    const at = clock.now()
    notifier.resolve('k', at)
    await clock.pass(1000)
    expect(peer.alerts.at(-1)?.endsAt).toBe(at.wall)
    await clock.pass(14 * minute)
    expect(forgotten).toEqual([])
    await clock.pass(2 * minute)
    expect(forgotten).toEqual(['k'])
    const told = peer.posts.length
    expect(told).toBeGreaterThan(14)
    await clock.pass(10 * minute)
    expect(peer.posts).toHaveLength(told)
  })

  test('while it is away nothing is lost: what fired and resolved meanwhile is told on its return', async () => {
    const peer = new Peer()
    peer.answer = () => failed
    const forgotten: string[] = []
    const { clock, notifier } = notifierFor([peer], forgotten)
    for (let i = 0; i < 1000; i++) notifier.fire(firing(`r${i}`, { ...labels, i: `r${i}` }, clock.now().wall))
    await clock.pass(minute)
    for (let i = 0; i < 1000; i++) notifier.resolve(`r${i}`, clock.now())
    for (let i = 0; i < 5000; i++) notifier.fire(firing(`f${i}`, { ...labels, i: `f${i}` }, clock.now().wall))
    await clock.pass(60 * minute)
    expect(peer.posts.length).toBeLessThan(150)
    expect(forgotten).toEqual([])
    peer.posts.length = 0
    peer.answer = () => ({ kind: 'taken' })
    await clock.pass(90_000)
    const fired = new Set(peer.alerts.map((alert) => alert.labels['i']))
    expect(fired.size).toBe(6000)
    const now = clock.now().wall
    const over = peer.alerts.filter(({ endsAt }) => (endsAt ?? now + 1) < now)
    expect(new Set(over.map((alert) => alert.labels['i'])).size).toBe(1000)
    expect(Math.max(...peer.posts.map((post) => post.length))).toBeLessThanOrEqual(256)
  })

  test('Retry-After is obeyed', async () => {
    const peer = new Peer()
    peer.answer = () => ({ kind: 'failed', why: 'HTTP 429', retryAfter: 45_000 })
    const { clock, notifier } = notifierFor([peer])
    notifier.fire(firing('k', labels, clock.now().wall))
    await clock.pass(40_000)
    expect(peer.posts).toHaveLength(1)
    await clock.pass(10_000)
    expect(peer.posts).toHaveLength(2)
  })

  test('of a refused batch all but the bad alert are told, and the bad one is no storm', async () => {
    const peer = new Peer()
    const isBad = (alert: Alert): boolean => alert.labels['i'] === '77'
    peer.answer = (alerts) => (alerts.some(isBad) ? { kind: 'refused', why: 'HTTP 400' } : { kind: 'taken' })
    const { clock, notifier } = notifierFor([peer])
    for (let i = 0; i < 200; i++) notifier.fire(firing(`k${i}`, { ...labels, i: `${i}` }, clock.now().wall))
    await clock.pass(1000)
    const taken = peer.posts.filter((post) => !post.some(isBad)).flat()
    expect(new Set(taken.map((alert) => alert.labels['i'])).size).toBe(199)
    const posts = peer.posts.length
    await clock.pass(30_000)
    expect(peer.posts).toHaveLength(posts)
  })

  test('stopping tells what is new', async () => {
    const peer = new Peer()
    const { clock, notifier } = notifierFor([peer])
    notifier.fire(firing('k', labels, clock.now().wall))
    await notifier.stop()
    expect(peer.posts).toHaveLength(1)
    expect(clock.waiting).toBe(0)
  })
})

test('a dead alertmanager holds up no other', async () => {
  const dead = new Peer('http://dead')
  const alive = new Peer('http://alive')
  dead.answer = () => failed
  const { clock, notifier } = notifierFor([dead, alive])
  notifier.fire(firing('k', labels, clock.now().wall))
  await clock.pass(1000)
  expect(alive.posts).toHaveLength(1)
  await clock.pass(5 * minute)
  expect(alive.posts).toHaveLength(6)
  dead.answer = () => ({ kind: 'taken' })
  await clock.pass(minute)
  expect(dead.posts.at(-1)).toHaveLength(1)
})

describe('the end of an alert', () => {
  const over = (peer: Peer, now: number): boolean => (peer.alerts.at(-1)?.endsAt ?? Number.POSITIVE_INFINITY) <= now
  const away: Look = { kind: 'failed', why: 'ECONNREFUSED', retryAfter: undefined }

  test('waits while a peer is away, which would page for what the others call over', async () => {
    const one = new Peer('http://one')
    const other = new Peer('http://other')
    const { clock, notifier } = notifierFor([one, other])
    notifier.fire(firing('k', labels, clock.now().wall))
    await clock.pass(minute)
    other.answer = () => failed
    other.view = away
    notifier.resolve('k', clock.now())
    await clock.pass(2 * minute)
    expect(over(one, clock.now().wall)).toBe(false)
    other.answer = () => ({ kind: 'taken' })
    other.view = { kind: 'closed' }
    await clock.pass(minute)
    expect([one, other].map((peer) => over(peer, clock.now().wall))).toEqual([true, true])
  })

  test('waits no more for one that is away for long', async () => {
    const one = new Peer('http://one')
    const dead = new Peer('http://dead')
    dead.answer = () => failed
    dead.view = away
    const { clock, notifier } = notifierFor([one, dead])
    notifier.fire(firing('k', labels, clock.now().wall))
    await clock.pass(minute)
    notifier.resolve('k', clock.now())
    await clock.pass(5 * minute)
    expect(over(one, clock.now().wall)).toBe(true)
    notifier.fire(firing('k2', { ...labels, i: '2' }, clock.now().wall))
    await clock.pass(minute)
    notifier.resolve('k2', clock.now())
    await clock.pass(1000)
    expect(over(one, clock.now().wall)).toBe(true)
  })
})
