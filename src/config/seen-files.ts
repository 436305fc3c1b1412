import type { Files } from './files.ts'

/** What one reading saw. */
interface Seen {
  readonly texts: Map<string, Uint8Array>
  readonly folders: Map<string, readonly string[]>
  readonly modes: Map<string, number>
}

/** What is another once a file or folder was written, or another was put in its place. Never rejects. */
export type MarkOf = (path: string) => Promise<string>

/**
 * Files that are read again and again, with memory of what the last good reading saw: when a list of devices changes,
 * nothing of a site file is taken that somebody is just writing.
 */
export class SeenFiles {
  readonly #files: Files
  readonly #markOf: MarkOf
  #kept: Seen = { texts: new Map(), folders: new Map(), modes: new Map() }
  #seen = this.#kept
  #marks = new Map<string, string>()

  constructor(files: Files, markOf: MarkOf) {
    this.#files = files
    this.#markOf = markOf
  }

  /** The files and folders, each with its mark from just before it was last read. */
  get marks(): ReadonlyMap<string, string> {
    return this.#marks
  }

  /** For one reading, in which only what `isFresh` tells is read anew; `keep` ends a good one. */
  reading(isFresh: (path: string) => boolean): Files {
    const seen: Seen = { texts: new Map(), folders: new Map(), modes: new Map() }
    this.#seen = seen
    const { texts, folders, modes } = this.#kept
    const through = async <T>(path: string, kept: Map<string, T>, into: Map<string, T>, read: () => Promise<T>) => {
      const known = isFresh(path) ? undefined : kept.get(path)
      // Before it is read: what is written meanwhile shows as a change.
      if (known === undefined) this.#marks.set(path, await this.#markOf(path))
      const found = known ?? (await read())
      into.set(path, found)
      return found
    }
    const files = this.#files
    return {
      ...files,
      read: (path) => through(path, texts, seen.texts, () => files.read(path)),
      list: (folder) => through(folder, folders, seen.folders, () => files.list(folder)),
      mode: (path) => through(path, modes, seen.modes, () => files.mode(path)),
    }
  }

  /** The last reading was good: it is what is gone back to, and other files are none of the site's any more. */
  keep(): void {
    this.#kept = this.#seen
    const { texts, folders } = this.#kept
    this.#marks = new Map([...this.#marks].filter(([path]) => texts.has(path) || folders.has(path)))
  }
}
