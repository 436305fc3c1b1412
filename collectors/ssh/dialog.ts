import type { LinePattern } from '../../src/model/pattern.ts'
import type { Section, Step } from './script.ts'
import { rendered } from './terminal.ts'

/** How one talks with a device that has a command line of its own and no POSIX shell. */
export interface Manners {
  /** The line on which it waits for a command. */
  readonly prompt: LinePattern
  /** Commands that are sent first, such as the one that ends paging. */
  readonly begin: readonly string[]
  /** The line on which it waits at the end of a page: a blank goes on. */
  readonly more: LinePattern | undefined
  /** Questions, and what is answered. */
  readonly answers: readonly (readonly [LinePattern, string])[]
  /** Among the first lines of an output: the device did not take the command. */
  readonly refused: LinePattern | undefined
}

/** As much of the last line as is looked at for a prompt. */
const longestTail = 2048
/** How many lines from the top a refusal may stand. */
const refusalWithin = 4
/** A device that asks more questions than these is not understood. */
const mostAnswers = 20

/**
 * One session at a device's command line, without its wire: takes what comes, says what to send. The first prompt is
 * learnt and then compared as it is, so that no line of an output is taken for it.
 */
export class Dialog {
  readonly #manners: Manners
  readonly #steps: readonly Step[]
  readonly #done: (index: number, section: Section) => void
  readonly #words: readonly string[]
  #prompt: string | undefined
  /** The word that has been said last; -1 before the first prompt. */
  #said = -1
  #answered = 0
  #parts: Buffer[] = []
  #length = 0
  #tail = ''

  constructor(manners: Manners, steps: readonly Step[], done: (index: number, section: Section) => void) {
    this.#manners = manners
    this.#steps = steps
    this.#done = done
    this.#words = [...manners.begin, ...steps.map(({ run }) => run)]
  }

  /** The step whose output is awaited; negative during the beginning, as many as there are steps when all have ended. */
  get index(): number {
    return this.#said - this.#manners.begin.length
  }

  /** The prompt as it was learnt; undefined before the first. */
  get prompt(): string | undefined {
    return this.#prompt
  }

  get isOver(): boolean {
    return this.#said >= this.#words.length
  }

  /** Takes a piece of what the device writes; returns what is to be sent, nothing while it is still writing. */
  take(data: Buffer): string | undefined {
    const most = this.#steps[this.index]?.most ?? longestTail
    if (this.#length <= most) this.#parts.push(data)
    this.#length += data.length
    const tail = this.#tail + data.toString('latin1')
    this.#tail = tail.slice(Math.max(tail.lastIndexOf('\n') + 1, tail.length - longestTail))
    return this.#reply(rendered(this.#tail).trim())
  }

  #reply(line: string): string | undefined {
    if (line === '') return undefined
    const { prompt, more, answers } = this.#manners
    const answer = answers.find(([question]) => question.fits(line))
    if (answer !== undefined && this.#answered < mostAnswers) {
      this.#answered++
      this.#tail = ''
      return `${answer[1]}\n`
    }
    if (more?.fits(line) === true) {
      this.#tail = ''
      return ' '
    }
    if (this.#prompt === undefined ? !prompt.fits(line) : line !== this.#prompt) return undefined
    this.#prompt = line
    return this.#next()
  }

  #next(): string | undefined {
    const step = this.#steps[this.index]
    if (step !== undefined) this.#done(this.index, this.#section(step))
    this.#said++
    this.#parts = []
    this.#length = 0
    this.#tail = ''
    const word = this.#words[this.#said]
    return word === undefined ? undefined : `${word}\n`
  }

  #section({ run, most }: Step): Section {
    const lines = Buffer.concat(this.#parts).toString('utf8').split('\n').map(rendered)
    // The last line is the prompt; the first, on most devices, the command as it was sent.
    lines.pop()
    if (lines[0]?.includes(run) === true) lines.shift()
    const { more, refused } = this.#manners
    const kept = lines.filter((line) => more?.fits(line.trim()) !== true)
    const refusal = kept.slice(0, refusalWithin).find((line) => refused?.fits(line) === true)
    const section = { output: `${kept.join('\n')}\n`, code: 0, isCut: this.#length > most }
    return refusal === undefined ? section : { ...section, refusal }
  }
}
