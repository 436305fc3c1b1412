import { expect, test } from 'vitest'
import { Stop } from '../../src/schedule/stop.ts'

test('who listens hears that a stop is asked for, also when it was asked before', () => {
  const stop = new Stop()
  const heard: string[] = []
  stop.listen(() => heard.push('first'))
  stop.listen(undefined)
  stop.ask()
  expect([stop.isAsked, heard]).toEqual([true, []])
  stop.listen(() => heard.push('late'))
  expect(heard).toEqual(['late'])
})
