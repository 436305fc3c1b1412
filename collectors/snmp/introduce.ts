import type { Fault } from '../../src/model/fault.ts'
import type { Introduction, PollContext } from '../collector.ts'
import { sliceOf, type Varbinds, variableAt } from './codec.ts'
import type { SnmpPlan } from './compile.ts'
import type { Reply, SnmpTransport } from './transport.ts'
import { Turn } from './turn.ts'
import { endOfMibView, isThere, rawOf } from './value.ts'

/** SNMPv2-MIB (RFC 3418). */
const sysDescr = '1.3.6.1.2.1.1.1.0'
const sysObjectId = '1.3.6.1.2.1.1.2.0'

/** Asks an agent for sysObjectID and sysDescr, then what follows each of the OIDs that probes are known by. */
export async function introduce(
  { charset }: SnmpPlan,
  transport: SnmpTransport,
  questions: readonly string[],
  context: PollContext,
): Promise<Introduction> {
  const faults: Fault[] = []
  const turn = new Turn(context)
  // One variable a request: in v1 one that is missing fails them all.
  const ask = async (reply: Promise<Reply>): Promise<Varbinds | undefined> => {
    const got = await reply
    if (got.kind === 'fault') faults.push({ kind: got.fault, detail: got.detail, points: 0 })
    return got.kind === 'varbinds' && isThere(got.varbinds.types[0] ?? endOfMibView) ? got.varbinds : undefined
  }
  const text = (found: Varbinds | undefined): string | undefined => {
    const raw = rawOf(found?.values[0] ?? null, charset)
    return raw === null || raw === '' ? undefined : String(raw)
  }
  const objectId = text(await ask(transport.get([sliceOf(sysObjectId)], turn)))
  const description = faults.length > 0 ? undefined : text(await ask(transport.get([sliceOf(sysDescr)], turn)))
  const answers = new Set<string>()
  for (const oid of questions) {
    // Who does not answer one question is not asked the others.
    if (faults.length > 0) break
    const next = await ask(transport.next([sliceOf(oid)], turn))
    if (next !== undefined && variableAt(next, 0).oid.startsWith(`${oid}.`)) answers.add(oid)
    else if ((await ask(transport.get([sliceOf(oid)], turn))) !== undefined) answers.add(oid)
  }
  turn.end()
  return { objectId, description, answers, faults }
}
