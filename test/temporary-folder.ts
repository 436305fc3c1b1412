import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/*
 * One folder for all that the tests of a run, and the programs that they start, leave in the system's for temporary files:
 * it goes with the run.
 */

let folder: string | undefined

export function setup(): void {
  folder = mkdtempSync(join(tmpdir(), 'siteward-tests-'))
  // Some peers run as a user of their own.
  chmodSync(folder, 0o755)
  process.env['TMPDIR'] = folder
}

export function teardown(): void {
  // What is still mounted there is another file system, and none of ours to empty.
  if (folder !== undefined) execFileSync('rm', ['-rf', '--one-file-system', folder], { stdio: 'ignore' })
}
