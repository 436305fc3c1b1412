import { mkdtempSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { readWebConfig } from '../../src/config/web-config.ts'
import { Gate } from '../../src/expose/gate.ts'
import { plain, type Reply, type Request, type Route } from '../../src/expose/route.ts'
import { type ExposeServer, type ServerLimits, startServer } from '../../src/expose/server.ts'
import { systemClock } from '../../src/model/clock.ts'
import type { WebConfig } from '../../src/model/web.ts'
import { openWeb } from '../../src/web/web-file.ts'
import { makeCertificate } from '../certificates.ts'
import { until } from '../peers/process.ts'

const large = 'x'.repeat(32 * 2 ** 20)
let handled = 0
/** Whose answers were cut off before they had them whole. */
let cut: string[] = []
const begun = new Set<string>()

function page(path: string, handle: (request: Request) => Reply | Promise<Reply>): Route {
  return { method: 'GET', path, right: 'open', handle }
}

const routes: readonly Route[] = [
  page('/small', () => {
    handled++
    return plain(200, 'well')
  }),
  page('/large/:name', ({ params, signal }) => {
    begun.add(params['name'] ?? '')
    signal.addEventListener('abort', () => cut.push(params['name'] ?? ''))
    return plain(200, large)
  }),
  page('/never', () => new Promise<Reply>(() => {})),
]

let server: ExposeServer
const clients: Client[] = []

async function start(limits: Partial<ServerLimits>, web: WebConfig = openWeb): Promise<void> {
  handled = 0
  cut = []
  begun.clear()
  server = await startServer(
    { host: '127.0.0.1', port: 0 },
    {
      routes,
      gate: new Gate(
        { operators: [], operateWithoutTls: false },
        () => web,
        () => 0,
      ),
      web: () => web,
      clock: systemClock,
      watch: { answered: () => {}, called: () => {}, denied: () => {}, bug: () => {} },
      limits,
    },
  )
}

/** A client that sends what it is told, and reads unless its socket is paused. */
class Client {
  readonly socket: Socket
  isOpen = true
  text = ''

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (data) => {
      this.text += data.toString()
    })
    socket.on('close', () => {
      this.isOpen = false
    })
  }

  static async connect(from = '127.0.0.1'): Promise<Client> {
    const socket = connect({ port: Number(new URL(server.url).port), host: '127.0.0.1', localAddress: from })
    const client = new Client(socket)
    clients.push(client)
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return client
  }

  send(text: string): this {
    this.socket.write(text)
    return this
  }
}

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`
}

async function expectServed(): Promise<void> {
  const reply = await fetch(`${server.url}/small`)
  expect(await reply.text()).toBe('well')
}

/** A client that asks for much and takes nothing. */
async function never(name: string): Promise<void> {
  const client = (await Client.connect()).send(get(`/large/${name}`))
  client.socket.pause()
}

function eventually(condition: () => boolean): Promise<void> {
  return until(condition, 20, () => `${openOnes()} open, cut off: ${cut.join(', ')}`)
}

const openOnes = (): number => clients.filter(({ isOpen }) => isOpen).length

afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy()
  await server.close()
})

describe('connections that nobody uses keep nobody out', () => {
  test('beyond the share of an address its oldest idle one goes, and another address keeps its own', async () => {
    await start({ connections: 100, ofOneAddress: 10, headers: 60_000, request: 60_000 })
    const other = await Client.connect('127.0.0.2')
    const busy = (await Client.connect()).send(get('/never'))
    await expectServed()
    const idle: Client[] = []
    for (let i = 0; i < 30; i++) idle.push((await Client.connect()).send('GET / HTTP/1.1\r\nslow: '))
    await expectServed()
    await eventually(() => openOnes() <= 11)
    expect([other.isOpen, busy.isOpen, idle[0]?.isOpen, idle.at(-1)?.isOpen]).toEqual([true, true, false, true])
  })

  test('beyond all that there may be the one idle for longest goes', async () => {
    await start({ connections: 10, ofOneAddress: 10, headers: 60_000, request: 60_000 })
    const first = await Client.connect('127.0.0.2')
    for (let i = 3; i < 30; i++) await Client.connect(`127.0.0.${i}`)
    await expectServed()
    await eventually(() => openOnes() <= 10)
    expect(first.isOpen).toBe(false)
  })
})

describe('time is up', () => {
  test('for one that says nothing, for headers and bodies without end, and between two requests', async () => {
    await start({ headers: 500, request: 1000, idle: 500 })
    const silent = await Client.connect()
    const slow = (await Client.connect()).send('GET /small HTTP/1.1\r\nx: ')
    const body = (await Client.connect()).send('GET /small HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nx')
    const kept = (await Client.connect()).send(get('/small'))
    const drip = setInterval(() => slow.send('x'), 100)
    await eventually(() => openOnes() === 0)
    clearInterval(drip)
    expect([silent.isOpen, slow.isOpen, body.isOpen, kept.isOpen]).toEqual([false, false, false, false])
    expect(kept.text).toMatch(/^HTTP\/1.1 200/)
  })

  test('for one that takes nothing of its answer', async () => {
    await start({ reading: 1000 })
    await never('a')
    await expectServed()
    await eventually(() => cut.length === 1)
  })

  test('for one that begins no TLS', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'siteward-slow-'))
    makeCertificate(folder, 'own', { subject: 'own.example' })
    writeFileSync(join(folder, 'web.yml'), 'tls_server_config: { cert_file: own.pem, key_file: own.key }\n')
    const web = readWebConfig(join(folder, 'web.yml'))
    if (!web.ok) throw new Error(JSON.stringify(web.problems))
    await start({ handshake: 500 }, web.config)
    await Client.connect()
    ;(await Client.connect()).send('\x16\x03\x01')
    await eventually(() => openOnes() === 0)
  }, 60_000)
})

describe('memory', () => {
  test('of answers that nobody takes is bounded: who takes none for longest goes', async () => {
    await start({ bytes: 100 * 2 ** 20 })
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      await never(name)
      await eventually(() => begun.has(name))
    }
    await expectServed()
    // Three of 32 MiB fit.
    await eventually(() => cut.length >= 2)
    expect(cut.length).toBe(2)
    expect(cut).not.toContain('e')
  })

  test('requests ahead are answered one after the other, and too many are not taken', async () => {
    await start({ requestsAhead: 4 })
    const some = (await Client.connect()).send(get('/small').repeat(4))
    await eventually(() => some.text.split('HTTP/1.1 200').length === 5)
    const stuck = (await Client.connect()).send(get('/never') + get('/small'))
    await expectServed()
    expect(handled).toBe(5)
    expect(stuck.isOpen).toBe(true)
    const many = (await Client.connect()).send(get('/never') + get('/small').repeat(100))
    await eventually(() => !many.isOpen)
    expect(handled).toBe(5)
  })

  test('headers of more than 16 KiB are refused', async () => {
    await start({})
    const client = (await Client.connect()).send(`GET /small HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`)
    await eventually(() => client.text.startsWith('HTTP/1.1 431'))
  })
})

test('every answer tells browsers to run, load and frame nothing; TLS alone is asked for only where the site says so', async () => {
  await start({}, { ...openWeb, headers: {} })
  for (const path of ['/small', '/nothing']) {
    const { headers } = await fetch(server.url + path)
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('strict-transport-security')).toBe(null)
  }
  await server.close()
  await start({}, { ...openWeb, headers: { 'strict-transport-security': 'max-age=31536000' } })
  expect((await fetch(`${server.url}/small`)).headers.get('strict-transport-security')).toBe('max-age=31536000')
})
