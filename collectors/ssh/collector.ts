import { randomUUID } from 'node:crypto'
import type { Cancel, Milliseconds } from '../../src/model/clock.ts'
import { Harvest } from '../../src/model/harvest.ts'
import type { PollResult } from '../../src/model/reading.ts'
import { collector, type PollContext } from '../collector.ts'
import { compile, type PlannedCommand, type SshPlan } from './compile.ts'
import { decode } from './decode.ts'
import { Dialog } from './dialog.ts'
import { schemas } from './schema.ts'
import { type Section, Sections, scriptOf } from './script.ts'
import { sectionWith } from './substitute.ts'
import { type SshTransport, sshTransport } from './transport.ts'

const greeting: Milliseconds = 10_000

/** Servers, virtualization hosts and whatever has a shell, by SSH. */
export const ssh = collector({
  protocol: 'ssh',
  schemas,
  compile,
  open: sshTransport,
  poll: remembering,
  pollWith: (plan, transport, substitute, context) =>
    remembering(plan, transport, context, (command, section) => sectionWith(command, section, substitute)),
  async close(transport) {
    transport.drop()
  },
  workbench: {
    fileName: 'commands.yaml',
    telling: true,
    load: async () => (await import('./workbench.ts')).workbench,
  },
})

/** A poll, with what the plan remembers read before it and written after it; `seen` is what is read of a section. */
async function remembering(
  plan: SshPlan,
  transport: SshTransport,
  context: PollContext,
  seen: (command: PlannedCommand, section: Section) => Section = (_command, section) => section,
): Promise<PollResult> {
  const { memory } = plan
  const harvest = new Harvest(plan.series, context.witness)
  const { wall } = context.clock.now()
  await memory?.begin()
  const take: Take = (command, section) =>
    decode(command, seen(command, section), harvest, memory === undefined ? undefined : { memory, wall })
  const tools = { harvest, take }
  const requests = await wayOf(plan)(plan, transport, context, tools)
  const unwritten = await memory?.end(wall)
  if (unwritten !== undefined) harvest.fault('config', unwritten, 0)
  return harvest.result(requests)
}

type Take = (command: PlannedCommand, section: Section) => void

/** One way to run a plan's commands; resolves to how many requests went out. */
type Way = (
  plan: SshPlan,
  transport: SshTransport,
  context: PollContext,
  tools: { readonly harvest: Harvest; readonly take: Take },
) => Promise<number>

function wayOf({ manners, isJoined }: SshPlan): Way {
  return manners !== undefined ? pollShell : isJoined ? pollJoined : pollEach
}

/** Why siteward has ended a command by itself. */
type Stop = 'timeout' | 'limit'

/** A command that writes so many times what it may is ended: it costs the line, not the memory. */
const excess = 4

/** Those that had to be ended before come last, so that they cost the others nothing again. */
function inOrder({ commands, slow }: SshPlan): readonly PlannedCommand[] {
  return [...commands].sort((a, b) => Number(slow.has(a.name)) - Number(slow.has(b.name)))
}

/** Tells of a command that siteward has ended, and of those behind it. */
function tellStopped(stop: Stop, left: readonly PlannedCommand[], { slow }: SshPlan, harvest: Harvest): void {
  const [command] = left
  if (command === undefined) return
  slow.add(command.name)
  const why = stop === 'timeout' ? 'did not end in time' : `wrote far more than ${command.most} bytes (most_output)`
  harvest.fault(stop, `command ${command.name} ${why}`, pointsOf(left))
}

function pointsOf(commands: readonly PlannedCommand[]): number {
  return commands.reduce((sum, { points }) => sum + points.length, 0)
}

/** All commands as one script. One that has to be ended ends the poll. */
const pollJoined: Way = async (plan, transport, context, { harvest, take }) => {
  const commands = inOrder(plan)
  const mark = randomUUID()
  let timer: Cancel = () => {}
  let stopped: Stop | undefined
  const stop = (why: Stop): void => {
    stopped ??= why
    transport.drop()
  }
  const arm = (index: number): void => {
    timer()
    const command = commands[index]
    if (command !== undefined) timer = context.clock.after(command.timeout, () => stop('timeout'))
  }
  const sections = new Sections(commands, mark, (index, section) => {
    const command = commands[index]
    if (command !== undefined) take(command, section)
    arm(index + 1)
  })
  const hear = (data: Buffer): void => {
    if (data.length === 0) arm(0)
    sections.take(data)
    if (sections.printed > excess * (commands[sections.index]?.most ?? 0)) stop('limit')
  }
  const ending = await transport.run(scriptOf(commands, mark), hear, context.signal)
  timer()
  const left = commands.slice(sections.index)
  const [hung] = left
  if (hung === undefined) return 1
  if (ending.kind === 'ended') {
    const detail = `the shell ended before command ${hung.name}; a device without POSIX shell needs join: false`
    harvest.fault('protocol', detail, pointsOf(left))
  } else if (stopped !== undefined || context.signal.aborted) tellStopped(stopped ?? 'timeout', left, plan, harvest)
  else harvest.fault(ending.fault, ending.detail, pointsOf(left))
  return 1
}

/** One channel a command, one after the other, for devices without a POSIX shell. One that has to be ended ends the poll. */
const pollEach: Way = async (plan, transport, context, { harvest, take }) => {
  const commands = inOrder(plan)
  for (const [i, command] of commands.entries()) {
    const parts: Buffer[] = []
    let length = 0
    let cancel: Cancel = () => {}
    let stopped: Stop | undefined
    const stop = (why: Stop): void => {
      stopped ??= why
      transport.drop()
    }
    const hear = (data: Buffer): void => {
      // An empty piece tells that it has begun: connecting is not the command's time.
      if (data.length === 0) cancel = context.clock.after(command.timeout, () => stop('timeout'))
      if (length <= command.most) parts.push(data)
      length += data.length
      if (length > excess * command.most) stop('limit')
    }
    const ending = await transport.run(command.run, hear, context.signal)
    cancel()
    if (ending.kind === 'ended') {
      const output = Buffer.concat(parts).toString('utf8')
      take(command, { output, code: ending.code, isCut: length > command.most })
      continue
    }
    const left = commands.slice(i)
    if (stopped !== undefined || context.signal.aborted) tellStopped(stopped ?? 'timeout', left, plan, harvest)
    else harvest.fault(ending.fault, `command ${command.name}: ${ending.detail}`, pointsOf(left))
    return i + 1
  }
  return commands.length
}

/**
 * All commands at the device's own command line, one after the other. The connection is given back at the end: such
 * devices have few lines, and people need them.
 */
const pollShell: Way = async (plan, transport, context, { harvest, take }) => {
  const { manners, commands } = plan
  if (manners === undefined) return 0
  let requests = 0
  const dialog = new Dialog(manners, commands, (index, section) => {
    const command = commands[index]
    if (command !== undefined) take(command, section)
  })
  let timer: Cancel = () => {}
  let isOverdue = false
  const begun = (): void => {
    requests++
    timer()
    timer = context.clock.after(commands[dialog.index]?.timeout ?? greeting, () => {
      isOverdue = true
      transport.drop()
    })
  }
  const ending = await transport.talk(dialog, begun, context.signal)
  timer()
  transport.drop()
  const left = commands.slice(Math.max(0, dialog.index))
  const [hung] = left
  if (dialog.isOver || hung === undefined) return requests
  const points = pointsOf(left)
  if (isOverdue || context.signal.aborted) {
    const what = dialog.index < 0 ? 'no prompt came' : `command ${hung.name} did not end`
    harvest.fault('timeout', `${what} in time; shell.prompt or shell.more may not fit this device`, points)
  } else if (ending.kind === 'fault') harvest.fault(ending.fault, ending.detail, points)
  return requests
}
