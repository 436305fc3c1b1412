import { afterEach, expect, test } from 'vitest'
import { SensorRoom } from '../sensor-room.ts'

/** A plan of drills that can never pass: nobody is named whom it could tell. */

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const room = new SensorRoom()

afterEach(() => room.end())

/** `HH:MM` of the wall clock, this long from now. */
function timeIn(length: number): string {
  const date = new Date(room.clock.now().wall + length)
  return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`
}

function told(): readonly string[] {
  const names = room.alerts.map(({ labels }) => `${labels['alertname']} ${labels['plan'] ?? labels['drill'] ?? ''}`)
  return [...new Set(names)]
}

test('a plan that failed, and one that nobody proves, are alarms, also over a restart', {
  timeout: 120_000,
}, async () => {
  const file = room.write(
    'site.yaml',
    `site: hospital
listen: 127.0.0.1:0
watchdog: off
defaults: { interval: 5m, timeout: 1s }
drills:
  schedule: [{ name: room, device: room, aim: 'room_temperature_celsius=35', every: 1d, at: '${timeIn(10 * minute)}' }]
devices:
  - { name: room, address: 127.0.0.1, probes: [modbus-temperature-humidity] }
`,
  )
  await room.start(file)
  await room.clock.pass(12 * minute)
  // It runs, and that is no alarm yet.
  expect(told()).toEqual([])
  await room.clock.pass(5 * minute)
  expect(told()).toEqual(['RoomTemperature true', 'DrillFailed room'])
  expect(room.alerts.at(-1)?.annotations['summary_en']).toContain('the drill room failed')
  // From now on it cannot even begin.
  room.sent = undefined
  await room.clock.pass(day + 10 * hour)
  await room.stop()
  await room.start(file)
  await room.clock.pass(12 * hour)
  expect(told().filter((one) => one.startsWith('Drill'))).toEqual(['DrillFailed room'])
  await room.clock.pass(2 * hour)
  expect(told().filter((one) => one.startsWith('Drill'))).toEqual(['DrillFailed room', 'DrillOverdue room'])
  const drilled = room.alerts.filter(({ labels }) => labels['drill'] === 'true')
  expect([...new Set(drilled.map(({ labels }) => labels['alertname']))]).toEqual(['RoomTemperature'])
})
