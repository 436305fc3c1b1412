import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ModbusSimulator, startModbusSimulator } from '../../collectors/modbus/simulator.ts'
import { pause, until } from '../peers/process.ts'
import { faultsOf } from './course.ts'
import { House, type Page } from './house.ts'
import { Receiver } from './receiver.ts'

const folder = mkdtempSync(join(tmpdir(), 'siteward-names-'))
const [file, fifo] = [join(folder, 'resolver.json'), join(folder, 'fifo')]
/** More than the threads that names are asked for in. */
const slow = Array.from({ length: 6 }, (_, i) => `slow${i}.test`)

const protocols = ['snmp', 'modbus', 'ssh', 'reach'] as const

let hosts: Record<string, string> = {}
let house: House
let meter: ModbusSimulator
const simulators: ModbusSimulator[] = []
let alertmanager: Receiver

function resolve(more: Readonly<Record<string, string>>): void {
  hosts = { ...hosts, ...more }
  writeFileSync(file, JSON.stringify(hosts))
}

const units = new Map([[1, { holding: new Map([240, 550].map((word, at) => [at, word])) }]])

/** A device of each protocol, at the same name; whoever waits for a name is given the time. */
function entries(host: string): readonly string[] {
  const name = host.split('.')[0]
  const timing = 'interval: 5s, timeout: 5s'
  return [
    `{ name: ${name}-snmp, ${timing}, address: ${host}, probes: [fault-uptime], credentials: all }`,
    `{ name: ${name}-modbus, ${timing}, address: '${host}:1502', probes: [modbus-temperature-humidity] }`,
    `{ name: ${name}-ssh, ${timing}, address: ${host}, probes: [fault-host], credentials: all, ssh: { host_key: accept-any } }`,
    `{ name: ${name}-reach, ${timing}, address: ${host}, probes: [fault-reach] }`,
  ]
}

const probes = {
  'probes/fault-uptime.yaml': `probe: fault-uptime
title: One scalar of an agent
collector: snmp
proof: register-map
points: [{ metric: device_uptime_seconds, oid: 1.3.6.1.2.1.1.3.0, scale: 0.01 }]
`,
  'probes/fault-host.yaml': `probe: fault-host
title: One command of a host
collector: ssh
proof: register-map
ssh: { commands: { uptime: { run: cat /proc/uptime, parse: { table: { columns: [up, idle] } } } } }
points: [{ metric: device_uptime_seconds, command: uptime, value: up }]
`,
  'probes/fault-reach.yaml': `probe: fault-reach
title: A port
collector: reach
proof: register-map
points: [{ metric: reach_up, check: tcp, port: 1502, labels: { check: name } }]
`,
}

beforeAll(async () => {
  execFileSync('mkfifo', [fifo])
  meter = await startModbusSimulator({ units })
  const other = await startModbusSimulator({ units })
  simulators.push(meter, other)
  alertmanager = await Receiver.open()
  resolve({ 'unknown.test': 'unknown', 'meter.test': '127.0.0.1', 'alertmanager.test': '127.0.0.1' })
  resolve(Object.fromEntries(slow.map((host) => [host, 'unknown'])))
  const devices = [
    `{ name: meter, address: 'meter.test:${meter.port}', probes: [modbus-temperature-humidity] }`,
    `{ name: by-address, address: '127.0.0.1:${other.port}', probes: [modbus-temperature-humidity] }`,
    ...entries('unknown.test'),
    ...slow.flatMap((host) => entries(host)),
  ]
  house = await House.build({
    site: `alertmanagers: ['http://alertmanager.test:${alertmanager.port}']
resend: 1s
defaults: { interval: 1s, timeout: 1s }
credentials: { all: { snmp: { version: 2c, community: public }, ssh: { user: siteward, password: canary } } }
devices:
${devices.map((device) => `  - ${device}`).join('\n')}
`,
    files: probes,
    env: { RESOLVER_FILE: file, RESOLVER_FIFO: fifo },
    preloads: ['resolver.cjs'],
  })
  await house.start()
})

afterAll(async () => {
  await house.remove()
  await Promise.all(simulators.map((simulator) => simulator.close()))
  alertmanager.close()
  rmSync(folder, { recursive: true, force: true })
})

async function pageWith(isThere: (page: Page) => boolean, seconds = 60): Promise<Page> {
  let page = await house.page()
  await until(
    async () => {
      page = await house.page()
      return isThere(page)
    },
    seconds,
    () => house.output,
  )
  return page
}

const age = (page: Page, device: string): number =>
  page.at - (page.value('siteward_last_success_timestamp_seconds', { device }) ?? 0) * 1000

test.each(['snmp', 'modbus', 'ssh', 'reach'])(
  'D19: by %s, a name that is not known is a fault of kind dns',
  async (protocol) => {
    const device = `unknown-${protocol}`
    const page = await pageWith((one) => faultsOf(one, device, 'dns') >= 2)
    expect(page.value('siteward_device_up', { device })).toBe(0)
  },
)

test('D19: a device that has moved is read at its new address', async () => {
  await pageWith((page) => page.value('siteward_device_up', { device: 'meter' }) === 1)
  const after = await startModbusSimulator({ units, host: '127.0.0.2', port: meter.port })
  simulators.push(after)
  resolve({ 'meter.test': '127.0.0.2' })
  await meter.close()
  await until(
    () => after.requests() > 1,
    60,
    () => house.output,
  )
  await pageWith((page) => age(page, 'meter') < 3000)
})

describe('D19: when no name server answers any more', () => {
  let begun: Page

  beforeAll(async () => {
    resolve({ 'meter.test': 'slow', ...Object.fromEntries(slow.map((host) => [host, 'slow'])) })
    begun = await house.page()
  })

  test('D19: a device whose address is known is read on', async () => {
    await pause(5000)
    expect(age(await house.page(), 'meter')).toBeLessThan(3000)
  })

  test.each(protocols)('D19: by %s, a name that is not known is a fault at the deadline', async (protocol) => {
    const device = `slow0-${protocol}`
    const page = await pageWith((one) => faultsOf(one, device, 'dns') > faultsOf(begun, device, 'dns'), 90)
    expect(page.value('siteward_device_up', { device })).toBe(0)
    expect(page.value('siteward_poll_duration_seconds', { device })).toBeGreaterThan(2)
    expect(age(page, 'by-address')).toBeLessThan(3000)
  })

  test('D19: files and Alertmanager, which wait for the same threads, are reached all the while', async () => {
    const told = alertmanager.posts.length
    await until(
      () => alertmanager.posts.length > told + 2,
      30,
      () => house.output,
    )
  })
}, 100_000)
