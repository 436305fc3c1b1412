import { randomUUID } from 'node:crypto'
import type { Cancel } from '../../src/model/clock.ts'
import { Harvest } from '../../src/model/harvest.ts'
import type { PollResult } from '../../src/model/reading.ts'
import { collector, type PollContext } from '../collector.ts'
import { compile, type PlannedCommand, type SshPlan } from './compile.ts'
import { decode } from './decode.ts'
import { schemas } from './schema.ts'
import { Sections, scriptOf } from './script.ts'
import { type SshTransport, sshTransport } from './transport.ts'

/** Servers, virtualization hosts and whatever has a shell, by SSH. */
export const ssh = collector({
  protocol: 'ssh',
  schemas,
  compile,
  open: sshTransport,
  poll: (plan, transport, context) =>
    plan.isJoined ? pollJoined(plan, transport, context) : pollEach(plan, transport, context),
  async close(transport) {
    transport.drop()
  },
  workbench: {
    fileName: 'commands.yaml',
    load: async () => (await import('./workbench.ts')).workbench,
  },
})

/** All commands as one script. A command that does not end in time ends the poll; at the next one it comes last. */
async function pollJoined(plan: SshPlan, transport: SshTransport, context: PollContext): Promise<PollResult> {
  const harvest = new Harvest(plan.series, context.witness)
  const commands = [...plan.commands].sort((a, b) => Number(plan.slow.has(a.name)) - Number(plan.slow.has(b.name)))
  const mark = randomUUID()
  let timer: Cancel = () => {}
  let overdue: PlannedCommand | undefined
  const arm = (index: number): void => {
    timer()
    const command = commands[index]
    if (command === undefined) return
    timer = context.clock.after(command.timeout, () => {
      overdue = command
      transport.drop()
    })
  }
  const sections = new Sections(commands, mark, (index, section) => {
    const command = commands[index]
    if (command !== undefined) decode(command, section, harvest)
    arm(index + 1)
  })
  const ending = await transport.run(
    scriptOf(commands, mark),
    (data) => {
      if (data.length === 0) arm(0)
      sections.take(data)
    },
    context.signal,
  )
  timer()
  const left = commands.slice(sections.index)
  const [hung] = left
  if (hung === undefined) return harvest.result(1)
  const points = left.reduce((sum, command) => sum + command.points.length, 0)
  if (ending.kind === 'ended') {
    harvest.fault(
      'protocol',
      `the shell ended before command ${hung.name}; a device without POSIX shell needs join: false`,
      points,
    )
  } else if (overdue !== undefined || context.signal.aborted) {
    plan.slow.add(hung.name)
    harvest.fault('timeout', `command ${hung.name} did not end in time`, points)
  } else harvest.fault(ending.fault, ending.detail, points)
  return harvest.result(1)
}

/** One channel a command, one after the other, for devices without a POSIX shell. */
async function pollEach(plan: SshPlan, transport: SshTransport, context: PollContext): Promise<PollResult> {
  const harvest = new Harvest(plan.series, context.witness)
  let requests = 0
  for (const [i, command] of plan.commands.entries()) {
    const parts: Buffer[] = []
    let length = 0
    const take = (data: Buffer): void => {
      if (length <= command.most) parts.push(data)
      length += data.length
      if (length > 4 * command.most) transport.drop()
    }
    const cancel = context.clock.after(command.timeout, () => transport.drop())
    const ending = await transport.run(command.run, take, context.signal)
    cancel()
    requests++
    if (ending.kind === 'fault') {
      const left = plan.commands.slice(i).reduce((sum, one) => sum + one.points.length, 0)
      harvest.fault(ending.fault, `command ${command.name}: ${ending.detail}`, left)
      break
    }
    const output = Buffer.concat(parts).toString('utf8')
    decode(command, { output, code: ending.code, isCut: length > command.most }, harvest)
  }
  return harvest.result(requests)
}
