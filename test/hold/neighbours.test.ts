import { describe, expect, test } from 'vitest'
import { likelyRoot, plainName, proposeDependencies } from '../../src/hold/neighbours.ts'

const names = ['core-1', 'core-2', 'access-1', 'access-2', 'camera-1']
const nameOf = (neighbour: string): string | undefined => names.find((name) => name === plainName(neighbour))

/** Two cores, two access switches on both, a camera on one; an unknown phone. */
const links = [
  { device: 'core-1', neighbour: 'Core-2.hospital.local' },
  { device: 'core-1', neighbour: 'access-1' },
  { device: 'core-1', neighbour: 'access-2' },
  { device: 'core-2', neighbour: 'access-1' },
  { device: 'access-2', neighbour: 'core-2' },
  { device: 'access-1', neighbour: 'camera-1' },
  { device: 'access-1', neighbour: '00:11:22:33:44:55' },
  { device: 'access-1', neighbour: 'access-1' },
]

describe('dependencies by neighbours', () => {
  test('each device hangs on its neighbours that are nearer to the root', () => {
    expect(proposeDependencies(links, ['core-1'], nameOf)).toEqual([
      { device: 'core-2', parents: ['core-1'] },
      { device: 'access-1', parents: ['core-1'] },
      { device: 'access-2', parents: ['core-1'] },
      { device: 'camera-1', parents: ['access-1'] },
    ])
  })

  test('with two roots there are two ways', () => {
    expect(proposeDependencies(links, ['core-1', 'core-2'], nameOf)).toEqual([
      { device: 'access-1', parents: ['core-1', 'core-2'] },
      { device: 'access-2', parents: ['core-1', 'core-2'] },
      { device: 'camera-1', parents: ['access-1'] },
    ])
  })

  test('of nothing nothing follows', () => {
    expect(proposeDependencies([], ['core-1'], nameOf)).toEqual([])
    expect(proposeDependencies(links, [], nameOf)).toEqual([])
  })

  test('the likely root has most cables of those that hang on nothing', () => {
    expect(likelyRoot(links, new Set(names))).toBe('access-1')
    expect(likelyRoot(links, new Set(['core-1', 'core-2']))).toBe('core-1')
    expect(likelyRoot([], new Set(names))).toBeUndefined()
  })
})
