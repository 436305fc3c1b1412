import { expect, test } from 'vitest'
import { silent } from '../../src/model/log.ts'
import type { PollResult } from '../../src/model/reading.ts'
import { type Runnable, runPoll } from '../../src/schedule/frame.ts'
import { Stop } from '../../src/schedule/stop.ts'
import { ManualClock } from '../manual-clock.ts'

const nothing: PollResult = { readings: [], faults: [], requests: 1, doubts: [] }

/** Runs one poll with a deadline of a second, and lets so much time pass. */
async function pollFor(job: Runnable, time: number) {
  const clock = new ManualClock()
  const bugs: unknown[] = []
  const poll = runPoll(job, 1000, new Stop(), { clock, log: silent, bug: (error) => bugs.push(error) })
  await clock.pass(time)
  return { poll: await poll, bugs }
}

test('a poll is told of its deadline, and what it then says counts', async () => {
  const job: Runnable = {
    poll: ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(nothing))),
  }
  const { poll, bugs } = await pollFor(job, 1000)
  expect(poll).toEqual({ ...nothing, duration: 1000 })
  expect(bugs).toEqual([])
})

test('a library that never comes back holds its place for two seconds past the deadline, and no longer', async () => {
  const { poll, bugs } = await pollFor({ poll: () => new Promise(() => {}) }, 3000)
  expect(poll).toMatchObject({ readings: [], faults: [{ kind: 'timeout' }], duration: 3000 })
  expect(bugs).toEqual([])
})

test('an exception is a bug, and the poll has its one outcome', async () => {
  const error = new Error('canary')
  const { poll, bugs } = await pollFor({ poll: () => Promise.reject(error) }, 0)
  expect(poll).toMatchObject({ readings: [], faults: [{ kind: 'protocol' }] })
  expect(JSON.stringify(poll)).not.toContain('canary')
  expect(bugs).toEqual([error])
})
