import { execFileSync } from 'node:child_process'
import { describe, test } from 'vitest'

/** Absolute path of a program, also from where Debian keeps daemons; undefined when the machine has it not. */
export function peer(command: string): string | undefined {
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`
  try {
    return execFileSync('/bin/sh', ['-c', `command -v ${command}`], { env: { PATH: path }, encoding: 'utf8' }).trim()
  } catch {
    return undefined
  }
}

/** Describes tests that need real peers: without them they are skipped with a line that says so, and with CI=true fail. */
export function describeWith(commands: readonly string[], name: string, body: () => void): void {
  const missing = commands.filter((command) => peer(command) === undefined)
  if (missing.length === 0) {
    describe(name, body)
    return
  }
  const why = `${missing.join(', ')} not installed: run test/peers.sh`
  if (process.env['CI'] === 'true') {
    test(name, () => {
      throw new Error(why)
    })
    return
  }
  process.stderr.write(`skipped: ${name} (${why})\n`)
  describe.skip(name, body)
}
