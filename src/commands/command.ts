import type { Clock } from '../model/clock.ts'

/** What a command has of the world: tests hand in their own. */
export interface Io {
  readonly out: { write(text: string): unknown }
  readonly err: { write(text: string): unknown }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Resolves when the process is asked to end. */
  untilStopped(): Promise<void>
}

/** One command of `siteward`. */
export interface Command {
  readonly name: string
  readonly summary: string
  readonly usage: string
  /** Runs it; resolves to the exit status. */
  run(args: readonly string[], io: Io): Promise<number>
}

/** The command line makes no sense: it is told with the usage, and the exit status is 2. */
export class UsageError extends Error {}
