import { describe, expect, test } from 'vitest'
import { cpuOf, memoryOf, openFiles, ownCpu } from '../../bench/program.ts'
import { compare, median, rounds, shortNumber, spreadOf } from '../../bench/rounds.ts'

describe('comparing in rounds', () => {
  test('the ratio is taken inside each round, and who begins alternates', async () => {
    const order: string[] = []
    const times = { ours: [1, 4, 9], theirs: [10, 10, 10] }
    const side = (name: 'ours' | 'theirs') => async () => {
      order.push(name)
      return times[name].shift() ?? 0
    }
    const measured = await compare({ ours: side('ours'), theirs: side('theirs') }, 0.3, 'ms')
    expect(measured).toEqual({
      value: 0.4,
      met: false,
      spread: '0.1-0.9 in 3 rounds',
      detail: '4 against 10 ms',
    })
    expect(order).toEqual(['ours', 'theirs', 'theirs', 'ours', 'ours', 'theirs'])
  })

  test('the median is the middle one, and a goal that is just reached is met', async () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([])]).toEqual([2, 2, Number.NaN])
    const even = { ours: async () => 1, theirs: async () => 4 }
    expect((await compare(even, 0.25, 'ms')).met).toBe(true)
    expect((await compare(even, 0.25, 'ms')).spread).toBe(`0.25-0.25 in ${rounds} rounds`)
  })

  test('numbers are shown with three digits that count', () => {
    expect([0.041_23, 12.345, 1640.4, -2, 0].map(shortNumber)).toEqual(['0.0412', '12.3', '1640', '-2', '0'])
    expect(spreadOf([2, 1])).toBe('1-2 in 2 rounds')
  })
})

test('what a process uses is read from the system', async () => {
  const used = await ownCpu(async () => {
    const end = performance.now() + 60
    while (performance.now() < end) Math.sqrt(end)
  })
  expect(used).toBeGreaterThan(0)
  expect(cpuOf(process.pid)).toBeGreaterThan(0)
  // The process grows between two reads, and the kernel counts pages for each thread before it adds them up.
  const resident = memoryOf('self', 'VmRSS')
  expect(memoryOf('self', 'VmHWM')).toBeGreaterThan(resident - 1)
  expect(openFiles(process.pid)).toBeGreaterThan(2)
})
