import { expect, test } from 'vitest'
import { hostsOf, isWithin, parseRange } from '../../src/model/address-range.ts'

function range(text: string) {
  const parsed = parseRange(text)
  if (parsed === undefined) throw new Error(`${text} is no range`)
  return parsed
}

test('the hosts of a range are all but its first and last address; small ranges have neither', () => {
  expect([...hostsOf(range('10.1.0.0/29'))]).toEqual([
    '10.1.0.1',
    '10.1.0.2',
    '10.1.0.3',
    '10.1.0.4',
    '10.1.0.5',
    '10.1.0.6',
  ])
  expect([...hostsOf(range('10.1.0.4/31'))]).toEqual(['10.1.0.4', '10.1.0.5'])
  expect([...hostsOf(range('255.255.255.255'))]).toEqual(['255.255.255.255'])
  expect([...hostsOf(range('10.0.254.0/23'))]).toHaveLength(510)
})

test.each(['', '10.1.0.0/33', '10.1.0.1/24', '10.1.0', '10.1.0.256', '010.1.0.0/24', '::1', 'x/24', '10.1.0.0/24/1'])(
  '%j is no range',
  (text) => {
    expect(parseRange(text)).toBeUndefined()
  },
)

test('one range lies within another, or not', () => {
  expect(isWithin(range('10.1.2.0/24'), range('10.1.0.0/16'))).toBe(true)
  expect(isWithin(range('10.1.0.0/16'), range('10.1.0.0/16'))).toBe(true)
  expect(isWithin(range('10.0.0.0/15'), range('10.1.0.0/16'))).toBe(false)
  expect(isWithin(range('10.2.0.1'), range('10.1.0.0/16'))).toBe(false)
})
