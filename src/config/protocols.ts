import type { Schemas } from '../model/protocol.ts'
import { type Check, checkOf } from './check.ts'

/** What each protocol says of its part of the YAML. */
export type Protocols = ReadonlyMap<string, Schemas>

/** The checks of one protocol's parts. */
export interface ProtocolChecks {
  readonly point: Check<object>
  readonly settings: Check<object>
  readonly options: Check<object>
  readonly credential: Check<object>
}

/** By schema, so that a reload compiles nothing again: ajv keeps all that it ever compiled. */
const made = new WeakMap<Schemas, ProtocolChecks>()

/** The checks of a protocol, compiled at their first use. */
export function checksOf(protocol: string, schemas: Schemas): ProtocolChecks {
  const known = made.get(schemas)
  if (known !== undefined) return known
  const checks = {
    point: checkOf(`${protocol} point`, schemas.point),
    settings: checkOf(`${protocol} settings`, schemas.settings),
    options: checkOf(`${protocol} options`, schemas.options),
    credential: checkOf(`${protocol} credential`, schemas.credential),
  }
  made.set(schemas, checks)
  return checks
}
