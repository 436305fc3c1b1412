import { constants } from 'node:fs'
import { open, readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { Packed } from './packed.ts'

/** The largest file that is read: 2 MiB of YAML parse in about two seconds, 10 MB block the loop for eight. */
export const largestFile = 2 * 2 ** 20

/** The file system as the loader needs it; in tests a map of texts. */
export interface Files {
  /** At most one byte more than `largestFile`, so that a larger file shows. Rejects where there is no such file. */
  read(path: string): Promise<Uint8Array>
  /** Every file below the folder, in order, as paths that `read` takes. Rejects where there is no such folder. */
  list(folder: string): Promise<readonly string[]>
  /** Permission bits, as in `stat`. */
  mode(path: string): Promise<number>
  /** What the build has made of a file that ships with siteward; undefined where that was of another text. */
  packed?(path: string, text: string): Packed | undefined
}

/** A file that stands in the way; `message` is in our words and is shown to the operator. */
class Unreadable extends Error {}

/** The machine's own files. */
export const diskFiles: Files = {
  async read(path) {
    // Without O_NONBLOCK the opening of a FIFO waits for a writer for ever.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      if (!(await file.stat()).isFile()) throw new Unreadable('is not a regular file')
      return await readUpTo(file, largestFile + 1)
    } finally {
      await file.close()
    }
  },
  async list(folder) {
    const found: string[] = []
    await gather(folder, await realpath(folder), found)
    return found.sort()
  },
  async mode(path) {
    // Windows has no such bits: what stat tells there would make every file look open to all.
    return process.platform === 'win32' ? 0o600 : (await stat(path)).mode & 0o777
  },
}

type Opened = Awaited<ReturnType<typeof open>>

async function readUpTo(file: Opened, most: number): Promise<Uint8Array> {
  const buffer = Buffer.alloc(Math.min(most, (await file.stat()).size))
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

/** Folders may be eight deep; hidden entries are passed over; a link is followed to a file inside `root` only. */
async function gather(folder: string, root: string, found: string[], depth = 0): Promise<void> {
  if (depth > 8) throw new Unreadable('has folders more than eight deep')
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await gather(path, root, found, depth + 1)
    else if (entry.isFile()) found.push(path)
    else if (entry.isSymbolicLink()) await followLink(path, root, found)
  }
}

async function followLink(path: string, root: string, found: string[]): Promise<void> {
  const target = await realpath(path).catch(() => '')
  if (!target.startsWith(root + sep)) throw new Unreadable(`holds the link ${path}, which leads out of it`)
  if ((await stat(path)).isFile()) found.push(path)
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by the user that siteward runs as',
  EPERM: 'may not be read by the user that siteward runs as',
  EISDIR: 'is a folder',
  ENOTDIR: 'is not a folder',
  ELOOP: 'is a link that leads to itself',
  ENAMETOOLONG: 'has a name that is too long',
  EMFILE: 'cannot be opened now: too many open files',
}

/** Why a file could not be read, as the end of a sentence that begins with its name. */
export function whyUnreadable(error: unknown): string {
  if (error instanceof Unreadable) return error.message
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return reasons[code] ?? 'cannot be read'
}
