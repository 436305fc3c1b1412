import type { Figure, Measured } from '../figure.ts'
import { startProgram } from '../program.ts'
import type { Polled, Polls } from '../programs/switch-poll.ts'
import { startResponder } from '../responder.ts'
import { median, rounds, shortNumber, spreadOf } from '../rounds.ts'

const ports = 48
const devices = 500
/** The program polls so many at once. */
const mostAtOnce = 50
/** In KB. */
const most = 60

export const figure: Figure = {
  id: 4,
  figure: 'resident memory a 48-port device at 500 devices, KB',
  goal: '<= 60',
  run: measure,
}

/**
 * What 500 devices more take, each polled three times. Those before them fill what polls under way need, however many
 * devices there are: V8's room for what is young, and what it has compiled.
 */
async function measure(): Promise<Measured> {
  const found: { bare: number; exposed: number; series: number }[] = []
  for (let round = 0; round < rounds; round++) found.push(await oneProcess())
  const bare = found.map((one) => one.bare)
  const exposed = median(found.map((one) => one.exposed))
  return {
    value: median(bare),
    met: median(bare) <= most,
    spread: spreadOf(bare),
    detail: `${found[0]?.series ?? 0} series each, with all labels; ${shortNumber(exposed)} KB once /metrics was written`,
  }
}

async function oneProcess(): Promise<{ bare: number; exposed: number; series: number }> {
  const agent = await startResponder(ports)
  const siteward = await startProgram<Polls, Polled>('switch-poll', [String(agent.port)], ['--expose-gc'])
  try {
    const few = await siteward.ask({ devices: mostAtOnce, polls: 20, isExposed: true })
    const all = await siteward.ask({ devices: mostAtOnce + devices, polls: 3, isExposed: false })
    const written = await siteward.ask({ devices: mostAtOnce + devices, polls: 1, isExposed: true })
    return {
      bare: (all.memory - few.memory) / devices,
      exposed: (written.memory - few.memory) / devices,
      series: all.series,
    }
  } finally {
    await Promise.all([agent.stop(), siteward.stop()])
  }
}
