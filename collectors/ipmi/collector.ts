import { Harvest } from '../../src/model/harvest.ts'
import type { PollResult } from '../../src/model/reading.ts'
import { type Spawn, systemSpawn } from '../child.ts'
import { type Collector, collector, type PollContext } from '../collector.ts'
import { asksOf, compile, type Plan } from './compile.ts'
import { decode, decodeWithoutDcmi } from './decode.ts'
import { schemas, thresholds } from './schema.ts'
import { substituting } from './substitute.ts'
import { Bmc, type BmcReader, isOver } from './transport.ts'

/** The ipmi collector with another way to start children, for tests. */
export function ipmiWith(spawnChild: Spawn): Collector {
  return collector<typeof schemas, Plan, BmcReader>({
    protocol: 'ipmi',
    schemas,
    compile,
    open: ({ target, password, tool }, tap) => new Bmc(target, password, tool, spawnChild, tap),
    poll,
    pollWith: (plan, bmc, substitute, context) => poll(plan, substituting(bmc, plan, substitute), context),
    close: (bmc) => bmc.close(),
    workbench: {
      fileName: 'bmc.yaml',
      telling: true,
      load: async () => (await import('./workbench.ts')).workbench,
    },
  })
}

/** Baseboard management controllers, by FreeIPMI or ipmitool. */
export const ipmi: Collector = ipmiWith(systemSpawn)

async function poll(plan: Plan, bmc: BmcReader, context: PollContext): Promise<PollResult> {
  const harvest = new Harvest(plan.series, context.witness)
  const before = bmc.requests
  const asks = asksOf(plan)
  for (const [index, ask] of asks.entries()) {
    const asked = ask === 'sensors' && !wantsLimits(plan) ? 'readings' : ask
    const answer = await bmc.read(asked, plan.patience, context)
    if (answer.kind === 'text') decode(plan, ask, answer.tool, answer.text, harvest)
    else if (answer.kind === 'unsupported') decodeWithoutDcmi(plan, harvest)
    else {
      const lost = isOver(answer.fault) ? asks.slice(index) : [ask]
      const points = lost.reduce((sum, name) => sum + plan[name].length, 0)
      harvest.fault(answer.fault, answer.detail, points)
      if (isOver(answer.fault)) break
    }
  }
  return harvest.result(bmc.requests - before)
}

/** Whether a point reads one of its sensor's limits: they double what a read costs, the BMC too. */
function wantsLimits({ sensors }: Plan): boolean {
  const limits: readonly unknown[] = thresholds
  return sensors.some(({ value }) => limits.includes(value))
}
