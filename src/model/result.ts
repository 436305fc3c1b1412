import type { Problem } from './problem.ts'

/** A value, or every problem that stood in its way. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** A Result that holds a value. */
export function good<T>(value: T): Result<T> {
  return { ok: true, value }
}

/** A Result that holds problems. */
export function bad<T>(...problems: readonly Problem[]): Result<T> {
  return { ok: false, problems }
}
