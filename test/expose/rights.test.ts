import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import bcrypt from 'bcryptjs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { modbus } from '../../collectors/modbus/collector.ts'
import { readSite } from '../../src/commands/site-file.ts'
import { Daemon } from '../../src/daemon.ts'
import type { Route } from '../../src/expose/route.ts'
import type * as server from '../../src/expose/server.ts'
import { systemClock } from '../../src/model/clock.ts'
import { silent } from '../../src/model/log.ts'
import { Secret } from '../../src/model/secret.ts'
import { noJournal } from '../../src/store/journal.ts'
import { openWeb } from '../../src/web/web-file.ts'

/** What the daemon answers, all of it. */
const served: { routes: readonly Route[] } = vi.hoisted(() => ({ routes: [] }))

vi.mock('../../src/expose/server.ts', async (load) => {
  const real = await load<typeof server>()
  const startServer: typeof real.startServer = (listen, parts) => {
    served.routes = parts.routes
    return real.startServer(listen, parts)
  }
  return { ...real, startServer }
})

const asReader = { authorization: 'Bearer screen-token-0123456789' }
const asUser = { authorization: `Basic ${btoa('alice:open sesame')}` }
const methods = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'] as const

let daemon: Daemon

beforeAll(async () => {
  const users = new Map([['alice', new Secret(bcrypt.hashSync('open sesame', 4))]])
  const folder = mkdtempSync(join(tmpdir(), 'siteward-rights-'))
  const file = join(folder, 'site.yaml')
  writeFileSync(
    file,
    `site: rights
listen: 127.0.0.1:0
operators: [{ name: screen, token: screen-token-0123456789, right: read }]
devices: [{ name: room, address: '127.0.0.1:1', probes: [modbus-temperature-humidity] }]
`,
    { mode: 0o600 },
  )
  const { site, problems } = await readSite(file, {})
  if (site === undefined) throw new Error(JSON.stringify(problems))
  daemon = new Daemon({
    site,
    version: '0',
    collectors: new Map([['modbus', modbus]]),
    journal: noJournal(),
    client: () => {
      throw new Error('no Alertmanager here')
    },
    clock: systemClock,
    random: () => 0.5,
    log: silent,
    web: () => ({ ...openWeb, users }),
  })
  await daemon.start()
})

afterAll(() => daemon.stop())

async function statusOf(method: string, path: string, headers: Record<string, string> = {}): Promise<number> {
  const body = method === 'GET' ? {} : { body: '{}' }
  const url = daemon.url + path.replaceAll(/:\w+/g, 'x')
  const reply = await fetch(url, { method, headers: { 'content-type': 'application/json', ...headers }, ...body })
  await reply.body?.cancel()
  return reply.status
}

test('what changes something is for those alone who may operate, and nothing is for everybody but whether it lives', () => {
  expect(served.routes.length).toBeGreaterThan(20)
  const open = served.routes.filter(({ right }) => right === 'open')
  expect(open.map(({ path }) => path).sort()).toEqual(['/-/healthy', '/-/ready'])
  expect(served.routes.filter(({ method, right }) => (method === 'GET') === (right === 'operate'))).toEqual([])
})

test('every operation refuses who shows nothing, a password, or a token that only reads', async () => {
  const operations = served.routes.filter(({ right }) => right === 'operate')
  expect(operations.length).toBeGreaterThan(5)
  for (const { method, path } of operations) {
    expect([method, path, await statusOf(method, path)]).toEqual([method, path, 401])
    expect([method, path, await statusOf(method, path, asUser)]).toEqual([method, path, 401])
    expect([method, path, await statusOf(method, path, asReader)]).toEqual([method, path, 403])
  }
})

test('every page refuses who shows nothing; a method that nobody has given is none', async () => {
  for (const { path, right } of served.routes) {
    if (right === 'read') expect([path, await statusOf('GET', path)]).toEqual([path, 401])
    for (const method of methods) {
      if (served.routes.some((one) => one.path === path && one.method === method)) continue
      // 403 where it is another route's, as /drills/proposed is the drill of that name to DELETE.
      expect([405, 403], `${method} ${path}`).toContain(await statusOf(method, path, asReader))
    }
  }
})
