import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchList, keptList } from '../../src/commands/device-lists.ts'

const list = '[{"targets": ["192.0.2.1"]}]'
const state = mkdtempSync(join(tmpdir(), 'siteward-lists-'))
let server: Server
let url = ''
/** What the server answers. */
let reply: { readonly status: number; readonly body: string } = { status: 200, body: list }

beforeAll(async () => {
  server = createServer((_, response) => {
    response.writeHead(reply.status)
    response.end(reply.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/targets`
})

afterAll(() => {
  server.close()
  rmSync(state, { recursive: true })
})

test('what was never given is nothing', async () => {
  reply = { status: 500, body: list }
  expect(await fetchList(url, state)).toBeUndefined()
  expect(await keptList(url, state)).toBeUndefined()
})

test('a list is kept for its owner alone, and is there for those who contact nothing', async () => {
  reply = { status: 200, body: list }
  expect(await fetchList(url, state)).toEqual({ text: list, old: undefined })
  expect(await keptList(url, state)).toEqual({ text: list, old: 'was not asked' })
  const [file = ''] = readdirSync(join(state, 'lists'))
  expect(statSync(join(state, 'lists', file)).mode & 0o777).toBe(0o600)
})

test.each([
  [{ status: 503, body: 'busy' }, 'answers with HTTP status 503'],
  [{ status: 200, body: '<html>log in</html>' }, 'gives no list of targets'],
  [{ status: 200, body: '{"targets": []}' }, 'gives no list of targets'],
  [{ status: 200, body: ' '.repeat(2 * 2 ** 20 + 1) }, 'gives a list of more than 2 MiB'],
])('in the place of %j the last list is used', async (wrong, why) => {
  reply = wrong
  expect(await fetchList(url, state)).toEqual({ text: list, old: why })
  reply = { status: 200, body: list }
  expect(await fetchList(url, state)).toEqual({ text: list, old: undefined })
})

test('where the server is gone the last list is used, and where the folder cannot be written the new one', async () => {
  expect(await fetchList('http://127.0.0.1:1/none', state)).toBeUndefined()
  const blocked = join(state, 'file')
  writeFileSync(blocked, '')
  expect(await fetchList(url, blocked)).toEqual({ text: list, old: undefined })
})
