import { expect, test } from 'vitest'
import { decodeHeader, requestPdus, sliceOf } from '../../../collectors/snmp/codec.ts'
import { type Asked, Exchange, type Outcome, type Peer } from '../../../collectors/snmp/exchange.ts'
import { Turn } from '../../../collectors/snmp/turn.ts'
import { ManualClock } from '../../manual-clock.ts'

const peer: Peer = { address: '10.0.0.1', port: 161 }
const asked: Asked = {
  version: 2,
  community: Buffer.from('public'),
  pdu: requestPdus.get,
  repetitions: 0,
  oids: [sliceOf('1.3.6.1.2.1.1.3.0')],
}
const patience = { timeout: 1000, retries: 2 }

function setUp(refuse?: string) {
  const sent: Buffer[] = []
  let id = 0
  const exchange = new Exchange(
    (message, _to, failed) => {
      sent.push(message)
      if (refuse !== undefined) failed(refuse)
    },
    () => (id++ % 3) + 1,
  )
  const clock = new ManualClock()
  const abort = new AbortController()
  const outcomes: Outcome[] = []
  const ask = (to = peer): void => {
    const turn = new Turn({ clock, signal: abort.signal })
    void exchange.ask(asked, to, patience, turn).then((outcome) => {
      turn.end()
      outcomes.push(outcome)
    })
  }
  return { exchange, clock, abort, sent, outcomes, ask }
}

/** The request turned into its response. */
function responseTo(request: Buffer, changed: (reply: Buffer) => void = () => {}): Buffer {
  const reply = Buffer.from(request)
  reply[reply.indexOf(0xa0)] = 0xa2
  changed(reply)
  return reply
}

test('a reply is taken once, and whatever comes later changes nothing', async () => {
  const { exchange, clock, sent, outcomes, ask } = setUp()
  ask()
  const reply = responseTo(sent[0] ?? Buffer.alloc(0))
  exchange.receive(reply, peer)
  exchange.receive(reply, peer)
  await clock.pass(10_000)
  expect(outcomes).toMatchObject([{ kind: 'reply', status: 0 }])
  expect([sent.length, exchange.waiting, clock.waiting]).toEqual([1, 0, 0])
})

test.each([
  ['another address', { ...peer, address: '10.0.0.2' }, () => {}],
  ['another port', { ...peer, port: 162 }, () => {}],
  ['another version', peer, (reply: Buffer) => reply.writeUInt8(0, 4)],
  ['a request of ours', peer, (reply: Buffer) => reply.writeUInt8(0xa0, reply.indexOf(0xa2))],
  ['another id', peer, (reply: Buffer) => reply.writeUInt32BE(77, reply.indexOf(0xa2) + 4)],
])('a reply of %s is none', async (_, from, changed) => {
  const { exchange, clock, sent, outcomes, ask } = setUp()
  ask()
  exchange.receive(responseTo(sent[0] ?? Buffer.alloc(0), changed), from)
  await clock.pass(10_000)
  expect(outcomes).toEqual([{ kind: 'silent', isGarbled: false }])
})

test('silence is told after its retries, each a timeout apart, with the same request', async () => {
  const { clock, sent, outcomes, ask } = setUp()
  ask()
  await clock.pass(2999)
  expect([sent.length, outcomes.length]).toEqual([3, 0])
  await clock.pass(1)
  expect(outcomes).toEqual([{ kind: 'silent', isGarbled: false }])
  expect(new Set(sent.map((message) => message.toString('hex'))).size).toBe(1)
})

test('garbage of the agent is told of, and does not end the wait for a good reply', async () => {
  const { exchange, clock, sent, outcomes, ask } = setUp()
  ask()
  exchange.receive(Buffer.from('garbage'), peer)
  exchange.receive(responseTo(sent[0] ?? Buffer.alloc(0)).subarray(0, -2), peer)
  await clock.pass(10_000)
  expect(outcomes).toEqual([{ kind: 'silent', isGarbled: true }])
  ask()
  exchange.receive(Buffer.from('garbage'), peer)
  exchange.receive(responseTo(sent.at(-1) ?? Buffer.alloc(0)), peer)
  await clock.pass(0)
  expect(outcomes.at(-1)?.kind).toBe('reply')
})

test('an aborted poll ends at once, and leaves nothing behind', async () => {
  const { exchange, clock, abort, outcomes, ask } = setUp()
  ask()
  abort.abort()
  await clock.pass(0)
  expect(outcomes).toEqual([{ kind: 'aborted' }])
  expect([exchange.waiting, clock.waiting]).toEqual([0, 0])
  ask()
  await clock.pass(0)
  expect(outcomes).toHaveLength(2)
})

test('what the system refuses to send is told at once, but for want of room, which passes', async () => {
  const unreachable = setUp('ENETUNREACH')
  unreachable.ask()
  await unreachable.clock.pass(0)
  expect(unreachable.outcomes).toEqual([{ kind: 'unsent', code: 'ENETUNREACH' }])
  const full = setUp('ENOBUFS')
  full.ask()
  await full.clock.pass(0)
  expect(full.outcomes).toEqual([])
  full.exchange.receive(responseTo(full.sent[0] ?? Buffer.alloc(0)), peer)
  await full.clock.pass(0)
  expect(full.outcomes[0]?.kind).toBe('reply')
})

test('no two requests under way have one id', () => {
  const { sent, ask } = setUp()
  for (let i = 0; i < 3; i++) ask({ ...peer, port: 161 + i })
  expect(new Set(sent.map((message) => decodeHeader(message)?.id)).size).toBe(3)
})
