import type { Witnessed } from '../../src/model/harvest.ts'
import type { Point } from '../../src/model/probe.ts'
import { hexText } from '../bytes.ts'
import type { Message, Step } from '../collector.ts'
import { covers, type Range } from './batch.ts'
import type { ModbusPlan, Part } from './compile.ts'
import { exceptionFailure } from './failure.ts'
import { isRtu } from './link.ts'

/** A request that was seen, with all that came before the next one. */
interface Exchange {
  readonly range: Range
  readonly request: Buffer
  readonly answer: Buffer
}

/** From the frames of a poll to the raw value of a point, or to why it has none. */
export function explain(
  plan: ModbusPlan,
  point: Point,
  value: Witnessed | undefined,
  messages: readonly Message[],
): readonly Step[] {
  // Of a point for a row of like values there are several parts, each with a point of its own at the same place.
  const parts = plan.blocks.flatMap((block) => block.parts).filter((part) => part.point.place === point.place)
  const part = parts.find((one) => value === undefined || plan.memory.series.get(one)?.id === value.series.id)
  if (part === undefined) return []
  const offset = isRtu(plan.link) ? 1 : 7
  const exchanges = exchangesOf(messages, offset)
  // The last is the smallest: what is refused is asked for again in halves.
  const exchange = exchanges.findLast(({ range }) => covers(range, part))
  if (exchange === undefined)
    return [{ name: 'absent', text: `${part.written} of unit ${part.unit} was not asked for` }]
  const asked = { name: 'request', text: `${hexText(exchange.request)}  ${rangeText(exchange.range)}` }
  const code = exchange.answer[offset] ?? 0
  const answer = { name: 'answer', text: exchange.answer.length === 0 ? 'none' : hexText(exchange.answer) }
  if (code >= 0x80) {
    const reason = exchange.answer[offset + 1] ?? 0
    return [asked, answer, { name: 'absent', text: `${part.written}: ${exceptionFailure(reason).detail}` }]
  }
  return value === undefined ? [asked, answer] : [asked, answer, ownBytes(part, exchange, offset)]
}

function exchangesOf(messages: readonly Message[], offset: number): readonly Exchange[] {
  const exchanges: Exchange[] = []
  for (const { way, bytes } of messages) {
    const data = Buffer.from(bytes)
    const last = exchanges.at(-1)
    if (way === 'sent') exchanges.push({ range: rangeOf(data, offset), request: data, answer: Buffer.alloc(0) })
    else if (last !== undefined) exchanges.push({ ...last, answer: Buffer.concat([last.answer, data]) })
  }
  return exchanges
}

/** Unit, function code, start and count stand in this order behind the header (V1.1b3, 6.1-6.4). */
function rangeOf(request: Buffer, offset: number): Range {
  return {
    unit: request[offset - 1] ?? 0,
    code: (request[offset] ?? 3) as Range['code'],
    start: request.readUInt16BE(offset + 1),
    count: request.readUInt16BE(offset + 3),
  }
}

function rangeText({ unit, code, start, count }: Range): string {
  return `unit ${unit}, function ${code}: ${count} from address ${start}`
}

function ownBytes(part: Part, { range, answer }: Exchange, offset: number): Step {
  const data = answer.subarray(offset + 2)
  const place = part.start - range.start
  const { layout } = part
  if (layout === undefined) {
    return { name: part.written, text: `bit ${place} of the answer: ${((data[place >> 3] ?? 0) >> (place & 7)) & 1}` }
  }
  const own = hexText(data.subarray(place * 2, (place + part.count) * 2))
  const bits = layout.bits === undefined ? '' : `, bits ${layout.bits.low} to ${layout.bits.high}`
  const order = layout.words > 1 && layout.type !== 'string' ? `, order ${layout.order}` : ''
  return { name: part.written, text: `${own} as ${layout.type}${order}${bits}` }
}
