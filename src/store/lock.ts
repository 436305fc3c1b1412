import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Gives the folder back. */
export type Release = () => void

/**
 * Takes a state folder for this process: two sitewards on one would each undo the other's memory. Returns the process
 * that holds it instead, when one is alive. A holder that was killed, or ran before the machine started anew, holds
 * nothing; neither does our own process id (in a container it is the same after every start).
 */
export function lockFolder(folder: string): { readonly release: Release } | { readonly holder: number } {
  const file = join(folder, 'lock')
  const boot = bootId()
  const found = /^(\d+) (\S+)$/.exec(read(file).trim())
  const holder = Number(found?.[1] ?? 0)
  if (holder > 0 && holder !== process.pid && found?.[2] === boot && isAlive(holder)) return { holder }
  writeFileSync(file, `${process.pid} ${boot}\n`)
  return { release: () => rmSync(file, { force: true }) }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** Linux tells starts of the machine apart; elsewhere a process id alone must do. */
function bootId(): string {
  return read('/proc/sys/kernel/random/boot_id').trim() || 'unknown'
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
