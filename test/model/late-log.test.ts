import { expect, test } from 'vitest'
import { lateLog } from '../../src/model/log.ts'

test('a late log is made once, at its first line', () => {
  const lines: string[] = []
  let made = 0
  const log = lateLog(() => {
    made++
    const write = (level: string) => (_: object, message: string) => void lines.push(`${level} ${message}`)
    return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  })
  expect(made).toBe(0)
  log.debug({}, 'a')
  log.info({}, 'b')
  log.warn({}, 'c')
  log.error({}, 'd')
  expect([made, lines]).toEqual([1, ['debug a', 'info b', 'warn c', 'error d']])
})
