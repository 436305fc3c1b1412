import type { Fault } from '../../src/model/fault.ts'
import type { Introduction, PollContext } from '../collector.ts'
import type { SnmpPlan } from './compile.ts'
import type { Reply, SnmpTransport } from './transport.ts'
import { isThere, rawOf, type Varbind } from './value.ts'

/** SNMPv2-MIB (RFC 3418). */
const sysDescr = '1.3.6.1.2.1.1.1.0'
const sysObjectId = '1.3.6.1.2.1.1.2.0'

/** Asks an agent for sysObjectID and sysDescr, then what follows each of the OIDs that probes are known by. */
export async function introduce(
  { charset }: SnmpPlan,
  transport: SnmpTransport,
  questions: readonly string[],
  { signal }: PollContext,
): Promise<Introduction> {
  const faults: Fault[] = []
  // One variable a request: in v1 one that is missing fails them all.
  const ask = async (reply: Promise<Reply>): Promise<Varbind | undefined> => {
    const got = await reply
    if (got.kind === 'fault') faults.push({ kind: got.fault, detail: got.detail, points: 0 })
    const [varbind] = got.kind === 'varbinds' ? got.varbinds : []
    return varbind !== undefined && isThere(varbind) ? varbind : undefined
  }
  const text = (varbind: Varbind | undefined): string | undefined => {
    const raw = varbind === undefined ? null : rawOf(varbind, charset)
    return raw === null || raw === '' ? undefined : String(raw)
  }
  const objectId = text(await ask(transport.get([sysObjectId], signal)))
  const description = faults.length > 0 ? undefined : text(await ask(transport.get([sysDescr], signal)))
  const answers = new Set<string>()
  for (const oid of questions) {
    // Who does not answer one question is not asked the others.
    if (faults.length > 0) break
    const next = await ask(transport.next([oid], signal))
    if (next?.oid.startsWith(`${oid}.`)) answers.add(oid)
  }
  return { objectId, description, answers, faults }
}
