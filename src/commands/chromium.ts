import { access, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, systemSpawn } from '../../collectors/child.ts'

/** Why a page could not be printed; for the operator. */
export class PrintError extends Error {}

/** Names under which systems have it. */
const browsers = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
/** A report of a year of many devices has some hundred pages. */
const longestPrint = 300_000
const mostSaid = 2 ** 20

/** Prints a page that needs nothing beside it as a PDF, by the system's Chromium. Throws PrintError. */
export async function printPdf(html: string, target: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'siteward-print-'))
  try {
    const [page, printed] = [join(folder, 'report.html'), join(folder, 'report.pdf')]
    await writeFile(page, html)
    const said = await print(folder, page, printed)
    await access(printed).catch(() => {
      throw new PrintError(`Chromium has printed nothing: ${said.slice(-400).trim() || 'it says nothing'}`)
    })
    await copyFile(printed, target)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What the browser said. */
async function print(folder: string, page: string, printed: string): Promise<string> {
  const options = [
    '--headless',
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-dev-shm-usage',
    // Chromium has no sandbox for root; the page is our own, without scripts.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    `--user-data-dir=${join(folder, 'profile')}`,
    '--no-pdf-header-footer',
    `--print-to-pdf=${printed}`,
    `file://${page}`,
  ]
  for (const browser of browsers) {
    const signal = AbortSignal.timeout(longestPrint)
    const ended = await run([browser, ...options], {
      ...{ signal, spawn: systemSpawn, most: mostSaid },
      env: { HOME: folder },
    })
    switch (ended.kind) {
      case 'done':
        return ended.err
      case 'missing':
        break
      case 'killed':
        await ended.gone
        throw new PrintError(`${browser} did not print within ${longestPrint / 1000} s`)
      case 'too-much':
        await ended.gone
        throw new PrintError(`${browser} says too much`)
      case 'no-room':
        throw new PrintError(`${browser} cannot be started: the system has no room for another process`)
    }
  }
  throw new PrintError(
    `there is no Chromium on this machine (${browsers.join(', ')}): install it, or write .html and print that`,
  )
}
