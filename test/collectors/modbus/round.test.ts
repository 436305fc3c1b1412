import { expect, test } from 'vitest'
import type { Range } from '../../../collectors/modbus/batch.ts'
import { compile, type ModbusPlan } from '../../../collectors/modbus/compile.ts'
import type { Outcome } from '../../../collectors/modbus/line.ts'
import { poll } from '../../../collectors/modbus/poll.ts'
import type { PointSpec } from '../../../collectors/modbus/schema.ts'
import { silent } from '../../../src/model/log.ts'
import { SeriesTable } from '../../../src/model/series.ts'
import { ManualClock } from '../../manual-clock.ts'
import { nowhere } from '../../samples.ts'
import { modbusDevice, modbusProbe, points } from './modbus-samples.ts'

function planOf(...specs: readonly PointSpec[]): ModbusPlan {
  const list = points(...specs)
  const table = new SeriesTable('site')
  const series = table.scope(table.source('meter', 'sample'))
  const probe = modbusProbe(list)
  const device = modbusDevice('meter')
  const rest = { options: {}, credential: undefined, timeout: 5000, series, place: nowhere }
  const plan = compile({ device, probe, points: list, ...rest })
  if (!plan.ok) throw new Error('a plan was expected')
  return plan.value
}

/** A line that answers as told and keeps what it was asked. */
function line(answer: (range: Range) => Outcome['answer']) {
  const asked: string[] = []
  return {
    asked,
    async read(range: Range): Promise<Outcome> {
      asked.push(`${range.unit}: ${range.start}+${range.count}`)
      return { answer: answer(range), sent: 1 }
    },
  }
}

function words(range: Range): Outcome['answer'] {
  return { kind: 'words', words: Array.from({ length: range.count }, (_, index) => range.start + index) }
}

const clock = new ManualClock()
const context = { signal: new AbortController().signal, clock, log: silent }

test('0x0A and 0x0B are of the unit: its other blocks are not tried, other units are', async () => {
  for (const code of [0x0a, 0x0b]) {
    const plan = planOf({ register: 0, unit: 4 }, { input_register: 0, unit: 4 }, { register: 7, unit: 5 })
    const bus = line((range) => (range.unit === 4 ? { kind: 'exception', code } : words(range)))
    const { readings, faults } = await poll(plan, bus, context)
    expect(bus.asked).toEqual(['4: 0+1', '5: 7+1'])
    expect(readings.map(({ value }) => value)).toEqual([7])
    expect(faults).toMatchObject([{ kind: 'timeout', points: 2 }])
    expect(faults[0]?.detail).toMatch(/unit 4.*gateway answers/)
  }
})

test('a failed line ends the poll: what was read is kept, the rest is counted', async () => {
  const plan = planOf({ register: 0 }, { register: 50 }, { register: 51 }, { register: 100 })
  const failure = { kind: 'timeout', detail: 'no answer' } as const
  const bus = line((range) => (range.start === 50 ? { kind: 'failed', failure, silent: false } : words(range)))
  const { readings, faults, requests } = await poll(plan, bus, context)
  expect(bus.asked).toEqual(['1: 0+1', '1: 50+2'])
  expect(readings.map(({ value }) => value)).toEqual([0])
  expect(faults).toEqual([{ ...failure, points: 3 }])
  expect(requests).toBe(2)
})

test('what was split is remembered, also over a failed line, and tried whole again after an hour', async () => {
  const plan = planOf({ register: 0 }, { register: 5 }, { register: 50 })
  const wholeRefused = (range: Range): Outcome['answer'] =>
    range.count > 1 ? { kind: 'exception', code: 2 } : words(range)
  const starting = line(wholeRefused)
  await poll(plan, starting, context)
  expect(starting.asked).toEqual(['1: 0+6', '1: 0+1', '1: 5+1', '1: 50+1'])

  const failure = { kind: 'timeout', detail: 'no answer' } as const
  await poll(
    plan,
    line(() => ({ kind: 'failed', failure, silent: false })),
    context,
  )

  await clock.pass(3_500_000)
  const later = line(words)
  await poll(plan, later, context)
  expect(later.asked).toEqual(['1: 0+1', '1: 5+1', '1: 50+1'])

  await clock.pass(200_000)
  const anew = line(words)
  expect((await poll(plan, anew, context)).readings.map(({ value }) => value)).toEqual([0, 5, 50])
  expect(anew.asked).toEqual(['1: 0+6', '1: 50+1'])
})

test('one fault for all that is refused alike, naming a few', async () => {
  const plan = planOf(...Array.from({ length: 20 }, (_, index) => ({ register: index * 2 })))
  const { faults } = await poll(
    plan,
    line(() => ({ kind: 'exception', code: 2 })),
    context,
  )
  expect(faults).toMatchObject([{ kind: 'config', points: 20 }])
  expect(faults[0]?.detail).toMatch(/^unit 1 register 0, .* register 8 and 15 more: the device has no such address/)
})

test('a series is made once', async () => {
  const plan = planOf({ register: 0 })
  const first = await poll(plan, line(words), context)
  const second = await poll(plan, line(words), context)
  expect(second.readings[0]?.series).toBe(first.readings[0]?.series)
})
