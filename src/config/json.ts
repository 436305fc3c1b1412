/** Keys and values of which nothing more is known. */
export type Json = Readonly<Record<string, unknown>>

/** Whether it is keys and values, and no list. */
export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The keys and values that it is, or none. */
export function jsonOf(value: unknown): Json {
  return isJson(value) ? value : {}
}
