import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { Exposition, type Format } from '../../src/expose/exposition.ts'
import type { Reply } from '../../src/expose/route.ts'
import { acceptsGzip, formatFor, Scrapes } from '../../src/expose/scrapes.ts'
import { SeriesTable } from '../../src/model/series.ts'
import { Store } from '../../src/store/store.ts'
import { ManualClock } from '../manual-clock.ts'
import { temperature } from '../samples.ts'

/** An exposition that counts how often it is written. */
class Counted extends Exposition {
  written = 0

  override *chunks(format: Format): Generator<Buffer> {
    this.written++
    yield* super.chunks(format)
  }
}

function setUp(rows = 3000) {
  const store = new Store()
  const table = new SeriesTable('hospital', (series) => store.add(series))
  const scope = table.scope(table.source('room', 'sensors'))
  const set = (value: number): void => {
    for (let i = 0; i < rows; i++) {
      const series = scope.series(temperature, { sensor: `s${i}` })
      if (series !== undefined) store.apply({ series, value }, 1)
    }
  }
  set(20)
  const clock = new ManualClock()
  const exposition = new Counted(store)
  const own = { render: async (format: Format) => `own_metric{format="${format}"} 1\n` }
  return { set, clock, exposition, own, scrapes: new Scrapes(exposition, own, clock) }
}

async function bytes({ body }: Reply): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of body as AsyncIterable<Uint8Array>) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

const gzip = { 'accept-encoding': 'gzip' }

describe('scrapes', () => {
  test('compressed or not, the text is the same', async () => {
    const { scrapes, exposition } = setUp()
    const plain = scrapes.answer({})
    const packed = scrapes.answer(gzip)
    expect(plain.headers).toEqual({
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      vary: 'accept, accept-encoding',
    })
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip' })
    const text = (await bytes(plain)).toString()
    expect(text).toBe(`${exposition.text('text')}own_metric{format="text"} 1\n`)
    expect(gunzipSync(await bytes(packed)).toString()).toBe(text)
  })

  test('OpenMetrics ends with its mark', async () => {
    const { scrapes } = setUp(2)
    const answer = scrapes.answer({ ...gzip, accept: 'application/openmetrics-text;version=1.0.0' })
    expect(answer.headers['content-type']).toContain('openmetrics')
    const text = gunzipSync(await bytes(answer)).toString()
    expect(text.endsWith('own_metric{format="openmetrics"} 1\n# EOF\n')).toBe(true)
  })

  test('all that scrape within a second share one compressed exposition; the next is fresh', async () => {
    const { scrapes, exposition, clock, set } = setUp()
    const first = await Promise.all(Array.from({ length: 10 }, () => bytes(scrapes.answer(gzip))))
    expect(exposition.written).toBe(1)
    set(21)
    await clock.pass(999)
    expect(await bytes(scrapes.answer(gzip))).toEqual(first[0])
    expect(exposition.written).toBe(1)
    await clock.pass(1)
    expect(gunzipSync(await bytes(scrapes.answer(gzip))).toString()).toContain('sensor="s7"} 21\n')
    expect(exposition.written).toBe(2)
  })

  test('one that takes longer than a second is waited for and not made twice', async () => {
    const { scrapes, exposition, clock } = setUp()
    const slow = bytes(scrapes.answer(gzip))
    await clock.pass(5000)
    await Promise.all([slow, bytes(scrapes.answer(gzip))])
    expect(exposition.written).toBe(1)
  })

  test('one that failed is not kept', async () => {
    const { scrapes, own } = setUp(1)
    const { render } = own
    own.render = async () => {
      throw new Error('no metrics')
    }
    await expect(bytes(scrapes.answer(gzip))).rejects.toThrow('no metrics')
    own.render = render
    expect(gunzipSync(await bytes(scrapes.answer(gzip))).toString()).toContain('own_metric')
  })
})

test.each([
  ['application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5', 'openmetrics'],
  ['text/plain;version=0.0.4', 'text'],
  [undefined, 'text'],
  ['*/*', 'text'],
])('%s is answered in %s', (accept, format) => {
  expect(formatFor(accept)).toBe(format)
})

test.each([
  ['gzip', true],
  ['deflate, gzip;q=1.0, *;q=0.5', true],
  ['gzip;q=0', false],
  ['gzip;q=0.0, *', false],
  ['*', true],
  ['identity', false],
  ['', false],
  [undefined, false],
])('Accept-Encoding: %s takes gzip: %s', (encoding, takes) => {
  expect(acceptsGzip(encoding)).toBe(takes)
})
