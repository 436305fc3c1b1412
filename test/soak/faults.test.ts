import { expect, test } from 'vitest'
import { seededRandom } from '../../src/model/random.ts'
import { agentFaults, doorFaults, houseFaults, type Patient, plannedFaults, rest } from './faults.ts'

const patients: readonly Patient[] = Array.from({ length: 40 }, (_, number) => ({
  device: `r01-${number}`,
  by: number % 2 === 0 ? 'udp' : 'tcp',
  isSensor: number === 1,
}))
const minutes = 30
const plan = plannedFaults(minutes, patients, seededRandom(1))

test('the same seed gives the same faults, another one others', () => {
  expect(plannedFaults(minutes, patients, seededRandom(1))).toEqual(plan)
  expect(plannedFaults(minutes, patients, seededRandom(2))).not.toEqual(plan)
})

test('every class of faults comes, and none before or after the time', () => {
  expect(new Set(plan.map(({ kind }) => kind))).toEqual(new Set([...agentFaults, ...doorFaults, ...houseFaults, 'hot']))
  expect(Math.min(...plan.map(({ at }) => at))).toBeGreaterThanOrEqual(rest)
  expect(Math.max(...plan.map(({ at, lasts }) => at + lasts))).toBeLessThanOrEqual(minutes * 60_000 - rest)
})

test('a device has one fault at a time, and so has the house', () => {
  for (const device of [undefined, ...patients.map((patient) => patient.device)]) {
    const own = plan.filter((fault) => ('device' in fault ? fault.device : undefined) === device)
    const overlaps = own.filter((fault, i) => fault.at < (own[i - 1]?.at ?? 0) + (own[i - 1]?.lasts ?? 0))
    expect(overlaps).toEqual([])
  }
})

test('the process is left alive towards the end', () => {
  const ends = plan.filter(({ kind }) => kind === 'killed' || kind === 'stopped')
  expect(ends.length).toBeGreaterThan(2)
  expect(Math.max(...ends.map(({ at }) => at))).toBeLessThan(0.65 * minutes * 60_000)
})
