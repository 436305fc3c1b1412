import { lookup } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { parseArgs } from 'node:util'
import { formatAddress, parseAddress } from '../../collectors/address.ts'
import type { Collector } from '../../collectors/collector.ts'
import { loadCredential } from '../config/credentials.ts'
import { type Found, foundRows, proposedEntries } from '../library/discovery.ts'
import { chosen } from '../library/identify.ts'
import { type AddressRange, hostsOf, isWithin, parseRange } from '../model/address-range.ts'
import type { Clock } from '../model/clock.ts'
import type { Device } from '../model/device.ts'
import type { Probe } from '../model/probe.ts'
import type { Site } from '../model/site.ts'
import { files } from '../shipped-files.ts'
import { askAll } from './asking.ts'
import { type Command, type Io, UsageError } from './command.ts'
import { readLibrary } from './library.ts'
import { columnsText } from './poll.ts'
import { byProtocol, configOf, printProblems, protocols, readSite } from './site-file.ts'

const usage = `Usage: siteward discover [CIDR ...] --config FILE [--credentials NAME ...] [OPTION...]

Asks every address of the ranges what it is, and proposes entries for the site file. It only reads, and only in ranges that
the site file declares (discovery_ranges: [10.1.0.0/24]); all of them where no CIDR is given. What the site file has already
is marked and not asked.

  --config FILE       the site file
  --credentials NAME  one of its credentials; may stand several times. Each address is asked by the protocols of each, in
                      this order, until one answers. Over SSH one credential alone is tried where port 22 is open, since
                      failed log-ins lock accounts
  --protocol modbus   also look whether something listens on port 502: what its registers mean, nobody can ask
  --port N            ask on this port and not on the protocol's own
  --rate N            begin with N addresses a second at most (default 10)
  --json              print JSON: an array of what was found

Exit status: 0 when something answered, 1 when nothing did or the site file has a mistake, 2 for a wrong command line.
`

/** The most addresses of one call: at the default rate this takes seven minutes. */
const mostAddresses = 4096
const mostInFlight = 32
/** Milliseconds that an address may take for each question. */
const patience = 3000
/** Milliseconds for a connection within a site's network. */
const connectPatience = 1500
/** Ports that are tried before anything is said (IANA's registry of service names). */
const portOf = { ssh: 22, modbus: 502 } as const

/** One way to ask: a protocol with what to log in. */
interface Way {
  readonly collector: Collector
  readonly name: string
  readonly credential: unknown
}

/** `siteward discover`. */
export const discover: Command = {
  name: 'discover',
  summary: 'sweep declared ranges for devices, and propose entries',
  usage,
  async run(args, io) {
    const order = orderOf(args)
    const { site, problems } = await readSite(order.config, io.env)
    printProblems(problems, io)
    const ways = site === undefined ? undefined : await waysOf(order, io)
    if (site === undefined || ways === undefined) return 1
    const ranges = rangesOf(order.ranges, site)
    const { probes } = await readLibrary()
    const known = await knownAddresses(site.devices)
    const ask = (address: string): Promise<Found | undefined> => {
      const device = known.get(address)
      if (device !== undefined) return Promise.resolve({ kind: 'known', address, device })
      return askAddress(address, ways, order, [...probes.values()], io)
    }
    const addresses = ranges.flatMap((range) => [...hostsOf(range)])
    const found = await sweep(addresses, order.rate, ask, io.clock)
    io.out.write(order.json ? `${JSON.stringify(found, null, 2)}\n` : asText(found))
    return found.length > 0 ? 0 : 1
  },
}

/** What was asked for. */
interface Order {
  readonly config: string
  readonly credentials: readonly string[]
  readonly listening: readonly string[]
  readonly ranges: readonly string[]
  /** Addresses a second. */
  readonly rate: number
  readonly port: number | undefined
  readonly json: boolean
}

function orderOf(args: readonly string[]): Order {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      config: { type: 'string' },
      credentials: { type: 'string', multiple: true },
      protocol: { type: 'string', multiple: true },
      port: { type: 'string' },
      rate: { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  })
  const { credentials = [], protocol: listening = [], json } = values
  const rate = Number(values.rate)
  const port = values.port === undefined ? undefined : Number(values.port)
  if (!(rate > 0 && rate <= 1000)) throw new UsageError('--rate takes more than 0, up to 1000')
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535))
    throw new UsageError('--port takes 1 to 65535')
  if (listening.some((name) => name !== 'modbus'))
    throw new UsageError('--protocol takes modbus; every other protocol needs --credentials NAME')
  if (credentials.length + listening.length === 0)
    throw new UsageError('how is it asked? --credentials NAME, or --protocol modbus')
  return { config: configOf(values), credentials, listening, ranges: positionals, rate, port, json }
}

/** The ranges to sweep; throws where one is none, lies outside of the declared ones, or they are too many addresses. */
function rangesOf(written: readonly string[], { discoveryRanges }: Site): readonly AddressRange[] {
  if (discoveryRanges.length === 0)
    throw new UsageError('the site file declares no range: discovery_ranges: [10.1.0.0/24]')
  const ranges = written.map((text) => {
    const range = parseRange(text)
    if (range === undefined) throw new UsageError(`${text} is no range of IPv4 addresses: 10.1.0.0/24`)
    if (!discoveryRanges.some((declared) => isWithin(range, declared)))
      throw new UsageError(`${text} is not within discovery_ranges of the site file`)
    return range
  })
  const all = ranges.length === 0 ? discoveryRanges : ranges
  const count = all.reduce((sum, range) => sum + range.count, 0)
  if (count > mostAddresses)
    throw new UsageError(`${count} addresses are too many for one call: at most ${mostAddresses}, as a /20 has`)
  return all
}

/** Every way to ask, in the order of the credentials; undefined where one cannot be read, which is told. */
async function waysOf({ config, credentials }: Order, io: Io): Promise<readonly Way[] | undefined> {
  const text = await readFile(config, 'utf8')
  const ways: Way[] = []
  for (const name of credentials) {
    const { credential, problems } = await loadCredential(text, config, name, protocols, { files, env: io.env })
    printProblems(problems, io)
    if (credential === undefined) return undefined
    for (const [protocol, own] of Object.entries(credential)) {
      const collector = byProtocol.get(protocol)
      if (collector !== undefined) ways.push({ collector, name, credential: own })
    }
  }
  return ways
}

/** The devices of the site by the addresses of their hosts; a name that nobody knows now is passed over. */
async function knownAddresses(devices: readonly Device[]): Promise<ReadonlyMap<string, string>> {
  const known = new Map<string, string>()
  for (const { name, address } of devices) {
    const host = parseAddress(address)?.host
    if (host === undefined) continue
    const found = await lookup(host, { all: true, family: 4 }).catch(() => [])
    for (const { address: one } of found) if (!known.has(one)) known.set(one, name)
  }
  return known
}

async function askAddress(
  host: string,
  ways: readonly Way[],
  { listening, port }: Order,
  probes: readonly Probe[],
  io: Io,
): Promise<Found | undefined> {
  const address = port === undefined ? host : formatAddress(host, port)
  const tried = new Set<string>()
  for (const { collector, name, credential } of ways) {
    const { protocol } = collector
    if (protocol === 'ssh' && (tried.has(protocol) || !(await isOpen(host, port ?? portOf.ssh)))) continue
    tried.add(protocol)
    // Most addresses are silent: that is no news.
    const subject = { collector, address, credential, patience, close: async () => {} }
    const answer = await askAll(subject, probes, { ...io, err: { write: () => true } })
    if (answer === undefined || (answer.told === undefined && answer.proposals.length === 0)) continue
    const description = (answer.told?.description ?? '').replace(/\s+/g, ' ').trim().slice(0, 80)
    return { kind: 'new', address, credential: name, description, probes: chosen(answer.proposals, answer.trials) }
  }
  for (const protocol of listening) {
    const there = port ?? portOf.modbus
    if (await isOpen(host, there)) return { kind: 'open', address, port: there, protocol }
  }
  return undefined
}

function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: connectPatience })
    const end = (isThere: boolean) => () => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false))
  })
}

/** Asks all, `rate` a second at most and a bounded number at once; what was found in the order of the addresses. */
async function sweep(
  addresses: readonly string[],
  rate: number,
  ask: (address: string) => Promise<Found | undefined>,
  clock: Clock,
): Promise<readonly Found[]> {
  const found: (Found | undefined)[] = []
  const underWay = new Set<Promise<void>>()
  for (const [at, address] of addresses.entries()) {
    if (underWay.size >= mostInFlight) await Promise.race(underWay)
    const asking = ask(address).then((one) => {
      found[at] = one
      underWay.delete(asking)
    })
    underWay.add(asking)
    await new Promise<void>((resolve) => clock.after(1000 / rate, resolve))
  }
  await Promise.all(underWay)
  return found.flatMap((one) => (one === undefined ? [] : [one]))
}

function asText(found: readonly Found[]): string {
  if (found.length === 0) return 'nothing answers\n'
  const entries = proposedEntries(found)
  return `${[...columnsText(foundRows(found)), ...(entries === '' ? [] : ['', entries.trimEnd()])].join('\n')}\n`
}
