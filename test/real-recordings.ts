import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { home } from '../src/home.ts'
import { describeUnless } from './peers/peer.ts'

/** Recordings of real devices, which are not ours to ship: beside the checkout, or where the variable says. */
export const realRecordings = process.env['SITEWARD_RECORDINGS'] ?? join(home, '..', 'shared', 'recordings')

/** `describe` for tests on them: skipped with a clear line where they are not, and failing when CI=true. */
export function describeOnRecordings(name: string, body: () => void): void {
  const lack = existsSync(realRecordings) ? undefined : `none in ${realRecordings}: set SITEWARD_RECORDINGS`
  describeUnless(lack, name, body)
}
