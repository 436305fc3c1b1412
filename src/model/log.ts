/** What a log line carries beside its message; never a library's error object, which may hold keys. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

/** The part of pino that the rooms use; pino itself stays in daemon.ts and commands/. */
export interface Log {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}

/** A log that is made when there is something to write. */
export function lateLog(make: () => Log): Log {
  let made: Log | undefined
  const log = (): Log => {
    made ??= make()
    return made
  }
  return {
    debug: (fields, message) => log().debug(fields, message),
    info: (fields, message) => log().info(fields, message),
    warn: (fields, message) => log().warn(fields, message),
    error: (fields, message) => log().error(fields, message),
  }
}

/** A log that keeps nothing. */
export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
