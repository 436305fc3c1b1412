import { describe, expect, test } from 'vitest'
import { compile } from '../../../collectors/modbus/compile.ts'
import type { DeviceOptions, PointSpec } from '../../../collectors/modbus/schema.ts'
import type { Place } from '../../../src/model/place.ts'
import type { Point } from '../../../src/model/probe.ts'
import { SeriesTable } from '../../../src/model/series.ts'
import { makePoint } from '../../samples.ts'
import { modbusDevice, modbusProbe, points, type Settings, value } from './modbus-samples.ts'

interface Given {
  readonly points: readonly Point<PointSpec>[]
  readonly address?: string
  readonly options?: DeviceOptions
  readonly settings?: Settings
}

function compiled({ points, address = '127.0.0.1', options = {}, settings = {} }: Given) {
  const device = modbusDevice(address, options)
  const probe = modbusProbe(points, settings)
  const table = new SeriesTable('site')
  const series = table.scope(table.source('meter', 'sample'))
  const place: Place = { file: 'site.yaml', line: 9, column: 14 }
  return compile({ device, probe, points, options, credential: undefined, timeout: 5000, series, place })
}

function planOf(given: Given) {
  const result = compiled(given)
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join())
  return result.value
}

function problemsOf(given: Given): readonly string[] {
  const result = compiled(given)
  return result.ok ? [] : result.problems.map(({ message }) => message)
}

function blocksOf(given: Given): readonly string[] {
  return planOf(given).blocks.map(({ unit, code, start, count }) => `${code}/${unit} ${start}+${count}`)
}

describe('what is read', () => {
  test.each<[string, readonly PointSpec[], Settings, readonly string[]]>([
    [
      'the four tables',
      [{ register: 1 }, { input_register: 2 }, { coil: 3 }, { discrete_input: 4 }],
      {},
      ['1/1 3+1', '2/1 4+1', '3/1 1+1', '4/1 2+1'],
    ],
    [
      'types take their registers',
      [
        { register: 0, type: 'float64' },
        { register: 4, type: 'string', length: 8 },
      ],
      {},
      ['3/1 0+12'],
    ],
    ['counted from 1', [{ register: 1 }, { register: 65_536 }], { counted_from: 1 }, ['3/1 0+1', '3/1 65535+1']],
    ['no gap', [{ register: 0 }, { register: 2 }], { gap: 0 }, ['3/1 0+1', '3/1 2+1']],
    ['short blocks', [{ register: 0 }, { register: 1 }, { register: 2 }], { block: 2 }, ['3/1 0+2', '3/1 2+1']],
    [
      'a row of like values',
      [{ register: 100, repeat: { count: 3, step: 2, label: 'at', from: 7 } }],
      { gap: 0 },
      ['3/1 100+1', '3/1 102+1', '3/1 104+1'],
    ],
    ['a unit of its own', [{ register: 0 }, { register: 1, unit: 9 }], {}, ['3/1 0+1', '3/9 1+1']],
  ])('%s', (_, specs, settings, blocks) => {
    expect(blocksOf({ points: points(...specs), settings })).toEqual(blocks)
  })

  test('a row of bits goes on in the next register, and its labels count', () => {
    const plan = planOf({ points: points({ register: 8, bit: 14, repeat: { count: 4, label: 'at' } }) })
    const parts = plan.blocks.flatMap((block) => block.parts)
    expect(parts.map(({ start, layout, labels }) => [start, layout?.bits?.low, labels['at']])).toEqual([
      [8, 14, '1'],
      [8, 15, '2'],
      [9, 0, '3'],
      [9, 1, '4'],
    ])
  })

  test('a row may have names', () => {
    const repeat = { count: 3, label: 'at', names: ['A', 'B'] }
    const plan = planOf({ points: points({ register: 8, repeat }) })
    expect(plan.blocks.flatMap((block) => block.parts).map(({ labels }) => labels['at'])).toEqual(['A', 'B', '3'])
  })

  test('a row is numbered by a label that its metric has', () => {
    const list = points({ register: 8, repeat: { count: 4, label: 'cell' } })
    expect(problemsOf({ points: list })).toEqual(['value has no label "cell"'])
  })

  test("the device's unit, and the probe's word order unless the point has its own", () => {
    const list = points({ register: 0, type: 'uint32' }, { register: 2, type: 'uint32', word_order: 'abcd' })
    const plan = planOf({ points: list, options: { unit: 7 }, settings: { word_order: 'cdab' } })
    expect(plan.blocks.map(({ unit }) => unit)).toEqual([7])
    expect(plan.blocks[0]?.parts.map(({ layout }) => layout?.order)).toEqual(['cdab', 'abcd'])
  })
})

describe('where it is read', () => {
  test.each<[string, DeviceOptions, string, string]>([
    ['10.0.0.1', {}, 'modbus 10.0.0.1:502', 'modbus 10.0.0.1:502'],
    ['meter-1.example:1502', {}, 'modbus meter-1.example:1502', 'modbus meter-1.example:1502'],
    ['[fe80::1%eth0]:503', {}, 'modbus [fe80::1%eth0]:503', 'modbus [fe80::1%eth0]:503'],
    ['::1', {}, 'modbus [::1]:502', 'modbus [::1]:502'],
    ['gateway', { transport: 'rtu_over_tcp' }, 'modbus gateway:502', 'modbus gateway:502 rtu'],
    ['/dev/ttyS0', {}, 'modbus /dev/ttyS0', 'modbus /dev/ttyS0 9600 8N1'],
    ['COM3', { baud: 19_200, parity: 'even' }, 'modbus COM3', 'modbus COM3 19200 8E1'],
  ])('%s', (address, options, endpoint, session) => {
    const plan = planOf({ points: points({ register: 0 }), address, options })
    expect(plan).toMatchObject({ endpoint, session, parallel: 1 })
  })

  test('devices behind one gateway share its endpoint and its connection', () => {
    const first = planOf({ points: points({ register: 0 }), address: 'gateway', options: { unit: 1 } })
    const second = planOf({ points: points({ register: 5 }), address: 'gateway', options: { unit: 2, pause: '50ms' } })
    expect(second.endpoint).toBe(first.endpoint)
    expect(second.session).toBe(first.session)
  })
})

describe('what it costs', () => {
  const meter = points(...Array.from({ length: 40 }, (_, index) => ({ register: index })))

  test('on TCP little, and the pause', () => {
    expect(planOf({ points: meter }).cost).toBe(5)
    expect(planOf({ points: meter, options: { pause: '100ms' } }).cost).toBe(105)
  })

  test('at 9600 baud, 93 bytes of 11 bits and the turn', () => {
    expect(planOf({ points: meter, address: '/dev/ttyS0' }).cost).toBe(Math.ceil((93 * 11 * 1000) / 9600 + 25))
  })
})

test('durations', () => {
  const list = points({ register: 0 })
  expect(planOf({ points: list })).toMatchObject({ requestTimeout: 1000, pause: 0 })
  const options = { request_timeout: '2s500ms', pause: '20ms' }
  expect(planOf({ points: list, options })).toMatchObject({ requestTimeout: 2500, pause: 20 })
})

describe('problems', () => {
  test.each<[PointSpec, string]>([
    [{}, 'a Modbus point needs an address'],
    [{ register: 1, coil: 1 }, 'coil and register: a point has one address'],
    [{ coil: 1, type: 'int16' }, 'type: a coil is one bit, 0 or 1'],
    [{ discrete_input: 1, bit: 3 }, 'bit: a discrete_input is one bit, 0 or 1'],
    [{ register: 1, type: 'string' }, 'a string needs its length'],
    [{ register: 1, length: 2 }, 'length: uint16 has 1 registers'],
    [{ register: 1, bit: 1, bits: [1, 2] }, 'bit and bits: only one of them'],
    [{ register: 1, bits: [3, 1] }, 'bits: [3, 1] ends before it begins'],
    [{ register: 1, bit: 16 }, 'bit: the highest bit of uint16 is 15'],
    [{ register: 1, bits: [0, 32], type: 'uint32' }, 'bits: the highest bit of uint32 is 31'],
    [{ register: 1, bit: 0, type: 'float32' }, 'bit: not of a float32'],
    [{ register: 65_536 }, 'register 65536: the last address is 65535'],
    [{ register: 65_535, type: 'int32' }, 'register 65535: the last address is 65535'],
  ])('%j', (spec, message) => {
    expect(problemsOf({ points: points(spec) })).toEqual([message])
  })

  test('counted from 1 there is no 0', () => {
    const settings = { counted_from: 1 } as const
    expect(problemsOf({ points: points({ register: 0 }), settings })).toEqual(['register 0: this probe counts from 1'])
    expect(problemsOf({ points: points({ register: 65_536, type: 'int32' }), settings })).toEqual([
      'register 65536: the last address is 65536',
    ])
  })

  test('all of them in one go, with the place of the key', () => {
    const at = (key: string): Place => ({ file: 'probe.yaml', line: 4, column: key.length })
    const wrong = makePoint<PointSpec>({ register: 1, bit: 20 }, { metric: value, at })
    const result = compiled({ points: [wrong, ...points({})], address: 'not an address' })
    expect(result.ok ? [] : result.problems.map(({ place }) => place.line)).toEqual([9, 4, 1])
  })

  test('two points of one series', () => {
    const list = [makePoint({ register: 1 }, { metric: value }), makePoint({ register: 2 }, { metric: value })]
    expect(problemsOf({ points: list })).toEqual(['value is read twice with the same labels, first in line 1'])
  })

  test.each<[string, DeviceOptions, string]>([
    ['host:0', {}, 'no address: "host:0"'],
    ['host:65536', {}, 'no address: "host:65536"'],
    ['http://host/', {}, 'no address: "http://host/"'],
    ['', {}, 'no address: ""'],
    ['host', { baud: 9600, parity: 'even' }, 'baud, parity: only for a serial line, and the address is host'],
    ['/dev/ttyS0', { transport: 'tcp' }, 'transport: tcp needs HOST:PORT, and the address is a serial line'],
    ['/dev/ttyS0', { unit: 0 }, 'unit 0: on a serial line units are 1 to 247'],
    ['/dev/ttyS0', { unit: 248 }, 'unit 248: on a serial line units are 1 to 247'],
  ])('address %s with %j', (address, options, message) => {
    expect(problemsOf({ points: points({ register: 0 }), address, options })).toEqual([message])
  })

  test('a string longer than a block', () => {
    const list = points({ register: 1, type: 'string', length: 20 })
    expect(problemsOf({ points: list, settings: { block: 16 } })).toEqual([
      '20 registers are more than block: 16 allows in one request',
    ])
  })
})
