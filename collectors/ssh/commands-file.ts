import { parse, stringify } from 'yaml'
import type { Problem } from '../../src/model/problem.ts'
import { bad, good, type Result } from '../../src/model/result.ts'

/** What a command printed and how it ended. */
export interface Output {
  readonly stdout: string
  readonly code: number
}

/** A recording of a host: what each command printed, by the command as it is run. */
export type Outputs = ReadonlyMap<string, Output>

/** The key beside the commands that holds what a device with a command line of its own prints when it waits. */
export const promptKey = 'prompt'

/** Reads `COMMAND: OUTPUT`, or `COMMAND: { stdout: OUTPUT, code: STATUS }` where it did not end with 0. */
export function readOutputs(text: string, file: string): Result<Outputs> {
  const problem = (message: string): Problem => ({ place: { file, line: 1, column: 1 }, message })
  let data: unknown
  try {
    data = parse(text)
  } catch {
    return bad(problem('this is not YAML'))
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    return bad(problem('a recording of commands has what each command printed, by the command'))
  const outputs = new Map<string, Output>()
  for (const [run, value] of Object.entries(data)) {
    const output = outputOf(value)
    if (output === undefined) return bad(problem(`the command "${run.slice(0, 60)}" has no text`))
    outputs.set(run, output)
  }
  return good(outputs)
}

/** Outputs as the text of a recording. */
export function writeOutputs(outputs: Outputs): string {
  const data = [...outputs].map(([run, output]) => [run, output.code === 0 ? output.stdout : output] as const)
  return stringify(Object.fromEntries(data), { lineWidth: 0 })
}

function outputOf(value: unknown): Output | undefined {
  if (typeof value === 'string') return { stdout: value, code: 0 }
  if (typeof value !== 'object' || value === null || !('stdout' in value) || typeof value.stdout !== 'string')
    return undefined
  const code = 'code' in value ? Number(value.code) : 0
  return Number.isInteger(code) ? { stdout: value.stdout, code } : undefined
}
