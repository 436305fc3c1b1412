import { formatAddress } from '../address.ts'
import { type IpmiOptions, sessionWorkarounds } from './schema.ts'

export type Tool = 'freeipmi' | 'ipmitool'

/** All that is ever asked of a BMC: nothing here writes, and nothing else can be asked. */
export type Ask = 'sensors' | 'readings' | 'chassis' | 'dcmi' | 'sel' | 'fru' | 'sensor list'

/** What a probe can ask of a BMC; its sensors are read with their limits or without. */
export type Topic = Exclude<Ask, 'sensor list' | 'readings'>

/** Where the BMC is and how it is spoken to; undefined host is this machine's own, through its kernel driver. */
export interface Target {
  readonly host: string | undefined
  readonly port: number
  readonly user: string
  readonly privilege: NonNullable<IpmiOptions['privilege']>
  readonly cipherSuite: number
  readonly workarounds: NonNullable<IpmiOptions['workarounds']>
}

/** Where the transport keeps what may not stand in an argument. */
export interface Files {
  /** 0700; FreeIPMI keeps its cache of the sensor list in it. */
  readonly folder: string
  /** FreeIPMI's configuration, 0600. */
  readonly configuration: string
  /**
   * Empty: which event is a warning and which is critical are FreeIPMI's own defaults. Its file of them, which says the
   * same, costs more than reading all sensors.
   */
  readonly states: string
  /** The password alone, 0600, for ipmitool. */
  readonly password: string
}

const freeipmi: Readonly<Record<Ask, readonly string[]>> = {
  sensors: [
    'ipmi-sensors',
    '--comma-separated-output',
    '--no-header-output',
    '--output-sensor-state',
    '--output-sensor-thresholds',
  ],
  // Without the limits, which are a request of their own for each sensor.
  readings: ['ipmi-sensors', '--comma-separated-output', '--no-header-output', '--output-sensor-state'],
  // Reads the list of sensors into the cache and shows no sensor: the type is one that none has.
  'sensor list': ['ipmi-sensors', '--sensor-types=OEM_Reserved'],
  chassis: ['ipmi-chassis', '--get-chassis-status'],
  dcmi: ['ipmi-dcmi', '--get-system-power-statistics'],
  sel: ['ipmi-sel', '--info'],
  // The machine itself: others are of its parts.
  fru: ['ipmi-fru', '--device-id=0'],
}

const ipmitool: Readonly<Record<Exclude<Ask, 'sensor list'>, readonly string[]>> = {
  sensors: ['sdr', 'elist'],
  readings: ['sdr', 'elist'],
  chassis: ['chassis', 'status'],
  dcmi: ['dcmi', 'power', 'reading'],
  sel: ['sel', 'info'],
  fru: ['fru', 'print', '0'],
}

/** A tool with a cache asks the BMC what it holds; a stale one is made anew without being told. */
const cached: readonly Ask[] = ['sensors', 'readings', 'fru', 'sensor list']

/** The command line of FreeIPMI; `patience` in milliseconds is how long it waits for a BMC that is silent. */
export function freeipmiCommand(ask: Ask, target: Target, files: Files, patience: number): readonly string[] {
  return [
    ...freeipmi[ask],
    `--config-file=${files.configuration}`,
    ...(ask === 'sensors' || ask === 'readings' ? [`--sensor-state-config-file=${files.states}`] : []),
    ...(cached.includes(ask) ? [`--sdr-cache-directory=${files.folder}`, '--sdr-cache-recreate', '--quiet-cache'] : []),
    ...(target.host === undefined
      ? []
      : [
          `--hostname=${freeipmiHost(target.host, target.port)}`,
          `--session-timeout=${Math.round(patience)}`,
          `--retransmission-timeout=${Math.round(patience / 4)}`,
        ]),
  ]
}

/** 623 is the port by the standard (ASF/RMCP); FreeIPMI would take a bracketed name for a range of hosts. */
function freeipmiHost(host: string, port: number): string {
  return port === 623 ? host : formatAddress(host, port)
}

/**
 * How long ipmitool waits and how often it sends, so that it gives up on a silent BMC within `patience`. Measured with
 * 1.8.19: it asks for the capabilities in two ways, and each wait is a second longer than the one before, so `-N n -R 1`
 * takes 2n seconds and `-N n -R 2` takes 4n + 2.
 */
function ipmitoolTimes(patience: number): readonly string[] {
  const seconds = patience / 1000
  const [wait, sends] = seconds >= 6 ? [Math.floor((seconds - 2) / 4), 2] : [Math.floor(seconds / 2), 1]
  return ['-N', String(Math.max(1, wait)), '-R', String(sends)]
}

/**
 * The command line of ipmitool. `-v` because only then its errors say what failed; `-C` because the search for a cipher
 * suite costs 10 s on a BMC that does not answer it.
 */
export function ipmitoolCommand(
  ask: Exclude<Ask, 'sensor list'>,
  target: Target,
  files: Files,
  patience: number,
): readonly string[] {
  if (target.host === undefined) return ['ipmitool', '-v', '-I', 'open', ...ipmitool[ask]]
  return [
    'ipmitool',
    ...['-v', '-I', 'lanplus', '-H', target.host, '-p', String(target.port)],
    ...['-U', target.user, '-f', files.password, '-L', privileges[target.privilege]],
    ...['-C', String(target.cipherSuite), ...ipmitoolTimes(patience)],
    ...ipmitool[ask],
  ]
}

const privileges = { user: 'USER', operator: 'OPERATOR', admin: 'ADMINISTRATOR' } as const

/** FreeIPMI's configuration file (freeipmi.conf(5)), with the password, which it is written for. */
export function freeipmiConfiguration(target: Target, password: string): string {
  if (target.host === undefined) return ''
  const session = target.workarounds.filter((flag) => sessionWorkarounds.some((known) => known === flag))
  const lines = [
    'driver-type LAN_2_0',
    `username ${quoted(target.user)}`,
    `password ${quoted(password)}`,
    `privilege-level ${target.privilege}`,
    `cipher-suite-id ${target.cipherSuite}`,
    ...(session.length > 0 ? [`workaround-flags ${session.join(' ')}`] : []),
    ...(target.workarounds.length > 0 ? [`ipmi-sensors-workaround-flags ${target.workarounds.join(' ')}`] : []),
  ]
  return `${lines.join('\n')}\n`
}

/** FreeIPMI takes a # for a comment even between quotes. */
function quoted(text: string): string {
  return `"${text.replace(/["\\#]/g, '\\$&')}"`
}
