import type { Fault } from '../../src/model/fault.ts'
import type { PollContext, Recorded, RecordOrder } from '../collector.ts'
import { type AskName, askNames, writeBmc } from './bmc-file.ts'
import type { Tool } from './commands.ts'
import type { Plan } from './compile.ts'
import { type BmcReader, isOver } from './transport.ts'

/** Asks a BMC for everything that siteward can ask for, and writes what the tool wrote, masked. */
export async function record(
  plans: readonly Plan[],
  bmc: BmcReader,
  { mask }: RecordOrder,
  context: PollContext,
): Promise<Recorded> {
  const texts = new Map<AskName, string>()
  const faults: Fault[] = []
  let tool: Tool = 'freeipmi'
  const [plan] = plans
  for (const ask of plan === undefined ? [] : askNames) {
    const answer = await bmc.read(ask, plan?.patience ?? 0, context)
    if (answer.kind === 'text') {
      texts.set(ask, answer.text)
      tool = answer.tool
    } else if (answer.kind === 'fault') {
      faults.push({ kind: answer.fault, detail: `${ask}: ${answer.detail}`, points: 0 })
      if (isOver(answer.fault)) break
    }
  }
  for (const { target, password } of plans) {
    mask.replace('secret', password?.reveal() ?? '')
    mask.replace('name', target.user)
    mask.replace('name', target.host ?? '')
  }
  // Every line that says so, of parts, too; an asset tag is what its owner calls it.
  for (const [, serial = ''] of (texts.get('fru') ?? '').matchAll(/(?:serial|asset)[^:\n]*:[ \t]*(\S[^\n]*)/gi))
    mask.replace('serial', serial.trim())
  const masked = [...texts].map(([ask, text]) => [ask, mask.text(text)] as const)
  return { text: writeBmc({ tool, texts: new Map(masked) }), values: texts.size, faults }
}
