import type { Figure, Measured } from '../figure.ts'
import { startProgram } from '../program.ts'
import type { Judged, Rounds } from '../programs/judging.ts'
import { median, rounds, shortNumber, spreadOf } from '../rounds.ts'

const readings = 100_000
const most = { ms: 50, block: 5 } as const

export const figure: Figure = {
  id: 14,
  figure: 'judging 100,000 readings with a threshold each, poll by poll: CPU of a round in ms',
  goal: '< 50 ms, no block over 5 ms',
  run: measure,
}

async function measure(): Promise<Measured> {
  const program = await startProgram<Rounds, Judged>('judging', [String(readings)])
  const judged: Judged[] = []
  try {
    await program.ask({ rounds: 5 })
    for (let round = 0; round < rounds; round++) judged.push(await program.ask({ rounds: 10 }))
  } finally {
    await program.stop()
  }
  const costs = judged.map(({ ms }) => ms)
  const longest = median(judged.map((one) => one.longest))
  const value = median(costs)
  return {
    value,
    met: value < most.ms && longest <= most.block,
    spread: spreadOf(costs),
    detail: `longest piece ${shortNumber(longest)} ms, ${Math.round(judged[0]?.transitions ?? 0)} alarms change in a round`,
  }
}
