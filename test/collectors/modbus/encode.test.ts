import { afterEach, describe, expect, test } from 'vitest'
import type { Job } from '../../../collectors/collector.ts'
import { decodeWords, type Layout, wordsOfType } from '../../../collectors/modbus/decode.ts'
import { encodeWords } from '../../../collectors/modbus/encode.ts'
import type { ValueType, WordOrder } from '../../../collectors/modbus/schema.ts'
import { type ModbusSimulator, startModbusSimulator } from '../../../collectors/modbus/simulator.ts'
import type { Outcome } from '../../../src/model/aim.ts'
import type { Witnessed } from '../../../src/model/harvest.ts'
import { context } from '../prepared.ts'
import { jobOf } from './polling.ts'

function layout(type: ValueType, changed: Partial<Layout> = {}): Layout {
  return { type, order: 'abcd', words: type === 'string' ? 3 : wordsOfType[type], bits: undefined, ...changed }
}

const orders: readonly WordOrder[] = ['abcd', 'cdab', 'badc', 'dcba']

describe.each(orders)('%s', (order) => {
  test.each<[ValueType, number | string]>([
    ['int16', -290],
    ['uint16', 65_246],
    ['int32', -19_088_744],
    ['uint32', 4_275_878_552],
    ['int64', -320_255_973_501_902],
    ['uint64', 8_686_943_281_239_090],
    ['float32', 230.1],
    ['float64', 123.156],
    ['string', 'fault'],
  ])('what %s has of %s is read as that', (type, value) => {
    const words = encodeWords(value, layout(type, { order }), [])
    expect(words).toHaveLength(layout(type).words)
    expect(decodeWords(words ?? [], layout(type, { order }))).toBe(value)
  })

  test('bits leave the others of their registers alone', () => {
    const part = layout('uint32', { order, bits: { low: 12, high: 19 } })
    const before = encodeWords(0x1234_5678, layout('uint32', { order }), []) ?? []
    const after = encodeWords(0xab, part, before) ?? []
    expect(decodeWords(after, part)).toBe(0xab)
    expect(decodeWords(after, layout('uint32', { order }))).toBe(0x123a_b678)
  })
})

test('a number between two goes to the nearest', () => {
  expect(encodeWords(350.4, layout('int16'), [])).toEqual([350])
  expect(encodeWords(-0.6, layout('int16'), [])).toEqual([0xffff])
})

test.each<[string, number | string, Layout]>([
  ['too much', 32_768, layout('int16')],
  ['below zero', -1, layout('uint32')],
  ['no number', 'fault', layout('uint16')],
  ['too much for its bits', 4, layout('uint16', { bits: { low: 3, high: 4 } })],
  ['too much for a float', 1e39, layout('float32')],
  ['too long', 'failure', layout('string')],
])('%s is not sent', (_what, raw, where) => {
  expect(encodeWords(raw, where, [0, 0])).toBeUndefined()
})

describe('at a device', () => {
  let simulator: ModbusSimulator | undefined
  let close: (() => Promise<void>) | undefined

  afterEach(async () => {
    await close?.()
    await simulator?.close()
  })

  async function begin(...specs: Parameters<typeof jobOf>[1]): Promise<{ job: Job; seen: readonly Witnessed[] }> {
    const holding = new Map([...Array(20).keys()].map((address) => [address, address * 0x101]))
    simulator = await startModbusSimulator({ units: new Map([[1, { holding, coil: new Map([[0, 0]]) }]]) })
    const one = jobOf(`127.0.0.1:${simulator.port}`, specs)
    close = one.close
    const seen: Witnessed[] = []
    await one.job.poll(context(5000, { witness: (value) => seen.push(value) }))
    return { job: one.job, seen }
  }

  async function put(job: Job, was: Witnessed | undefined, raw: number) {
    if (was === undefined || job.pollWith === undefined) throw new Error('nothing was read')
    const told: Outcome<string>[] = []
    const { readings } = await job.pollWith({ was, raw, placed: (one) => told.push(one) }, context())
    return { told, values: readings.map(({ value }) => value) }
  }

  test('one value is another, all else is as the device sends it, and nothing is written', async () => {
    const { job, seen } = await begin({ register: 2 }, { register: 5, type: 'uint32' }, { register: 9 }, { coil: 0 })
    const before = [0, 0x202, 0x0505_0606, 0x909]
    expect(seen.map(({ raw }) => raw)).toEqual(before)
    expect(await put(job, seen[2], 70_000)).toEqual({
      told: [{ ok: true, value: 'register 5: 0001 1170' }],
      values: before.with(2, 70_000),
    })
    expect(await put(job, seen[0], 1)).toEqual({ told: [{ ok: true, value: 'coil 0: 1' }], values: before.with(0, 1) })
    expect((await job.poll(context())).readings.map(({ value }) => value)).toEqual(before)
    expect(simulator?.refused()).toBe(0)
  })

  test('what the register cannot hold is told, and the device is read as it is', async () => {
    const { job, seen } = await begin({ register: 2 })
    expect(await put(job, seen[0], 70_000)).toEqual({
      told: [{ ok: false, why: 'register 2 cannot hold 70000' }],
      values: [0x202],
    })
  })

  test('nothing is told while the device does not send it', async () => {
    const { job, seen } = await begin({ register: 2 })
    if (simulator !== undefined) simulator.mode = 'exception'
    expect(await put(job, seen[0], 7)).toEqual({ told: [], values: [] })
  })
})
