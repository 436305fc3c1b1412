import { Secret } from './secret.ts'

/** Lists of more than this are compared once for all who have them: a thousand switches share one list of rules. */
const shortList = 4

/**
 * Whether values say the same. Places do not count: a line more above changes nothing of what stands below. Functions do
 * not either: what is compiled keeps the text that it was compiled from beside it.
 */
export class Comparison {
  readonly #known = new Map<object, Map<object, boolean>>()

  same(a: unknown, b: unknown): boolean {
    if (Object.is(a, b)) return true
    if (typeof a === 'function' && typeof b === 'function') return true
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
    if (Array.isArray(a)) return Array.isArray(b) && this.#sameLists(a, b)
    if (a instanceof Map) return b instanceof Map && this.same([...a], [...b])
    if (a instanceof Set) return b instanceof Set && this.same([...a], [...b])
    if (a instanceof URL) return b instanceof URL && a.href === b.href
    if (a instanceof Secret) return b instanceof Secret && a.reveal() === b.reveal()
    return a.constructor === b.constructor && this.#sameFields(a, b)
  }

  #sameLists(a: readonly unknown[], b: readonly unknown[]): boolean {
    if (a.length !== b.length) return false
    const known = this.#known.get(a)?.get(b)
    if (known !== undefined) return known
    const isSame = a.every((item, i) => this.same(item, b[i]))
    if (a.length > shortList) this.#known.set(a, (this.#known.get(a) ?? new Map<object, boolean>()).set(b, isSame))
    return isSame
  }

  #sameFields(a: object, b: object): boolean {
    const mine = said(a)
    const other = new Map(said(b))
    return (
      mine.length === other.size && mine.every(([key, value]) => other.has(key) && this.same(value, other.get(key)))
    )
  }
}

/** The fields of an object that say something. */
function said(value: object): readonly (readonly [string, unknown])[] {
  return Object.entries(value).filter(([key, field]) => field !== undefined && !(key === 'place' && isPlace(field)))
}

/** A label may be called place too; where in a file something stands has a line. */
function isPlace(field: unknown): boolean {
  return typeof field === 'object' && field !== null && 'line' in field && 'column' in field
}
