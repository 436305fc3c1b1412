import { randomUUID } from 'node:crypto'
import type { Fault } from '../../src/model/fault.ts'
import type { Mask } from '../../src/model/mask.ts'
import type { PollContext, Recorded, RecordOrder } from '../collector.ts'
import { type Output, promptKey, writeOutputs } from './commands-file.ts'
import type { Login, PlannedCommand, SshPlan } from './compile.ts'
import { Dialog, type Manners } from './dialog.ts'
import { withoutSecrets } from './digest.ts'
import { Sections, scriptOf } from './script.ts'
import type { SshTransport } from './transport.ts'

/** Runs the commands that the plans declare, and no other, and writes what they print, masked. */
export async function record(
  plans: readonly SshPlan[],
  transport: SshTransport,
  { mask }: RecordOrder,
  context: PollContext,
): Promise<Recorded> {
  const outputs = new Map<string, Output>()
  const faults: Fault[] = []
  for (const plan of plans) {
    const { commands, isJoined, login, manners } = plan
    nameSecrets(login, mask)
    if (manners !== undefined) {
      faults.push(...(await recordDialog(plan, manners, outputs, transport, context)))
      continue
    }
    for (const command of commands) {
      if (outputs.has(command.run)) continue
      const output = await runOne(command, isJoined, transport, context)
      if ('code' in output) outputs.set(command.run, output)
      else faults.push(output)
    }
  }
  // First every output, so that a name that one of them tells is found in the others.
  for (const { stdout } of outputs.values()) mask.text(stdout)
  const masked = [...outputs].map(([run, { stdout, code }]) => [run, { stdout: mask.text(stdout), code }] as const)
  return { text: writeOutputs(new Map(masked)), values: outputs.size, faults }
}

/** A session at a device's own command line; what holds configurations is told without their secrets. */
async function recordDialog(
  { commands }: SshPlan,
  manners: Manners,
  outputs: Map<string, Output>,
  transport: SshTransport,
  { clock, signal }: PollContext,
): Promise<readonly Fault[]> {
  const parsers = commands.flatMap(({ parser }) => (parser.kind === 'digest' ? [parser] : []))
  const dialog = new Dialog(manners, commands, (index, { output }) => {
    const command = commands[index]
    if (command !== undefined) outputs.set(command.run, { stdout: withoutSecrets(output, parsers), code: 0 })
  })
  const most = commands.reduce((sum, { timeout }) => sum + timeout, 0)
  const cancel = clock.after(most, () => transport.drop())
  const ending = await transport.talk(dialog, () => {}, signal)
  cancel()
  transport.drop()
  for (const run of manners.begin) outputs.set(run, { stdout: '', code: 0 })
  if (dialog.prompt !== undefined) outputs.set(promptKey, { stdout: `${dialog.prompt} `, code: 0 })
  if (ending.kind === 'ended') return []
  const points = commands.slice(Math.max(0, dialog.index)).reduce((sum, command) => sum + command.points.length, 0)
  return [{ kind: ending.fault, detail: ending.detail, points }]
}

function nameSecrets({ host, credential }: Login, mask: Mask): void {
  const { user, password, passphrase } = credential
  for (const secret of [password, passphrase]) mask.replace('secret', secret?.reveal() ?? '')
  mask.replace('name', host)
  // root is on every system, and tells nobody.
  if (user !== 'root') mask.replace('name', user)
}

/** One command, under the same shell and environment as a poll gives it. */
async function runOne(
  command: PlannedCommand,
  isJoined: boolean,
  transport: SshTransport,
  { clock, signal }: PollContext,
): Promise<Output | Fault> {
  const mark = randomUUID()
  const parts: Buffer[] = []
  let length = 0
  let section: Output | undefined
  const sections = new Sections([command], mark, (_, { output, code }) => {
    section = { stdout: output, code }
  })
  const take = (data: Buffer): void => {
    length += data.length
    if (isJoined) sections.take(data)
    else if (length <= command.most) parts.push(data)
    if (length > 4 * command.most) transport.drop()
  }
  const cancel = clock.after(command.timeout, () => transport.drop())
  const ending = await transport.run(isJoined ? scriptOf([command], mark) : command.run, take, signal)
  cancel()
  if (section !== undefined) return section
  if (ending.kind === 'ended' && !isJoined) return { stdout: Buffer.concat(parts).toString('utf8'), code: ending.code }
  const [kind, detail] =
    ending.kind === 'fault' ? [ending.fault, ending.detail] : (['protocol', 'the shell ended before it'] as const)
  return { kind, detail: `command ${command.name}: ${detail}`, points: command.points.length }
}
