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
 * `describe` for tests that need real peers. Where a command is missing the tests skip with a line that names it; when
 * CI=true one test fails instead, since there nothing may be left out unseen.
 */
export function describeWith(commands: readonly string[], name: string, body: () => void): void {
  const missing = commands.filter((command) => peer(command) === undefined)
  if (missing.length === 0) {
    describe(name, body)
    return
  }
  const message = `${name}: not installed here: ${missing.join(', ')} (see test/peers.sh)`
  if (process.env['CI'] === 'true') {
    test(name, () => {
      throw new Error(message)
    })
    return
  }
  process.stderr.write(`skipped: ${message}\n`)
  describe.skip(name, body)
}
