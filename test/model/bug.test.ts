import { expect, test } from 'vitest'
import { bugOf } from '../../src/model/bug.ts'

test('of an exception its place is told, and nothing of what it says', () => {
  const error = new TypeError('the key is canary-1\n    at canary-2\n  and canary-3')
  const { error: name, stack } = bugOf(error)
  expect(name).toBe('TypeError')
  expect(stack).toMatch(/^ {4}at .*bug\.test\.ts/)
  expect(stack).not.toContain('canary')
})

test('what is thrown and no exception is told of by its type', () => {
  expect(bugOf('canary')).toEqual({ error: 'string', stack: '' })
  expect(bugOf(Object.assign(new Error(''), { stack: undefined }))).toEqual({ error: 'Error', stack: '' })
})
