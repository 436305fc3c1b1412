import { expect, test } from 'vitest'
import { systemClock } from '../../src/model/clock.ts'

const begun = (): number => systemClock.now().mono

test.each([0, 0.4, 1.7, 12.3])('what runs after %d ms is never early', async (delay) => {
  const from = begun()
  const at = await new Promise<number>((resolve) => systemClock.after(delay, () => resolve(begun())))
  // Timers count from when the turn of the event loop began, in whole milliseconds.
  expect(at - from).toBeGreaterThan(delay - 1)
})

test('what was withdrawn does not run', async () => {
  const ran: number[] = []
  for (const delay of [0, 1]) systemClock.after(delay, () => ran.push(delay))()
  await new Promise<void>((resolve) => systemClock.after(5, resolve))
  expect(ran).toEqual([])
})
