import type { Figure, Measured } from '../figure.ts'
import { startProgram } from '../program.ts'
import type { Writings, Written } from '../programs/exposition.ts'
import { compare } from '../rounds.ts'

const series = 100_000
/** Expositions a round; the values of all series change before each. */
const times = { siteward: 40, 'prom-client': 4 } as const
const most = 0.05

export const figure: Figure = {
  id: 5,
  figure:
    "CPU of /metrics at 100,000 series, all values changed since the last scrape, against prom-client's registry.metrics()",
  goal: '<= 0.05',
  run: measure,
}

async function measure(): Promise<Measured> {
  const start = (side: string) => startProgram<Writings, Written>('exposition', [side, String(series)])
  const [ours, theirs] = [await start('siteward'), await start('prom-client')]
  try {
    await ours.ask({ times: 10 })
    await theirs.ask({ times: 2 })
    return await compare(
      {
        ours: async () => (await ours.ask({ times: times.siteward })).ms,
        theirs: async () => (await theirs.ask({ times: times['prom-client'] })).ms,
      },
      most,
      'ms an exposition',
    )
  } finally {
    await Promise.all([ours.stop(), theirs.stop()])
  }
}
