import { afterAll, beforeAll, expect, test } from 'vitest'
import { ManualClock } from '../manual-clock.ts'
import { WatchedRoom } from '../status/watched-room.ts'

const clock = new ManualClock()
const room = new WatchedRoom(clock)

beforeAll(async () => {
  await room.start()
  await clock.pass(10_000)
})

afterAll(() => room.stop())

test('a page has what was read of one device, and nothing of another', async () => {
  const response = await fetch(`${room.url}/metrics/device/room`)
  expect(response.status).toBe(200)
  const text = await response.text()
  expect(text).toContain('room_temperature_celsius{site="county-hospital",device="room"} 22\n')
  expect(text).toContain(
    'siteward_device_up{site="county-hospital",device="room",probe="modbus-temperature-humidity"} 1\n',
  )
  expect(text).not.toContain('crac-1')
  const whole = await (await fetch(`${room.url}/metrics`)).text()
  const own = (all: string): readonly string[] => all.split('\n').filter((line) => line.includes('device="room"'))
  expect(own(text)).toEqual(own(whole))
})

test('in OpenMetrics it has its end', async () => {
  const response = await fetch(`${room.url}/metrics/device/room`, {
    headers: { accept: 'application/openmetrics-text' },
  })
  expect(response.headers.get('content-type')).toMatch(/^application\/openmetrics-text/)
  expect(await response.text()).toMatch(/\n# EOF\n$/)
})

test('503 while the device is not read, 404 where there is none', async () => {
  room.silent.set('room', 'no answer')
  await clock.pass(5000)
  expect((await fetch(`${room.url}/metrics/device/room`)).status).toBe(503)
  expect((await fetch(`${room.url}/metrics/device/crac-1`)).status).toBe(200)
  room.silent.delete('room')
  await clock.pass(60_000)
  expect((await fetch(`${room.url}/metrics/device/room`)).status).toBe(200)
  expect((await fetch(`${room.url}/metrics/device/nobody`)).status).toBe(404)
})

test('the list of those pages, with the labels of the devices, at the address that was asked', async () => {
  const list = (await (await fetch(`${room.url}/sd/prometheus`)).json()) as readonly { labels: object }[]
  const { host } = new URL(room.url)
  expect(list).toHaveLength(4)
  expect(list[0]).toEqual({
    targets: [host],
    labels: {
      room: 'main',
      place: 'cold <b>aisle</b>',
      site: 'county-hospital',
      device: 'room',
      __metrics_path__: '/metrics/device/room',
    },
  })
})
