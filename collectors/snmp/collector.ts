import type { Fault } from '../../src/model/fault.ts'
import { Harvest } from '../../src/model/harvest.ts'
import type { PollResult } from '../../src/model/reading.ts'
import { collector, type PollContext } from '../collector.ts'
import { compile, type SnmpPlan } from './compile.ts'
import { decodeCount, decodeGroup, decodeScalar, Found } from './decode.ts'
import { emptyGrid } from './grid.ts'
import { arrange, type KeptTable } from './kept.ts'
import type { Table } from './layout.ts'
import { getScalars } from './scalars.ts'
import { schemas } from './schema.ts'
import { substituting } from './substitute.ts'
import { type SnmpTransport, snmpTransport } from './transport.ts'
import { Turn } from './turn.ts'
import { type Budget, walk } from './walk.ts'

/** A poll that takes more requests than these is of an agent gone wild. */
const mostRequests = 500
/** So many replies that each fill an Ethernet frame are less than a tenth of this. */
const mostBytes = 8 * 2 ** 20

/** Switches, firewalls, UPSes, sensors: whatever has an SNMP agent. */
export const snmp = collector({
  protocol: 'snmp',
  schemas,
  compile,
  open: ({ agent }, tap) => snmpTransport(agent, tap),
  poll,
  pollWith: (plan, transport, substitute, context) => poll(plan, substituting(transport, plan, substitute), context),
  async close(transport) {
    transport.close()
  },
  listen: async (order) => (await import('./traps.ts')).listenForTraps(order),
  workbench: {
    fileName: 'recording.snmprec',
    telling: true,
    load: async () => (await import('./workbench.ts')).workbench,
  },
})

type Stop = Pick<Fault, 'kind' | 'detail'>

/** One poll under way. */
interface Run {
  readonly plan: SnmpPlan
  readonly transport: SnmpTransport
  readonly turn: Turn
  readonly budget: Budget
  readonly harvest: Harvest
}

async function poll(plan: SnmpPlan, transport: SnmpTransport, context: PollContext): Promise<PollResult> {
  const harvest = new Harvest(plan.series, context.witness)
  const budget: Budget = { requests: mostRequests, bytes: mostBytes }
  const turn = new Turn(context)
  const run: Run = { plan, transport, turn, budget, harvest }
  try {
    let dead = await pollScalars(run)
    for (const [place, kept] of plan.tables.entries()) {
      const table = plan.layout.tables[place]
      if (table === undefined) continue
      // Who does not answer one question is not asked the others: the next poll is soon enough.
      if (dead === undefined) dead = await pollTable(table, kept, run)
      else harvest.fault(dead.kind, dead.detail, pointsOf(table))
    }
  } finally {
    turn.end()
  }
  return harvest.result(mostRequests - budget.requests)
}

/** Reads the scalars; returns why there is no use in going on, if there is none. */
async function pollScalars({ plan, transport, turn, budget, harvest }: Run): Promise<Stop | undefined> {
  const { layout, tuning, charset, series: scope } = plan
  if (layout.scalars.length === 0) return undefined
  const grid = emptyGrid(layout.scalars.length, [''])
  const stop = await getScalars(layout.scalars, { transport, tuning, budget, turn, grid })
  const decoding = { found: new Found(grid, charset), scope, harvest }
  for (const planned of layout.scalarPoints) decodeScalar(planned, plan.scalars, decoding)
  if (stop === undefined) return undefined
  const missed = layout.scalarPoints.filter(({ from }) => from.every((column) => grid.value(column, 0) === undefined))
  harvest.fault(stop.kind, stop.detail, missed.length)
  return stop
}

/** Walks a table and reads what came of it; returns why there is no use in going on, if there is none. */
async function pollTable(table: Table, kept: KeptTable, run: Run): Promise<Stop | undefined> {
  const { plan, transport, turn, budget, harvest } = run
  const { tuning, isV1, charset, series: scope } = plan
  const before = tuning.varbinds
  const grid = emptyGrid(table.columns.length, kept.keys)
  const { learnt } = kept
  const stop = await walk(table.columns, { transport, tuning, budget, isV1, turn, grid, learnt })
  const decoding = { found: new Found(arrange(kept, grid, stop === undefined), charset), scope, harvest }
  for (const [place, group] of table.groups.entries()) decodeGroup(group, kept.groups[place] ?? [], decoding)
  // Of a table that did not come whole nobody knows how many rows it has.
  if (stop === undefined || stop.kind === 'protocol')
    for (const planned of table.counts) decodeCount(planned, plan.scalars, decoding)
  if (stop === undefined) return undefined
  // An agent that says nothing at all is dead, not overtaxed: when it is back it is asked as before.
  if (stop.kind === 'timeout' && grid.columns.every(({ length }) => length === 0)) tuning.varbinds = before
  harvest.fault(stop.kind, stop.detail, pointsOf(table))
  return stop.kind === 'protocol' || stop.kind === 'limit' ? undefined : stop
}

function pointsOf({ groups, counts }: Table): number {
  return groups.reduce((sum, { points }) => sum + points.length, counts.length)
}
