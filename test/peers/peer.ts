import { execFileSync } from 'node:child_process'
import { describe, test } from 'vitest'

/** Absolute path of a command of this machine, also of the sbin folders; undefined where it is not installed. */
export function peer(command: string): string | undefined {
  const PATH = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`
  try {
    const path = execFileSync('/bin/sh', ['-c', 'command -v "$1"', 'sh', command], { env: { PATH }, encoding: 'utf8' })
    return path.trim() === '' ? undefined : path.trim()
  } catch {
    return undefined
  }
}

/**
 * `describe` for tests that need something of the machine. Where it lacks (`lack`: what, and what to do) the tests skip
 * with a line that says so; when CI=true one test fails instead, since there nothing may be left out unseen.
 */
export function describeUnless(lack: string | undefined, name: string, body: () => void): void {
  if (lack === undefined) {
    describe(name, body)
    return
  }
  const message = `${name}: ${lack}`
  if (process.env['CI'] === 'true') {
    test(name, () => {
      throw new Error(message)
    })
    return
  }
  process.stderr.write(`skipped: ${message}\n`)
  describe.skip(name, body)
}

/** `describe` for tests that need real peers, by their commands. */
export function describeWith(commands: readonly string[], name: string, body: () => void): void {
  const missing = commands.filter((command) => peer(command) === undefined)
  const lack = missing.length === 0 ? undefined : `not installed here: ${missing.join(', ')} (see test/peers.sh)`
  describeUnless(lack, name, body)
}
