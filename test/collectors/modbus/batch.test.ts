import { describe, expect, test } from 'vitest'
import { type Block, merge, type Range, type ReadCode, split } from '../../../collectors/modbus/batch.ts'

function at(start: number, count = 1, code: ReadCode = 3, unit = 1): Range {
  return { unit, code, start, count }
}

/** `3/1 10+4` is function code 3, unit 1, four addresses from 10. */
function shown(blocks: readonly Block<Range>[] | undefined): readonly string[] | undefined {
  return blocks?.map(({ unit, code, start, count }) => `${code}/${unit} ${start}+${count}`)
}

const limits = { gap: 8, block: 125 }

describe('merge', () => {
  test.each<[string, Range[], string[]]>([
    ['nothing', [], []],
    ['neighbours, in any order', [at(2), at(0), at(1)], ['3/1 0+3']],
    ['the widest gap', [at(0), at(9)], ['3/1 0+10']],
    ['a gap too wide', [at(0), at(10)], ['3/1 0+1', '3/1 10+1']],
    ['the same register twice', [at(5), at(5)], ['3/1 5+1']],
    ['one inside the other', [at(5, 4), at(6)], ['3/1 5+4']],
    ['not over units', [at(0), at(1, 1, 3, 2)], ['3/1 0+1', '3/2 1+1']],
    ['not over function codes', [at(0), at(1, 1, 4)], ['3/1 0+1', '4/1 1+1']],
    ['a full block', [at(0, 100), at(100, 25)], ['3/1 0+125']],
    ['one more than a full block', [at(0, 100), at(100, 26)], ['3/1 0+100', '3/1 100+26']],
    ['bits: sixteen to a register', [at(0, 1, 1), at(129, 1, 1)], ['1/1 0+130']],
    ['bits: a gap too wide', [at(0, 1, 2), at(130, 1, 2)], ['2/1 0+1', '2/1 130+1']],
    ['the last address', [at(65_535), at(65_534)], ['3/1 65534+2']],
  ])('%s', (_, parts, blocks) => {
    expect(shown(merge(parts, limits))).toEqual(blocks)
  })

  test('2000 bits and no more', () => {
    const bits = Array.from({ length: 2001 }, (_, index) => at(index, 1, 1))
    expect(shown(merge(bits, limits))).toEqual(['1/1 0+2000', '1/1 2000+1'])
  })

  test('every part is in exactly one block, whole', () => {
    const parts = Array.from({ length: 400 }, (_, index) => at((index * 7919) % 3000, 1 + (index % 4)))
    const blocks = merge(parts, { gap: 3, block: 20 })
    expect(blocks.flatMap((block) => block.parts).length).toBe(parts.length)
    for (const block of blocks) {
      expect(block.count).toBeLessThanOrEqual(20)
      for (const part of block.parts) {
        expect(part.start).toBeGreaterThanOrEqual(block.start)
        expect(part.start + part.count).toBeLessThanOrEqual(block.start + block.count)
      }
    }
  })
})

describe('split', () => {
  function whole(...parts: Range[]): Block<Range> {
    const [block, ...others] = merge(parts, limits)
    if (block === undefined || others.length > 0) throw new Error('one block was expected')
    return block
  }

  test.each<[string, Range[], string[] | undefined]>([
    ['without the gaps first', [at(0), at(1), at(4), at(5)], ['3/1 0+2', '3/1 4+2']],
    ['then in halves', [at(0), at(1), at(2), at(3), at(4)], ['3/1 0+3', '3/1 3+2']],
    ['bits of one register stay together', [at(0), at(0), at(1)], ['3/1 0+1', '3/1 1+1']],
    ['overlapping ranges apart', [at(0, 2), at(1)], ['3/1 0+2', '3/1 1+1']],
    ['a single one not', [at(7, 2)], undefined],
    ['a single register with several bits not', [at(7), at(7)], undefined],
  ])('%s', (_, parts, blocks) => {
    expect(shown(split(whole(...parts)))).toEqual(blocks)
  })

  test('ends at single ranges, whatever is refused', () => {
    const left = [whole(...Array.from({ length: 30 }, (_, index) => at(index * 4, 2)))]
    const single: Block<Range>[] = []
    for (let steps = 0; left.length > 0; steps++) {
      expect(steps).toBeLessThan(60)
      const block = left.shift()
      if (block === undefined) break
      const smaller = split(block)
      if (smaller === undefined) single.push(block)
      else left.push(...smaller)
    }
    expect(single.length).toBe(30)
  })
})
