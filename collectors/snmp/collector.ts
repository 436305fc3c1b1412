import type { Fault } from '../../src/model/fault.ts'
import { Harvest } from '../../src/model/harvest.ts'
import type { PollResult } from '../../src/model/reading.ts'
import { collector, type PollContext } from '../collector.ts'
import { compile, type SnmpPlan, type Table } from './compile.ts'
import { decodeRows, decodeScalar } from './decode.ts'
import { getScalars } from './scalars.ts'
import { schemas } from './schema.ts'
import { type SnmpTransport, snmpTransport } from './transport.ts'
import { type Budget, walk } from './walk.ts'

/** A poll that takes more requests than these is of an agent gone wild. */
const mostRequests = 500

/** Switches, firewalls, UPSes, sensors: whatever has an SNMP agent. */
export const snmp = collector({
  protocol: 'snmp',
  schemas,
  compile,
  open: ({ agent }, tap) => snmpTransport(agent, tap),
  poll,
  async close(transport) {
    transport.close()
  },
  workbench: {
    fileName: 'recording.snmprec',
    load: async () => (await import('./workbench.ts')).workbench,
  },
})

type Stop = Pick<Fault, 'kind' | 'detail'>

async function poll(plan: SnmpPlan, transport: SnmpTransport, context: PollContext): Promise<PollResult> {
  const harvest = new Harvest(plan.series, context.witness)
  const budget: Budget = { requests: mostRequests }
  let dead = await pollScalars(plan, transport, context, budget, harvest)
  for (const table of plan.tables) {
    // Who does not answer one question is not asked the others: the next poll is soon enough.
    if (dead === undefined) dead = await pollTable(table, plan, transport, context, budget, harvest)
    else harvest.fault(dead.kind, dead.detail, table.points.length)
  }
  return harvest.result(mostRequests - budget.requests)
}

/** Reads the scalars; returns why there is no use in going on, if there is none. */
async function pollScalars(
  plan: SnmpPlan,
  transport: SnmpTransport,
  { clock, signal }: PollContext,
  budget: Budget,
  harvest: Harvest,
): Promise<Stop | undefined> {
  if (plan.scalars.length === 0) return undefined
  const { varbinds, stop } = await getScalars(transport, plan.scalars, plan.tuning, budget, clock.now().mono, signal)
  const columns = new Map([...varbinds].map(([oid, varbind]) => [oid, new Map([['', varbind]])]))
  const found = { columns, charset: plan.charset, texts: new Map() }
  for (const planned of plan.scalarPoints) decodeScalar(planned, found, plan.series, harvest)
  if (stop === undefined) return undefined
  const missed = plan.scalarPoints.filter(({ from }) => !from.some((oid) => varbinds.has(oid)))
  harvest.fault(stop.kind, stop.detail, missed.length)
  return stop
}

/** Walks a table and reads what came of it; returns why there is no use in going on, if there is none. */
async function pollTable(
  { columns, points }: Table,
  plan: SnmpPlan,
  transport: SnmpTransport,
  { signal }: PollContext,
  budget: Budget,
  harvest: Harvest,
): Promise<Stop | undefined> {
  const before = plan.tuning.varbinds
  const walked = await walk(transport, columns, plan.tuning, budget, plan.isV1, signal)
  const found = { columns: walked.columns, charset: plan.charset, texts: new Map() }
  for (const planned of points) decodeRows(planned, found, plan.series, harvest)
  const { stop } = walked
  if (stop === undefined) return undefined
  // An agent that says nothing at all is dead, not overtaxed: when it is back it is asked as before.
  if (stop.kind === 'timeout' && [...walked.columns.values()].every(({ size }) => size === 0))
    plan.tuning.varbinds = before
  harvest.fault(stop.kind, stop.detail, points.length)
  return stop.kind === 'protocol' || stop.kind === 'limit' ? undefined : stop
}
