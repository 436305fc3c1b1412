import { formatPlace, type Place } from '../model/place.ts'
import type { Problem } from '../model/problem.ts'

/** The most problems that one run tells of: past it a person starts with the first ones anyway. */
const mostProblems = 50

/** Gathers every problem of one run. */
export class Problems {
  readonly #byText = new Map<string, Problem>()
  #mistakes = 0

  /** A mistake; the same one at the same place is kept once. */
  add(place: Place, message: string, hint?: string): void {
    this.#keep(hint === undefined ? { place, message } : { place, message, hint })
  }

  /** What may be meant, but is worth a look; the site loads with it. */
  warn(place: Place, message: string, hint?: string): void {
    this.#keep({ place, message, level: 'warning', ...(hint === undefined ? {} : { hint }) })
  }

  /** Takes over what another check found. */
  take(problems: readonly Problem[]): void {
    for (const problem of problems) this.#keep(problem)
  }

  /** How many mistakes there are, warnings not counted. */
  get mistakes(): number {
    return this.#mistakes
  }

  /** How many there are, warnings included. */
  get size(): number {
    return this.#byText.size
  }

  /** By place, files in the order in which they were found; mistakes before warnings past the cap. */
  list(): readonly Problem[] {
    const files = new Map<string, number>()
    for (const { place } of this.#byText.values()) if (!files.has(place.file)) files.set(place.file, files.size)
    const order = (a: Problem, b: Problem): number =>
      (files.get(a.place.file) ?? 0) - (files.get(b.place.file) ?? 0) ||
      a.place.line - b.place.line ||
      a.place.column - b.place.column
    const all = [...this.#byText.values()]
    const kept = [...all.filter((one) => one.level !== 'warning'), ...all.filter((one) => one.level === 'warning')]
    const shown = kept.slice(0, mostProblems).sort(order)
    const last = shown.at(-1)
    const left = kept.length - shown.length
    return last === undefined || left === 0 ? shown : [...shown, more(last, left, kept)]
  }

  #keep(problem: Problem): void {
    const key = `${formatPlace(problem.place)} ${problem.message}`
    if (this.#byText.has(key)) return
    this.#byText.set(key, problem)
    if (problem.level !== 'warning') this.#mistakes++
  }
}

function more(last: Problem, left: number, all: readonly Problem[]): Problem {
  const message = `and ${left} more`
  const onlyWarnings = all.slice(mostProblems).every((problem) => problem.level === 'warning')
  return onlyWarnings ? { place: last.place, message, level: 'warning' } : { place: last.place, message }
}
