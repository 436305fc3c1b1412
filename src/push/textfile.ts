import { open, rename, rm } from 'node:fs/promises'
import type { Cancel, Clock } from '../model/clock.ts'
import type { Log } from '../model/log.ts'
import type { Textfile } from '../model/push.ts'

/** What a textfile is written with. */
export interface TextfileParts {
  readonly clock: Clock
  readonly log: Log
  /** The text in pieces, each good until the next is asked for. */
  pieces(): Iterable<Uint8Array>
  breathe(): Promise<void>
}

/** node_exporter runs as another user. */
const mode = 0o644

/** Writes the page of /metrics where node_exporter's textfile collector reads it, at its interval. */
export class TextfileWriter {
  readonly file: Textfile
  readonly #parts: TextfileParts
  #cancel: Cancel | undefined
  #hasFailed = false
  #isBusy = false

  constructor(file: Textfile, parts: TextfileParts) {
    this.file = file
    this.#parts = parts
  }

  start(): void {
    this.#cancel = this.#parts.clock.after(this.file.interval, () => {
      this.start()
      void this.write()
    })
  }

  stop(): void {
    this.#cancel?.()
  }

  /** Whoever reads sees the file before or the file after, whole. Never rejects: what fails is told once, and tried again. */
  async write(): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    const { path } = this.file
    // The collector reads *.prom alone: a draft has another end.
    const draft = `${path}.new`
    try {
      await this.#writeTo(draft)
      await rename(draft, path)
      this.#hasFailed = false
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {})
      this.#failed(error)
    } finally {
      this.#isBusy = false
    }
  }

  async #writeTo(draft: string): Promise<void> {
    const { pieces, breathe } = this.#parts
    const handle = await open(draft, 'w', mode)
    try {
      await handle.chmod(mode)
      for (const piece of pieces()) {
        await handle.writeFile(piece)
        await breathe()
      }
    } finally {
      await handle.close()
    }
  }

  #failed(error: unknown): void {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    if (!this.#hasFailed) this.#parts.log.error({ file: this.file.path, why }, 'the textfile cannot be written')
    this.#hasFailed = true
  }
}
