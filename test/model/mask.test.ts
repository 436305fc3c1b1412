import { expect, test } from 'vitest'
import { Mask } from '../../src/model/mask.ts'
import { telltales } from '../samples.ts'

test('the same text gets the same word, wherever it stands as a whole', () => {
  const mask = new Mask(telltales)
  expect(mask.replace('name', 'core-sw')).toBe('name-1')
  expect(mask.replace('name', 'core-sw2')).toBe('name-2')
  expect(mask.replace('name', 'core-sw')).toBe('name-1')
  expect(mask.text('uplink of core-sw to core-sw2, not of score-swap')).toBe(
    'uplink of name-1 to name-2, not of score-swap',
  )
  expect(mask.replace('name', '  ')).toBe('  ')
})

test('short texts are replaced only where they are known to stand', () => {
  const mask = new Mask(telltales)
  expect(mask.replace('name', 'up')).toBe('name-1')
  expect(mask.text('the port is up')).toBe('the port is up')
})

test('so are words that stand in any text', () => {
  const mask = new Mask(telltales)
  expect(mask.replace('name', 'Switch')).toBe('name-1')
  expect(mask.text('Switch Software, room switch')).toBe('Switch Software, room switch')
})

test.each([
  ['a 00:1B:21:3c:4d:5e b', 'a 02:00:00:00:00:01 b'],
  ['001b-213c-4d5e and 00-1b-21-3c-4d-5e', '0200-0000-0001 and 02-00-00-00-00-01'],
  ['001b.213c.4d5e', '0200.0000.0001'],
  ['50:06:01:60:3b:20:11:22', '02:00:00:00:00:00:00:01'],
  ['ff:ff:ff:ff:ff:ff 00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff 00:00:00:00:00:00'],
  ['12:34:56 of 2026-11-25, fe80::1, 192.0.2.1', '12:34:56 of 2026-11-25, fe80::1, 192.0.2.1'],
])('hardware addresses: %s', (text, expected) => {
  expect(new Mask(telltales).text(text)).toBe(expected)
})

test.each([
  ['PN:AP9631 HR:08 SN: ZA1234567 MD:2019', 'PN:AP9631 HR:08 SN: serial-1 MD:2019'],
  ['Serial Number: S4X2NB0 and again S4X2NB0', 'Serial Number: serial-1 and again serial-1'],
  ['{"serial_number":"WD-99X1"}', '{"serial_number":"serial-1"}'],
  ['Serial port enabled; disn 1234a', 'Serial port enabled; disn 1234a'],
])('serial numbers behind their word: %s', (text, expected) => {
  const mask = new Mask(telltales)
  expect(mask.text(mask.text(text))).toBe(expected)
})

test('a text of many words takes no time', () => {
  const started = performance.now()
  new Mask(telltales).text(`${'sn '.repeat(50_000)}${'00:11:'.repeat(20_000)}`)
  expect(performance.now() - started).toBeLessThan(5000)
})
