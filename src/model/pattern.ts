import { RE2JS } from 're2js'
import type { Pattern } from './conversion.ts'

/** Device text longer than this is not searched: no reading needs more. */
const longestText = 65_536

/** A pattern's named groups for each match, or the reason why it cannot be used. */
export interface LinePattern extends Pattern {
  /** Of its groups. */
  readonly names: readonly string[]
  /** Whether the text matches at all, whatever its groups. */
  fits(text: string): boolean
  /** The named groups of every match, in order; at most `most` of them. */
  all(text: string, most: number): readonly Readonly<Record<string, string>>[]
}

/**
 * Compiles a regular expression for a linear-time engine (RE2 syntax: no look-around, no back-references), multi-line.
 * Returns the message for the operator where it does not compile.
 */
export function compilePattern(source: string): LinePattern | string {
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(source, RE2JS.MULTILINE)
  } catch (error) {
    return `not a regular expression (RE2 syntax): ${error instanceof Error ? error.message : String(error)}`
  }
  const names = Object.keys(compiled.namedGroups())
  return {
    source,
    names,
    fits: (text) => compiled.matcher(text.slice(0, longestText)).find(),
    first(text) {
      const matcher = compiled.matcher(text.slice(0, longestText))
      if (!matcher.find()) return undefined
      return (compiled.groupCount() > 0 ? matcher.group(1) : matcher.group()) ?? undefined
    },
    all(text, most) {
      const matcher = compiled.matcher(text.slice(0, longestText))
      const found: Record<string, string>[] = []
      while (found.length < most && matcher.find()) {
        found.push(Object.fromEntries(names.map((name) => [name, matcher.group(name) ?? ''])))
      }
      return found
    },
  }
}
