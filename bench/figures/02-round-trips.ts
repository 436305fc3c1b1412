import type { Figure, Measured } from '../figure.ts'
import { startProgram } from '../program.ts'
import type { Polled, Polls } from '../programs/switch-poll.ts'
import { frame, startResponder } from '../responder.ts'
import { shortNumber } from '../rounds.ts'

const ports = 48
const most = 35
/** An agent that would answer with whatever is asked for: that replies fit a frame is then our doing. */
const anySize = 65_000

export const figure: Figure = {
  id: 2,
  figure: 'round trips of that poll, replies of at most 1,472 bytes',
  goal: '<= 35',
  run: measure,
}

/** The first poll, which knows nothing of the switch, and those after it. */
async function measure(): Promise<Measured> {
  const agent = await startResponder(ports, anySize)
  const siteward = await startProgram<Polls, Polled>('switch-poll', [String(agent.port)])
  try {
    const order = { devices: 1, polls: 1, isExposed: false }
    const first = await siteward.ask(order)
    const second = await siteward.ask(order)
    const later = await siteward.ask(order)
    return {
      value: later.requests,
      met: Math.max(first.requests, second.requests, later.requests) <= most && later.largest <= frame,
      spread: `first poll ${first.requests}, then ${second.requests} and ${later.requests}`,
      detail: `largest reply ${shortNumber(later.largest)} bytes, of an agent that would send 65,000`,
    }
  } finally {
    await Promise.all([agent.stop(), siteward.stop()])
  }
}
