import { describe, expect, it } from 'vitest'
import { nearest } from '../../src/config/misspelt.ts'

describe('the nearest name', () => {
  it.each([
    ['intervall', ['interval', 'internal'], 'interval'],
    ['adress', ['name', 'address'], 'address'],
    ['intreval', ['interval'], 'interval'],
    ['Room-1', ['room-1'], 'room-1'],
    ['of', ['off'], 'off'],
    ['cn', ['en', 'zh'], undefined],
    ['chiller', ['fans', 'room'], undefined],
    ['x', [], undefined],
    ['a'.repeat(5000), ['a'.repeat(5001)], undefined],
  ])('%s among %j', (written, allowed, expected) => {
    expect(nearest(written, allowed)).toBe(expected)
  })
})
