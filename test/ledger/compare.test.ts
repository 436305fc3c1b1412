import { describe, expect, test } from 'vitest'
import { changes, compare, differences } from '../../src/ledger/compare.ts'
import { entryOf, ledgerHeads, ledgerKeys, ledgerRow } from '../../src/ledger/entry.ts'
import type { Asset } from '../../src/model/asset.ts'
import { nowhere } from '../samples.ts'

const asset = (fields: Asset['fields']): Asset => ({ name: 'core-1', fields, place: nowhere })

describe('the ledger beside what the device tells', () => {
  test.each([
    [
      'a serial number is the same whatever its case and blanks',
      { serial: '2102-350 abc' },
      { serial: ['2102350ABC'] },
      [],
    ],
    ['another serial number differs', { serial: '2102350ABC' }, { serial: ['2102350ABD'] }, ['serial']],
    ['a part of a serial number is another one', { serial: '350ABC' }, { serial: ['2102350ABC'] }, ['serial']],
    ['one of a stack is enough', { serial: 'B' }, { serial: ['A', 'B'] }, []],
    ['a model may be short', { model: 'S5735-L48T4X' }, { model: ['S5735-L48T4X-A1'] }, []],
    ['a model may be long', { model: 'Huawei S5735' }, { model: ['S5735'] }, []],
    [
      'a version that is not the wanted one differs',
      { version: 'V200R021' },
      { version: ['V200R019C10'] },
      ['version'],
    ],
    ['a model of Chinese letters alone is compared with nothing', { model: '精密空调' }, { model: ['CRV'] }, []],
    ['a maker is not compared', { maker: '华为' }, { maker: ['Huawei'] }, []],
    ['what the device does not tell is no difference', { serial: 'A', model: 'B' }, {}, []],
  ])('%s', (_, fields, told, differing) => {
    expect(differences(asset(fields), told).map(({ field }) => field)).toEqual(differing)
  })

  test('what agrees is said to agree', () => {
    expect(compare(asset({ serial: 'A', model: 'X' }), { serial: ['A'], model: ['Y'] })).toEqual([
      { field: 'model', ledger: 'X', told: ['Y'], differs: true },
      { field: 'serial', ledger: 'A', told: ['A'], differs: false },
    ])
  })
})

test('a part that was replaced is a change; what is told no more, or for the first time, is none', () => {
  expect(changes({ serial: ['A'], version: ['1'] }, { serial: ['B'], version: ['1'], model: ['X'] })).toEqual([
    'serial: A -> B',
  ])
  expect(changes({ serial: ['A'] }, {})).toEqual([])
})

describe('an entry', () => {
  const known = asset({
    title: '核心交换机',
    serial: 'A',
    warranty_end: '2026-12',
    certificate_end: '2026-11-20',
    battery_installed: '2021-11-25',
    spares: '2',
  })
  const entry = entryOf('core-1', known, true, { serial: ['B'] }, '2026-11-25')

  test('counts the days until each end, the last day included', () => {
    expect(entry.days_left).toEqual({ warranty: 37, certificate: -4, battery: 1 })
  })

  test('is a row below its heads, in both languages', () => {
    for (const language of ['en', 'zh'] as const) {
      expect(ledgerHeads(language)).toHaveLength(ledgerKeys.length)
      expect(ledgerRow(entry, language)).toHaveLength(ledgerKeys.length)
    }
    const row = Object.fromEntries(ledgerRow(entry, 'zh').map((value, n) => [ledgerKeys[n], value]))
    expect(row).toMatchObject({
      device: 'core-1',
      title: '核心交换机',
      spares: 2,
      watched: '是',
      differs: '出厂序列号',
    })
    expect(row).toMatchObject({ told_serial: 'B', warranty_left_days: 37, owner: '' })
  })

  test('of a thing that siteward does not watch', () => {
    expect(entryOf('shredder', asset({}), false, {}, '2026-11-25')).toMatchObject({ watched: false, days_left: {} })
  })
})
