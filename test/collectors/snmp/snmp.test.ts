import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { afterEach, describe, expect, test } from 'vitest'
import type { Job } from '../../../collectors/collector.ts'
import { oidBytes } from '../../../collectors/snmp/ber.ts'
import { type OidSlice, oidOf, unsigned, type Varbind, varbindsOf } from '../../../collectors/snmp/codec.ts'
import { snmp } from '../../../collectors/snmp/collector.ts'
import { emptyGrid } from '../../../collectors/snmp/grid.ts'
import { mayComeIn, mayGoOut } from '../../../collectors/snmp/guard.ts'
import { parseRecording } from '../../../collectors/snmp/recording.ts'
import type { SnmpSpec } from '../../../collectors/snmp/schema.ts'
import { type SnmpSimulator, startSnmpSimulator } from '../../../collectors/snmp/simulator.ts'
import type { Reply, SnmpTransport } from '../../../collectors/snmp/transport.ts'
import { Turn } from '../../../collectors/snmp/turn.ts'
import { opaqueNumber, reinterpret, textOf } from '../../../collectors/snmp/value.ts'
import { nothingLearnt, sideBySide, type Tuning, walk } from '../../../collectors/snmp/walk.ts'
import { systemClock } from '../../../src/model/clock.ts'
import { plainConversion } from '../../../src/model/conversion.ts'
import { Secret } from '../../../src/model/secret.ts'
import { SeriesTable } from '../../../src/model/series.ts'
import { makeDevice, makeProbe } from '../../samples.ts'
import { at, clock, poll, pollOnce, prepare, stateMetric, values } from './poll-snmp.ts'

let simulator: SnmpSimulator | undefined
let job: Job | undefined
let socket: Socket | undefined

afterEach(async () => {
  await job?.close()
  await simulator?.close()
  socket?.close()
  job = undefined
  simulator = undefined
  socket = undefined
})

async function serve(text: string, users: Parameters<typeof startSnmpSimulator>[0]['users'] = []): Promise<number> {
  const recording = parseRecording(text, 'sample.snmprec')
  if (!recording.ok) throw new Error(JSON.stringify(recording.problems))
  simulator = await startSnmpSimulator({ recording: recording.value, users })
  return simulator.port
}

const entry = '1.3.6.1.4.1.99999.1.1'

describe('scalars', () => {
  const text = `1.3.6.1.2.1.1.3.0|67|12345
1.3.6.1.4.1.99999.2.1.0|2|291
1.3.6.1.4.1.99999.2.2.0|4|0.42
1.3.6.1.4.1.99999.2.3.0|4|-9999
1.3.6.1.4.1.99999.2.4.0|5|
1.3.6.1.4.1.99999.2.5.0|70|18446744073709551615
1.3.6.1.4.1.99999.2.6.0|68x|9f780442280000
1.3.6.1.4.1.99999.2.7.0|2|10
1.3.6.1.4.1.99999.2.8.0|66|4294967168
1.3.6.1.4.1.99999.2.9.0|66|3
`
  const scalar = (n: number, more: Partial<SnmpSpec> = {}): SnmpSpec => ({ oid: `1.3.6.1.4.1.99999.2.${n}.0`, ...more })

  test('numbers, texts, ticks, 64 bits, opaque floats, fallbacks, factors, signs, what is not available', async () => {
    const port = await serve(text)
    const result = await pollOnce(port, [
      at('uptime', { oid: '1.3.6.1.2.1.1.3.0' }, { conversion: { ...plainConversion, scale: 0.01 } }),
      at('scaled', scalar(1), { conversion: { ...plainConversion, scale: 0.1 } }),
      at('text', scalar(2)),
      at('sentinel', scalar(3), { conversion: { ...plainConversion, unavailable: [{ kind: 'value', raw: -9999 }] } }),
      at('null', scalar(4)),
      at('wrapped', scalar(5)),
      at('opaque', scalar(6)),
      at('fallback', { oid: ['1.3.6.1.4.1.99999.9.9.0', '1.3.6.1.4.1.99999.2.1.0'] }),
      at('coarse', { oid: ['1.3.6.1.4.1.99999.9.9.0', { oid: '1.3.6.1.4.1.99999.2.1.0', scale: 10 }] }),
      at('absent', scalar(99)),
      at('digits', scalar(1, { digits: '1.3.6.1.4.1.99999.2.9.0' })),
      at('divided', scalar(1, { divide_by: '1.3.6.1.4.1.99999.2.7.0' })),
      at('signed', scalar(8, { as: 'int32' })),
      at('halved', scalar(8, { as: 'int32', divide_by: '1.3.6.1.4.1.99999.2.8.0' })),
      at('high', scalar(7, { high_word: '1.3.6.1.4.1.99999.2.9.0' })),
    ])
    expect(result.faults).toEqual([])
    expect(result.requests).toBe(1)
    expect(values(result)).toEqual({
      uptime: 123.45,
      scaled: 29.1,
      text: 0.42,
      sentinel: Number.NaN,
      null: Number.NaN,
      wrapped: 2 ** 53 - 1,
      opaque: 42,
      fallback: 291,
      coarse: 2910,
      digits: 0.291,
      divided: 29.1,
      signed: -128,
      halved: 1,
      high: 3 * 2 ** 32 + 10,
    })
  })

  test('in v1 a missing variable is found by halving, remembered, and costs the others nothing', async () => {
    const port = await serve(text)
    job = prepare(port, [at('a', scalar(1)), at('missing', scalar(50)), at('b', scalar(2))], {
      version: 1,
      community: new Secret('public'),
    })
    const first = await poll(job)
    expect(values(first)).toEqual({ a: 291, b: 0.42 })
    expect(first.requests).toBeGreaterThan(1)
    const second = await poll(job)
    expect(values(second)).toEqual({ a: 291, b: 0.42 })
    expect(second.requests).toBe(1)
  })
})

describe('tables', () => {
  const text = `${entry}.1.1|4|Gi0/1
${entry}.1.2|4|Gi0/2
${entry}.1.3|4|
${entry}.1.10|4|Gi0/2
${entry}.2.1|2|1
${entry}.2.2|2|2
${entry}.2.3|2|1
${entry}.2.10|2|1
${entry}.3.1|65|100
${entry}.3.2|65|200
${entry}.3.3|65|300
${entry}.3.10|65|1000
${entry}.4.1|70|5000000000
${entry}.4.3|70|6000000000
${entry}.5.1|2|8
${entry}.5.2|2|9
${entry}.5.3|2|10
${entry}.6.1|2|7
${entry}.6.10|2|9
1.3.6.1.4.1.99999.5.1.2.7|4|left
1.3.6.1.4.1.99999.5.1.2.9|4|right
`
  const name = { column: `${entry}.1` }

  test('labels by column with fallback to the index and duplicates told apart, gates, fallback by row', async () => {
    const port = await serve(text)
    const result = await pollOnce(port, [
      at('octets', { column: [`${entry}.4`, `${entry}.3`], labels: { interface: name } }),
      at('up', { column: `${entry}.3`, labels: { interface: name }, only: { column: `${entry}.2`, is: [1] } }),
      at('rows', { rows: `${entry}.2`, only: { column: `${entry}.2`, not: [2] } }),
      at('prefixed', { column: `${entry}.3`, labels: { i: 'index' }, si_prefix: `${entry}.5` }),
      at('joined', {
        column: `${entry}.3`,
        labels: { side: { column: '1.3.6.1.4.1.99999.5.1.2', by: `${entry}.6` } },
        only: { column: `${entry}.6`, is: [7, 9] },
      }),
      at('scaled', { column: [{ oid: `${entry}.4`, scale: 0.001 }, `${entry}.3`], labels: { interface: name } }),
      at('indexed', { column: `${entry}.3`, labels: { i: 'index' }, only: { index: 1, is: [2, 3] } }),
      at('matching', {
        column: `${entry}.3`,
        labels: { interface: name },
        only: { column: `${entry}.1`, matches: '(9)$|2$' },
      }),
      at('named', {
        column: `${entry}.3`,
        labels: { port: { column: `${entry}.1`, pattern: '^Gi0/(\\d+)$' } },
        only: { column: `${entry}.1`, not: ['Gi0/2'] },
      }),
    ])
    expect(result.faults).toEqual([])
    expect(values(result)).toEqual({
      'octets Gi0/1': 5e9,
      'octets Gi0/2': 200,
      'octets 3': 6e9,
      'octets Gi0/2#10': 1000,
      'up Gi0/1': 100,
      'up 3': 300,
      'up Gi0/2': 1000,
      rows: 3,
      'prefixed 1': 0.1,
      'prefixed 2': 200,
      'prefixed 3': 300_000,
      'prefixed 10': Number.NaN,
      'joined left': 100,
      'joined right': 1000,
      'scaled Gi0/1': 5e6,
      'scaled Gi0/2': 200,
      'scaled 3': 6e6,
      'scaled Gi0/2#10': 1000,
      'indexed 2': 200,
      'indexed 3': 300,
      'matching Gi0/2': 200,
      'matching Gi0/2#10': 1000,
      'named 1': 100,
      'named 3': 300,
    })
  })

  test('parts of the index, other words, constants, states and unknown numbers', async () => {
    const port = await serve(
      `${entry}.7.1.4.9|2|1\n${entry}.7.1.5.9|2|3\n${entry}.8.1.4.9|6|1.3.6.1.99\n${entry}.8.1.5.9|6|1.3.6.1.98\n1.3.6.1.4.1.99999.5.1.2.4|4|left\n`,
    )
    const labels = {
      side: { column: '1.3.6.1.4.1.99999.5.1.2', by: { index: 2 } },
      bus: { index: 1 },
      unit: { index: [2, 3] },
      what: { column: `${entry}.8`, names: { '1.3.6.1.99': 'supply' } },
      kind: 'air',
    } as const
    const metric = stateMetric('state', ['on', 'off'])
    const conversion = {
      ...plainConversion,
      states: new Map([
        ['1', 'on'],
        ['2', 'off'],
      ]),
    }
    const spec = { column: `${entry}.7`, labels: { ...labels, unit: { index: [2, 3] } } }
    const left = { column: '1.3.6.1.4.1.99999.5.1.2', by: { index: 2 }, is: ['left'] }
    const result = await pollOnce(port, [
      at('state', spec, { metric, conversion }),
      at('left', { column: `${entry}.7`, labels: { i: 'index' }, only: left }),
    ])
    expect(values(result)).toEqual({
      'state left 1 4.9 supply air': 0,
      'state 1.5.9 1 5.9 1.3.6.1.98 air': 2,
      'left 1.4.9': 1,
    })
  })

  test('a series is made once, and anew when its label changes', async () => {
    const port = await serve(text)
    job = prepare(port, [at('octets', { column: `${entry}.3`, labels: { interface: name } })])
    const first = (await poll(job)).readings[0]?.series
    expect((await poll(job)).readings[0]?.series).toBe(first)
    const recording = parseRecording(text.replace('Gi0/1', 'Te0/1'), 'x')
    await simulator?.close()
    if (recording.ok) simulator = await startSnmpSimulator({ recording: recording.value, port })
    const renamed = (await poll(job)).readings[0]?.series
    expect(renamed?.labels['interface']).toBe('Te0/1')
  })

  test('the same by v1, v2c and every level of v3', async () => {
    const auth = { protocol: 'sha256', secret: 'authsecret' }
    const priv = { protocol: 'aes', secret: 'privsecret' }
    const users = [{ name: 'none' }, { name: 'auth', auth }, { name: 'both', auth, priv }]
    const port = await serve(text, users)
    const points = [at('octets', { column: [`${entry}.4`, `${entry}.3`], labels: { i: 'index' } })]
    const secret = ({ protocol, secret: word }: typeof auth) => ({ protocol, secret: new Secret(word) })
    const expected = { 'octets 1': 5e9, 'octets 2': 200, 'octets 3': 6e9, 'octets 10': 1000 }
    for (const credential of [
      { version: '2c', community: new Secret('public') },
      { version: 3, user: 'none' },
      { version: 3, user: 'auth', auth: secret(auth) },
      { version: 3, user: 'both', auth: secret(auth), priv: secret(priv) },
    ]) {
      expect(values(await pollOnce(port, points, credential))).toEqual(expected)
    }
    // SNMPv1 has no Counter64.
    const v1 = await pollOnce(port, points, { version: 1, community: new Secret('public') })
    expect(values(v1)).toEqual({ 'octets 1': 100, 'octets 2': 200, 'octets 3': 300, 'octets 10': 1000 })
    const wrong = await pollOnce(port, points, {
      version: 3,
      user: 'auth',
      auth: { protocol: 'sha256', secret: new Secret('canary-hunter2') },
    })
    expect(wrong.readings).toEqual([])
    expect(wrong.faults).toHaveLength(1)
    expect(JSON.stringify(wrong)).not.toContain('canary')
  })

  test('nothing but reading ever goes out', async () => {
    const port = await serve(text)
    await pollOnce(port, [at('octets', { column: `${entry}.3` }), at('x', { oid: '1.3.6.1.2.1.1.3.0' })])
    expect([...(simulator?.requests.keys() ?? [])].sort()).toEqual([160, 165])
  })
})

describe('the walk', () => {
  const oid = '1.3.6.1.9.1'
  const fresh = (): Tuning => ({ varbinds: 60, bad: new Map() })

  /** An agent whose answer is made of the OID that was seen last, in the column's order. */
  function transport(next: (last: string, i: number) => Varbind | Reply): SnmpTransport & { asked: number[] } {
    const asked: number[] = []
    let count = 0
    const bulk = async (oids: readonly OidSlice[], repetitions: number): Promise<Reply> => {
      asked.push(oids.length * repetitions)
      const rows: Varbind[] = []
      let lasts = oids.map(oidOf)
      for (let i = 0; i < repetitions; i++) {
        const row: Varbind[] = []
        for (const last of lasts) {
          const found = next(last, count++)
          if ('kind' in found) return found
          row.push(found)
        }
        rows.push(...row)
        lasts = row.map((found) => found.oid)
      }
      return { kind: 'varbinds', varbinds: varbindsOf(rows) }
    }
    return {
      asked,
      bulk,
      next: (oids) => bulk(oids, 1),
      get: async () => ({ kind: 'varbinds', varbinds: varbindsOf([]) }),
      close: () => {},
    }
  }

  /** Walks columns; how many rows each has given, and why it ended. */
  async function walkAll(
    agent: SnmpTransport,
    oids: readonly string[],
    { tuning = fresh(), requests = 500, bytes = 2 ** 20, learnt = nothingLearnt(oids.length) } = {},
  ) {
    const turn = new Turn({ clock: systemClock, signal: new AbortController().signal })
    const grid = emptyGrid(oids.length)
    const columns = oids.map((one) => ({ oid: one, bytes: oidBytes(one) }))
    const stop = await walk(columns, {
      transport: agent,
      tuning,
      budget: { requests, bytes },
      isV1: false,
      turn,
      grid,
      learnt,
    })
    return { rows: grid.columns.map((cells) => cells.filter((cell) => cell !== undefined).length), stop }
  }

  const integer = (where: string): Varbind => ({ oid: where, type: 2, value: 1 })

  test.each([
    ['repeats one OID for ever', (_last: string) => integer(`${oid}.5`), 1],
    ['goes backwards', (last: string) => integer(last === oid ? `${oid}.5` : `${oid}.4`), 1],
    ['turns in a circle', (_last: string, i: number) => integer(`${oid}.${(i % 3) + 1}`), 3],
  ])('ends where an agent %s', async (_, next, rows) => {
    const walked = await walkAll(transport(next), [oid])
    expect(walked.rows).toEqual([rows])
    expect(walked.stop?.kind).toBe('protocol')
  })

  test('ends where an agent has no end', async () => {
    const endless = transport((last) => integer(`${oid}.${Number(last.split('.')[6] ?? 0) + 1}`))
    const { rows, stop } = await walkAll(endless, [oid])
    expect(rows).toEqual([10_000])
    expect(stop?.kind).toBe('limit')
  })

  test('ends where its requests are spent', async () => {
    const endless = transport((last) => integer(`${oid}.${Number(last.split('.')[6] ?? 0) + 1}`))
    const { stop } = await walkAll(endless, [oid], { requests: 10 })
    expect(endless.asked).toHaveLength(10)
    expect(stop?.kind).toBe('limit')
  })

  test('ends where the bytes that a poll may hold are spent', async () => {
    const value = Buffer.alloc(40_000)
    const heavy = transport((last) => ({ oid: `${oid}.${Number(last.split('.')[6] ?? 0) + 1}`, type: 4, value }))
    const { rows, stop } = await walkAll(heavy, [oid])
    expect(Math.max(...rows)).toBeLessThan(150)
    expect(stop).toEqual({ kind: 'limit', detail: 'the agent has answered with more bytes than a poll may hold' })
  })

  test.each(['tooBig', 'timeout'])('asks for less after %s, and remembers it', async (why) => {
    const tuning = fresh()
    const failure: Reply =
      why === 'tooBig' ? { kind: 'refused', status: 1 } : { kind: 'fault', fault: 'timeout', detail: 'x' }
    const small = transport((last) => {
      const index = Number(last.split('.')[6] ?? 0) + 1
      return index > 40 ? { oid: '1.3.6.1.9.2.1', type: 2, value: 1 } : integer(`${oid}.${index}`)
    })
    const picky: SnmpTransport = {
      ...small,
      bulk: (oids, repetitions, turn) =>
        oids.length * repetitions > 10 ? Promise.resolve(failure) : small.bulk(oids, repetitions, turn),
    }
    const { rows, stop } = await walkAll(picky, [oid], { tuning })
    expect(rows).toEqual([40])
    expect(stop).toBeUndefined()
    expect(tuning.varbinds).toBe(7)
  })

  test('a 48-port table of 41 columns takes at most 35 requests', async () => {
    const columns = Array.from({ length: 41 }, (_, i) => `1.3.6.1.9.${i + 1}`)
    const agent = transport((last) => {
      const arcs = last.split('.').map(Number)
      const row = (arcs[6] ?? 0) + 1
      const column = arcs[5] ?? 0
      return integer(row > 48 ? `1.3.6.1.9.${column + 1}.1` : `1.3.6.1.9.${column}.${row}`)
    })
    const learnt = nothingLearnt(columns.length)
    await walkAll(agent, columns, { learnt })
    expect(agent.asked.length).toBeLessThanOrEqual(35)
    expect(Math.max(...agent.asked)).toBeLessThanOrEqual(60)
    // From then on it is known how many rows there are, and how large they are.
    agent.asked.length = 0
    const { rows } = await walkAll(agent, columns, { learnt, tuning: { varbinds: 100, bad: new Map() } })
    expect(rows).toEqual(Array.from({ length: 41 }, () => 48))
    expect(agent.asked.length).toBeLessThanOrEqual(30)
  })

  test('ends where an agent answers with nothing', async () => {
    const empty: SnmpTransport = {
      ...transport(integer),
      bulk: async () => ({ kind: 'varbinds', varbinds: varbindsOf([]) }),
    }
    const { stop } = await walkAll(empty, [oid])
    expect(stop).toMatchObject({ kind: 'protocol', detail: expect.stringContaining('nothing') })
  })

  test.each([
    [41, 0, 60, 20],
    [41, 48, 66, 9],
    [10, 24, 66, 5],
    [3, 2, 60, 3],
    [41, 48, 1, 1],
    [2, 5000, 60, 2],
  ])(
    'of %i columns with %i rows, of which %i variables fit a reply, %i are walked side by side',
    (columns, rows, fit, side) => {
      expect(sideBySide(columns, rows, fit)).toBe(side)
    },
  )
})

describe('an agent that lies, hangs or floods', () => {
  /** Takes a request and answers with what `answer` makes of it. */
  async function fake(answer: (request: Buffer, from: RemoteInfo, here: Socket) => void): Promise<number> {
    const here = createSocket('udp4')
    socket = here
    await new Promise<void>((resolve) => here.bind(0, '127.0.0.1', resolve))
    here.on('message', (request, from) => answer(request, from, here))
    return here.address().port
  }

  /** A v2c GET turned into its response, as it stands. */
  const echo = (request: Buffer): Buffer => {
    const reply = Buffer.from(request)
    reply[reply.indexOf(0xa0)] = 0xa2
    return reply
  }
  const points = [at('a', { oid: '1.3.6.1.2.1.1.3.0' })]

  test('silence is a timeout, after its retries and not later', async () => {
    let requests = 0
    const port = await fake(() => requests++)
    const begin = clock.now().mono
    const { readings, faults } = await pollOnce(port, points)
    expect(readings).toEqual([])
    expect(faults[0]).toMatchObject({ kind: 'timeout', points: 1 })
    expect(requests).toBe(2)
    expect(clock.now().mono - begin).toBeLessThan(1500)
  })

  test('the poll ends at its deadline whatever the retries', async () => {
    const port = await fake(() => {})
    job = prepare(port, points, undefined, { timeout: '10s' })
    const begin = clock.now().mono
    expect((await poll(job, 300)).faults[0]?.kind).toBe('timeout')
    expect(clock.now().mono - begin).toBeLessThan(1000)
  })

  test('an answer from elsewhere is not taken', async () => {
    const other = createSocket('udp4')
    await new Promise<void>((resolve) => other.bind(0, '127.0.0.2', resolve))
    const port = await fake((request, from) => other.send(echo(request), from.port, from.address))
    const { readings, faults } = await pollOnce(port, points)
    other.close()
    expect({ readings, kind: faults[0]?.kind }).toEqual({ readings: [], kind: 'timeout' })
  })

  test.each([
    ['elsewhere', [], 'timeout'],
    ['the agent itself', [1], undefined],
  ])('an answer to SNMPv3 from %s, signed as it should be', async (_, values, kind) => {
    const agent = await serve('1.3.6.1.2.1.1.3.0|67|1\n', [
      { name: 'auth', auth: { protocol: 'sha256', secret: 'hunter2-hunter2' } },
    ])
    const [upstream, other] = [createSocket('udp4'), createSocket('udp4')]
    await new Promise<void>((resolve) => other.bind(0, '127.0.0.2', resolve))
    const port = await fake((request, from, here) => {
      // The discovery comes from the agent: without it nothing is asked for at all.
      const isQuestion = request.length > 90
      upstream.once('message', (reply) =>
        (isQuestion && kind !== undefined ? other : here).send(reply, from.port, from.address),
      )
      upstream.send(request, agent, '127.0.0.1')
    })
    const auth = { protocol: 'sha256', secret: new Secret('hunter2-hunter2') }
    const { readings, faults } = await pollOnce(port, points, { version: 3, user: 'auth', auth })
    upstream.close()
    other.close()
    expect({ values: readings.map(({ value }) => value), kind: faults[0]?.kind }).toEqual({ values, kind })
  })

  test('an answer for another OID is not taken', async () => {
    const port = await fake((request, from, here) => {
      const reply = echo(request)
      const last = reply.lastIndexOf(Buffer.from([1, 1, 3, 0]))
      reply[last + 2] = 5
      here.send(reply, from.port, from.address)
    })
    const { readings, faults } = await pollOnce(port, points)
    expect({ readings, kind: faults[0]?.kind }).toEqual({ readings: [], kind: 'protocol' })
  })

  test('garbage of every kind ends nothing, and each poll has one outcome', async () => {
    let seed = 1
    const random = (): number => {
      seed = (seed * 16_807) % 2_147_483_647
      return seed / 2_147_483_647
    }
    const port = await fake((request, from, here) => {
      for (let i = 0; i < 50; i++) {
        const reply = echo(request)
        if (i % 2 === 0) reply[Math.floor(random() * reply.length)] = Math.floor(random() * 256)
        here.send(i % 2 === 0 ? reply : reply.subarray(0, Math.floor(random() * reply.length)), from.port, from.address)
      }
    })
    job = prepare(port, points, undefined, { timeout: '20ms', retries: 0 })
    for (let i = 0; i < 60; i++) {
      const { readings, faults } = await poll(job)
      expect(readings.length + faults.length).toBeLessThanOrEqual(1)
    }
  })

  test('a reply to SNMPv3 in the clear is not taken', () => {
    // SEQ { 3, SEQ { id, size, flags, model }, OCTETS, SEQ { engine, context, pdu } }
    const message = (flags: number, pdu: number): Buffer =>
      Buffer.from([
        0x30,
        27,
        2,
        1,
        3,
        0x30,
        12,
        2,
        1,
        1,
        2,
        1,
        1,
        4,
        1,
        flags,
        2,
        1,
        3,
        4,
        0,
        0x30,
        6,
        4,
        0,
        4,
        0,
        pdu,
        0,
      ])
    expect(mayComeIn(message(0, 0xa2), 3)).toBe(false)
    expect(mayComeIn(message(1, 0xa2), 3)).toBe(false)
    expect(mayComeIn(message(1, 0xa2), 1)).toBe(true)
    expect(mayComeIn(message(0, 0xa8), 3)).toBe(true)
    expect(mayComeIn(message(2, 0xa8), 3)).toBe(false)
    expect(mayGoOut(message(0, 0xa3))).toBe(false)
    expect(mayGoOut(message(0, 0xa5))).toBe(true)
    const v2 = (pdu: number): Buffer => Buffer.from([0x30, 8, 2, 1, 1, 4, 1, 0x78, pdu, 0])
    expect(mayGoOut(v2(0xa3))).toBe(false)
    expect(mayGoOut(v2(0xa7))).toBe(false)
    expect(mayGoOut(v2(0xa1))).toBe(true)
    expect(mayComeIn(v2(0xa2), 0)).toBe(false)
    for (let length = 0; length < 29; length++) expect(mayComeIn(message(1, 0xa2).subarray(0, length), 0)).toBe(false)
  })
})

describe('values', () => {
  test('octets are UTF-8, else GB18030, else hexadecimal', () => {
    expect(textOf(Buffer.from('机房'))).toBe('机房')
    expect(textOf(Buffer.from('3835d6d0d1a7', 'hex'))).toBe('85中学')
    expect(textOf(Buffer.from('0025b3c4d5ff', 'hex'))).toBe('00:25:b3:c4:d5:ff')
    expect(textOf(Buffer.from('abc\0\0'))).toBe('abc')
    expect(textOf(Buffer.from('c4e3', 'hex'), 'gb18030')).toBe('你')
    expect(textOf(Buffer.alloc(100_000, 97))).toHaveLength(4096)
  })

  test('Counter64 comes in 1 to 9 bytes', () => {
    const whole = (bytes: Buffer): number => unsigned(bytes, 0, bytes.length)
    expect(whole(Buffer.from([7]))).toBe(7)
    expect(whole(Buffer.from('00ffffffffffffffff', 'hex'))).toBe(2 ** 53 - 1)
    expect(whole(Buffer.from('012a05f200', 'hex'))).toBe(5e9)
  })

  test('opaque values other than float and double are none', () => {
    const double = Buffer.alloc(11)
    double.set([0x9f, 0x79, 0x08])
    double.writeDoubleBE(1.5, 3)
    expect(opaqueNumber(double)).toBe(1.5)
    expect(opaqueNumber(Buffer.from('9f7804', 'hex'))).toBeNull()
    expect(varbindsOf([{ oid: '1.3', type: 68, value: Buffer.from('0102', 'hex') }]).values).toEqual([null])
  })

  test('signs', () => {
    expect(reinterpret(4294967168, 'int32')).toBe(-128)
    expect(reinterpret(-1, 'uint32')).toBe(4294967295)
    expect(reinterpret('x', 'int32')).toBe('x')
  })
})

describe('what a probe and a credential may say', () => {
  const problems = (spec: object, credential: object | undefined, address = '127.0.0.1'): readonly string[] => {
    const device = makeDevice({ address, credentials: credential === undefined ? {} : { snmp: credential } })
    const table = new SeriesTable('s')
    const use = { probe: makeProbe('snmp', [at('a', spec as SnmpSpec)], {}), interval: 1, timeout: 1 }
    const made = snmp.prepare(use, device, table.scope(table.source('d', 'p')))
    return made.ok ? [] : made.problems.map(({ message }) => message)
  }
  const good = { version: '2c', community: new Secret('c') }
  const oid = '1.3.6.1.2.1.1.3.0'

  test.each([
    [{ oid }, good, '127.0.0.1', undefined],
    [{ oid }, good, '[::1]:1161', undefined],
    [{ oid }, good, 'a b', /is no host/],
    [{ oid }, undefined, 'h', /needs a credential/],
    [{ oid }, { version: 1 }, 'h', /need a community/],
    [{ oid }, { version: 3 }, 'h', /needs a user/],
    [{ oid }, { version: 3, user: 'u', auth: { protocol: 'sha', secret: new Secret('short') } }, 'h', /shorter than 8/],
    [
      { oid },
      { version: 3, user: 'u', priv: { protocol: 'aes', secret: new Secret('longenough') } },
      'h',
      /priv needs auth/,
    ],
    [{ oid, column: oid }, good, 'h', /exactly one of/],
    [{}, good, 'h', /exactly one of/],
    [{ oid: '1.3.4294967296' }, good, 'h', /greater than 4294967295/],
    [{ oid, only: { column: oid, is: [1] } }, good, 'h', /a scalar has no rows/],
    [{ column: oid, only: { is: [1] } }, good, 'h', /a column, or an index/],
    [{ column: oid, only: { column: oid, matches: '(' } }, good, 'h', /missing closing/],
    [{ column: oid, labels: { a: { column: oid, pattern: '(' } } }, good, 'h', /missing closing/],
  ])('%j', (spec, credential, address, expected) => {
    const found = problems(spec, credential, address)
    if (expected === undefined) expect(found).toEqual([])
    else expect(found).toEqual([expect.stringMatching(expected)])
  })
})
