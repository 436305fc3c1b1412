import { elapsed, type Milliseconds } from '../../src/model/clock.ts'
import { Harvest } from '../../src/model/harvest.ts'
import type { PollResult } from '../../src/model/reading.ts'
import type { PollContext } from '../collector.ts'
import { type Block, split } from './batch.ts'
import type { ModbusPlan, Part } from './compile.ts'
import { decodeWords } from './decode.ts'
import { exceptionFailure, type Failure } from './failure.ts'
import type { Line } from './line.ts'

/** After this the merged blocks are tried anew: a device that was only starting may have refused them. */
const learntFor: Milliseconds = 3_600_000

/** Refused points that a fault names; the rest are counted. */
const mostNamed = 5

/** Reads a plan's blocks one after the other. Never rejects for what a device does: that is a fault. */
export async function poll(plan: ModbusPlan, line: Pick<Line, 'read'>, context: PollContext): Promise<PollResult> {
  const round = new Round(plan, context)
  for (let block = round.next(); block !== undefined; block = round.next()) {
    const { answer, sent } = await line.read(block, plan, context)
    round.requests += sent
    if (answer.kind === 'words') round.take(block, answer.words)
    else if (answer.kind === 'exception') round.refuse(block, answer.code)
    else round.stop(block, answer.failure)
  }
  return round.result()
}

/** One poll on its way: what is still to be read, and what came of the rest. */
class Round {
  requests = 0
  readonly #plan: ModbusPlan
  readonly #context: PollContext
  readonly #harvest: Harvest
  readonly #left: Block<Part>[]
  readonly #done: Block<Part>[] = []
  readonly #refused = new Map<number, Part[]>()
  #hasSplit = false

  constructor(plan: ModbusPlan, context: PollContext) {
    this.#plan = plan
    this.#context = context
    this.#harvest = new Harvest(plan.scope, context.witness)
    const { learnt } = plan.memory
    if (learnt !== undefined && elapsed(learnt.at, context.clock.now()) > learntFor) plan.memory.learnt = undefined
    this.#left = [...(plan.memory.learnt?.blocks ?? plan.blocks)]
  }

  next(): Block<Part> | undefined {
    return this.#left.shift()
  }

  take(block: Block<Part>, words: readonly number[]): void {
    this.#done.push(block)
    for (const part of block.parts) {
      const own = words.slice(part.start - block.start, part.start - block.start + part.count)
      const raw = part.layout === undefined ? (own[0] ?? null) : decodeWords(own, part.layout)
      this.#harvest.value(part.point, this.#seriesOf(part), raw)
    }
  }

  refuse(block: Block<Part>, code: number): void {
    // 2: some register of the block is not there; 3: some devices' word for "so many at once I do not read".
    const smaller = code === 2 || code === 3 ? split(block) : undefined
    if (smaller !== undefined) {
      this.#hasSplit = true
      this.#left.unshift(...smaller)
      return
    }
    this.#done.push(block)
    this.#refusedWith(code, block.parts)
    // The gateway says that this unit is not there: its other registers are not, either; other units may be.
    if (code === 0x0a || code === 0x0b) this.#giveUp(block.unit, code)
  }

  /** The line has failed: what is left is not tried, since on a dead device each read would cost its timeout. */
  stop(block: Block<Part>, { kind, detail }: Failure): void {
    const left = [block, ...this.#left.splice(0)]
    this.#done.push(...left)
    this.#harvest.fault(kind, detail, count(left))
  }

  result(): PollResult {
    if (this.#hasSplit) this.#plan.memory.learnt = { blocks: this.#done, at: this.#context.clock.now() }
    for (const [code, parts] of this.#refused) {
      const { kind, detail } = exceptionFailure(code)
      this.#harvest.fault(kind, `${named(parts)}: ${detail}`, parts.length)
    }
    return this.#harvest.result(this.requests)
  }

  #giveUp(unit: number, code: number): void {
    const own = this.#left.filter((block) => block.unit === unit)
    const others = this.#left.filter((block) => block.unit !== unit)
    this.#left.splice(0, this.#left.length, ...others)
    this.#done.push(...own)
    for (const { parts } of own) this.#refusedWith(code, parts)
  }

  #refusedWith(code: number, parts: readonly Part[]): void {
    const known = this.#refused.get(code)
    if (known === undefined) this.#refused.set(code, [...parts])
    else known.push(...parts)
  }

  #seriesOf(part: Part) {
    const { scope, memory } = this.#plan
    const known = memory.series.get(part)
    if (known !== undefined) return known
    const series = scope.series(part.point.metric, part.labels)
    if (series !== undefined) memory.series.set(part, series)
    return series
  }
}

function count(blocks: readonly Block<Part>[]): number {
  return blocks.reduce((sum, { parts }) => sum + parts.length, 0)
}

function named(parts: readonly Part[]): string {
  const names = [...new Set(parts.map(({ unit, written }) => `unit ${unit} ${written}`))]
  const more = names.length - mostNamed
  return names.slice(0, mostNamed).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
