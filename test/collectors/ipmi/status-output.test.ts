import { expect, test } from 'vitest'
import { parseEventLog } from '../../../collectors/ipmi/status-output.ts'

test.each([
  ['Entries          : 9\nFree Space       : 15856 bytes \n', { entries: 9, free: 15_856 }],
  ['Number of log entries : 0\nFree space remaining : 65535 bytes or more\n', { entries: 0, free: 65_535 }],
  // The line of the version cut into that of the entries: 1 is not how many there are.
  ['Entries          : 1.5 (v1.5, v2 compliant)\n', undefined],
  ['Entries          : \n', undefined],
])('the event log: %j', (text, expected) => {
  expect(parseEventLog(text)).toEqual(expected)
})
