import { parse, stringify } from 'yaml'
import { bad, good, type Result } from '../../src/model/result.ts'
import type { Tool, Topic } from './commands.ts'

/** What is asked of a BMC, in the order in which a recording has it. */
export const askNames = ['sensors', 'chassis', 'dcmi', 'sel', 'fru'] as const satisfies readonly Topic[]

export type AskName = (typeof askNames)[number]

/** A recording of a BMC: what the tool wrote for each thing asked. */
export interface BmcTexts {
  readonly tool: Tool
  readonly texts: ReadonlyMap<AskName, string>
}

/** Whether a text has the form of such a recording. */
export function isBmc(text: string): boolean {
  return /^tool: *(?:freeipmi|ipmitool)\s*$/m.test(text) && readBmc(text, '').ok
}

/** Reads `tool: freeipmi`, `sensors: ..`, `chassis: ..`, `dcmi: ..`, `sel: ..`, `fru: ..`; what is missing the BMC does not have. */
export function readBmc(text: string, file: string): Result<BmcTexts> {
  const wrong = (message: string): Result<BmcTexts> => bad({ place: { file, line: 1, column: 1 }, message })
  let data: unknown
  try {
    data = parse(text)
  } catch {
    return wrong('this is not YAML')
  }
  if (typeof data !== 'object' || data === null) return wrong(`a recording of a BMC has tool, ${askNames.join(', ')}`)
  const tool: unknown = Reflect.get(data, 'tool')
  if (tool !== 'freeipmi' && tool !== 'ipmitool') return wrong('tool: is freeipmi or ipmitool')
  const texts = new Map<AskName, string>()
  for (const name of askNames) {
    const value: unknown = Reflect.get(data, name)
    if (typeof value === 'string') texts.set(name, value)
    else if (value !== undefined && value !== null) return wrong(`${name}: is what the tool wrote`)
  }
  return good({ tool, texts })
}

/** A recording as text. */
export function writeBmc({ tool, texts }: BmcTexts): string {
  return stringify({ tool, ...Object.fromEntries(texts) }, { lineWidth: 0 })
}
