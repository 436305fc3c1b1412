import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { backtest } from '../../src/commands/backtest.ts'
import { call } from '../commands/calling.ts'
import { freePort } from '../peers/process.ts'
import { SensorRoom } from '../sensor-room.ts'

/** `siteward backtest` on what a running siteward has read itself, by the command. */

const minute = 60_000
let room: SensorRoom
let port: number

/** Three sensors; one of them may be warmer, and two of three are to be cool. */
function site(limit: number, cool: number): string {
  return `site: hospital
listen: 127.0.0.1:${port}
watchdog: off
defaults: { interval: 30s, timeout: 1s }
groups:
  - name: aisle
    devices: [room-1, room-2, room-3]
    rules: { AisleWarm: { when: room_temperature_celsius, count: { below: ${cool} }, below: 2 } }
devices:
${['room-1', 'room-2', 'room-3']
  .map(
    (name) => `  - name: ${name}
    address: 127.0.0.1
    probes: [modbus-temperature-humidity]
    rules: { RoomTemperature: { for: 2m, keep_firing_for: 0s, hysteresis: 0, critical: off, warning: { within: 20..${limit} } } }
`,
  )
  .join('')}`
}

beforeEach(async () => {
  room = new SensorRoom()
  port = await freePort()
  await room.start(room.write('site.yaml', site(28, 25)))
})

afterEach(() => room.end())

/** An hour: 24.1 °C, twenty minutes of 29 °C in the first room, ten of 26.5 in the second and third, and of silence. */
async function pass(): Promise<void> {
  await room.clock.pass(10 * minute)
  room.sentBy.set('room-1', 290)
  await room.clock.pass(20 * minute)
  room.sentBy.set('room-1', 241)
  await room.clock.pass(5 * minute)
  room.sentBy.set('room-2', 265).set('room-3', 265)
  await room.clock.pass(10 * minute)
  room.sentBy.set('room-2', 241).set('room-3', 241)
  await room.clock.pass(5 * minute)
  room.sentBy.set('room-2', undefined)
  await room.clock.pass(10 * minute)
}

type Report = Readonly<
  Record<string, readonly { readonly alarm: string; readonly device: string; readonly from: string }[]>
>

async function judged(file: string, ...more: readonly string[]): Promise<Report> {
  const { code, out, err } = await call(backtest, [file, '--since', '30d', '--json', ...more], {}, room.clock)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out)
}

const names = (list: Report[string] = []): readonly string[] =>
  list.map(({ alarm, device }) => `${alarm} ${device}`).sort()

describe('the last hour of a running siteward', () => {
  test('by the same rules is what it was, drills and siteward itself left out', async () => {
    await pass()
    const same = await judged(room.write('same.yaml', site(28, 25)))
    expect(names(same['as_before'])).toEqual(['AisleWarm aisle', 'DeviceDown room-2', 'RoomTemperature room-1'])
    expect([same['would_fire'], same['would_not_fire']]).toEqual([[], []])
    expect(same['readings']).toMatchObject({ from: `siteward at http://127.0.0.1:${port}` })
  })

  test('by tighter ones fires more, by wider ones less', async () => {
    await pass()
    const tight = await judged(room.write('tight.yaml', site(26, 25)))
    expect(names(tight['would_fire'])).toEqual(['RoomTemperature room-2', 'RoomTemperature room-3'])
    expect(tight['would_not_fire']).toEqual([])
    const wide = await judged(room.write('wide.yaml', site(30, 27)))
    expect(wide['would_fire']).toEqual([])
    expect(names(wide['would_not_fire'])).toEqual(['AisleWarm aisle', 'RoomTemperature room-1'])
  })

  test('is all that it has after a restart, and it says so; what fired before that is left out', async () => {
    await pass()
    await room.stop()
    await room.clock.pass(minute)
    await room.start(room.write('site.yaml', site(28, 25)))
    await room.clock.pass(10 * minute)
    const file = room.write('wide.yaml', site(30, 27))
    expect(names((await judged(file))['would_not_fire'])).toEqual([])
    const { out } = await call(backtest, [file, '--since', '30d'], {}, room.clock)
    const since = new Date(room.clock.now().wall - 10 * minute).toISOString().slice(0, 15)
    expect(out.startsWith(`siteward at http://127.0.0.1:${port} has readings since ${since}`)).toBe(true)
    expect(out).toContain('fired, and would not have: 0\n')
  })

  test('of a siteward that is not there is told', async () => {
    const file = room.write('site.yaml', site(28, 25))
    await room.stop()
    const { code, err } = await call(backtest, [file], {}, room.clock)
    expect({ code, err }).toMatchObject({
      code: 1,
      err: expect.stringContaining(`no siteward answers at http://127.0.0.1:${port}`),
    })
  })
})
