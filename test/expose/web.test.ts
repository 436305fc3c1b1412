import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import bcrypt from 'bcryptjs'
import Type from 'typebox'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { readWebConfig } from '../../src/config/web-config.ts'
import { Gate } from '../../src/expose/gate.ts'
import { Passwords } from '../../src/expose/passwords.ts'
import { TokenBucket } from '../../src/expose/rate.ts'
import { json, operation, plain, type Route } from '../../src/expose/route.ts'
import { type ExposeServer, startServer } from '../../src/expose/server.ts'
import { systemClock } from '../../src/model/clock.ts'
import { silent } from '../../src/model/log.ts'
import { Secret } from '../../src/model/secret.ts'
import { WebFile } from '../../src/web/web-file.ts'
import { makeCertificate } from '../certificates.ts'

const folder = mkdtempSync(join(tmpdir(), 'siteward-tls-'))
const at = (name: string): string => join(folder, name)
const hash = bcrypt.hashSync('open sesame', 4)
const operator = { name: 'desk', right: 'operate', token: new Secret('desk-token-0123456789') } as const

const routes: readonly Route[] = [
  { method: 'GET', path: '/metrics', right: 'read', handle: ({ caller }) => plain(200, caller) },
  { method: 'GET', path: '/-/healthy', right: 'open', handle: () => plain(200, 'well') },
  operation('POST', '/act', Type.Object({}), ({ caller }) => json(200, { caller })),
]

let server: ExposeServer | undefined

beforeAll(() => {
  makeCertificate(folder, 'first', { subject: 'first.example' })
  makeCertificate(folder, 'second', { subject: 'second.example' })
  makeCertificate(folder, 'client', { subject: 'prometheus.example' })
  makeCertificate(folder, 'stranger', { subject: 'stranger.example' })
}, 30_000)

async function start(text: string): Promise<void> {
  writeFileSync(at('web.yml'), text)
  const first = readWebConfig(at('web.yml'))
  if (!first.ok) throw new Error(JSON.stringify(first.problems))
  const web = new WebFile(at('web.yml'), first, silent)
  server = await startServer(
    { host: '127.0.0.1', port: 0 },
    {
      routes,
      gate: new Gate(
        { operators: [operator], operateWithoutTls: false },
        () => web.current(),
        () => 0,
      ),
      web: () => web.current(),
      clock: systemClock,
      watch: { answered: () => {}, called: () => {}, denied: () => {}, bug: () => {} },
    },
  )
}

afterEach(async () => {
  await server?.close()
  server = undefined
})

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server?.url}${path}`, { headers })
}

const basic = (user: string, password: string) => ({ authorization: `Basic ${btoa(`${user}:${password}`)}` })

describe('passwords of readers', () => {
  test('read, and never operate', async () => {
    await start(`basic_auth_users: { alice: "${hash}" }\n`)
    const bare = await get('/metrics')
    expect([bare.status, bare.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="siteward"'])
    expect((await get('/metrics', basic('alice', 'open barley'))).status).toBe(401)
    expect((await get('/metrics', basic('bob', 'open sesame'))).status).toBe(401)
    expect(await (await get('/metrics', basic('alice', 'open sesame'))).text()).toBe('alice')
    expect(await (await get('/metrics', { authorization: `Bearer ${operator.token.reveal()}` })).text()).toBe('desk')
    expect((await get('/nothing')).status).toBe(401)
    expect(await (await get('/-/healthy')).text()).toBe('well')
    const act = await fetch(`${server?.url}/act`, { method: 'POST', headers: basic('alice', 'open sesame') })
    expect(act.status).toBe(401)
  })

  test('hold anew when the file changes; one with a mistake changes nothing', async () => {
    await start(`basic_auth_users: { alice: "${hash}" }\n`)
    writeFileSync(at('web.yml'), 'basic_auth_users: { alice: plain }\n')
    expect((await get('/metrics', basic('alice', 'open sesame'))).status).toBe(200)
    expect((await get('/metrics')).status).toBe(401)
    writeFileSync(at('web.yml'), 'http_server_config: { headers: { X-Frame-Options: deny } }\n')
    const open = await get('/metrics')
    expect([open.status, open.headers.get('x-frame-options')]).toEqual([200, 'deny'])
  })

  test('are compared one at a time, and a flood of them from one machine is turned away', async () => {
    const passwords = new Passwords()
    const users = new Map([['alice', new Secret(bcrypt.hashSync('x', 8))]])
    const shown = { user: 'alice', password: 'x', address: '192.0.2.1' }
    const guesses = Array.from({ length: 40 }, (_, i) => ({ ...shown, password: `guess ${i}` }))
    const flood = Promise.all(guesses.map((guess) => passwords.check(guess, users)))
    expect(await passwords.check({ ...shown, address: '192.0.2.2' }, users)).toBe('right')
    expect((await flood).filter((one) => one === 'busy')).toHaveLength(36)
    await passwords.close()
  })

  test('once right, are let in without waiting, however many wrong ones are tried', async () => {
    const passwords = new Passwords()
    const users = new Map([['alice', new Secret(bcrypt.hashSync('x', 9))]])
    const shown = { user: 'alice', password: 'x', address: '192.0.2.1' }
    expect(await passwords.check(shown, users)).toBe('right')
    const wrong = Array.from({ length: 70 }, (_, i) => ({ user: `u${i}`, password: 'y', address: `192.0.2.${i >> 2}` }))
    let isOver = false
    const flood = Promise.all(wrong.map((one) => passwords.check(one, users))).then(() => {
      isOver = true
    })
    expect(await passwords.check(shown, users)).toBe('right')
    expect(isOver).toBe(false)
    users.set('alice', new Secret(bcrypt.hashSync('z', 4)))
    await flood
    expect(await passwords.check(shown, users)).toBe('wrong')
    await passwords.close()
  })

  test('cost the same of users that there are and of others, so that time tells no name', async () => {
    const passwords = new Passwords()
    const users = new Map([['alice', new Secret(bcrypt.hashSync('x', 6))]])
    const fastest = async (nameOf: (round: number) => string): Promise<number> => {
      const times: number[] = []
      for (let round = 0; round < 12; round++) {
        const began = performance.now()
        // The same password each time: what it was worth for one name must not be known for the next.
        await passwords.check(
          { user: nameOf(round), password: `p${nameOf(0) === 'alice' ? round : ''}`, address: '' },
          users,
        )
        times.push(performance.now() - began)
      }
      return Math.min(...times.slice(2))
    }
    const known = await fastest(() => 'alice')
    const unknown = await fastest((round) => `nobody-${round}`)
    // One more in the cost doubles it; what crossing to the other thread takes is the same for both.
    expect(unknown / known).toBeGreaterThan(1 / 4)
    expect(unknown / known).toBeLessThan(4)
    await passwords.close()
  })
})

test('requests beyond the rate are turned away', () => {
  const bucket = new TokenBucket()
  const limit = { interval: 1000, burst: 2 }
  expect([0, 0, 0, 500, 1000, 1000, 9000, 9000, 9000].map((now) => bucket.take(limit, now))).toEqual([
    ...[true, true, false, false, true, false],
    ...[true, true, false],
  ])
})

interface Seen {
  readonly status: number | undefined
  readonly subject: unknown
}

/** A request of its own connection, with a certificate where one is named. */
function visit(client?: string): Promise<Seen> {
  const own =
    client === undefined ? {} : { cert: readFileSync(at(`${client}.pem`)), key: readFileSync(at(`${client}.key`)) }
  return new Promise((resolve, reject) => {
    const options = { rejectUnauthorized: false, agent: false, ...own }
    const sent = request(`${server?.url}/metrics`, options, (response) => {
      response.resume()
      const { socket } = response
      const subject =
        'getPeerCertificate' in socket
          ? Reflect.apply(socket.getPeerCertificate as () => { subject: { CN: string } }, socket, []).subject.CN
          : ''
      response.on('end', () => resolve({ status: response.statusCode, subject }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

describe('TLS', () => {
  test('a new certificate is shown from the next connection on', async () => {
    copyFileSync(at('first.pem'), at('shown.pem'))
    copyFileSync(at('first.key'), at('shown.key'))
    await start('tls_server_config: { cert_file: shown.pem, key_file: shown.key }\n')
    expect(server?.url).toMatch(/^https:/)
    expect(await visit()).toEqual({ status: 200, subject: 'first.example' })
    copyFileSync(at('second.pem'), at('shown.pem'))
    copyFileSync(at('second.key'), at('shown.key'))
    expect(await visit()).toEqual({ status: 200, subject: 'second.example' })
  })

  test('clients need a certificate of the right authority and name', async () => {
    const clients = 'client_auth_type: RequireAndVerifyClientCert, client_ca_file: client.pem'
    await start(`tls_server_config: { cert_file: first.pem, key_file: first.key, ${clients} }\n`)
    expect(await visit('client')).toMatchObject({ status: 200 })
    await expect(visit()).rejects.toThrow()
    await expect(visit('stranger')).rejects.toThrow()
    await server?.close()
    await start(
      `tls_server_config: { cert_file: first.pem, key_file: first.key, ${clients}, client_allowed_sans: [other.example] }\n`,
    )
    await expect(visit('client')).rejects.toThrow()
  })
})
