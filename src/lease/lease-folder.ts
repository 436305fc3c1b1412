import { open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LeasePlace, Term } from './lease.ts'

/** Terms that are kept: one that was begun is not yet read by all when the next begins. */
const keptTerms = 3

/**
 * A lease in a folder that all can write to: a file a term, `term-000000000007`. A term begins with the exclusive creation
 * of its file (O_EXCL), which one alone can do, on a local disk as on NFS from version 3 on (RFC 1813, 3.3.8). The folder
 * is not made: on a mount point where nothing is mounted it would be a lease of this machine alone.
 */
export function leaseFolder(folder: string): LeasePlace {
  return {
    async newest() {
      const names = (await readdir(folder)).filter(isTerm).sort()
      const name = names.at(-1)
      if (name === undefined) return undefined
      const [text = ''] = (await readFile(join(folder, name), 'utf8')).split('\n', 1)
      return { number: Number(name.slice(prefix.length)), text }
    },
    async begin(term) {
      if (!(await create(join(folder, nameOf(term)), term.text))) return false
      await removeOld(folder, term)
      return true
    },
    async write(term) {
      // Over what is there: a file that another has removed is not made again. Of a longer word the end stays behind.
      await writeFile(join(folder, nameOf(term)), `${term.text}\n`, { flag: 'r+' })
    },
  }
}

const prefix = 'term-'

function nameOf({ number }: Term): string {
  return `${prefix}${String(number).padStart(12, '0')}`
}

function isTerm(name: string): boolean {
  return /^term-\d{12}$/.test(name)
}

async function create(file: string, text: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx')
    await handle.writeFile(`${text}\n`)
    await handle.sync()
    await handle.close()
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

async function removeOld(folder: string, { number }: Term): Promise<void> {
  for (const name of (await readdir(folder)).filter(isTerm)) {
    if (Number(name.slice(prefix.length)) <= number - keptTerms) await rm(join(folder, name), { force: true })
  }
}
