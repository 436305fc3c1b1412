import { describe, expect, test } from 'vitest'
import { phase } from '../../src/judge/cell.ts'
import { Judge } from '../../src/judge/judge.ts'
import { type DeclaredEvent, eventMetric } from '../../src/model/event.ts'
import { SeriesTable } from '../../src/model/series.ts'
import { Store } from '../../src/store/store.ts'
import { DeviceAddresses } from '../../src/watch/device-addresses.ts'
import { EventDesk } from '../../src/watch/event-desk.ts'
import { ManualClock } from '../manual-clock.ts'
import { makeDevice, makeProbe, makeRule, temperature } from '../samples.ts'

const minute = 60_000
const metric = { ...temperature, name: eventMetric, labels: ['event'], range: { low: 0, high: 1 } }
const door: DeclaredEvent = { on: ['1.1'], clear: ['1.2'], name: 'door', lasts: 60 * minute }
const link: DeclaredEvent = { on: ['2.1', '2.2'], clear: [], name: undefined, lasts: 60 * minute }

function deskFor(events: readonly DeclaredEvent[]) {
  const clock = new ManualClock()
  const store = new Store()
  const rule = makeRule({
    alarm: 'DoorOpen',
    metric,
    match: { event: 'door' },
    condition: { kind: 'above', limit: { kind: 'fixed', value: 0 }, hysteresis: 0 },
  })
  const judge = new Judge({ name: 'hospital', labels: {} }, store)
  const table = new SeriesTable('hospital', (series) => {
    store.add(series)
    judge.addSeries(series)
  })
  const probe = { ...makeProbe('fake', [], {}), events }
  const device = makeDevice({ name: 'door', rules: [rule], probes: [{ probe, interval: minute, timeout: minute }] })
  judge.addDevice(device)
  const polls: number[] = []
  const busy = { until: 0 }
  const began = clock.now().mono
  const changes: string[] = []
  const desk = new EventDesk({
    clock,
    store,
    judge,
    metric,
    hurry: () => {
      if (clock.now().mono - began < busy.until) return false
      polls.push(clock.now().mono - began)
      return true
    },
    take: (transitions) => changes.push(...transitions.map(({ to }) => phase(to))),
  })
  desk.add(device, table.scope(table.source('door', 'events', true)))
  return { clock, desk, polls, changes, busy }
}

describe('an event', () => {
  test('that is declared makes the device polled at once; any other does nothing', async () => {
    const { clock, desk, polls } = deskFor([door, link])
    expect(desk.heard('door', '2.1')).toBe(true)
    await clock.pass(1)
    expect(polls).toEqual([0])
    expect([desk.heard('door', '9.9'), desk.heard('window', '2.1')]).toEqual([false, false])
    await clock.pass(minute)
    expect(polls).toHaveLength(1)
  })

  test('told a thousand times in a minute makes a poll every five seconds, not a thousand', async () => {
    const { clock, desk, polls } = deskFor([link])
    for (let i = 0; i < 1000; i++) {
      desk.heard('door', '2.2')
      await clock.pass(60)
    }
    expect(polls.length).toBeGreaterThan(10)
    expect(polls.length).toBeLessThanOrEqual(13)
    await clock.pass(minute)
    expect(polls.length).toBeLessThanOrEqual(14)
  })

  test('during a poll is followed by another one', async () => {
    const { clock, desk, polls, busy } = deskFor([link])
    busy.until = 2500
    desk.heard('door', '2.1')
    await clock.pass(minute)
    expect(polls).toEqual([3000])
  })

  test('with a name is an alarm from the event to its clear', async () => {
    const { clock, desk, changes } = deskFor([door])
    desk.heard('door', '1.1')
    expect(changes).toEqual(['firing'])
    await clock.pass(10 * minute)
    desk.heard('door', '1.1')
    expect(changes).toEqual(['firing'])
    desk.heard('door', '1.2')
    expect(changes).toEqual(['firing', 'inactive'])
  })

  test('whose clear never comes is over after as long as it lasts, counted from when it was last told', async () => {
    const { clock, desk, changes } = deskFor([door])
    desk.heard('door', '1.1')
    await clock.pass(50 * minute)
    desk.heard('door', '1.1')
    await clock.pass(50 * minute)
    expect(changes).toEqual(['firing'])
    await clock.pass(15 * minute)
    expect(changes).toEqual(['firing', 'inactive'])
    desk.stop()
    expect(clock.waiting).toBe(0)
  })
})

describe('who is behind an address', () => {
  test('is told by the site: by address, by name, with and without port, however the socket writes it', async () => {
    const devices = [
      makeDevice({ name: 'a', address: '10.0.0.1:502' }),
      makeDevice({ name: 'b', address: 'switch.example' }),
      makeDevice({ name: 'c', address: '[2001:DB8::1]:161' }),
      makeDevice({ name: 'd', address: '10.0.0.1' }),
      makeDevice({ name: 'e', address: 'unknown.example' }),
    ]
    const names: Readonly<Record<string, readonly string[]>> = { 'switch.example': ['10.0.0.2', '10.0.0.3'] }
    const addresses = new DeviceAddresses(devices, async (host) => {
      if (/^[\d.]+$|:/.test(host)) return [host]
      const found = names[host]
      if (found === undefined) throw new Error('ENOTFOUND')
      return found
    })
    expect(addresses.at('10.0.0.1')).toEqual([])
    await addresses.refresh()
    expect(addresses.at('10.0.0.1')).toEqual(['a', 'd'])
    expect(addresses.at('::ffff:10.0.0.3')).toEqual(['b'])
    expect(addresses.at('2001:db8::1')).toEqual(['c'])
    expect(addresses.at('10.0.0.9')).toEqual([])
  })
})
