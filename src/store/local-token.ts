import { randomBytes } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Secret } from '../model/secret.ts'

/** Where the daemon leaves the token of those who may read its state folder: commands on the same machine. */
export function localTokenFile(folder: string): string {
  return join(folder, 'operator-token')
}

/** Makes a new token and leaves it in the folder, for its owner alone (mode 0600). Throws the system's error. */
export function writeLocalToken(folder: string): Secret {
  const token = randomBytes(32).toString('base64url')
  const file = localTokenFile(folder)
  const next = `${file}.${process.pid}`
  writeFileSync(next, `${token}\n`, { mode: 0o600 })
  renameSync(next, file)
  return new Secret(token)
}
