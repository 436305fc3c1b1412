import type { Cancel, Clock, Milliseconds } from '../model/clock.ts'

/**
 * How often files are looked at. A look and not the kernel's notices: these miss what another machine writes (NFS), and
 * what is put in place of a folder (ConfigMaps of Kubernetes). A few hundred files take a few milliseconds of a thread.
 */
const looking: Milliseconds = 2000

/** The files that are watched. */
export interface WatchedFiles {
  /** Each file and folder with its mark from when it was last read. */
  marks(): ReadonlyMap<string, string>
  /** The mark that it has now. Never rejects. */
  mark(path: string): Promise<string>
}

/** Tells when files have changed and then stayed as they are from one look to the next: nobody is writing any more. */
export class FileWatch {
  readonly #files: WatchedFiles
  readonly #clock: Clock
  readonly #changed: () => Promise<void>
  #last = ''
  #cancel: Cancel | undefined
  #isStopped = false

  /** `changed` resolves when the files were read again; it never rejects. */
  constructor(files: WatchedFiles, clock: Clock, changed: () => Promise<void>) {
    this.#files = files
    this.#clock = clock
    this.#changed = changed
  }

  start(): void {
    if (!this.#isStopped) this.#cancel = this.#clock.after(looking, () => void this.#look())
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
  }

  async #look(): Promise<void> {
    const changes = await this.#changes()
    const isSettled = changes !== '' && changes === this.#last
    this.#last = isSettled ? '' : changes
    if (isSettled && !this.#isStopped) await this.#changed()
    this.start()
  }

  /** What has another mark than it had, with that mark; empty for nothing. */
  async #changes(): Promise<string> {
    const found = await Promise.all(
      [...this.#files.marks()].map(async ([path, before]) => {
        const now = await this.#files.mark(path)
        return now === before ? '' : `${path} ${now}\n`
      }),
    )
    return found.join('')
  }
}
