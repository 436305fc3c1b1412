import { monitorEventLoopDelay } from 'node:perf_hooks'
import { expect } from 'vitest'
import { startModbusSimulator } from '../../collectors/modbus/simulator.ts'
import { pause, until } from '../peers/process.ts'
import { House, type HouseOrder, type Page, type Vitals } from './house.ts'

/** A device that falls ill, and gets well again. */
export interface Patient {
  readonly name: string
  /** Its entry in the site file, without its name: `address: 127.0.0.1:502, probes: [x]`. */
  readonly entry: string
  fall(): void
  recover(): void
  /** Whether siteward leaves it alone for longer than a test lasts, so that nobody waits for it to get well. */
  readonly isLeftAlone?: boolean
  /** Where its being well is not seen on /metrics alone. */
  isWell?(): boolean
  close(): Promise<void> | void
}

/** What a house of well and ill devices went through: all well, some ill, all well again. */
export interface Course {
  readonly house: House
  readonly before: Vitals
  readonly after: Vitals
  /** The last look before anybody fell ill. */
  readonly well: Page
  /** All looks while they were ill, in order. */
  readonly ill: readonly Page[]
  /** The last look, with all well again. */
  readonly recovered: Page
  /** Whether, at some look, each poll that was begun had ended exactly once or was under way. */
  readonly isBalanced: boolean
  /** By how much this machine was late itself meanwhile, in ms: nothing of that is the daemon's. */
  readonly machineLag: number
}

const interval = 1000
/** Every failing device has failed by then at least so often. */
const failures = 4
/** Long enough for the waits between polls of a device that is dead to grow. */
const shortestIllness = 10_000
const longestPoll = 3000
/** Devices that are never ill, and that nobody else may hold up. */
const others = ['other-1', 'other-2', 'other-3']

/** Where the others are read from: one Modbus gateway. */
async function startOthers() {
  const units = new Map(
    others.map((_, unit) => [unit + 1, { holding: new Map([240, 550].map((word, at) => [at, word])) }]),
  )
  return startModbusSimulator({ units })
}

/** Takes patients through their illness. `order.site` is what stands in the site file beside the devices. */
export async function runCourse(patients: readonly Patient[], order: HouseOrder): Promise<Course> {
  const gateway = await startOthers()
  const entries = [
    ...others.map((name, i) => {
      const address = `127.0.0.1:${gateway.port}`
      return `  - { name: ${name}, address: '${address}', probes: [modbus-temperature-humidity], modbus: { unit: ${i + 1} } }`
    }),
    ...patients.map(({ name, entry }) => `  - { name: ${name}, ${entry} }`),
  ]
  const defaults = 'defaults: { interval: 1s, timeout: 1s }'
  const site = `${defaults}\n${order.site}\ndevices:\n${entries.join('\n')}\n`
  const house = await House.build({ ...order, site })
  try {
    await house.start()
    return await follow(house, patients)
  } finally {
    await house.remove()
    await Promise.all([gateway.close(), ...patients.map((patient) => patient.close())])
  }
}

async function follow(house: House, patients: readonly Patient[]): Promise<Course> {
  const names = patients.map(({ name }) => name)
  const well = await allWell(house, patients, 0)
  await pause(3 * interval)
  const before = await house.vitals()
  const lag = monitorEventLoopDelay({ resolution: 10 })
  lag.enable()
  for (const patient of patients) patient.fall()
  const ill = await watchIll(house, names, well)
  lag.disable()
  for (const patient of patients) patient.recover()
  const awaited = patients.filter(({ isLeftAlone }) => isLeftAlone !== true)
  const recovered = await allWell(house, awaited, Date.now())
  const isBalanced = await balanced(house)
  const after = await backAt(house, before)
  return { house, before, after, well, ill, recovered, isBalanced, machineLag: lag.max / 1e6 }
}

/** Waits until every device has answered since a time. */
async function allWell(house: House, patients: readonly Patient[], since: number): Promise<Page> {
  let page = await house.page()
  const names = patients.map(({ name }) => name)
  const missing = (): readonly string[] => [
    ...[...others, ...names].filter(
      (device) => page.value('siteward_device_up', { device }) === 0 || lastSuccess(page, device) <= since,
    ),
    ...patients.filter((patient) => patient.isWell?.() === false).map(({ name }) => name),
  ]
  await until(
    async () => {
      page = await house.page()
      return missing().length === 0
    },
    60,
    () => `well: all but ${missing().join(', ')}\n${house.output}`,
  )
  return page
}

function lastSuccess(page: Page, device: string): number {
  return (page.value('siteward_last_success_timestamp_seconds', { device }) ?? 0) * 1000
}

/** Looks every half a second until each patient has failed often enough, or goes on answering. */
async function watchIll(house: House, names: readonly string[], well: Page): Promise<readonly Page[]> {
  const pages: Page[] = []
  const began = Date.now()
  const isSettled = (page: Page, device: string): boolean =>
    faultsOf(page, device) - faultsOf(well, device) >= failures ||
    lastSuccess(page, device) > began + failures * interval
  await until(
    async () => {
      if (!house.isAlive) return true
      await pause(500)
      const page = await house.page()
      pages.push(page)
      return Date.now() - began > shortestIllness && names.every((device) => isSettled(page, device))
    },
    90,
    () => `${names.filter((name) => pages.every((page) => !isSettled(page, name))).join(', ')}\n${house.output}`,
  )
  return pages
}

/** How many faults a device's polls have had. */
export function faultsOf(page: Page, device: string, fault?: string): number {
  return page.value('siteward_poll_faults_total', fault === undefined ? { device } : { device, fault }) ?? 0
}

/** Of which kinds the faults of a device were while it was ill; of the polls that it fell ill in nothing is said. */
export function faultKinds({ ill }: Course, device: string): readonly string[] {
  const [begun] = ill
  const first = ill.find(({ at }) => begun !== undefined && at > begun.at + longestPoll)
  const last = ill.at(-1)
  if (first === undefined || last === undefined) throw new Error('it was not ill for long enough')
  const kinds = last.all('siteward_poll_faults_total', { device }).map(({ labels }) => labels['fault'] ?? '')
  return [...new Set(kinds)].filter((kind) => faultsOf(last, device, kind) > faultsOf(first, device, kind))
}

async function balanced(house: House): Promise<boolean> {
  for (let looks = 0; looks < 100; looks++) {
    const page = await house.page()
    const begun = page.value('siteward_schedule_lateness_seconds_count') ?? 0
    const ended = page.value('siteward_polls_total') ?? 0
    if (begun > 0 && begun === ended + (page.value('siteward_polls_running') ?? 0)) return true
    await pause(100)
  }
  return false
}

const leakedFiles = 2
const leakedHeap = 5 * 2 ** 20

/** Looks for up to a minute whether what the process holds is back where it was. */
async function backAt(house: House, { files, heap }: Vitals): Promise<Vitals> {
  let now = await house.vitals()
  for (let second = 0; second < 60; second++) {
    if (now.files <= files + leakedFiles && now.heap <= heap + leakedHeap) break
    await pause(1000)
    now = await house.vitals()
  }
  return now
}

/**
 * What holds whatever happens to a device: the process lives and knows of no bug, the other devices are read on time,
 * each poll has exactly one outcome, and in the end nothing is held that was not before.
 */
export function expectUnharmed({ well, ill, recovered, before, after, isBalanced, machineLag }: Course): void {
  expect(recovered.value('siteward_bugs_total')).toBe(0)
  expect(recovered.value('process_start_time_seconds')).toBe(well.value('process_start_time_seconds'))
  const ages = ill.flatMap((page) => others.map((device) => page.at - lastSuccess(page, device)))
  expect(Math.max(...ages)).toBeLessThan(interval + 1000 + 2 * machineLag)
  expect(isBalanced).toBe(true)
  expect(after.files).toBeLessThanOrEqual(before.files + leakedFiles)
  expect(after.heap).toBeLessThanOrEqual(before.heap + leakedHeap)
}
