import { describe, expect, test } from 'vitest'
import type { Fault } from './faults.ts'
import { grown, type Look, lookOf } from './looks.ts'
import { type SoakPage, verdictOf } from './verdict.ts'

const device = 'r01-ups-1'
const illness: Fault = { at: 100_000, lasts: 44_000, kind: 'silent', device }

function look(at: number, faults: number, other: Partial<Look> = {}): Look {
  const still = { took: 20, process: 1, bugs: 0, late: 0, sendFailures: 0, isReloaded: true, lastReload: 1 }
  return {
    ...still,
    at,
    faults: new Map([[device, faults]]),
    up: new Map(),
    residentBytes: 1,
    historyBytes: 1,
    ...other,
  }
}

function page(at: number, status: SoakPage['status'], other: Partial<SoakPage> = {}): SoakPage {
  return { at, status, device, alertname: 'DeviceDown', since: 112_000, ...other }
}

const seen = [look(90_000, 0), look(120_000, 4), look(150_000, 8), look(200_000, 8)]
const told = [page(115_000, 'firing'), page(150_000, 'resolved')]
const well = { unseen: [], unpaged: [], unfounded: [], falselyResolved: [], unresolved: [], bugs: 0 }

test('a fault that was counted, paged and paged back is as it should be', () => {
  expect(verdictOf([illness], seen, told)).toEqual(well)
})

test('a fault that no counter and no alarm shows is unseen', () => {
  expect(verdictOf([illness], [look(90_000, 0), look(150_000, 0)], told)).toMatchObject({ unseen: [illness] })
})

test('an illness that lasts and that nobody is paged for is missed, but not while siteward was being killed', () => {
  expect(verdictOf([illness], seen, [])).toMatchObject({ unpaged: [illness] })
  const kill: Fault = { at: 110_000, lasts: 9000, kind: 'killed' }
  expect(verdictOf([illness, kill], seen, [])).toMatchObject({ unpaged: [] })
})

test('a page of a device that is well is for nothing', () => {
  const other = page(115_000, 'firing', { device: 'r01-ups-2' })
  const end = page(116_000, 'resolved', { device: 'r01-ups-2' })
  expect(verdictOf([illness], seen, [...told, other, end])).toEqual({ ...well, unfounded: [other] })
})

test('a page that is taken back while the illness lasts is false, one that never is stands', () => {
  const early = page(130_000, 'resolved')
  expect(verdictOf([illness], seen, [...told, early])).toMatchObject({ falselyResolved: [early] })
  expect(verdictOf([illness], seen, told.slice(0, 1))).toMatchObject({ unresolved: [told[0]] })
  // Of an earlier illness, told late because Alertmanager was away.
  const late = page(130_000, 'resolved', { since: 50_000 })
  expect(verdictOf([illness], seen, [late, ...told])).toMatchObject({ falselyResolved: [] })
})

describe('what was done to siteward', () => {
  const at = { at: 100_000, lasts: 10_000 }
  test.each<[Fault, Partial<Look>]>([
    [{ ...at, kind: 'killed' }, { process: 2 }],
    [{ ...at, kind: 'paused' }, { late: 3 }],
    [{ ...at, kind: 'reloaded' }, { lastReload: 2 }],
    [{ ...at, kind: 'misconfigured' }, { isReloaded: false }],
    [{ ...at, kind: 'alertmanager-cut' }, { sendFailures: 1 }],
  ])('%o shows, and not showing is unseen', (fault, mark) => {
    expect(verdictOf([fault], [look(99_000, 0), look(105_000, 0, mark)], [])).toMatchObject({ unseen: [] })
    expect(verdictOf([fault], [look(99_000, 0), look(105_000, 0)], [])).toMatchObject({ unseen: [fault] })
  })

  test('slow clients must hold up nobody', () => {
    const fault: Fault = { ...at, kind: 'slow-clients' }
    expect(verdictOf([fault], [look(105_000, 0)], [])).toMatchObject({ unseen: [] })
    expect(verdictOf([fault], [look(105_000, 0, { took: 5000 })], [])).toMatchObject({ unseen: [fault] })
  })
})

test('a counter goes on over the lives of several processes', () => {
  const looks = [look(0, 5), look(10, 7), look(20, 1, { process: 2 }), look(30, 4, { process: 2 })]
  expect(grown(looks, 5, 30, (one) => one.faults.get(device) ?? 0)).toBe(2 + 1 + 3)
})

test('a look reads what /metrics says', () => {
  const text = `siteward_poll_faults_total{device="a",probe="x",fault="timeout"} 2
siteward_poll_faults_total{device="a",probe="y",fault="refused"} 3
siteward_device_up{device="a",probe="x"} 1
siteward_device_up{device="a",probe="y"} 0
siteward_schedule_lateness_seconds_bucket{le="2.5"} 7
siteward_schedule_lateness_seconds_count 9
siteward_config_last_reload_successful 1
process_start_time_seconds 42
`
  const found = lookOf(1, 2, text)
  expect(found).toMatchObject({ at: 1, took: 2, process: 42, late: 2, isReloaded: true })
  expect([...found.faults]).toEqual([['a', 5]])
  expect([...found.up]).toEqual([['a', false]])
})
