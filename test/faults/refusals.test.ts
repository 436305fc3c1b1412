import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ModbusSimulator, startModbusSimulator } from '../../collectors/modbus/simulator.ts'
import { until } from '../peers/process.ts'
import { badConfigurations, environmentOf, withoutOffsets, writeBeside, writeUsual } from './bad-configurations.ts'
import { House, type Page, type Vitals } from './house.ts'

const devices = ['room-1', 'room-2', 'room-3']
const interval = 1000

let house: House
let gateway: ModbusSimulator
let good: Buffer
let begun: Page
let before: Vitals
/** By how much this machine was late itself, in ms. */
const lag = monitorEventLoopDelay({ resolution: 10 })

beforeAll(async () => {
  const words = [240, 550].map((word, at) => [at, word] as const)
  gateway = await startModbusSimulator({ units: new Map(devices.map((_, i) => [i + 1, { holding: new Map(words) }])) })
  const entries = devices.map((name, i) => {
    const address = `127.0.0.1:${gateway.port}`
    return `  - { name: ${name}, address: '${address}', probes: [modbus-temperature-humidity], modbus: { unit: ${i + 1} } }`
  })
  const env: Record<string, string> = {}
  house = await House.build({ site: `defaults: { interval: 1s, timeout: 1s }\ndevices:\n${entries.join('\n')}\n`, env })
  Object.assign(env, environmentOf(house.folder))
  writeUsual(house.folder)
  good = readFileSync(join(house.folder, 'site.yaml'))
  await house.start()
  await until(
    async () => {
      begun = await house.page()
      return devices.every((device) => begun.value('siteward_device_up', { device }) === 1)
    },
    60,
    () => house.output,
  )
  before = await house.vitals()
  lag.enable()
})

afterAll(async () => {
  await house.remove()
  await gateway.close()
})

interface Answer {
  readonly status: number
  readonly problems: readonly string[]
}

/** Has the daemon read its site again. */
async function reload(): Promise<Answer> {
  const token = readFileSync(join(house.folder, 'state', 'operator-token'), 'utf8').trim()
  const reply = await fetch(`http://127.0.0.1:${house.port}/-/reload`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  })
  const { problems = [] } = Object(await reply.json())
  return { status: reply.status, problems }
}

/** The same with other files in the folder, which then go again. */
async function reloadWith(files: Readonly<Record<string, Buffer>>): Promise<Answer> {
  for (const [name, text] of Object.entries(files)) writeBeside(house.folder, name, text)
  try {
    return await reload()
  } finally {
    for (const name of Object.keys(files)) rmSync(join(house.folder, name))
    writeBeside(house.folder, 'site.yaml', good, 0o600)
  }
}

/** How long ago the device that was read last was read, in ms. */
function oldest(page: Page): number {
  const ages = devices.map((device) => {
    const seconds = page.value('siteward_last_success_timestamp_seconds', { device }) ?? 0
    return page.at - seconds * 1000
  })
  return Math.max(...ages)
}

/** The old site is watched as before, on time. */
function expectWatching(page: Page): void {
  expect(oldest(page)).toBeLessThan(interval + 1000 + (2 * lag.max) / 1e6)
  for (const device of devices) expect(page.value('room_temperature_celsius', { device })).toBe(24)
  expect(page.value('siteward_bugs_total')).toBe(0)
  expect(page.value('process_start_time_seconds')).toBe(begun.value('process_start_time_seconds'))
}

const corpus = badConfigurations()

test(`${corpus.length} bad configurations, one after the other: each is refused with its places, and the old one is watched on`, async () => {
  expect(corpus.length).toBeGreaterThan(200)
  const wrong: string[] = []
  for (const [i, { name, files, told }] of corpus.entries()) {
    const { status, problems } = await reloadWith(files)
    const lines = problems.map(withoutOffsets)
    const expected = told(house.folder).map(withoutOffsets)
    const isTold = expected.every((one) => lines.some((line) => line.startsWith(one)))
    if (status !== 500 || !isTold) wrong.push(`${name}: ${status} ${lines.join(' | ')}`)
    if (i % 20 === 0) expectWatching(await house.page())
  }
  expect(wrong).toEqual([])
  const page = await house.page()
  expectWatching(page)
  expect(page.value('siteward_config_last_reload_successful')).toBe(0)
}, 300_000)

test('C11: a file of 10 MB, and one that is just not too large and wrong at its end, hold up no poll', async () => {
  const line =
    "  - { name: room, address: '127.0.0.1:1', probes: [modbus-temperature-humidity], modbus: { unit: 1 } }\n"
  const site = (bytes: number): Buffer => Buffer.from(`site: x\ndevices:\n${line.repeat(bytes / line.length)}`)
  expect(await reloadWith({ 'site.yaml': site(10_000_000) })).toEqual({
    status: 500,
    problems: [expect.stringContaining('site.yaml:1:1: the file is larger than 2 MiB')],
  })
  let isDone = false
  const reading = reloadWith({ 'site.yaml': Buffer.concat([site(1_900_000), Buffer.from('  - { name: "\n')]) })
  const answered = reading.then((answer) => {
    isDone = true
    return answer
  })
  const ages: number[] = []
  while (!isDone) ages.push(oldest(await house.page()))
  expect(await answered).toMatchObject({ status: 500, problems: [expect.stringMatching(/site\.yaml:\d{5}:\d+: /)] })
  expect(Math.max(0, ...ages)).toBeLessThan(interval + 1000 + (2 * lag.max) / 1e6)
})

test('C16: half of a file is refused; the whole one is taken, changes nothing, and leaves nothing behind', async () => {
  const half = good.subarray(0, good.length - 20)
  expect(await reloadWith({ 'site.yaml': half })).toMatchObject({ status: 500 })
  expect(await reload()).toEqual({ status: 200, problems: [] })
  let page = await house.page()
  await until(
    async () => {
      page = await house.page()
      return page.value('siteward_config_last_reload_successful') === 1
    },
    30,
    () => house.output,
  )
  expectWatching(page)
  for (const device of devices) expect(page.value('siteward_poll_faults_total', { device }) ?? 0).toBe(0)
  const after = await house.vitals()
  // The thread that parses has some of its own.
  expect(after.files).toBeLessThanOrEqual(before.files + 10)
  expect(after.heap).toBeLessThanOrEqual(before.heap + 20 * 2 ** 20)
})
