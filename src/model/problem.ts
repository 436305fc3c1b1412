import { formatPlace, type Place } from './place.ts'

/** A mistake that a person made in a YAML file, where it stands and what to write instead. */
export interface Problem {
  readonly place: Place
  readonly message: string
  readonly hint?: string
  /** A warning is reported like any problem, but the daemon starts with it. */
  readonly level?: 'warning'
}

/** `file:line:column: message (hint)`: one line for terminal, log and HTTP reply alike. */
export function formatProblem(problem: Problem): string {
  const hint = problem.hint === undefined ? '' : ` (${problem.hint})`
  return `${formatPlace(problem.place)}: ${problem.message}${hint}`
}
