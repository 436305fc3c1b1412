import type { Figure, Measured } from '../figure.ts'
import { startProgram } from '../program.ts'
import type { Seen, Watching } from '../programs/scraped.ts'
import { median, rounds, shortNumber, spreadOf } from '../rounds.ts'
import { scrape } from '../scrape.ts'

const series = 100_000
const scrapers = 10

export const figure: Figure = {
  id: 8,
  figure: 'gzip of /metrics: expositions written for ten scrapers within a second, compressed off the main thread',
  goal: '1, and less than half of the CPU on the main thread',
  run: measure,
}

async function measure(): Promise<Measured> {
  const program = await startProgram<Watching, Seen>('scraped', [String(series)], ['--expose-gc'])
  const seen: Seen[] = []
  let bytes = 0
  try {
    for (let round = 0; round <= rounds; round++) {
      const { port } = await program.ask({ ask: 'rest', isTurning: false })
      await new Promise((resolve) => setTimeout(resolve, 1000))
      const got = await Promise.all(Array.from({ length: scrapers }, () => scrape(port, 'gzip')))
      bytes = got[0] ?? 0
      const after = await program.ask({ ask: 'seen', isTurning: false })
      // The first is the warm-up.
      if (round > 0) seen.push(after)
    }
  } finally {
    await program.stop()
  }
  const written = seen.map((one) => one.written)
  const [main, all] = [median(seen.map((one) => one.mainThread)), median(seen.map((one) => one.allThreads))]
  return {
    value: median(written),
    met: Math.max(...written) === 1 && main < all / 2,
    spread: spreadOf(written),
    detail: `main thread ${shortNumber(main)} of ${shortNumber(all)} ms CPU for ten answers of ${shortNumber(bytes / 1e6)} MB each`,
  }
}
