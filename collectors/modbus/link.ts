import type { Place } from '../../src/model/place.ts'
import { bad, good, type Result } from '../../src/model/result.ts'
import type { DeviceOptions } from './schema.ts'

interface TcpLink {
  readonly kind: 'tcp'
  readonly host: string
  readonly port: number
  readonly framing: 'mbap' | 'rtu'
}

interface SerialLink {
  readonly kind: 'serial'
  readonly path: string
  readonly baud: number
  readonly parity: 'none' | 'even' | 'odd'
  readonly dataBits: 7 | 8
  readonly stopBits: 1 | 2
}

/** What the requests go out on. */
export type Link = TcpLink | SerialLink

/** Registered with IANA as mbap. */
const defaultPort = 502

const serialKeys = ['baud', 'parity', 'data_bits', 'stop_bits'] as const satisfies readonly (keyof DeviceOptions)[]

/** The link that a device's address and options name. */
export function linkOf(address: string, options: DeviceOptions, place: Place): Result<Link> {
  return isPath(address) ? serialLink(address, options, place) : tcpLink(address, options, place)
}

/** What devices on the same wire share: two of them are never polled at once. */
export function endpointOf(link: Link): string {
  return link.kind === 'serial' ? `modbus ${link.path}` : `modbus ${shownHost(link.host)}:${link.port}`
}

/** The endpoint and how it is spoken to; devices that agree in both share one connection. */
export function sessionOf(link: Link): string {
  if (link.kind === 'tcp') return link.framing === 'rtu' ? `${endpointOf(link)} rtu` : endpointOf(link)
  const { baud, dataBits, parity, stopBits } = link
  return `${endpointOf(link)} ${baud} ${dataBits}${parity.charAt(0).toUpperCase()}${stopBits}`
}

/** Whether requests go out as RTU frames, which carry nothing that ties an answer to its request. */
export function isRtu(link: Link): boolean {
  return link.kind === 'serial' || link.framing === 'rtu'
}

function isPath(address: string): boolean {
  return address.startsWith('/') || /^COM\d{1,3}$/i.test(address)
}

function serialLink(path: string, options: DeviceOptions, place: Place): Result<Link> {
  if (options.transport !== undefined) {
    return bad({ place, message: `transport: ${options.transport} needs HOST:PORT, and the address is a serial line` })
  }
  const { baud = 9600, parity = 'none', data_bits: dataBits = 8, stop_bits: stopBits = 1 } = options
  return good({ kind: 'serial', path, baud, parity, dataBits, stopBits })
}

function tcpLink(address: string, options: DeviceOptions, place: Place): Result<Link> {
  const wrong = serialKeys.filter((key) => options[key] !== undefined)
  if (wrong.length > 0) {
    const message = `${wrong.join(', ')}: only for a serial line, and the address is ${address}`
    return bad({ place, message, hint: 'a serial line is a path, e.g. address: /dev/ttyS0' })
  }
  const match = /^(?:\[([\w:.%]+)\]|([\w.-]+))(?::(\d{1,5}))?$/.exec(address)
  const host = match?.[1] ?? match?.[2] ?? bareIpv6(address)
  const port = Number(match?.[3] ?? defaultPort)
  if (host === undefined || port < 1 || port > 65_535) {
    const hint = 'HOST, HOST:PORT (502 when not given), [IPV6]:PORT or /dev/ttyS0'
    return bad({ place, message: `no address: "${address}"`, hint })
  }
  return good({ kind: 'tcp', host, port, framing: options.transport === 'rtu_over_tcp' ? 'rtu' : 'mbap' })
}

function bareIpv6(address: string): string | undefined {
  return /^[\da-f]{0,4}(:[\da-f]{0,4}){2,7}$/i.test(address) ? address : undefined
}

function shownHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
