import type { Clock, Milliseconds } from '../model/clock.ts'
import type { Log } from '../model/log.ts'
import type { QuietWindow } from '../model/quiet.ts'
import { loadQuiet, saveQuiet } from '../store/quiet-file.ts'

/** Quiet times that people may have added at once: more is a script gone wild. */
const mostWindows = 1000

/** Quiet times that were added while siteward runs: kept in the state folder, and forgotten a day after their end. */
export class QuietList {
  readonly #folder: string
  readonly #clock: Clock
  readonly #log: Log
  #windows: readonly QuietWindow[]

  constructor(folder: string, clock: Clock, log: Log) {
    this.#folder = folder
    this.#clock = clock
    this.#log = log
    this.#windows = loadQuiet(folder, (why) => log.error({ folder, why }, 'the quiet times of quiet.json are lost'))
  }

  get windows(): readonly QuietWindow[] {
    return this.#windows
  }

  /**
   * Takes a quiet time in, under this name or one of its own; undefined when there are too many. Tells whether it is on
   * disk.
   */
  add(
    window: Omit<QuietWindow, 'name'>,
    name = freeName(this.#windows),
  ): { readonly window: QuietWindow; readonly isKept: boolean } | undefined {
    const left = this.#windows.filter((one) => endOf(one) > this.#clock.now().wall)
    if (left.length >= mostWindows) return undefined
    const named = { ...window, name }
    this.#windows = [...left, named]
    return { window: named, isKept: this.#save() }
  }

  /** Ends a quiet time now; returns whether it was known. */
  end(name: string): boolean {
    const known = this.#windows.some((one) => one.name === name)
    this.#windows = this.#windows.filter((one) => one.name !== name)
    if (known) this.#save()
    return known
  }

  #save(): boolean {
    try {
      saveQuiet(this.#folder, this.#windows)
      return true
    } catch (error) {
      const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
      this.#log.error({ folder: this.#folder, why }, 'quiet times cannot be kept: a restart forgets them')
      return false
    }
  }
}

function endOf({ time }: QuietWindow): Milliseconds {
  return time.kind === 'once' ? time.to : Number.POSITIVE_INFINITY
}

function freeName(windows: readonly QuietWindow[]): string {
  const numbers = windows.map(({ name }) => Number(/^quiet-(\d+)$/.exec(name)?.[1] ?? 0))
  return `quiet-${Math.max(0, ...numbers) + 1}`
}
