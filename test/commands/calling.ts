import type { Command } from '../../src/commands/command.ts'
import { type Clock, systemClock } from '../../src/model/clock.ts'

/** What a command has printed and how it ended. */
export interface Called {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Calls a command in this process, as `siteward NAME ARGS` does. */
export async function call(
  command: Command,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  clock: Clock = systemClock,
): Promise<Called> {
  const text = { out: '', err: '' }
  const to = (stream: 'out' | 'err') => ({
    write(data: string) {
      text[stream] += data
    },
  })
  const io = { out: to('out'), err: to('err'), env, clock, untilStopped: async () => {}, onHangup: () => {} }
  const code = await command.run(args, io)
  return { code, ...text }
}
