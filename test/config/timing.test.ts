import { describe, expect, test } from 'vitest'
import { Problems } from '../../src/config/problems.ts'
import { defaultTiming, probeTiming, readTiming } from '../../src/config/timing.ts'
import { parseTree } from '../../src/config/yaml.ts'

describe('how often a probe is polled', () => {
  test.each([
    ['as its device where it does not say', {}, [60_000, 10_000]],
    ['as itself says', { interval: 3_600_000, timeout: 40_000 }, [3_600_000, 40_000]],
    ['never past its interval', { interval: 5000 }, [5000, 5000]],
    ['never past its interval, though it says so', { interval: 5000, timeout: 8000 }, [5000, 5000]],
  ])('%s', (_, probe, times) => {
    const { interval, timeout } = probeTiming(probe, defaultTiming)
    expect([interval, timeout]).toEqual(times)
  })

  test("a device's word stands before the probe's", () => {
    const problems = new Problems()
    const tree = parseTree('interval: 10s', 'site.yaml', problems)
    if (tree === undefined) throw new Error('the sample cannot be read')
    const usual = probeTiming({ interval: 3_600_000, timeout: 40_000 }, defaultTiming)
    const timing = readTiming({ interval: '10s' }, usual, { tree, path: [] }, problems)
    expect([timing.interval, timing.timeout]).toEqual([10_000, 10_000])
    expect(problems.list()).toEqual([])
  })
})
