import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Milliseconds } from '../../src/model/clock.ts'
import { type Digested, type DigestParser, digest, type Seen } from './digest.ts'
import type { Row } from './parse.ts'

/** Where a plan's memory lives; undefined where it lives no longer than the process. */
export interface MemoryPlace {
  /** What was last seen of each digest. */
  readonly file: string | undefined
  /** A folder for the texts themselves, where the operator asks for it. */
  readonly texts: string | undefined
}

/** The newest of the kept texts of one command. */
const mostTexts = 50

/** What one plan remembers of the texts that it compares. */
export class Memory {
  readonly #place: MemoryPlace
  #seen: Map<string, Seen> | undefined
  /** What the commands of the poll under way have printed. */
  readonly #outputs = new Map<string, string>()
  readonly #changed = new Map<string, Digested>()

  constructor(place: MemoryPlace) {
    this.#place = place
  }

  /** Before a poll: reads, once, what was known when siteward last stopped. */
  async begin(): Promise<void> {
    this.#outputs.clear()
    this.#seen ??= await load(this.#place.file)
  }

  /** A command's output that others of this poll are compared with, and that is not followed itself. */
  note(command: string, output: string): void {
    this.#outputs.set(command, output)
  }

  /**
   * The row of a command's output: its `hash`; `changed`, when it was first seen so (seconds since 1970) and `age`, how
   * long ago that was, both not available until it has changed once; `same`, 1 or 0, where it is compared with another
   * command of this poll. Undefined where nothing is left of the output, which is no text to compare with.
   */
  row(command: string, output: string, parser: DigestParser, wall: Milliseconds): Row | undefined {
    const digested = digest(output, parser)
    if (digested.text === '') return undefined
    this.note(command, output)
    const before = this.#seen?.get(command)
    if (before?.hash !== digested.hash) {
      this.#changed.set(command, digested)
      this.#seen?.set(command, { hash: digested.hash, ...(before === undefined ? {} : { changedAt: wall }) })
    }
    const changedAt = this.#seen?.get(command)?.changedAt
    const other = parser.against === undefined ? undefined : this.#outputs.get(parser.against)
    return {
      hash: digested.hash,
      changed: changedAt === undefined ? null : changedAt / 1000,
      age: changedAt === undefined ? null : Math.max(0, wall - changedAt) / 1000,
      ...(other === undefined ? {} : { same: digest(other, parser).hash === digested.hash ? 1 : 0 }),
    }
  }

  /** After a poll: writes what is new; the message for the operator where that cannot be done. */
  async end(wall: Milliseconds): Promise<string | undefined> {
    this.#outputs.clear()
    if (this.#changed.size === 0) return undefined
    const { file, texts } = this.#place
    try {
      if (texts !== undefined) for (const [name, { text }] of this.#changed) await keep(texts, name, text, wall)
      if (file !== undefined) await write(file, JSON.stringify(Object.fromEntries(this.#seen ?? [])))
      this.#changed.clear()
      return undefined
    } catch (error) {
      return `${texts ?? file} cannot be written (${codeOf(error)}): a restart will forget what has changed`
    }
  }
}

async function load(file: string | undefined): Promise<Map<string, Seen>> {
  try {
    const data: unknown = file === undefined ? {} : JSON.parse(await readFile(file, 'utf8'))
    return new Map(Object.entries(Object(data)).flatMap(([name, entry]) => seenOf(name, entry)))
  } catch {
    // Not there yet, or no JSON any more: the next text is the first one known.
    return new Map()
  }
}

function seenOf(name: string, entry: unknown): readonly (readonly [string, Seen])[] {
  const { hash, changedAt } = Object(entry)
  if (typeof hash !== 'string') return []
  return [[name, typeof changedAt === 'number' ? { hash, changedAt } : { hash }]]
}

/** Whole or not at all, and for nobody else's eyes. */
async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const unfinished = `${file}.new`
  await writeFile(unfinished, text, { mode: 0o600 })
  await rename(unfinished, file)
}

async function keep(folder: string, name: string, text: string, wall: Milliseconds): Promise<void> {
  const stamp = new Date(wall).toISOString().replaceAll(':', '-')
  await write(join(folder, `${name}-${stamp}.txt`), `${text}\n`)
  const all = (await readdir(folder)).filter((file) => file.startsWith(`${name}-`) && file.endsWith('.txt')).sort()
  for (const old of all.slice(0, -mostTexts)) await rm(join(folder, old), { force: true })
}

function codeOf(error: unknown): string {
  return String(Object(error).code ?? 'error')
}
