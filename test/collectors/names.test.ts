import { connect, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { type Address, Names, UnknownName } from '../../collectors/names.ts'
import { ManualClock } from '../manual-clock.ts'

const first: readonly Address[] = [{ address: '192.0.2.1', family: 4 }]
const second: readonly Address[] = [{ address: '192.0.2.2', family: 4 }]

/** A resolver that answers when it is told to. */
class Resolver {
  readonly clock = new ManualClock()
  readonly asked: string[] = []
  readonly #open = new Map<string, { resolve(addresses: readonly Address[]): void; reject(error: Error): void }>()
  readonly names = new Names((host) => {
    this.asked.push(host)
    return new Promise((resolve, reject) => this.#open.set(host, { resolve, reject }))
  }, this.clock)

  async answer(host: string, addresses: readonly Address[]): Promise<void> {
    this.#open.get(host)?.resolve(addresses)
    await this.clock.pass(0)
  }

  async refuse(host: string): Promise<void> {
    this.#open.get(host)?.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }))
    await this.clock.pass(0)
  }
}

test('a name is asked for once, and known for five minutes; then it is asked for while the old address is used', async () => {
  const resolver = new Resolver()
  const { names, clock, asked } = resolver
  const both = Promise.all([names.resolve('ups.test'), names.resolve('ups.test')])
  await resolver.answer('ups.test', first)
  expect(await both).toEqual([first, first])
  await clock.pass(299_000)
  expect(await names.resolve('ups.test')).toEqual(first)
  expect(asked).toEqual(['ups.test'])
  await clock.pass(2000)
  expect(await names.resolve('ups.test')).toEqual(first)
  expect(asked).toHaveLength(2)
  await resolver.answer('ups.test', second)
  expect(await names.resolve('ups.test')).toEqual(second)
})

test('a doubted address is asked for anew, and used all the same when no answer comes', async () => {
  const resolver = new Resolver()
  const { names, clock, asked } = resolver
  const known = names.resolve('ups.test')
  await resolver.answer('ups.test', first)
  await known
  names.doubt('ups.test')
  const moved = names.resolve('ups.test')
  await resolver.answer('ups.test', second)
  expect(await moved).toEqual(second)
  names.doubt('ups.test')
  const late = names.resolve('ups.test')
  await clock.pass(3000)
  expect(await late).toEqual(second)
  names.doubt('ups.test')
  const gone = names.resolve('ups.test')
  await resolver.refuse('ups.test')
  expect(await gone).toEqual(second)
  expect(asked).toHaveLength(3)
})

test('what is not known is told after three seconds, and there for the next who asks', async () => {
  const resolver = new Resolver()
  const { names, clock } = resolver
  const waiting = names.resolve('ups.test').catch((error: unknown) => error)
  await clock.pass(3000)
  expect(await waiting).toMatchObject({ code: 'EAI_AGAIN' })
  await resolver.answer('ups.test', first)
  expect(await names.resolve('ups.test')).toEqual(first)
  const unknown = names.resolve('other.test').catch((error: unknown) => error)
  await resolver.refuse('other.test')
  expect(await unknown).toBeInstanceOf(UnknownName)
  expect(await unknown).toMatchObject({ code: 'ENOTFOUND' })
})

test('two questions are under way at once, however many are asked', async () => {
  const resolver = new Resolver()
  const { names, clock, asked } = resolver
  const hosts = ['a.test', 'b.test', 'c.test', 'd.test']
  const all = hosts.map((host) => names.resolve(host))
  await clock.pass(0)
  expect(asked).toEqual(['a.test', 'b.test'])
  await resolver.answer('b.test', first)
  expect(asked).toEqual(['a.test', 'b.test', 'c.test'])
  for (const host of ['a.test', 'c.test', 'd.test']) await resolver.answer(host, first)
  expect(await Promise.all(all)).toEqual(hosts.map(() => first))
})

test('sockets take it for their own', async () => {
  const server = createServer((socket) => socket.end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const names = new Names(async () => [{ address: '127.0.0.1', family: 4 }], new ManualClock())
  await new Promise((resolve) => connect({ host: 'meter.test', port, lookup: names.lookup }).once('connect', resolve))
  server.close()
})
