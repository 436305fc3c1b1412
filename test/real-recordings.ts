import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { home } from '../src/home.ts'

/** Recordings of real devices, which are not ours to ship: beside the checkout, or where the variable says. */
export const realRecordings = process.env['SITEWARD_RECORDINGS'] ?? join(home, '..', 'shared', 'recordings')

/** `describe` for tests on them: skipped with a clear line where they are not, and failing when CI=true. */
export function describeOnRecordings(name: string, body: () => void): void {
  if (existsSync(realRecordings)) describe(name, body)
  else if (process.env['CI'] === 'true') {
    test(name, () => {
      throw new Error(`no recordings in ${realRecordings}: set SITEWARD_RECORDINGS`)
    })
  } else {
    process.stderr.write(`skipped: ${name} (none in ${realRecordings}: set SITEWARD_RECORDINGS)\n`)
    describe.skip(name, body)
  }
}
