import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import type { Labels } from '../../src/model/labels.ts'
import { silent } from '../../src/model/log.ts'
import type { Metric } from '../../src/model/metric.ts'
import { Secret } from '../../src/model/secret.ts'
import { SeriesTable } from '../../src/model/series.ts'
import type { Site } from '../../src/model/site.ts'
import { postOtlp } from '../../src/push/otlp-client.ts'
import { OtlpRequest } from '../../src/push/otlp-encoding.ts'
import { OtlpSender, type Sent } from '../../src/push/otlp-sender.ts'
import { Pushing } from '../../src/push/pushing.ts'
import { TextfileWriter } from '../../src/push/textfile.ts'
import { Store } from '../../src/store/store.ts'
import { ManualClock } from '../manual-clock.ts'
import { bytesTotal, info, makeSite, source, temperature } from '../samples.ts'
import { decode } from './proto.ts'

const sender = { version: '1.0', instance: 'here:9879' }

describe('a request of OTLP', () => {
  test('has names and labels as on /metrics, no units, states as several points, and what is no more', () => {
    const request = new OtlpRequest(sender)
    const labels = { site: 'hospital', device: '电表-1', sensor: 'in' }
    request.add(temperature, labels, 21.5, 1_700_000_000_123)
    request.add(temperature, { ...labels, sensor: 'out' }, undefined, 1_700_000_000_123)
    request.add(bytesTotal, { interface: 'Gi0/1' }, 9_007_199_254_740_991, 1000)
    request.add(source, {}, 1, 1000)
    request.add(info, { version: 'x'.repeat(300) }, 1, 1000)
    expect(request.count).toBe(7)
    const { resource, scope, metrics, points } = decode(request.finish())
    expect(resource).toEqual({ 'service.name': 'siteward', 'service.instance.id': 'here:9879' })
    expect(scope).toEqual({ name: 'siteward', version: '1.0' })
    expect(metrics.map(({ name }) => name)).toEqual([
      'room_temperature_celsius',
      'interface_receive_bytes_total',
      'ups_output_source_state',
      'device_info',
    ])
    expect(metrics[0]).toMatchObject({ description: 'Room temperature' })
    expect(metrics[0]).not.toHaveProperty('unit')
    expect(metrics[1]?.sum).toMatchObject({ aggregationTemporality: 2, isMonotonic: true })
    const at = '1700000000123000000'
    const name = 'room_temperature_celsius'
    expect(points.slice(0, 2)).toEqual([
      { name, kind: 'gauge', labels, value: 21.5, nanoseconds: at },
      { name, kind: 'gauge', labels: { ...labels, sensor: 'out' }, value: undefined, nanoseconds: at },
    ])
    expect(points[2]).toMatchObject({ kind: 'sum', value: 9_007_199_254_740_991 })
    expect(points.slice(3, 6).map(({ labels: { state }, value }) => [state, value])).toEqual([
      ['normal', 0],
      ['battery', 1],
      ['unknown', 0],
    ])
    expect(points[6]?.labels['version']).toHaveLength(300)
  })
})

describe('a sender', () => {
  function setUp() {
    const clock = new ManualClock()
    const answers: Sent[] = []
    const posted: { readonly at: number; readonly first: number }[] = []
    const counts = { sent: 0, dropped: 0 }
    const one = new OtlpSender({
      ...{ name: 'http://x', clock, random: () => 1, log: silent },
      post: async (body) => {
        posted.push({ at: clock.now().mono - 1_000_000, first: body[0] ?? 0 })
        return answers.shift() ?? { kind: 'taken' }
      },
      counted: (result, points) => {
        counts[result] += points
      },
    })
    const push = (first: number, length = 1): void => one.push({ body: new Uint8Array(length).fill(first), points: 10 })
    return { clock, answers, posted, counts, one, push }
  }

  test('waits ever longer while nobody takes anything, as long as it is told to, and loses nothing', async () => {
    const { clock, answers, posted, counts, push } = setUp()
    const later = { kind: 'later', why: 'HTTP 503', retryAfter: undefined } as const
    answers.push(later, later, later, { ...later, retryAfter: 30_000 })
    push(1)
    push(2)
    await clock.pass(100_000)
    expect(posted.map(({ at }) => at)).toEqual([0, 1000, 3000, 7000, 37_000, 37_000])
    expect(posted.slice(-2).map(({ first }) => first)).toEqual([1, 2])
    expect(counts).toEqual({ sent: 20, dropped: 0 })
  })

  test('drops what is refused for good, and of too much the oldest', async () => {
    const { clock, answers, posted, counts, push } = setUp()
    answers.push({ kind: 'never', why: 'HTTP 400' }, { kind: 'later', why: 'no answer', retryAfter: undefined })
    push(1)
    push(2)
    await clock.pass(0)
    expect(counts).toEqual({ sent: 0, dropped: 10 })
    for (let i = 3; i < 9; i++) push(i, 4 * 2 ** 20)
    await clock.pass(10_000)
    expect(counts).toEqual({ sent: 40, dropped: 40 })
    expect(posted.slice(2).map(({ first }) => first)).toEqual([5, 6, 7, 8])
  })

  test('says nothing more once it is stopped', async () => {
    const { clock, answers, posted, one, push } = setUp()
    answers.push({ kind: 'later', why: 'no answer', retryAfter: undefined })
    push(1)
    await clock.pass(0)
    one.stop()
    await clock.pass(600_000)
    expect(posted).toHaveLength(1)
    expect(clock.waiting).toBe(0)
  })
})

/** A store with readings, and what is pushed of it on a clock that stands still. */
function pushed(changed: Partial<Site>) {
  const clock = new ManualClock()
  const store = new Store()
  const table = new SeriesTable('hospital', (series) => store.add(series))
  const from = table.source('room', 'sensor')
  const scope = table.scope(from)
  const set = (metric: Metric, labels: Labels, value: number): void => {
    const series = scope.series(metric, labels)
    if (series !== undefined) store.apply({ series, value }, 1)
  }
  const requests: Uint8Array[] = []
  let site = makeSite(changed)
  const pushing = new Pushing({
    ...{ clock, random: () => 1, log: silent, readings: store, sender },
    site: () => site,
    post: async (_target, body) => {
      requests.push(gunzipSync(body))
      return { kind: 'taken' }
    },
    counted: () => {},
    breathe: async () => {},
    bug: (error) => {
      throw error
    },
  })
  pushing.follow()
  const follow = (next: Partial<Site>): void => {
    site = makeSite(next)
    pushing.follow()
  }
  /** Lets time pass, and the threads that compress. */
  const pass = async (time: number, count: number): Promise<readonly ReturnType<typeof decode>[]> => {
    await clock.pass(time)
    for (let i = 0; i < 1000 && requests.length < count; i++) await new Promise((resolve) => setTimeout(resolve, 10))
    return requests.splice(0).map(decode)
  }
  return { clock, store, table, from, set, pushing, follow, pass }
}

const target = { url: new URL('http://x/v1/metrics'), interval: 30_000, headers: {} }

describe('pushing', () => {
  test('sends all that is there at the interval; what has no value any more is told once', async () => {
    const { set, pushing, pass } = pushed({ otlp: [target] })
    set(temperature, { sensor: 'in' }, 22)
    set(temperature, { sensor: 'out' }, 5)
    const [first] = await pass(30_000, 1)
    expect(first?.points.map(({ labels, value }) => [labels['sensor'], value])).toEqual([
      ['in', 22],
      ['out', 5],
    ])
    expect(first?.points[0]?.labels).toMatchObject({ site: 'hospital', device: 'room' })
    set(temperature, { sensor: 'out' }, Number.NaN)
    const [second] = await pass(30_000, 1)
    expect(second?.points.map(({ labels, value }) => [labels['sensor'], value])).toEqual([
      ['in', 22],
      ['out', undefined],
    ])
    const [third] = await pass(30_000, 1)
    expect(third?.points).toHaveLength(1)
    pushing.stop()
  })

  test('a large site goes out in several requests', async () => {
    const { set, pushing, pass } = pushed({ otlp: [target] })
    for (let i = 0; i < 4500; i++) set(temperature, { sensor: `s${i}` }, i)
    const requests = await pass(30_000, 3)
    expect(requests.map(({ points }) => points.length)).toEqual([2000, 2000, 500])
    expect(new Set(requests.flatMap(({ points }) => points.map(({ value }) => value))).size).toBe(4500)
    pushing.stop()
  })

  test('a site that keeps a receiver keeps its time; one that names it no more ends it', async () => {
    const { clock, set, follow, pass } = pushed({ otlp: [target] })
    set(temperature, { sensor: 'in' }, 22)
    await clock.pass(20_000)
    follow({ otlp: [{ ...target, headers: {} }] })
    expect(await pass(10_000, 1)).toHaveLength(1)
    follow({ otlp: [] })
    await clock.pass(600_000)
    expect(clock.waiting).toBe(0)
  })
})

describe('over the wire', () => {
  let server: Server | undefined
  afterEach(() => {
    server?.close()
    server?.closeAllConnections()
  })

  /** A receiver that answers with a status; resolves to its address. */
  async function receiver(status: number, headers: Record<string, string> = {}) {
    const seen: { readonly headers: Record<string, unknown>; readonly body: Buffer }[] = []
    server = createServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        seen.push({ headers: request.headers, body: Buffer.concat(parts) })
        response.writeHead(status, headers).end('because')
      })
    })
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    return { seen, url: new URL(`http://127.0.0.1:${port}/v1/metrics`) }
  }

  test('a request is compressed protocol buffers, with the headers of the site', async () => {
    const { seen, url } = await receiver(200)
    const headers = { Authorization: new Secret('Bearer hush') }
    expect(await postOtlp({ url, interval: 1, headers }, Buffer.from([1, 2, 3]))).toEqual({ kind: 'taken' })
    expect(seen[0]?.headers).toMatchObject({
      authorization: 'Bearer hush',
      'content-type': 'application/x-protobuf',
      'content-encoding': 'gzip',
    })
    expect([...(seen[0]?.body ?? [])]).toEqual([1, 2, 3])
  })

  test.each([
    [400, {}, { kind: 'never', why: 'HTTP 400 because' }],
    [503, {}, { kind: 'later', why: 'HTTP 503 because', retryAfter: undefined }],
    [429, { 'retry-after': '7' }, { kind: 'later', why: 'HTTP 429 because', retryAfter: 7000 }],
  ])('status %i tells whether it is worth another try', async (status, headers, expected) => {
    const { url } = await receiver(status, headers as Record<string, string>)
    expect(await postOtlp({ url, interval: 1, headers: {} }, Buffer.from([1]))).toEqual(expected)
  })

  test('nobody there is worth another try', async () => {
    const { url } = await receiver(200)
    await new Promise((resolve) => server?.close(resolve))
    expect(await postOtlp({ url, interval: 1, headers: {} }, Buffer.from([1]))).toMatchObject({ kind: 'later' })
  })
})

describe('a textfile', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-textfile-'))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  test('is written whole or not at all, for everybody to read; a folder that is not there is told once', async () => {
    const path = join(folder, 'siteward.prom')
    const errors: string[] = []
    let fails = false
    const writer = new TextfileWriter(
      { path, interval: 1 },
      {
        clock: new ManualClock(),
        log: { ...silent, error: (_: unknown, message: string) => void errors.push(message) },
        breathe: async () => {},
        *pieces() {
          yield Buffer.from('a 1\n')
          if (fails) throw new Error('a bug')
          yield Buffer.from('b 2\n')
        },
      },
    )
    await writer.write()
    expect(readFileSync(path, 'utf8')).toBe('a 1\nb 2\n')
    expect(statSync(path).mode & 0o777).toBe(0o644)
    fails = true
    await writer.write()
    await writer.write()
    expect(errors).toEqual(['the textfile cannot be written'])
    expect(readFileSync(path, 'utf8')).toBe('a 1\nb 2\n')
    expect(readdirSync(folder)).toEqual(['siteward.prom'])
  })
})
