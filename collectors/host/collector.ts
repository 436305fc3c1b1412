import { Harvest } from '../../src/model/harvest.ts'
import type { PollResult } from '../../src/model/reading.ts'
import { type Collector, collector, type PollContext } from '../collector.ts'
import { compile, type Plan } from './compile.ts'
import { decode } from './decode.ts'
import { schemas } from './schema.ts'
import { substituting } from './substitute.ts'
import { Host, loadSystem, type System, type Told } from './transport.ts'

/** The host collector with another system to ask, for tests. */
export function hostWith(load: () => Promise<System>): Collector {
  return collector({
    protocol: 'host',
    schemas,
    compile,
    open: () => new Host(load),
    poll,
    pollWith: (plan, system, substitute, context) => poll(plan, substituting(system, plan, substitute), context),
    // The library's calls end by themselves, and cannot be ended by others.
    async close() {},
  })
}

/** The machine that siteward runs on. */
export const host: Collector = hostWith(loadSystem)

async function poll(plan: Plan, transport: Pick<Host, 'ask'>, { signal, witness }: PollContext): Promise<PollResult> {
  const harvest = new Harvest(plan.series, witness)
  let requests = 0
  for (const [call, facts] of plan.calls) {
    const told = await transport.ask(call, signal)
    if (told.kind !== 'hanging') requests++
    if (told.kind === 'answer') decode(call, facts, told.answer, harvest)
    else harvest.fault(told.kind === 'failed' ? 'protocol' : 'timeout', reasons[told.kind](call), facts.length)
  }
  return harvest.result(requests)
}

const reasons: Readonly<Record<Exclude<Told['kind'], 'answer'>, (call: string) => string>> = {
  late: (call) => `the system was not done in time with telling about its ${call}`,
  hanging: (call) =>
    `the system still hangs on an earlier question about its ${call}; a network file system may be dead`,
  failed: (call) => `the system cannot tell about its ${call}`,
}
