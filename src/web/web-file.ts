import { statSync } from 'node:fs'
import { type ReadWeb, readWebConfig } from '../config/web-config.ts'
import type { Log } from '../model/log.ts'
import { formatProblem } from '../model/problem.ts'
import type { WebConfig } from '../model/web.ts'

/** Nothing is asked for: everybody on the address that siteward listens on may read. */
export const openWeb: WebConfig = { tls: undefined, users: new Map(), headers: {}, rateLimit: undefined }

/**
 * A web configuration that is read again when one of its files has changed: a new certificate or password holds from the
 * next connection on. A file with a mistake is told of, and changes nothing.
 */
export class WebFile {
  readonly #file: string
  readonly #log: Log
  #config: WebConfig
  #files: readonly string[]
  #marks: string

  /** `first` is what was read at the start. */
  constructor(file: string, first: ReadWeb & { ok: true }, log: Log) {
    this.#file = file
    this.#log = log
    this.#config = first.config
    this.#files = first.files
    this.#marks = marksOf(first.files)
  }

  /** The configuration as the files have it now. */
  current(): WebConfig {
    const marks = marksOf(this.#files)
    if (marks !== this.#marks) this.#reload()
    return this.#config
  }

  #reload(): void {
    const read = readWebConfig(this.#file)
    this.#files = [...new Set([...this.#files, ...read.files])]
    this.#marks = marksOf(this.#files)
    if (read.ok) {
      this.#config = read.config
      this.#log.info({ file: this.#file }, 'web configuration read again')
    } else {
      const problems = read.problems.map(formatProblem).join('; ')
      this.#log.error({ file: this.#file, problems }, 'web configuration has mistakes; the last good one holds')
    }
  }
}

/** What changes when a file is written or put in place of another. */
function marksOf(files: readonly string[]): string {
  return files
    .map((file) => {
      const found = statSync(file, { throwIfNoEntry: false, bigint: true })
      return found === undefined ? '-' : `${found.ino} ${found.size} ${found.mtimeNs}`
    })
    .join(', ')
}
