import { describe, expect, test } from 'vitest'
import { textWith } from '../../collectors/text-substitute.ts'
import type { Raw } from '../../src/model/conversion.ts'
import type { Harvest, Witnessed } from '../../src/model/harvest.ts'
import { Harvest as Gathered } from '../../src/model/harvest.ts'
import { SeriesTable } from '../../src/model/series.ts'
import { makePoint } from '../samples.ts'

const point = makePoint({})

/** `NAME: NUMBER`, a line each, and how many lines there are. */
function decode(text: string, harvest: Harvest): void {
  const lines = text.split('\n').filter((line) => /^\w+: [\d.]+$/.test(line))
  for (const line of lines) {
    const [sensor = '', number = ''] = line.split(': ')
    harvest.labelled(point, { sensor }, Number(number))
  }
  harvest.labelled(point, { sensor: 'lines' }, lines.length)
}

function change(text: string, sensor: string, raw: Raw) {
  const seen: Witnessed[] = []
  const table = new SeriesTable('site')
  decode(text, new Gathered(table.scope(table.source('room', 'p')), (one) => seen.push(one)))
  const was = seen.find(({ series }) => series.labels['sensor'] === sensor)
  if (was === undefined) throw new Error(`no ${sensor} is read`)
  return textWith(text, { was, raw, placed: () => {} }, decode)
}

describe('a text in which one value reads otherwise', () => {
  const text = 'room 24\nsupply: 24\nreturn: 24\n'

  test.each([
    ['supply', 35, 'room 24\nsupply: 35\nreturn: 24\n'],
    ['return', 35.5, 'room 24\nsupply: 24\nreturn: 35.5\n'],
  ])('%s', (sensor, raw, value) => {
    expect(change(text, sensor, raw)).toEqual({ ok: true, value })
  })

  test('has none where the value is reckoned from others, or would be no value', () => {
    expect(change(text, 'lines', 1)).toMatchObject({ ok: false })
    expect(change(text, 'supply', 'hot')).toMatchObject({ ok: false })
  })

  test('is not looked for without end', () => {
    const long = `${'24 '.repeat(100_000)}\nsupply: 24\n`
    expect(change(long, 'supply', 35)).toMatchObject({ ok: false })
  })
})
