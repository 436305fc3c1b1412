/** One command of a script. */
export interface Step {
  readonly run: string
  readonly most: number
}

/** What a command of a script has printed, once it has ended. */
export interface Section {
  readonly output: string
  readonly code: number
  readonly isCut: boolean
  /** The line by which a device without exit statuses said that it did not take the command. */
  readonly refusal?: string
}

/**
 * All commands of a poll as one shell script: ten commands then cost one channel, not ten. Behind each a line tells, by a
 * mark that nobody can have printed before, which command ended and how. Commands get no input, and say their errors to
 * nobody. PATH is completed, since a shell without login lacks the administrator's folders on many systems.
 */
export function scriptOf(steps: readonly Step[], mark: string): string {
  const parts = steps.map(({ run }, i) => `{ ${run}\n} </dev/null 2>/dev/null; printf '\\n%s %d %d\\n' ${mark} ${i} $?`)
  return ['export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"', ...parts].join('\n')
}

/** The mark of a script that `scriptOf` made; undefined where a command was sent by itself. */
export function markOf(script: string): string | undefined {
  return /; printf '\\n%s %d %d\\n' (\S+) 0 \$\?$/m.exec(script)?.[1]
}

/** Takes a script's output apart as it comes, never holding more of a command than it may print. */
export class Sections {
  readonly #steps: readonly Step[]
  readonly #mark: Buffer
  readonly #done: (index: number, section: Section) => void
  #index = 0
  #parts: Buffer[] = []
  #length = 0
  /** What the command has printed, kept or not. */
  #printed = 0
  /** The end of what has come, in which a mark may have begun. */
  #rest: Buffer = Buffer.alloc(0)

  constructor(steps: readonly Step[], mark: string, done: (index: number, section: Section) => void) {
    this.#steps = steps
    this.#mark = Buffer.from(`\n${mark} `)
    this.#done = done
  }

  /** The command whose output is being read; as many as there are commands when all have ended. */
  get index(): number {
    return this.#index
  }

  /** Bytes that the command has printed so far, kept or not. */
  get printed(): number {
    return this.#printed
  }

  take(data: Buffer): void {
    let text: Buffer = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data])
    for (;;) {
      const at = text.indexOf(this.#mark)
      const end = at < 0 ? -1 : text.indexOf('\n', at + this.#mark.length)
      if (at < 0 || end < 0) break
      this.#keep(text.subarray(0, at))
      this.#close(text.toString('latin1', at + this.#mark.length, end))
      text = text.subarray(end + 1)
    }
    // A mark may be split between two pieces: as much as could be its beginning waits, up to the longest mark line.
    const begun = text.indexOf(this.#mark)
    const kept = begun >= 0 ? text.length - begun : Math.min(text.length, this.#mark.length - 1)
    this.#keep(text.subarray(0, text.length - kept))
    this.#rest = Buffer.from(text.subarray(text.length - Math.min(kept, 256)))
  }

  #keep(data: Buffer): void {
    this.#printed += data.length
    const room = this.#most - this.#length
    if (room <= 0 || data.length === 0) return
    const part = Buffer.from(data.subarray(0, room))
    this.#parts.push(part)
    this.#length += part.length
  }

  get #most(): number {
    return this.#steps[this.#index]?.most ?? 0
  }

  #close(words: string): void {
    const match = /^(\d+) (\d+)$/.exec(words)
    // The marks come in order, each once; another is no mark.
    if (match === null || Number(match[1]) !== this.#index) return
    const output = Buffer.concat(this.#parts).toString('utf8')
    const section = { output, code: Number(match[2]), isCut: this.#printed > this.#most }
    this.#parts = []
    this.#length = 0
    this.#printed = 0
    this.#done(this.#index++, section)
  }
}
