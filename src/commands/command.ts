import type { Clock } from '../model/clock.ts'

/** Where a command writes text. */
export interface Output {
  /** Whether a person looks at it. */
  readonly isTTY?: boolean
  /** The width of a terminal. */
  readonly columns?: number
  write(text: string | Uint8Array): unknown
}

/** What a command is handed of the world. */
export interface Io {
  readonly out: Output
  readonly err: Output
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Resolves at SIGINT or SIGTERM. */
  untilStopped(): Promise<void>
  /** Calls at each SIGHUP, which without it would end the process. */
  onHangup(listener: () => void): void
}

/** One command of the command line. */
export interface Command {
  readonly name: string
  readonly summary: string
  /** The whole text of `siteward NAME --help`. */
  readonly usage: string
  /** Resolves to the exit status: 0, or 1 when a problem was found. Throws UsageError for what was typed wrong. */
  run(args: readonly string[], io: Io): Promise<number>
}

/** A command as the command line knows it: loaded when it is called, since starting must not cost what is not used. */
export interface Listed {
  readonly name: string
  readonly summary: string
  load(): Promise<Command>
}

/** The command was typed wrong: exit status 2. */
export class UsageError extends Error {}
