import type { Fault } from '../../src/model/fault.ts'
import type { Mask } from '../../src/model/mask.ts'
import type { PollContext, Recorded, RecordOrder } from '../collector.ts'
import { type Block, type Range, type ReadCode, split } from './batch.ts'
import type { ModbusPlan, Part } from './compile.ts'
import { decodeWords } from './decode.ts'
import { exceptionFailure } from './failure.ts'
import type { Line } from './line.ts'
import { tableNames, writeRegisters } from './registers-file.ts'

type Tables = Partial<Record<(typeof tableNames)[ReadCode], Map<number, number>>>

/** `whole`: the first so many addresses of each table are tried, beside what the probes read. */
const wholeTable = 1000
const wholeStep = 25

/** Reads the registers that the plans read (and, whole, the first thousand of each table) as a recording. */
export async function record(
  plans: readonly ModbusPlan[],
  line: Line,
  { whole, mask }: RecordOrder,
  context: PollContext,
): Promise<Recorded> {
  const reader = new Reader(line, context)
  const [first] = plans
  const own = first === undefined ? 1 : first.unit
  for (const plan of plans) for (const block of plan.blocks) await reader.read(block, plan)
  if (whole && first !== undefined) await reader.sweep(first)
  for (const plan of plans) for (const part of plan.blocks.flatMap(({ parts }) => parts)) maskText(part, reader, mask)
  const others = new Map([...reader.units].filter(([unit]) => unit !== own))
  const text = writeRegisters({ own: reader.units.get(own) ?? {}, others })
  return { text, values: reader.count(), faults: reader.faults }
}

/** Reads ranges into tables; what is refused is halved, and what remains is a fault. */
class Reader {
  readonly units = new Map<number, Tables>()
  readonly faults: Fault[] = []
  readonly #line: Line
  readonly #context: PollContext
  #isDead = false

  constructor(line: Line, context: PollContext) {
    this.#line = line
    this.#context = context
  }

  count(): number {
    return [...this.units.values()].flatMap((tables) => Object.values(tables)).reduce((sum, { size }) => sum + size, 0)
  }

  /** The words of a range, where all were read. */
  words({ unit, code, start, count }: Range): readonly number[] {
    const table = this.units.get(unit)?.[tableNames[code]]
    return Array.from({ length: count }, (_, i) => table?.get(start + i) ?? Number.NaN)
  }

  put({ unit, code, start }: Range, words: readonly number[]): void {
    const tables = this.units.get(unit) ?? {}
    this.units.set(unit, tables)
    const name = tableNames[code]
    const table = tables[name] ?? new Map<number, number>()
    tables[name] = table
    for (const [i, word] of words.entries()) table.set(start + i, word)
  }

  async read(block: Block<Part>, plan: ModbusPlan): Promise<void> {
    const left = [block]
    for (let next = left.shift(); next !== undefined && !this.#isDead; next = left.shift()) {
      const code = await this.#ask(next, plan)
      if (code === undefined) continue
      const smaller = code === 2 || code === 3 ? split(next) : undefined
      if (smaller !== undefined) left.unshift(...smaller)
      else {
        const { kind, detail } = exceptionFailure(code)
        const named = next.parts.map(({ written }) => written).slice(0, 5)
        this.faults.push({ kind, detail: `${named.join(', ')}: ${detail}`, points: next.parts.length })
      }
    }
  }

  /** Reads the beginning of every table of the plan's unit, as far as the device has it; refusals are no faults. */
  async sweep(plan: ModbusPlan): Promise<void> {
    for (const code of [1, 2, 3, 4] as const) {
      for (let start = 0; start < wholeTable && !this.#isDead; start += wholeStep) {
        const refused = await this.#ask({ unit: plan.unit, code, start, count: wholeStep }, plan)
        // The device knows no such table.
        if (refused === 1) break
      }
    }
  }

  /** Asks once; undefined when it was read or the line failed, else the exception. */
  async #ask(range: Range, plan: ModbusPlan): Promise<number | undefined> {
    const { answer } = await this.#line.read(range, plan, this.#context)
    if (answer.kind === 'exception') return answer.code
    if (answer.kind === 'words') this.put(range, answer.words)
    else {
      this.#isDead = true
      this.faults.push({ kind: answer.failure.kind, detail: answer.failure.detail, points: 0 })
    }
    return undefined
  }
}

/** Registers that hold a text, a serial number or a name among them, are written anew with the text masked. */
function maskText(part: Part, reader: Reader, mask: Mask): void {
  const { layout, point } = part
  if (layout?.type !== 'string') return
  const words = reader.words(part)
  if (words.some(Number.isNaN)) return
  const text = String(decodeWords(words, layout))
  const masked = point.metric.kind === 'info' ? mask.replace('serial', text) : mask.text(text)
  if (masked === text) return
  const bytes = Buffer.alloc(words.length * 2)
  bytes.write(masked, 'latin1')
  const lowByteFirst = layout.order === 'badc' || layout.order === 'dcba'
  reader.put(
    part,
    words.map((_, i) => (lowByteFirst ? bytes.readUInt16LE(i * 2) : bytes.readUInt16BE(i * 2))),
  )
}
