import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseRecording } from '../../collectors/snmp/recording.ts'
import { type SnmpSimulator, startSnmpSimulator } from '../../collectors/snmp/simulator.ts'
import { pause, until } from '../peers/process.ts'
import { House, type Vitals } from './house.ts'

const ports = 400
const slowClients = 100
const neverReading = 40
const scrapes = 15
/** Prometheus' scrapes are answered within this time, beside what they take when nobody else is there. */
const slowestScrape = 100
const mostMemory = 100 * 2 ** 20

const columns: Readonly<Record<string, string>> = {
  '2.2.1.2': '4|port-',
  '2.2.1.7': '2|1',
  '2.2.1.8': '2|1',
  '2.2.1.10': '65|',
  '2.2.1.13': '65|',
  '2.2.1.14': '65|',
  '2.2.1.16': '65|',
  '2.2.1.19': '65|',
  '2.2.1.20': '65|',
}

/** A switch with so many ports that a page of it is more than the system keeps for a reader. */
function largeSwitch(): string {
  const lines = Object.entries(columns).flatMap(([column, value]) =>
    Array.from({ length: ports }, (_, i) => {
      const text = value.endsWith('|') || value.endsWith('-') ? `${value}${i + 1}` : value
      return `1.3.6.1.2.1.${column}.${i + 1}|${text}`
    }),
  )
  return `1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.1\n${lines.join('\n')}\n`
}

/** What a client of bad will sends as soon as it is connected, and then every second. */
type Manner = (socket: Socket) => void

const everySecond = (first: string, then: string): Manner => {
  return (socket) => {
    socket.write(first)
    const timer = setInterval(() => socket.write(then), 1000)
    socket.once('close', () => clearInterval(timer))
  }
}

const slow: readonly Manner[] = [
  () => {},
  everySecond('GET /metrics HTTP/1.1\r\nhost: x\r\nx: ', 'x'),
  everySecond('G', 'E'),
  everySecond('POST /api/v1/drills HTTP/1.1\r\nhost: x\r\ncontent-length: 60000\r\n\r\n{', ' '),
]

const reading: Manner = (socket) => {
  socket.pause()
  socket.write('GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(8))
}

/** Clients that come again as soon as they are cut off. */
class Crowd {
  readonly #port: number
  readonly #sockets = new Set<Socket>()
  #isOver = false

  constructor(port: number) {
    this.#port = port
  }

  send(manner: Manner): void {
    const socket = connect(this.#port, '127.0.0.1', () => manner(socket))
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#sockets.delete(socket)
      // Not at once: nobody's processor is that fast.
      if (!this.#isOver) setTimeout(() => this.#isOver || this.send(manner), 200)
    })
  }

  goHome(): void {
    this.#isOver = true
    for (const socket of this.#sockets) socket.destroy()
  }
}

/** What was seen of a daemon while it was scraped: milliseconds of each scrape in order of their length, and its memory. */
interface Scraped {
  readonly times: readonly number[]
  readonly memory: number
}

let besiegedOne: House
/** The same, with nobody there: what the machine itself is slow by, it is slow by as well. */
let quietOne: House
let agent: SnmpSimulator
let before: Vitals
let quiet: Scraped
let besieged: Scraped

/** As Prometheus does it: a connection of its own, compressed, and read to its end. */
async function scrape({ port }: House): Promise<number> {
  const began = performance.now()
  const reply = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { connection: 'close' } })
  expect(reply.status).toBe(200)
  expect((await reply.text()).length).toBeGreaterThan(100_000)
  return performance.now() - began
}

/** What a daemon has in memory. */
function residentMemory({ pid }: House): number {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
  return Number(kilobytes) * 1024
}

async function scraped(...houses: readonly House[]): Promise<readonly Scraped[]> {
  const seen = houses.map((house) => ({ house, times: [] as number[], memory: 0 }))
  for (let i = 0; i < scrapes; i++) {
    for (const one of seen) {
      one.times.push(await scrape(one.house))
      one.memory = Math.max(one.memory, residentMemory(one.house))
    }
    // The page is made anew each time.
    await pause(1100)
  }
  return seen.map(({ times, memory }) => ({ times: times.sort((a, b) => a - b), memory }))
}

const middle = ({ times }: Scraped): number => times[times.length >> 1] ?? Number.NaN

async function startHouse(): Promise<House> {
  const house = await House.build({
    site: `credentials: { agent: { snmp: { version: 2c, community: public } } }
devices: [{ name: switch, address: '127.0.0.1:${agent.port}', probes: [if-mib], credentials: agent, interval: 30s }]
`,
  })
  await house.start()
  const isRead = async (): Promise<boolean> =>
    (await house.page()).all('interface_receive_bytes_total').length === ports
  await until(isRead, 60, () => house.output)
  return house
}

beforeAll(async () => {
  const recording = parseRecording(largeSwitch(), 'switch.snmprec')
  if (!recording.ok) throw new Error(JSON.stringify(recording.problems))
  agent = await startSnmpSimulator({ recording: recording.value })
  besiegedOne = await startHouse()
  quietOne = await startHouse()
  await scraped(besiegedOne)
  before = await besiegedOne.vitals()
  const crowd = new Crowd(besiegedOne.port)
  for (let i = 0; i < slowClients; i++) crowd.send(slow[i % slow.length] ?? (() => {}))
  for (let i = 0; i < neverReading; i++) crowd.send(reading)
  await pause(2000)
  const [one, other] = await scraped(besiegedOne, quietOne)
  crowd.goHome()
  if (one === undefined || other === undefined) throw new Error('nothing was scraped')
  besieged = one
  quiet = other
}, 300_000)

afterAll(async () => {
  await besiegedOne.remove()
  await quietOne.remove()
  await agent.close()
})

test(`P10: HTTP: with ${slowClients} slow clients and ${neverReading} that read nothing each scrape is answered, and in time`, () => {
  const said = [besieged, quiet].map(({ times }) => times.map((time) => time.toFixed(0)).join(' '))
  process.stderr.write(`scrapes in ms: ${said[0]}\nof the same with nobody there: ${said[1]}\n`)
  expect(besieged.times).toHaveLength(scrapes)
  expect(middle(besieged)).toBeLessThan(slowestScrape + 3 * middle(quiet))
})

test('P10: HTTP: what nobody reads takes no memory that matters', () => {
  expect(besieged.memory - quiet.memory).toBeLessThan(mostMemory)
})

test('P10: HTTP: when they have gone nothing of them is left', async () => {
  const isBack = async (): Promise<boolean> => (await besiegedOne.vitals()).files <= before.files + 2
  await until(isBack, 90, () => besiegedOne.output)
  expect(besiegedOne.isAlive).toBe(true)
  expect((await besiegedOne.page()).value('siteward_bugs_total')).toBe(0)
}, 120_000)
