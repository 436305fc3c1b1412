import { readFileSync } from 'node:fs'
import { shipped } from './home.ts'

/** siteward's own version, as package.json has it. */
export const version: string = versionOf(JSON.parse(readFileSync(shipped('package.json'), 'utf8')))

function versionOf(manifest: unknown): string {
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version)
  return 'unknown'
}
