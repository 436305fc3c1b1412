import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DeviceReadings, Status } from '../../src/status/shape.ts'
import { ManualClock } from '../manual-clock.ts'
import { hostile, readToken, token, WatchedRoom } from './watched-room.ts'

const clock = new ManualClock()
const room = new WatchedRoom(clock)
const minute = 60_000

beforeAll(async () => {
  await room.start()
  await clock.pass(minute)
})

afterAll(() => room.stop())

async function status(): Promise<Status> {
  return (await (await fetch(`${room.url}/api/v1/status`)).json()) as Status
}

describe('what the page is given', () => {
  test('the site, the devices by class, with the last poll of each probe', async () => {
    const { site, devices } = await status()
    expect(site).toMatchObject({ name: 'county-hospital', language: 'zh', time_zone: 'Asia/Shanghai', record_up: true })
    expect(devices.map(({ name, class: kind, state }) => [name, kind, state])).toEqual([
      ['room', 'room', 'up'],
      ['crac-1', 'cooling', 'up'],
      ['ups-1', 'power', 'up'],
      ['switch-1', hostile, 'up'],
    ])
    expect(devices[2]?.probes.map(({ probe, interval_seconds: interval }) => [probe, interval])).toEqual([
      ['system', 1],
      ['ups-mib', 1],
    ])
    expect(devices[0]?.probes[0]).toMatchObject({ readings: 2, faults: [], duration_seconds: 0 })
  })

  test('the room at a glance, with limits and how each reading stands to them', async () => {
    const { room: tiles } = await status()
    expect(tiles.map(({ kind, device }) => `${kind} ${device}`)).toEqual(['room room', 'ups ups-1', 'cooling crac-1'])
    const [climate] = tiles
    expect(climate?.place).toBe('main, cold <b>aisle</b>')
    expect(climate?.readings.map(({ metric }) => metric)).toEqual([
      'room_temperature_celsius',
      'room_humidity_ratio',
      'room_dew_point_celsius',
    ])
    expect(climate?.readings[0]).toMatchObject({
      value: 22,
      words: { en: '22 °C', zh: '22 °C' },
      standing: 'good',
      limits: [
        { alarm: 'RoomTemperature', severity: 'warning', low: 20, high: 28 },
        { alarm: 'RoomTemperature', severity: 'critical', low: 15, high: 32 },
      ],
    })
  })

  test('an alarm that fires, in both languages, and who has taken it', async () => {
    room.values.set('room_temperature_celsius', 33)
    await clock.pass(3000)
    const before = await status()
    const [alarm] = before.alarms
    expect(alarm).toMatchObject({
      state: 'firing',
      severity: 'critical',
      alarm: 'RoomTemperature',
      device: 'room',
      place: 'main, cold <b>aisle</b>',
      summary: {
        en: 'The room at room has 33 °C (limit 15 °C to 32 °C)',
        zh: 'room 处机房温度 33 °C（限值 15 °C 至 32 °C）',
      },
      value: { en: '33 °C', zh: '33 °C' },
      held: null,
      taken: null,
    })
    expect(before.devices[0]?.firing).toEqual({ critical: 1, warning: 1 })
    expect(before.room[0]?.readings[0]?.standing).toBe('critical')
    const response = await fetch(`${room.url}/api/v1/alarms/${alarm?.id}/attendance`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ step: 'taken', by: 'wang', note: hostile }),
    })
    expect(response.status).toBe(200)
    expect((await status()).alarms[0]?.taken).toMatchObject({ by: 'wang', note: hostile })
    room.values.delete('room_temperature_celsius')
    await clock.pass(minute)
    expect((await status()).alarms.filter(({ device }) => device === 'room')).toEqual([])
  })

  test('a device that does not answer, its fault, and readings that are not there', async () => {
    room.silent.set('room', hostile)
    await clock.pass(3000)
    const now = await status()
    expect(now.devices[0]).toMatchObject({ state: 'down' })
    expect(now.devices[0]?.probes[0]?.faults).toEqual([{ kind: 'timeout', detail: hostile }])
    expect(now.room[0]?.readings[0]).toMatchObject({ value: null, standing: 'unknown', words: { zh: '无读数' } })
    room.silent.delete('room')
    await clock.pass(minute)
  })

  test('all readings of one device, or those that somebody looks for', async () => {
    const ask = async (find: string): Promise<DeviceReadings> =>
      (await (await fetch(`${room.url}/api/v1/status/devices/switch-1?find=${find}`)).json()) as DeviceReadings
    const all = await ask('')
    expect(all.total).toBe(all.readings.length)
    expect(all.readings.some(({ labels }) => labels['interface'] === hostile)).toBe(true)
    const some = await ask('SITEWARD_device_up')
    expect(some.readings.map(({ metric, labels }) => [metric, labels])).toEqual([
      ['siteward_device_up', { probe: 'system' }],
      ['siteward_device_up', { probe: 'if-mib' }],
    ])
    expect((await fetch(`${room.url}/api/v1/status/devices/nobody`)).status).toBe(404)
  })

  test('whose token it is', async () => {
    const caller = async (shown: string): Promise<unknown> =>
      (await fetch(`${room.url}/api/v1/status/caller`, { headers: { authorization: `Bearer ${shown}` } })).json()
    expect(await caller(token)).toEqual({ caller: 'duty-desk' })
    expect(await caller(readToken)).toEqual({ caller: 'wall-screen' })
    expect(await caller('made-up')).toEqual({ caller: '' })
  })
})

describe('the page itself', () => {
  test.each(['/', '/wall', '/page/page.js', '/page/page.css', '/page/icon.svg', '/page/manifest.webmanifest'])(
    '%s is served with a strict policy, and not again to those who have it',
    async (path) => {
      const response = await fetch(`${room.url}${path}`)
      expect(response.status).toBe(200)
      const policy = response.headers.get('content-security-policy') ?? ''
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
      expect(policy).not.toContain('unsafe')
      const tag = response.headers.get('etag') ?? ''
      expect(tag).not.toBe('')
      const again = await fetch(`${room.url}${path}`, { headers: { 'if-none-match': tag } })
      expect(again.status).toBe(304)
      expect(await again.text()).toBe('')
    },
  )

  test('no other file is', async () => {
    for (const name of ['app.ts', '..%2f..%2fpackage.json', '__proto__', 'constructor'])
      expect((await fetch(`${room.url}/page/${name}`)).status).toBe(404)
  })

  test('it asks nothing of another machine', async () => {
    for (const path of ['/', '/page/page.js', '/page/page.css']) {
      const text = await (await fetch(`${room.url}${path}`)).text()
      const addresses = [...text.matchAll(/https?:\/\/[\w./-]+/g)].map(([address]) => address)
      // Names of namespaces and of licences are no requests.
      expect(addresses.filter((address) => !/w3\.org|github\.com/.test(address))).toEqual([])
    }
  })

  test('events, over HTTP, until the reader has gone', async () => {
    const abort = new AbortController()
    const response = await fetch(`${room.url}/api/v1/status/events`, { signal: abort.signal })
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    const reader = response.body?.getReader()
    const first = await reader?.read()
    expect(new TextDecoder().decode(first?.value)).toMatch(/^event: status\ndata: \{/)
    abort.abort()
  })
})
