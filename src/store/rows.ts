import type { Milliseconds } from '../model/clock.ts'
import type { Labels } from '../model/labels.ts'

/** A row of a database, whose fields are read one by one: a disk's bit flip must not become a wrong type. */
export class Row {
  readonly #fields: Readonly<Record<string, unknown>>

  constructor(row: unknown) {
    this.#fields = Object(row)
  }

  text(name: string): string {
    return String(this.#fields[name])
  }

  time(name: string): Milliseconds | undefined {
    const value = this.#fields[name]
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined
  }

  /** Undefined where it is no blob. `get` gives a Buffer, `all` an ArrayBuffer (libsql 0.5.29). */
  bytes(name: string): Uint8Array | undefined {
    const value = this.#fields[name]
    if (value instanceof ArrayBuffer) return new Uint8Array(value)
    return value instanceof Uint8Array ? value : undefined
  }

  /** Labels kept as JSON; undefined where it does not parse. */
  labels(name: string): Labels | undefined {
    try {
      const parsed: unknown = JSON.parse(String(this.#fields[name]))
      if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined
      return Object.fromEntries(Object.entries(parsed).map(([label, value]) => [label, String(value)]))
    } catch {
      return undefined
    }
  }
}
