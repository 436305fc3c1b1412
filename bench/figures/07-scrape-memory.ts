import { writeFileSync } from 'node:fs'
import type { Figure, Measured } from '../figure.ts'
import { memoryOf, startProgram } from '../program.ts'
import type { Seen, Watching } from '../programs/scraped.ts'
import { median, rounds, shortNumber, spreadOf } from '../rounds.ts'
import { scrape } from '../scrape.ts'

const series = 100_000
const most = { one: 5, ten: 20 } as const
/** Scrapes before the first round, so that the daemon is at rest as it is in life. */
const warmUp = 3

export const figure: Figure = {
  id: 7,
  figure: 'peak memory above rest of a scrape of 100,000 series, in MB (ten at once: in detail)',
  goal: '<= 5 MB; ten <= 20 MB',
  run: measure,
}

/** The larger of both encodings counts. */
async function measure(): Promise<Measured> {
  const program = await startProgram<Watching, Seen>('scraped', [String(series)], ['--expose-gc'])
  const peak = async (encoding: 'gzip' | 'identity', count: number): Promise<number> => {
    const { port, memory } = await program.ask({ ask: 'rest', isTurning: false })
    // Sets VmHWM back to what is resident now (proc(5)).
    writeFileSync(`/proc/${program.pid}/clear_refs`, '5')
    await Promise.all(Array.from({ length: count }, () => scrape(port, encoding)))
    return memoryOf(program.pid, 'VmHWM') - memory
  }
  const peaks = { one: [] as number[], ten: [] as number[] }
  try {
    for (let i = 0; i < warmUp; i++) for (const encoding of ['identity', 'gzip'] as const) await peak(encoding, 1)
    for (let round = 0; round < rounds; round++) {
      peaks.one.push(Math.max(await peak('identity', 1), await peak('gzip', 1)))
      peaks.ten.push(Math.max(await peak('identity', 10), await peak('gzip', 10)))
    }
  } finally {
    await program.stop()
  }
  const value = median(peaks.one)
  return {
    value,
    met: value <= most.one && median(peaks.ten) <= most.ten,
    spread: spreadOf(peaks.one),
    detail: `ten at once ${shortNumber(median(peaks.ten))} MB (${spreadOf(peaks.ten)}); the larger of plain and gzip`,
  }
}
