import { createSocket, type Socket } from 'node:dgram'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pause, until } from '../peers/process.ts'
import { House, type Vitals } from './house.ts'
import { Receiver } from './receiver.ts'

/** More than any site has. */
const crowd = 5000
/** In seconds. */
const interval = 20
const alarmFor = 5
/** Polls at once: 250 are begun in each second, and each of the dead is waited for a second. */
const atOnce = 400
/** Prometheus' own batches have as many alerts. */
const largestBatch = 256

/** A page that is only searched: it has a hundred thousand lines. */
class Look {
  /** How long the answer took, in ms. */
  readonly took: number
  readonly #text: string

  private constructor(took: number, text: string) {
    this.took = took
    this.#text = text
  }

  static async take(): Promise<Look> {
    const begun = performance.now()
    const text = await (await fetch(`http://127.0.0.1:${house.port}/metrics`)).text()
    return new Look(performance.now() - begun, text)
  }

  /** The value of the one sample that begins like that. */
  value(sample: string): number {
    const at = this.#text.indexOf(`\n${sample} `)
    return at < 0 ? 0 : Number.parseFloat(this.#text.slice(at + sample.length + 2, at + sample.length + 30))
  }

  /** How many samples there are of a value. */
  count(metric: string, value: number): number {
    return this.#text.match(new RegExp(`^${metric}\\{[^\\n]*\\} ${value}$`, 'gm'))?.length ?? 0
  }
}

let blackhole: Socket
let told: Receiver
let house: House
let begun: number
let first: Vitals
let last: Vitals
/** In seconds. */
let machineLag: number
let settled: Look
const looks: Look[] = []

/** When each device was first told of as down. */
function downSince(): ReadonlyMap<string, number> {
  const since = new Map<string, number>()
  for (const { at, alerts } of told.posts) {
    for (const { labels } of alerts) {
      const { alertname, device = '' } = labels
      if (alertname === 'DeviceDown' && !since.has(device)) since.set(device, at)
    }
  }
  return since
}

beforeAll(async () => {
  blackhole = createSocket('udp4')
  await new Promise<void>((done) => blackhole.bind(0, done))
  told = await Receiver.open()
  const { port } = blackhole.address()
  // Each at an address of its own: one address is asked by one poll at a time.
  const devices = Array.from(
    { length: crowd },
    (_, i) => `  - { name: d${i}, address: '127.20.${i >> 8}.${i & 255}:${port}' }`,
  )
  house = await House.build({
    site: `alertmanagers: ['http://127.0.0.1:${told.port}']
parallel_polls: ${atOnce}
credentials: { lan: { snmp: { version: 2c, community: public } } }
rules: { DeviceDown: { for: ${alarmFor}s } }
defaults: { interval: ${interval}s, timeout: 2s }
device_sources:
  - files: crowd.yaml
    device: { probes: [fault-uptime], credentials: lan, snmp: { timeout: 1s, retries: 0 } }
`,
    // Lines by the ten thousand would be all that this process has to do.
    args: ['--log-level', 'error'],
    files: {
      'crowd.yaml': `devices:\n${devices.join('\n')}\n`,
      'probes/fault-uptime.yaml': `probe: fault-uptime
title: One scalar of an agent
collector: snmp
proof: register-map
points: [{ metric: device_uptime_seconds, oid: 1.3.6.1.2.1.1.3.0, scale: 0.01 }]
`,
    },
  })
  await house.start(180)
  begun = Date.now()
  first = await house.vitals()
  const lag = monitorEventLoopDelay({ resolution: 10 })
  lag.enable()
  await until(
    async () => {
      await pause(2000)
      looks.push(await Look.take())
      return downSince().size === crowd
    },
    150,
    () => `${downSince().size} told\n${house.output.slice(-3000)}`,
  )
  // At the start all are asked within seconds; from then on at their own places within the interval.
  settled = await Look.take()
  await pause(interval * 1000)
  looks.push(await Look.take())
  lag.disable()
  machineLag = lag.max / 1e9
  last = await house.vitals()
}, 480_000)

afterAll(async () => {
  await house.remove()
  blackhole.close()
  told.close()
})

test('D20: of 5,000 devices that are dead at once every one is down, and told of within for: and two intervals', () => {
  expect(looks.at(-1)?.count('siteward_device_up', 0)).toBe(crowd)
  const slowest = (Math.max(...downSince().values()) - begun) / 1000
  expect(slowest).toBeLessThan(alarmFor + 2 * interval + 10 * machineLag + 5)
})

test('D20: they are told in batches, one at a time', () => {
  expect(Math.max(...told.posts.map(({ alerts }) => alerts.length))).toBeLessThanOrEqual(largestBatch)
  expect(told.atOnce).toBe(1)
})

test('D20: polls at once are bounded, and begin when they are due', () => {
  expect(Math.max(...looks.map((look) => look.value('siteward_polls_running')))).toBeLessThanOrEqual(atOnce)
  const since = (le: string): number => {
    const sample = `siteward_schedule_lateness_seconds_bucket{le="${le}"}`
    return (looks.at(-1)?.value(sample) ?? 0) - settled.value(sample)
  }
  expect(since('+Inf')).toBeGreaterThan(crowd / 10)
  // Half an interval: this machine has other things to do, too.
  expect(since('10') / since('+Inf')).toBeGreaterThan(0.95)
})

test('D20: /metrics is answered all the while, and no descriptor goes with the dead', () => {
  const took = looks.map((look) => look.took).sort((a, b) => a - b)
  expect(took[Math.floor(took.length / 2)]).toBeLessThan(1000)
  expect(last.files).toBeLessThanOrEqual(first.files + 5)
  expect(house.isAlive).toBe(true)
})
