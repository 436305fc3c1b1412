import type { Figure, Measured } from '../figure.ts'
import { startProgram } from '../program.ts'
import type { Kept, Looking } from '../programs/schedule.ts'
import { median, rounds, shortNumber } from '../rounds.ts'

const devices = 10_000
const seconds = 20
const most = { share: 0.005, late: 250 } as const

export const figure: Figure = {
  id: 12,
  figure: 'the schedule of 10,000 devices, each every 30-60 s, nothing else running: share of a core',
  goal: '<= 0.005 (0.5 %), <= 250 ms late',
  run: measure,
}

async function measure(): Promise<Measured> {
  const program = await startProgram<Looking, Kept>('schedule', [String(devices)])
  const kept: Kept[] = []
  try {
    // The start-up's own work, and V8's compiling, are over then.
    await program.ask({ seconds: 5 })
    for (let round = 0; round < rounds; round++) kept.push(await program.ask({ seconds }))
  } finally {
    await program.stop()
  }
  const shares = kept.map(({ share }) => share)
  const late = median(kept.map((one) => one.late))
  const value = median(shares)
  return {
    value,
    met: value <= most.share && late <= most.late,
    spread: `${shortNumber(Math.min(...shares))}-${shortNumber(Math.max(...shares))} in ${rounds} rounds of ${seconds} s`,
    detail: `${shortNumber(median(kept.map((one) => one.polls)))} polls a second, the latest ${shortNumber(late)} ms late`,
  }
}
