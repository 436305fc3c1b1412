import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Gives the folder back. */
export type Release = () => void

/**
 * Takes a state folder for this process: two sitewards on one would each undo the other's memory. Returns the process
 * that holds it instead, when that very process is alive. A holder that was killed, or ran before the machine started
 * anew, holds nothing, even where another process has its number now: a siteward that may not start watches nothing.
 */
export function lockFolder(folder: string): { readonly release: Release } | { readonly holder: number } {
  const file = join(folder, 'lock')
  const written = read(file).trim()
  const holder = Number(/^\d+/.exec(written)?.[0] ?? 0)
  if (holder > 0 && holder !== process.pid && isAlive(holder) && written === identityOf(holder)) return { holder }
  writeFileSync(file, `${identityOf(process.pid)}\n`)
  return { release: () => rmSync(file, { force: true }) }
}

/**
 * What tells a process apart from all others that ever had its number: on Linux the start of the machine and the time
 * of its own start (proc(5): starttime is the 22nd field of stat). Elsewhere the number alone must do.
 */
export function identityOf(pid: number): string {
  const boot = read('/proc/sys/kernel/random/boot_id').trim() || 'unknown'
  // The name, the second field, is in brackets and may hold anything.
  const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? []
  return `${pid} ${boot} ${fields[19] ?? 'unknown'}`
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives, under another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
