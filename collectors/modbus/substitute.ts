import { bad, good, type Outcome } from '../../src/model/aim.ts'
import type { Substitute } from '../collector.ts'
import { covers } from './batch.ts'
import type { ModbusPlan, Part } from './compile.ts'
import { encodeWords } from './encode.ts'
import type { Line } from './line.ts'

/** A line on which the registers of one part hold something else: what is read is read from the device. */
export function substituting(
  line: Pick<Line, 'read'>,
  plan: ModbusPlan,
  { was, raw, placed }: Substitute,
): Pick<Line, 'read'> {
  const part = plan.blocks
    .flatMap(({ parts }) => parts)
    .find((one) => plan.memory.series.get(one)?.id === was.series.id)
  if (part === undefined) return line
  return {
    async read(range, manners, context) {
      const outcome = await line.read(range, manners, context)
      const { answer } = outcome
      if (answer.kind !== 'words' || !covers(range, part)) return outcome
      const at = part.start - range.start
      const own = encode(part, raw, answer.words.slice(at, at + part.count))
      placed(own.ok ? good(`${part.written}: ${wordsText(own.value, part)}`) : own)
      return own.ok
        ? { ...outcome, answer: { ...answer, words: answer.words.toSpliced(at, part.count, ...own.value) } }
        : outcome
    },
  }
}

function encode(
  { layout, written }: Part,
  raw: Substitute['raw'],
  words: readonly number[],
): Outcome<readonly number[]> {
  const own = layout === undefined ? bitOf(raw) : encodeWords(raw, layout, words)
  return own === undefined ? bad(`${written} cannot hold ${String(raw)}`) : good(own)
}

/** A coil or discrete input. */
function bitOf(raw: Substitute['raw']): readonly number[] | undefined {
  const bit = Number(raw)
  return bit === 0 || bit === 1 ? [bit] : undefined
}

function wordsText(words: readonly number[], { layout }: Part): string {
  return layout === undefined ? words.join(' ') : words.map((word) => word.toString(16).padStart(4, '0')).join(' ')
}
