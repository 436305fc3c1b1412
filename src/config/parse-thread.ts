import { Worker } from 'node:worker_threads'
import { type PackedTree, unpack } from './packed.ts'
import type { ParseAnswer, ParseOrder } from './parse-order.ts'
import { PlacedTree } from './tree.ts'
import { type ParseTree, parseTree } from './yaml.ts'

/** A text of so many characters is parsed in a few milliseconds: it is not worth a thread. */
const short = 4096
/** 2 MiB of YAML, the most that is read, take some 150 MB for about two seconds. */
const mostMegabytes = 512

/** What the build makes of parse-worker.ts; there is none beside the sources, where everything is one thread. */
const built = import.meta.url.endsWith('.ts') ? undefined : new URL('./parse-worker.cjs', import.meta.url)

/** Why a thread has died, and has answered nothing. */
type NoAnswer = 'too much memory' | 'no thread'

/**
 * Parses YAML in a thread of its own, so that no poll waits for it: 5,000 devices take one to two seconds. The thread
 * starts with the first text, and ends with `close`.
 */
export class ParseThread {
  readonly #program: URL | undefined
  readonly #most: number
  #worker: Worker | undefined
  #last: Promise<unknown> = Promise.resolve()

  /** `program` is what the thread runs, `most` the megabytes that it may take. */
  constructor(program = built, most = mostMegabytes) {
    this.#program = program
    this.#most = most
  }

  readonly parse: ParseTree = async (text, file, problems) => {
    const program = this.#program
    if (program === undefined || text.length <= short) return parseTree(text, file, problems)
    const turn = this.#last.then(() => this.#ask({ text, file }, program))
    this.#last = turn
    const answer = await turn
    if (answer === 'too much memory') {
      problems.add({ file, line: 1, column: 1 }, 'the file takes too much memory to be parsed', 'split it')
      return undefined
    }
    // Polls wait for it then, but a right file must not be refused because a thread cannot run here.
    if (answer === 'no thread') return parseTree(text, file, problems)
    problems.take(answer.problems)
    if (answer.packed === undefined) return undefined
    const packed: PackedTree = JSON.parse(answer.packed)
    return new PlacedTree(unpack({ ...packed, text }, file))
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
  }

  #ask(order: ParseOrder, program: URL): Promise<ParseAnswer | NoAnswer> {
    this.#worker ??= this.#start(program)
    const worker = this.#worker
    return new Promise((resolve) => {
      let why: NoAnswer = 'no thread'
      const note = (error: Error): void => {
        if ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') why = 'too much memory'
      }
      const done = (answer: ParseAnswer): void => {
        worker.off('exit', fail).off('error', note)
        resolve(answer)
      }
      const fail = (): void => {
        worker.off('message', done)
        resolve(why)
      }
      worker.once('message', done).once('error', note).once('exit', fail)
      worker.postMessage(order)
    })
  }

  #start(program: URL): Worker {
    // What Node was told to load before siteward is not for threads.
    const worker = new Worker(program, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: this.#most } })
    worker.unref()
    worker.on('error', () => {})
    worker.once('exit', () => {
      this.#worker = undefined
    })
    return worker
  }
}
