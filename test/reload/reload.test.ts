import { afterEach, describe, expect, test } from 'vitest'
import type { Asset } from '../../src/model/asset.ts'
import type { Duty } from '../../src/model/duty.ts'
import { makeDevice, makeProbe, makeRule, nowhere } from '../samples.ts'
import { deviceOf, down, hot, metric, minute, World } from './world.ts'

let world: World

afterEach(async () => {
  await world.daemon?.stop()
})

async function started(changed: ConstructorParameters<typeof World>[0] = {}): Promise<World> {
  world = new World(changed)
  await world.start()
  await world.clock.pass(minute)
  return world
}

/** `one` fires. */
async function firing(changed: ConstructorParameters<typeof World>[0] = {}): Promise<World> {
  world = new World(changed)
  world.answers.set('one', { in: 30 })
  await world.start()
  await world.clock.pass(4 * minute)
  expect(world.standing('RoomTemperature', 'one')).toBe('firing')
  return world
}

describe('what is as it was', () => {
  test('goes on being polled over the same connection at the same times, and its readings stay', async () => {
    await started()
    const [line] = world.linesOf('one')
    const before = [...(line?.polls ?? [])]
    const changes = await world.reload({
      devices: [deviceOf('one'), deviceOf('two', { address: 'elsewhere.example' }), deviceOf('three')],
    })
    expect(changes.devices).toEqual({
      added: ['three'],
      removed: [],
      changed: [{ name: 'two', keys: ['address'] }],
      kept: 1,
    })
    expect(await world.exposed('room_temperature_celsius')).toContain('{device="one",sensor="in"} 22')
    await world.clock.pass(3 * minute)
    expect(world.linesOf('one')).toHaveLength(1)
    expect(line?.isClosed).toBe(false)
    const gaps = line?.polls.map((at, i) => at - (line.polls[i - 1] ?? at)).slice(before.length)
    expect(gaps).toEqual([minute, minute, minute])
    const history = await (
      await fetch(`${world.daemon?.url}/api/v1/history?metric=room_temperature_celsius&device=one`)
    ).text()
    expect(JSON.parse(history).series[0].points).toHaveLength(line?.polls.length ?? 0)
  })

  test('goes on waiting for its time while an alarm is pending', async () => {
    await started()
    world.answers.set('one', { in: 30 })
    await world.clock.pass(1.5 * minute)
    expect(await world.exposed('siteward_alarms')).toContain(
      '{device="one",alarm="RoomTemperature",severity="critical",state="pending"} 1',
    )
    for (let i = 0; i < 20; i++) {
      await world.reload({ devices: [deviceOf('one'), deviceOf('two', { labels: { room: `room ${i}` } })] })
      await world.clock.pass(5_000)
    }
    expect(world.standing('RoomTemperature', 'one')).toBe('firing')
    const [alert] = world.tellings('RoomTemperature', 'one')
    const [line] = world.linesOf('one')
    const firstBad = line?.polls[line.polls.length - 1 - 2] ?? 0
    expect(alert?.startsAt).toBe(firstBad + 2 * minute + (world.clock.now().wall - world.clock.now().mono))
  })

  test('stays firing, taken by whom it was, with the start that it had', async () => {
    await firing()
    const [first] = world.tellings('RoomTemperature', 'one')
    const token = (await import('node:fs')).readFileSync(`${world.folder}/operator-token`, 'utf8').trim()
    const id = first?.annotations['alarm_id']
    const reply = await fetch(`${world.daemon?.url}/api/v1/alarms/${id}/attendance`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ step: 'taken', by: 'night shift' }),
    })
    expect(reply.status).toBe(200)
    await world.reload({ devices: [deviceOf('one')], resend: 2 * minute, language: 'zh' })
    world.alerts.length = 0
    await world.clock.pass(5 * minute)
    const told = world.tellings('RoomTemperature', 'one')
    expect(told.length).toBeGreaterThan(0)
    expect(told.length).toBeLessThanOrEqual(4)
    expect(new Set(told.map(({ startsAt }) => startsAt))).toEqual(new Set([first?.startsAt]))
    expect(told.at(-1)?.annotations['acknowledged']).toContain('night shift')
    expect(told.at(-1)?.annotations['summary']).toBe(told.at(-1)?.annotations['summary_zh'])
  })
})

describe('a device that is gone', () => {
  test('is polled no more, leaves the metrics, and its alerts resolve', async () => {
    await firing()
    await world.reload({ devices: [deviceOf('two')] })
    expect(world.linesOf('one')[0]?.isClosed).toBe(true)
    expect(world.standing('RoomTemperature', 'one')).toBe('resolved')
    expect(await world.scrape()).not.toContain('device="one"')
    const polls = world.linesOf('one')[0]?.polls.length
    await world.clock.pass(5 * minute)
    expect(world.linesOf('one')[0]?.polls).toHaveLength(polls ?? 0)
    expect(world.standing('RoomTemperature', 'two')).toBeUndefined()
  })

  test('leaves nothing of a poll that was under way', async () => {
    await started()
    let release = (): void => {}
    world.holdUp = new Promise((resolve) => {
      release = resolve
    })
    world.answers.set('one', { in: 99 })
    await world.clock.pass(minute)
    await world.reload({ devices: [deviceOf('two')] })
    release()
    await world.clock.pass(minute)
    expect(await world.scrape()).not.toContain('device="one"')
  })

  test('that another siteward watches now ends no alert', async () => {
    await firing()
    world.alerts.length = 0
    await world.reload({ devices: [deviceOf('two')] }, ['one'])
    await world.clock.pass(10 * minute)
    expect(world.tellings('RoomTemperature', 'one')).toEqual([])
  })

  test('and was unread since a restart resolves too', async () => {
    await firing()
    await world.daemon?.stop()
    world.alerts.length = 0
    await world.start()
    await world.reload({ devices: [deviceOf('two')] })
    await world.clock.pass(minute)
    expect(world.standing('RoomTemperature', 'one')).toBe('resolved')
  })
})

describe('a device that changes', () => {
  test('is reached anew, and its alarm goes on until a reading there says otherwise', async () => {
    await firing()
    const [first] = world.tellings('RoomTemperature', 'one')
    await world.reload({ devices: [deviceOf('one', { address: 'new.example' }), deviceOf('two')] })
    expect(world.linesOf('one').map(({ address, isClosed }) => [address, isClosed])).toEqual([
      ['one.example', true],
      ['new.example', false],
    ])
    world.alerts.length = 0
    await world.clock.pass(3 * minute)
    expect(world.standing('RoomTemperature', 'one')).toBe('firing')
    expect(world.tellings('RoomTemperature', 'one').every(({ startsAt }) => startsAt === first?.startsAt)).toBe(true)
    world.answers.set('one', { in: 22 })
    await world.clock.pass(2 * minute)
    expect(world.standing('RoomTemperature', 'one')).toBe('resolved')
    expect(world.linesOf('two')).toHaveLength(1)
  })

  test('and does not answer any more stays firing', async () => {
    await firing()
    world.answers.set('one', 'silent')
    await world.reload({ devices: [deviceOf('one', { address: 'new.example' }), deviceOf('two')] })
    await world.clock.pass(10 * minute)
    expect(world.standing('RoomTemperature', 'one')).toBe('firing')
    expect(world.standing('DeviceDown', 'one')).toBe('firing')
  })

  test('whose reading is no more has no alarm of it, once all the others have come', async () => {
    await firing()
    world.answers.set('one', { out: 22 })
    await world.reload({ devices: [deviceOf('one', { address: 'new.example' }), deviceOf('two')] })
    await world.clock.pass(minute)
    expect(world.standing('RoomTemperature', 'one')).toBe('resolved')
    expect(await world.exposed('siteward_alarms')).toContain(
      '{device="one",alarm="RoomTemperature",severity="critical",state="firing"} 0',
    )
  })

  test('keeps the probes that it goes on using', async () => {
    await started()
    const [use] = deviceOf('one').probes
    if (use === undefined) throw new Error('no probe')
    const more = { ...use, probe: makeProbe('fake', [], { more: true }, 'more') }
    await world.reload({ devices: [deviceOf('one', { probes: [use, more] }), deviceOf('two')] })
    await world.clock.pass(minute)
    expect(world.linesOf('one').map(({ polls, isClosed }) => [polls.length > 0, isClosed])).toEqual([
      [true, false],
      [true, false],
    ])
    await world.reload({ devices: [deviceOf('one'), deviceOf('two')] })
    await world.clock.pass(minute)
    expect(world.linesOf('one').map(({ isClosed }) => isClosed)).toEqual([false, true])
    expect(await world.exposed('siteward_device_up')).toContain('{device="one",probe="sample"} 1')
    expect((await world.exposed('siteward_device_up')).join()).not.toContain('more')
  })

  test('is silent in one with what was silent before', async () => {
    world = new World()
    world.answers.set('one', 'silent')
    await world.start()
    await world.clock.pass(1.5 * minute)
    await world.reload({ devices: [deviceOf('one', { address: 'new.example' }), deviceOf('two')] })
    await world.clock.pass(minute)
    expect(world.standing('DeviceDown', 'one')).toBe('firing')
  })

  test('shares a connection with another: both give it back before either opens it anew', async () => {
    const both = (address: string) => ['one', 'two'].map((name) => deviceOf(name, { address }))
    await started({ devices: both('bus') })
    await world.reload({ devices: both('bus').map((device) => ({ ...device, options: { fake: { unit: 1 } } })) })
    await world.clock.pass(minute)
    expect(world.lines.map(({ isClosed }) => isClosed)).toEqual([true, true, false, false])
  })
})

describe('rules that change', () => {
  test('hold at once for what was read; nothing is reached anew', async () => {
    await started()
    world.answers.set('one', { in: 27 })
    await world.clock.pass(minute)
    const cool = makeRule({ condition: { kind: 'above', limit: { kind: 'fixed', value: 26 }, hysteresis: 0 } })
    await world.reload({ devices: [deviceOf('one', { rules: [cool, down] }), deviceOf('two')] })
    expect(world.standing('RoomTemperature', 'one')).toBe('firing')
    expect(world.linesOf('one')).toHaveLength(1)
    await world.reload({ devices: [deviceOf('one'), deviceOf('two')] })
    await world.clock.pass(100)
    expect(world.standing('RoomTemperature', 'one')).toBe('resolved')
    expect((await world.exposed('siteward_threshold')).filter((line) => line.includes('"one"'))).toEqual([
      '{device="one",metric="room_temperature_celsius",alarm="RoomTemperature",severity="critical",bound="high"} 28',
      '{device="one",metric="siteward_device_up",alarm="DeviceDown",severity="warning",bound="low"} 1',
    ])
  })

  test('A13: a longer or shorter wait: what fires stays firing, what is pending counts from when it was broken', async () => {
    await firing()
    const [first] = world.tellings('RoomTemperature', 'one')
    const patient = { ...hot, for: 60 * minute }
    await world.reload({
      devices: [deviceOf('one', { rules: [patient, down] }), deviceOf('two', { rules: [patient, down] })],
    })
    world.answers.set('two', { in: 30 })
    await world.clock.pass(5 * minute)
    expect(world.standing('RoomTemperature', 'one')).toBe('firing')
    expect(world.standing('RoomTemperature', 'two')).toBeUndefined()
    await world.reload({ devices: [deviceOf('one'), deviceOf('two')] })
    expect(world.standing('RoomTemperature', 'two')).toBe('firing')
    expect(new Set(world.tellings('RoomTemperature', 'one').map(({ startsAt }) => startsAt))).toEqual(
      new Set([first?.startsAt]),
    )
  })

  test('A9: a rule that is gone, or has another name, ends its alert; the other one fires', async () => {
    await firing()
    const renamed = { ...hot, alarm: 'RoomHot' }
    await world.reload({ devices: [deviceOf('one', { rules: [renamed, down] }), deviceOf('two')] })
    expect(world.standing('RoomTemperature', 'one')).toBe('resolved')
    expect(world.standing('RoomHot', 'one')).toBeUndefined()
    await world.clock.pass(3 * minute)
    expect(world.standing('RoomHot', 'one')).toBe('firing')
  })

  test('A9: other labels make another alert: the old one ends, the new one fires with the same start', async () => {
    await firing()
    const [first] = world.tellings('RoomTemperature', 'one')
    await world.reload({ devices: [deviceOf('one', { labels: { room: 'cellar' } }), deviceOf('two')] })
    const last = world.tellings('RoomTemperature', 'one')
    const ended = last.filter(({ labels }) => labels['room'] === 'main').at(-1)
    const began = last.filter(({ labels }) => labels['room'] === 'cellar')
    expect(ended?.endsAt).toBeLessThanOrEqual(world.clock.now().wall)
    expect(began.at(-1)?.startsAt).toBe(first?.startsAt)
    expect(began.at(-1)?.endsAt).toBeGreaterThan(world.clock.now().wall)
    await world.clock.pass(10 * minute)
    expect(world.standing('RoomTemperature', 'one')).toBe('firing')
  })

  test('labels of the site are on all alerts', async () => {
    await firing()
    await world.reload({ labels: { region: 'north' } })
    const told = world.tellings('RoomTemperature', 'one')
    expect(told.at(-1)?.labels).toMatchObject({ region: 'north', device: 'one' })
    expect(world.linesOf('one')).toHaveLength(1)
    await world.clock.pass(5 * minute)
    expect(world.linesOf('one')).toHaveLength(1)
  })
})

describe('what the site says of all', () => {
  const running = makeRule({
    alarm: 'Cooling',
    measure: { kind: 'count', of: { kind: 'below', limit: { kind: 'fixed', value: 25 }, hysteresis: 0 } },
    condition: { kind: 'below', limit: { kind: 'fixed', value: 2 }, hysteresis: 0 },
  })
  const group = (members: readonly string[], rules = [running]) => ({
    device: makeDevice({ name: 'rooms', rules }),
    members,
  })

  test('groups count who is in them now', async () => {
    await started({ groups: [group(['one', 'two'])] })
    expect(world.standing('Cooling', 'rooms')).toBeUndefined()
    await world.reload({ groups: [group(['one'])] })
    expect(world.standing('Cooling', 'rooms')).toBe('firing')
    await world.reload({
      devices: [deviceOf('one'), deviceOf('two'), deviceOf('three')],
      groups: [group(['one', 'three'])],
    })
    await world.clock.pass(minute)
    expect(world.standing('Cooling', 'rooms')).toBe('resolved')
    await world.reload({ groups: [group(['one'])] })
    expect(world.standing('Cooling', 'rooms')).toBe('firing')
    await world.reload({ groups: [] })
    expect(world.standing('Cooling', 'rooms')).toBe('resolved')
    expect(await world.scrape()).not.toContain('device="rooms"')
  })

  test('every Alertmanager that is named is told all that fires', async () => {
    await firing()
    const other = new URL('http://other')
    await world.reload({ alertmanagers: [...world.site.alertmanagers, other] })
    expect(world.told.get(other.href)?.map(({ labels }) => labels['alertname'])).toEqual(['RoomTemperature'])
    await world.reload({ alertmanagers: [other] })
    const [first] = world.told.values()
    const count = first?.length
    await world.clock.pass(5 * minute)
    expect(first?.length).toBe(count)
    expect(world.told.get(other.href)?.length).toBeGreaterThan(2)
    expect(await world.exposed('siteward_alertmanager_up')).toEqual(['{alertmanager="http://other"} 1'])
  })

  test('a quiet time holds back what begins from then on', async () => {
    await started()
    const now = world.clock.now().wall
    await world.reload({
      quiet: [
        {
          ...{ name: 'work', author: '', note: '', endsWhenWell: undefined },
          scope: { devices: ['one'], alarms: [], match: {} },
          time: { kind: 'once', from: now - minute, to: now + 60 * minute },
        },
      ],
    })
    world.answers.set('one', { in: 30 })
    world.answers.set('two', { in: 30 })
    await world.clock.pass(4 * minute)
    expect(world.standing('RoomTemperature', 'two')).toBe('firing')
    expect(world.standing('RoomTemperature', 'one')).toBeUndefined()
    await world.reload({ quiet: [] })
    await world.clock.pass(minute)
    expect(world.standing('RoomTemperature', 'one')).toBe('firing')
  })

  test("the dead man's switch, under its name of now", async () => {
    await started({ watchdog: 'Alive' })
    await world.reload({ watchdog: 'StillAlive' })
    const last = (name: string) => world.alerts.filter(({ labels }) => labels['alertname'] === name).at(-1)
    expect(last('Alive')?.endsAt).toBeLessThanOrEqual(world.clock.now().wall)
    expect(last('StillAlive')?.endsAt).toBeGreaterThan(world.clock.now().wall)
  })

  test('an alarm about a plan of drills ends with the plan', async () => {
    const overdue = makeRule({
      alarm: 'DrillOverdue',
      metric: metric('siteward_drill_overdue'),
      condition: { kind: 'above', limit: { kind: 'fixed', value: 0 }, hysteresis: 0 },
    })
    const plan = {
      name: 'weekly',
      device: 'one',
      aim: 'room_temperature_celsius=35',
      every: minute,
      at: 0,
      hold: undefined,
    }
    const itself = makeDevice({ name: 'siteward', rules: [overdue] })
    await started({ itself, drills: { receipt: undefined, schedule: [{ ...plan, device: 'none' }] } })
    await world.clock.pass(25 * 60 * minute)
    expect(world.standing('DrillOverdue', 'siteward')).toBe('firing')
    await world.reload({ drills: { receipt: undefined, schedule: [] } })
    expect(world.standing('DrillOverdue', 'siteward')).toBe('resolved')
  }, 240_000)

  test('an alarm about a duty ends with the duty, and goes on with it', async () => {
    const overdue = makeRule({
      alarm: 'DutyOverdue',
      metric: metric('siteward_duty_overdue'),
      condition: { kind: 'above', limit: { kind: 'fixed', value: 0 }, hysteresis: 0 },
    })
    const duty = (name: string): Duty => ({
      ...{ name, title: { en: name, zh: name }, recurrence: { kind: 'days', days: 7 }, moves: undefined, grace: 0 },
      ...{ from: '2020-01-01', plan: [], devices: [], readings: [], place: nowhere },
    })
    const itself = makeDevice({ name: 'siteward', rules: [overdue] })
    await started({ itself, duties: [duty('earthing'), duty('dust')] })
    const standing = (name: string) => {
      const all = world.tellings('DutyOverdue', 'siteward').filter(({ labels }) => labels['duty'] === name)
      return (all.at(-1)?.endsAt ?? 0) > world.clock.now().wall ? 'firing' : 'resolved'
    }
    expect(['earthing', 'dust'].map(standing)).toEqual(['firing', 'firing'])
    const starts = () => world.tellings('DutyOverdue', 'siteward').map(({ startsAt }) => startsAt)
    const before = new Set(starts())
    await world.reload({ duties: [duty('dust')] })
    await world.clock.pass(2 * minute)
    expect(['earthing', 'dust'].map(standing)).toEqual(['resolved', 'firing'])
    expect(new Set(starts())).toEqual(before)
  })

  test('what is not polled comes, changes and goes, with its alarms', async () => {
    const late = makeRule({
      alarm: 'CertificateEnding',
      metric: metric('siteward_certificate_left_seconds'),
      condition: { kind: 'below', limit: { kind: 'fixed', value: 30 * 86_400 }, hysteresis: 0 },
    })
    const asset = (end: string): Asset => ({ name: 'meter', fields: { certificate_end: end }, place: nowhere })
    const thing = (end: string) => makeDevice({ name: 'meter', rules: [late], asset: asset(end) })
    await started()
    const day = (days: number): string =>
      new Date(world.clock.now().wall + days * 86_400_000).toISOString().slice(0, 10)
    await world.reload({ unpolled: [thing(day(10))] })
    expect(world.standing('CertificateEnding', 'meter')).toBe('firing')
    await world.reload({ unpolled: [thing(day(400))] })
    expect(world.standing('CertificateEnding', 'meter')).toBe('resolved')
    await world.reload({ unpolled: [thing(day(5))] })
    expect(world.standing('CertificateEnding', 'meter')).toBe('firing')
    await world.reload({ unpolled: [] })
    expect(world.standing('CertificateEnding', 'meter')).toBe('resolved')
    expect(await world.scrape()).not.toContain('device="meter"')
  })

  test('what only a restart brings in is told, and stays as it is', async () => {
    await started()
    const url = world.daemon?.url
    const changes = await world.reload({ listen: { host: '127.0.0.1', port: 1 }, name: 'clinic', resend: 5 * minute })
    expect(changes.restart).toEqual(['site', 'listen'])
    expect(changes.settings).toEqual(['resend'])
    expect(world.daemon?.url).toBe(url)
    expect(await world.scrape()).toContain('site="hospital"')
  })
})

test('a thousand reloads leave nothing behind', async () => {
  await firing()
  const size = async () => Number(/^siteward_series (\d+)$/m.exec(await world.scrape())?.[1])
  const variants = [
    [deviceOf('one'), deviceOf('two', { address: 'a.example' }), deviceOf('three')],
    [deviceOf('one', { rules: [hot] }), deviceOf('two', { labels: { room: 'x' } }), deviceOf('four')],
  ]
  for (let i = 0; i < 20; i++) await world.reload({ devices: variants[i % 2] ?? [] })
  await world.clock.pass(2 * minute)
  const [before, timers] = [await size(), world.clock.waiting]
  for (let i = 0; i < 1000; i++) await world.reload({ devices: variants[i % 2] ?? [] })
  await world.clock.pass(2 * minute)
  expect(await size()).toBeLessThanOrEqual(before)
  expect(world.clock.waiting).toBeLessThanOrEqual(timers + 1)
  expect(world.standing('RoomTemperature', 'one')).toBe('firing')
  expect(world.lines.filter(({ isClosed }) => !isClosed)).toHaveLength(3)
}, 120_000)
