import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { FetchList } from '../config/device-sources.ts'
import { largestFile } from '../config/files.ts'
import type { Milliseconds } from '../model/clock.ts'

const deadline: Milliseconds = 10_000

/**
 * Fetches a list and keeps a copy of it in the state folder. Where the server does not give it, the copy is used: devices
 * that vanished because a server is down would take their alarms with them.
 */
export const fetchList: FetchList = async (url, stateDirectory) => {
  const found = await download(url)
  if ('why' in found) {
    const kept = await keptList(url, stateDirectory)
    return kept === undefined ? undefined : { text: kept.text, old: found.why }
  }
  await keep(copyOf(url, stateDirectory), found.text)
  return { text: found.text, old: undefined }
}

/** The copy of a list as it was last fetched, for those who contact nothing. */
export const keptList: FetchList = async (url, stateDirectory) => {
  try {
    return { text: await readFile(copyOf(url, stateDirectory), 'utf8'), old: 'was not asked' }
  } catch {
    return undefined
  }
}

async function download(url: string): Promise<{ readonly text: string } | { readonly why: string }> {
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(deadline),
    })
    if (!response.ok || response.body === null) return { why: `answers with HTTP status ${response.status}` }
    const parts: Uint8Array[] = []
    let length = 0
    for await (const part of response.body) {
      length += part.length
      if (length > largestFile) return { why: 'gives a list of more than 2 MiB' }
      parts.push(part)
    }
    const text = Buffer.concat(parts).toString('utf8')
    return isList(text) ? { text } : { why: 'gives no list of targets' }
  } catch {
    return { why: 'does not answer' }
  }
}

/** A page of words with status 200 must not take the place of the last good list. */
function isList(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text))
  } catch {
    return false
  }
}

function copyOf(url: string, stateDirectory: string): string {
  return join(stateDirectory, 'lists', `${createHash('sha256').update(url).digest('hex').slice(0, 16)}.json`)
}

/** A copy that cannot be kept does not keep siteward from watching: the state folder's own check tells of it. */
async function keep(file: string, text: string): Promise<void> {
  try {
    await mkdir(join(file, '..'), { recursive: true, mode: 0o750 })
    const draft = await open(`${file}.new`, 'w', 0o600)
    try {
      await draft.writeFile(text)
      await draft.sync()
    } finally {
      await draft.close()
    }
    await rename(`${file}.new`, file)
  } catch {
    return
  }
}
