import { connect } from 'node:net'
import Type from 'typebox'
import { afterEach, describe, expect, test } from 'vitest'
import { Gate } from '../../src/expose/gate.ts'
import { json, operation, plain, type Reply, type Route } from '../../src/expose/route.ts'
import { type Called, type ExposeServer, startServer } from '../../src/expose/server.ts'
import type { Access } from '../../src/model/access.ts'
import { systemClock } from '../../src/model/clock.ts'
import { Secret } from '../../src/model/secret.ts'
import { openWeb } from '../../src/web/web-file.ts'

const access: Access = {
  operators: [
    { name: 'desk', right: 'operate', token: new Secret('desk-token-0123456789') },
    { name: 'screen', right: 'read', token: new Secret('screen-token-0123456789') },
  ],
  operateWithoutTls: false,
  webConfig: undefined,
}

const note = Type.Object({ note: Type.String({ maxLength: 20 }) }, { additionalProperties: false })

const routes: readonly Route[] = [
  { method: 'GET', path: '/metrics', right: 'read', handle: ({ caller }) => plain(200, `read by ${caller}\n`) },
  { method: 'GET', path: '/pieces', right: 'open', handle: () => ({ status: 200, headers: {}, body: ['a', 'b'] }) },
  { method: 'GET', path: '/throws', right: 'open', handle: () => Promise.reject(new Error('secret-of-a-library')) },
  operation('POST', '/api/v1/devices/:name/notes', note, ({ params, body, caller }) =>
    json(201, { ...params, ...body, by: caller }),
  ),
]

let server: ExposeServer
let called: Called[]
let denied: string[]
let bugs: number
let answered: string[]

function reply(body: Reply['body']): Reply {
  return { status: 200, headers: {}, body }
}

function gateOf(changed: Access): Gate {
  return new Gate(
    changed,
    () => openWeb,
    () => 0,
  )
}

async function start(changed: Partial<Access> = {}, more: readonly Route[] = []): Promise<void> {
  called = []
  denied = []
  answered = []
  bugs = 0
  server = await startServer(
    { host: '127.0.0.1', port: 0 },
    {
      routes: [...routes, ...more],
      gate: gateOf({ ...access, ...changed }),
      web: () => openWeb,
      clock: systemClock,
      watch: {
        answered: (path, status) => answered.push(`${path} ${status}`),
        called: (one) => called.push(one),
        denied: (_from, what, why) => denied.push(`${what}: ${why}`),
        bug: () => bugs++,
      },
    },
  )
}

const desk = { authorization: 'Bearer desk-token-0123456789' }
const asJson = { 'content-type': 'application/json' }
const notes = '/api/v1/devices/%E7%A9%BA%E8%B0%83-1/notes'

function post(path: string, headers: Record<string, string>, body: string): Promise<Response> {
  return fetch(`${server.url}${path}`, { method: 'POST', headers, body })
}

afterEach(() => server.close())

describe('pages', () => {
  test('anybody reads where the site does not ask who it is', async () => {
    await start()
    expect(await (await fetch(`${server.url}/metrics`)).text()).toBe('read by \n')
    expect(await (await fetch(`${server.url}/metrics`, { headers: desk })).text()).toBe('read by desk\n')
    expect(await (await fetch(`${server.url}/pieces?x=1`)).text()).toBe('ab')
    expect(answered).toEqual(['/metrics 200', '/metrics 200', '/pieces 200'])
  })

  test('between two pieces other work has its turn, also between empty ones', async () => {
    let turns = 0
    function* pieces() {
      for (let i = 0; i < 50; i++) {
        setImmediate(() => turns++)
        yield i % 2 === 0 ? Buffer.alloc(100, '.') : ''
        expect(turns).toBeGreaterThan(i)
      }
    }
    const many: Route = { method: 'GET', path: '/many', right: 'open', handle: () => reply(pieces()) }
    await start({}, [many])
    expect(await (await fetch(`${server.url}/many`)).text()).toBe('.'.repeat(2500))
  })

  test('HEAD has no body; unknown paths and methods are told apart', async () => {
    await start()
    const head = await fetch(`${server.url}/metrics`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect((await fetch(`${server.url}/nothing`)).status).toBe(404)
    const wrong = await post('/metrics', {}, '')
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect(answered.at(-2)).toBe('other 404')
  })

  test('an exception becomes 500 without its words', async () => {
    await start()
    const reply = await fetch(`${server.url}/throws`)
    expect(reply.status).toBe(500)
    expect(await reply.text()).not.toContain('secret-of-a-library')
    expect(bugs).toBe(1)
  })
})

describe('operations', () => {
  test('an operator with a token operates, and it is written down', async () => {
    await start()
    const reply = await post(notes, { ...desk, ...asJson }, '{"note":"on my way"}')
    expect(reply.status).toBe(201)
    expect(await reply.json()).toEqual({ name: '空调-1', note: 'on my way', by: 'desk' })
    const from = '127.0.0.1'
    const operation = `POST ${notes}`
    expect(called).toEqual([{ caller: 'desk', from, operation, body: { note: 'on my way' }, status: 201 }])
  })

  test.each([
    ['no token', {}, 401],
    ['a wrong token', { authorization: 'Bearer desk-token-0123456780' }, 401],
    ['a token as a password', { authorization: `Basic ${btoa('desk:desk-token-0123456789')}` }, 401],
    ['a token that may only read', { authorization: 'Bearer screen-token-0123456789' }, 403],
  ])('%s is refused before the body is read', async (_what, headers, status) => {
    await start()
    const reply = await post(notes, { ...headers, ...asJson } as Record<string, string>, '{"note":"x"}')
    expect(reply.status).toBe(status)
    expect(called).toEqual([])
    expect(denied).toHaveLength(1)
  })

  test.each([
    ['no JSON', { ...desk, ...asJson }, '{"note":', 400],
    ['another type', { ...desk, 'content-type': 'text/plain' }, '{"note":"x"}', 415],
    ['another key', { ...desk, ...asJson }, '{"note":"x","by":"y"}', 400],
    ['a note that is too long', { ...desk, ...asJson }, JSON.stringify({ note: 'x'.repeat(21) }), 400],
    ['a body that is too large', { ...desk, ...asJson }, JSON.stringify({ note: 'x'.repeat(70_000) }), 413],
    ['no body', desk, '', 400],
  ])('%s is answered with what is wrong, and written down', async (_what, headers, body, status) => {
    await start()
    const reply = await post(notes, headers, body)
    expect(reply.status).toBe(status)
    expect(await reply.json()).toHaveProperty('error')
    expect(called.map((one) => one.status)).toEqual([status])
  })
})

test('a path that is no text is unknown, and the next request of the connection is not lost', async () => {
  await start()
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.write(
    'GET /api/v1/devices/%ff/notes HTTP/1.1\r\nhost: x\r\n\r\nGET /pieces HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
  )
  let text = ''
  for await (const part of socket) text += part
  expect(text).toMatch(/^HTTP\/1.1 404.*HTTP\/1.1 200/s)
})

describe('the gate', async () => {
  const caller = { authorization: 'Bearer desk-token-0123456789', address: '192.0.2.7', isEncrypted: false }

  test('a token from another machine needs TLS, unless the site says otherwise', async () => {
    expect(await gateOf(access).admit('operate', caller)).toMatchObject({ ok: false, status: 403 })
    expect(await gateOf(access).admit('operate', { ...caller, isEncrypted: true })).toEqual({
      ok: true,
      caller: 'desk',
    })
    expect((await gateOf({ ...access, operateWithoutTls: true }).admit('operate', caller)).ok).toBe(true)
  })

  test.each(['127.0.0.1', '127.8.0.9', '::1', '::ffff:127.0.0.1'])('%s is this machine', async (address) => {
    expect((await gateOf(access).admit('operate', { ...caller, address })).ok).toBe(true)
  })

  test.each(['', '128.0.0.1', '::2', '::ffff:10.0.0.1', '1127.0.0.1'])('"%s" is another machine', async (address) => {
    expect((await gateOf(access).admit('operate', { ...caller, address })).ok).toBe(false)
  })
})
