import { Harvest } from '../../src/model/harvest.ts'
import type { PollResult } from '../../src/model/reading.ts'
import { systemSpawn } from '../child.ts'
import { type Collector, collector, type PollContext } from '../collector.ts'
import { names } from '../names.ts'
import { type Check, compile, type Plan } from './compile.ts'
import { decode, type Outcome } from './decode.ts'
import { schemas } from './schema.ts'
import { type Means, pollEnded, Reach } from './transport.ts'

/** The reach collector with other means of touching the world, for tests. */
export function reachWith(means: Means): Collector {
  return collector({
    protocol: 'reach',
    schemas,
    compile,
    open: () => new Reach(means),
    poll,
    async close(reach) {
      reach.close()
    },
  })
}

/** Whatever answers a ping, a TCP connection, a TLS handshake or a web request. */
export const reach: Collector = reachWith({ spawn: systemSpawn, names })

async function poll(plan: Plan, transport: Reach, context: PollContext): Promise<PollResult> {
  const harvest = new Harvest(plan.series, context.witness)
  const address = await transport.resolve(plan.host, context.signal)
  if (address === undefined) {
    const points = plan.checks.reduce((sum, { points }) => sum + points.length, 0)
    harvest.fault('dns', `no address is found for ${plan.host}; check the name, or write the IP address`, points)
    return harvest.result(0)
  }
  const now = context.clock.now().wall / 1000
  const outcomes = await tryAll(plan, transport, address, context)
  for (const [check, outcome] of outcomes) decode(check, outcome, now, harvest)
  if (!outcomes.some(([, outcome]) => outcome.kind === 'tried' && outcome.isUp)) transport.doubt(plan.host)
  return harvest.result(plan.checks.length)
}

/** Every check at once, each until its deadline, which is before the poll's: then not being reached is a reading. */
async function tryAll(
  plan: Plan,
  transport: Reach,
  address: string,
  { signal, clock }: PollContext,
): Promise<readonly (readonly [Check, Outcome])[]> {
  const over = new AbortController()
  const end = (): void => over.abort(pollEnded)
  if (signal.aborted) end()
  signal.addEventListener('abort', end, { once: true })
  const cancel = clock.after(plan.patience, () => over.abort())
  const outcomes = await Promise.all(
    plan.checks.map(async (check) => [check, await transport.try(check, plan, address, over.signal, clock)] as const),
  )
  cancel()
  signal.removeEventListener('abort', end)
  return outcomes
}
