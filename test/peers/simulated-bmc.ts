import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { peer } from './peer.ts'
import { freePort } from './process.ts'

/** A BMC simulated by OpenIPMI's ipmi_sim, with its console for changes while it runs. */
export interface SimulatedBmc {
  readonly port: number
  readonly pid: number
  /** One line of ipmi_sim's console; resolves when it has been taken. */
  command(line: string): Promise<void>
  stop(): Promise<void>
}

export const adminPassword = 'admin canary 1'
/** Of the user `peer` (USER), for programs that take no password with signs in it. */
export const peerPassword = 'peercanary3'
export const monitorPassword = 'mon#"canary\\2'

/** Starts ipmi_sim on a free port with the sensors below, or others, and two power supplies; users `admin` (ADMINISTRATOR), `monitor` and `peer` (USER). */
export async function startBmc(sensors: readonly Analog[] = analogs): Promise<SimulatedBmc> {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-bmc-'))
  const port = await freePort()
  writeFileSync(join(folder, 'lan.conf'), lanConfiguration(port))
  writeFileSync(join(folder, 'server.emu'), emulatorCommands(sensors))
  const args = ['-c', join(folder, 'lan.conf'), '-f', join(folder, 'server.emu'), '-s', folder]
  const simulator = spawn(peer('ipmi_sim') ?? 'ipmi_sim', args, { stdio: ['pipe', 'ignore', 'ignore'] })
  const ended = new Promise<void>((resolve) => simulator.once('exit', () => resolve()))
  await ready(port)
  // lan.conf takes no such password; the real ones are set as an administrator would.
  await setPasswords(port)
  return {
    port,
    pid: simulator.pid ?? 0,
    async command(line) {
      simulator.stdin.write(`${line}\n`)
      await sleep(100)
    },
    async stop() {
      simulator.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function lanConfiguration(port: number): string {
  const auths = ['callback', 'user', 'operator', 'admin'].map(
    (level) => `  allowed_auths_${level} none md2 md5 straight`,
  )
  return [
    'name "siteward-test"',
    'set_working_mc 0x20',
    'startlan 1',
    `  addr 127.0.0.1 ${port}`,
    '  priv_limit admin',
    ...auths,
    '  guid 0123456789abcdef0123456789abcdef',
    'endlan',
    'user 1 true "" "" user 10 none md2 md5 straight',
    'user 2 true "admin" "first" admin 10 none md2 md5 straight',
    'user 3 true "monitor" "first" user 4 none md2 md5 straight',
    `user 4 true "peer" "${peerPassword}" user 4 none md2 md5 straight`,
    '',
  ].join('\n')
}

interface Analog {
  readonly number: number
  readonly name: string
  readonly entity: number
  readonly type: number
  /** Unit codes of IPMI v2.0, table 43-15: 1 C, 4 V, 6 W, 18 rpm. */
  readonly unit: number
  /** value = raw * multiplier * 10^exponent */
  readonly multiplier?: number
  readonly exponent?: number
  readonly raw: number
  /** lower critical, lower non-critical, upper non-critical, upper critical, raw. */
  readonly limits?: readonly [number, number, number, number]
  readonly isSilent?: boolean
}

const analogs: readonly Analog[] = [
  { number: 1, name: 'Inlet Temp', entity: 0x37, type: 1, unit: 1, raw: 24, limits: [3, 5, 38, 42] },
  { number: 2, name: 'Temp', entity: 3, type: 1, unit: 1, raw: 52, limits: [0, 1, 93, 98] },
  { number: 3, name: 'Temp', entity: 3, type: 1, unit: 1, raw: 55, limits: [0, 1, 93, 98] },
  { number: 4, name: 'Dead Temp', entity: 7, type: 1, unit: 1, raw: 0, limits: [0, 1, 70, 75], isSilent: true },
  {
    number: 5,
    name: 'Fan1, front',
    entity: 0x1d,
    type: 4,
    unit: 0x12,
    multiplier: 120,
    raw: 60,
    limits: [5, 8, 254, 255],
  },
  {
    number: 6,
    name: 'P12V',
    entity: 7,
    type: 2,
    unit: 4,
    multiplier: 63,
    exponent: -3,
    raw: 192,
    limits: [172, 177, 207, 212],
  },
  {
    number: 7,
    name: 'Pwr Consumption',
    entity: 7,
    type: 0x0b,
    unit: 6,
    multiplier: 2,
    raw: 105,
    limits: [0, 0, 220, 240],
  },
]

/** Behind the numbers of the other sensors. */
const firstOfMany = 30

/** Sensors as a large server has them. */
export function temperatures(count: number): readonly Analog[] {
  return Array.from({ length: count }, (_, i): Analog => {
    const limits = [0, 1, 93, 98] as const
    return {
      number: firstOfMany + i,
      name: `DIMM ${i + 1} Temp`,
      entity: 0x20,
      type: 1,
      unit: 1,
      raw: 40 + (i % 20),
      limits,
    }
  })
}

/** The same sensors with names that have no comma, for programs that stumble over one. */
export const plainAnalogs = analogs.map((one) => ({ ...one, name: one.name.replace(',', '') }))

/** Power supplies that are present (offset 0 of sensor type 08h). */
const supplies = [
  { number: 20, name: 'PS1 Status' },
  { number: 21, name: 'PS2 Status' },
]

function emulatorCommands(sensors: readonly Analog[]): string {
  return [
    'mc_setbmc 0x20',
    'mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02',
    'sel_enable 0x20 1000 0x0a',
    ...sensors.flatMap(analogCommands),
    ...supplies.flatMap(supplyCommands),
    'sel_add 0x20 0x02 0x00 0x10 0x00 0x66 0x20 0x00 0x04 0x08 0x15 0x6f 0x03 0xff 0xff',
    `mc_add_fru_data 0x20 0 256 data ${bytes(inventory)}`,
    'mc_enable 0x20',
    '',
  ].join('\n')
}

/** Full sensor record, IPMI v2.0, 43.1. */
function analogCommands(sensor: Analog): string[] {
  const { number, name, entity, type, unit, multiplier = 1, exponent = 0, raw, isSilent = false } = sensor
  const [lc, lnc, unc, uc] = sensor.limits ?? [0, 0, 0, 0]
  const body = [
    ...[0x20, 0, number, entity, 1, 0x7f, 0x68, type, 0x01, 0, 0, 0, 0, 0x1b, 0, 0, unit, 0, 0],
    ...[multiplier & 0xff, (multiplier >> 8) << 6, 0, 0, 0, (exponent & 0xf) << 4, 0, 0, 0, 0, 0xff, 0],
    ...[0, uc, unc, 0, lc, lnc, 0, 0, 0, 0, 0, ...text(name)],
  ]
  const scanning = isSilent ? 'no-scanning' : 'scanning'
  return [
    `sensor_add 0x20 0 ${number} ${type} 0x01`,
    `main_sdr_add 0x20 ${bytes([0, 0, 0x51, 0x01, body.length, ...body])}`,
    `sensor_set_value 0x20 0 ${number} ${raw} 0`,
    `sensor_set_threshold 0x20 0 ${number} settable 011011 0 ${uc} ${unc} 0 ${lc} ${lnc}`,
    `sensor_set_event_support 0x20 0 ${number} enable ${scanning} per-state ${'000111111111111 '.repeat(4)}`,
  ]
}

/** Compact sensor record, IPMI v2.0, 43.2. */
function supplyCommands({ number, name }: { number: number; name: string }): string[] {
  const body = [
    ...[0x20, 0, number, 0x0a, number - 19, 0x67, 0x40, 0x08, 0x6f, 0xff, 0, 0xff, 0, 0xff, 0, 0xc0, 0, 0],
    ...[1, 0, 0, 0, 0, 0, 0, 0, ...text(name)],
  ]
  return [
    `sensor_add 0x20 0 ${number} 0x08 0x6f`,
    `main_sdr_add 0x20 ${bytes([0, 0, 0x51, 0x02, body.length, ...body])}`,
    `sensor_set_bit 0x20 0 ${number} 0 1 0`,
    `sensor_set_event_support 0x20 0 ${number} enable scanning per-state ${'000000011111111 '.repeat(4)}`,
  ]
}

/** The machine's inventory: header and product area (Platform Management FRU v1.0, 8 and 12). */
const inventory: readonly number[] = (() => {
  const fields = ['Siteward Works', 'SW-2288', 'SW-2288-P', 'V1.2', 'SW210231000001', 'ZC-9', '']
  const body = [0x01, 0, 0x19, ...fields.flatMap(text), 0xc1]
  while (body.length % 8 !== 7) body.push(0)
  body[1] = (body.length + 1) / 8
  return [...summed([0x01, 0, 0, 0, 1, 0, 0]), ...summed(body)]
})()

/** With the byte behind it that makes the sum of all 0. */
function summed(body: readonly number[]): readonly number[] {
  return [...body, (256 - (body.reduce((sum, byte) => sum + byte, 0) % 256)) % 256]
}

function text(name: string): number[] {
  return [0xc0 | name.length, ...Buffer.from(name, 'ascii')]
}

function bytes(list: readonly number[]): string {
  return list.map((byte) => `0x${byte.toString(16)}`).join(' ')
}

async function ready(port: number): Promise<void> {
  for (let i = 0; i < 30; i++) {
    if (await ipmitool(port, 'first', ['mc', 'info'])) return
    await sleep(100)
  }
  throw new Error('ipmi_sim does not answer')
}

async function setPasswords(port: number): Promise<void> {
  const isSet =
    (await ipmitool(port, 'first', ['user', 'set', 'password', '3', monitorPassword])) &&
    (await ipmitool(port, 'first', ['user', 'set', 'password', '2', adminPassword]))
  if (!isSet) throw new Error('ipmi_sim takes no new passwords')
}

function ipmitool(port: number, password: string, command: readonly string[]): Promise<boolean> {
  const session = [
    '-I',
    'lanplus',
    '-H',
    '127.0.0.1',
    '-p',
    String(port),
    '-U',
    'admin',
    '-E',
    '-C',
    '3',
    '-N',
    '1',
    '-R',
    '1',
  ]
  const env = { ...process.env, IPMI_PASSWORD: password }
  return new Promise((resolve) => {
    execFile('ipmitool', [...session, ...command], { env }, (error) => resolve(error === null))
  })
}
