import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { plan } from '../../src/commands/plan.ts'
import { endingsOf } from '../../src/reload/plan.ts'
import { changeLines, endingLines } from '../../src/reload/plan-text.ts'
import { call } from '../commands/calling.ts'
import { deviceOf, down, hot, minute, World } from './world.ts'

let world: World | undefined
const folder = mkdtempSync(join(tmpdir(), 'siteward-plan-'))

afterEach(async () => {
  await world?.daemon?.stop()
  world = undefined
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('alarms end with their device or their rule, and with nothing else', async () => {
  world = new World()
  world.answers.set('one', { in: 30 })
  world.answers.set('two', 'silent')
  const daemon = await world.start()
  await world.clock.pass(4 * minute)
  const { site } = world
  const endings = (devices: readonly ReturnType<typeof deviceOf>[], elsewhere: readonly string[] = []) =>
    endingsOf(daemon.judge.cells(), { ...site, devices }, new Set(elsewhere))
  const ofOne = { device: 'one', alarm: 'RoomTemperature', severity: 'critical', state: 'firing' }
  const ofTwo = { device: 'two', alarm: 'DeviceDown', severity: 'warning', state: 'firing' }
  const byDevice = (list: readonly { readonly device: string }[]) =>
    [...list].sort((a, b) => a.device.localeCompare(b.device))
  expect(endings(site.devices)).toEqual([])
  expect(byDevice(endings([]))).toMatchObject([ofOne, { device: 'two', alarm: 'DeviceDown', state: 'firing' }])
  expect(endings([deviceOf('one', { address: 'new.example' }), deviceOf('two', { rules: [hot] })])).toMatchObject([
    { device: ofTwo.device, alarm: ofTwo.alarm },
  ])
  expect(endings([deviceOf('one', { rules: [{ ...hot, for: 1 }, down] }), deviceOf('two')])).toEqual([])
  expect(endings([deviceOf('two')], ['one'])).toEqual([])
  expect(endingLines(endings([deviceOf('two')]))).toEqual(['- alarm RoomTemperature (critical) of one, firing'])
})

test('a change is a line, and a rule of many devices one', () => {
  const none = { added: [], removed: [], changed: [], kept: 0 }
  const devices = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  expect(
    changeLines({
      devices: { ...none, added: ['new'], removed: ['old'], changed: [{ name: 'ups', keys: ['address', 'rules'] }] },
      groups: { ...none, added: ['crac'] },
      unpolled: none,
      rules: [{ kind: 'changed', alarm: 'Hot', severity: 'warning', metric: 'room', devices }],
      settings: ['resend'],
      restart: ['listen'],
    }),
  ).toEqual([
    '+ device new',
    '- device old',
    '~ device ups: address, rules',
    '+ group crac',
    '~ rule Hot (warning) on room: a, b, c, d, e and 2 more',
    '~ resend',
    '! listen: only a restart brings this in',
  ])
})

const room = (name: string, more = ''): string =>
  `  - { name: ${name}, address: 192.0.2.1, probes: [modbus-temperature-humidity]${more} }\n`

function write(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

test('two files are compared without a siteward, and the exit status says whether something would change', async () => {
  const old = write('old.yaml', `site: clinic\ndevices:\n${room('a')}${room('b')}`)
  const next = write(
    'next.yaml',
    `site: clinic\nlisten: 127.0.0.1:9880\ndevices:\n${room('a', ', rules: { RoomTemperature: { for: 5m } }')}${room('c')}`,
  )
  const { code, out, err } = await call(plan, [next, '--from', old])
  expect(err).toBe('')
  expect(out.split('\n')).toEqual([
    '+ device c',
    '- device b',
    '~ device a: rules',
    '~ rule RoomTemperature (warning) on room_temperature_celsius: a',
    '~ rule RoomTemperature (critical) on room_temperature_celsius: a',
    '! listen: only a restart brings this in',
    '0 devices stay as they are',
    '',
  ])
  expect(code).toBe(0)
  expect((await call(plan, [next, '--from', old, '--detailed-exitcode'])).code).toBe(2)
  const same = await call(plan, [old, '--from', old, '--detailed-exitcode'])
  expect(same).toMatchObject({ code: 0, out: 'nothing would change: 2 devices stay as they are\n' })
  const json = JSON.parse((await call(plan, [next, '--from', old, '--json'])).out)
  expect(json).toMatchObject({ changes: { devices: { added: ['c'], removed: ['b'] }, restart: ['listen'] } })
})

test('a mistake is told with its place', async () => {
  const old = write('old.yaml', `site: clinic\ndevices:\n${room('a')}`)
  const wrong = write('wrong.yaml', `site: clinic\ndevices:\n${room('a', ', probs: [x]')}`)
  const { code, err } = await call(plan, [wrong, '--from', old])
  expect(code).toBe(1)
  expect(err).toMatch(/wrong\.yaml:3:\d+: .*probs/)
})

test('where no siteward answers, that is said, with what to do', async () => {
  const file = write('alone.yaml', `site: clinic\nlisten: 127.0.0.1:1\ndevices:\n${room('a')}`)
  const { code, err } = await call(plan, [file])
  expect(code).toBe(1)
  expect(err).toMatch(/no siteward answers at http:\/\/127\.0\.0\.1:1: .*; --from OLDFILE compares with a file/)
})
