import Type, { type TObject } from 'typebox'
import type { Schemas } from '../model/protocol.ts'
import { closeObjects } from './check.ts'
import { isJson, type Json, jsonOf } from './json.ts'
import type { Protocols } from './protocols.ts'
import { pointKeys } from './schemas/conversion.ts'
import { derived } from './schemas/derived.ts'
import { deviceSchema } from './schemas/device.ts'
import { holidaysSchema, planSchema } from './schemas/duty.ts'
import { maskingSchema } from './schemas/masking.ts'
import { probeSchema } from './schemas/probe.ts'
import { checksSchema, override, rule, rulesSchema } from './schemas/rule.ts'
import { siteSchema } from './schemas/site.ts'
import { metric, metricsSchema } from './schemas/vocabulary.ts'

/**
 * The JSON Schemas for editors, by file name in config/schema/: draft-07, which the YAML language server reads. Composed
 * of the same TypeBox schemas as the types and the loader's checks.
 */
export function renderSchemas(protocols: Protocols): ReadonlyMap<string, string> {
  const schemas: Readonly<Record<string, Json>> = {
    'checks.json': closeObjects(checksSchema),
    'duties.json': closeObjects(planSchema),
    'holidays.json': closeObjects(holidaysSchema),
    'masking.json': closeObjects(maskingSchema),
    'metrics.json': closeObjects(metricsSchema(metric)),
    'probe.json': probeForEditors(protocols),
    'rules.json': closeObjects(rulesSchema(rule)),
    'site.json': siteForEditors(protocols),
  }
  return new Map(Object.entries(schemas).map(([file, schema]) => [file, render(schema)]))
}

function render(schema: Json): string {
  const draft = { $schema: 'http://json-schema.org/draft-07/schema#', ...schema }
  return `${JSON.stringify(forEditors(draft), undefined, 2)}\n`
}

/** What has a default need not be written: the loader fills it in, an editor must not call for it. */
function forEditors(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(forEditors)
  if (!isJson(value)) return value
  const copy = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, forEditors(inner)]))
  const { required, properties } = value
  if (!Array.isArray(required) || !isJson(properties)) return copy
  const needed = required.filter((key) => {
    const property = properties[String(key)]
    return !isJson(property) || property['default'] === undefined
  })
  const { required: _, ...rest } = copy
  return needed.length === 0 ? rest : { ...rest, required: needed }
}

/** The points of a probe have the keys of its collector; its settings stand under the collector's name. */
function probeForEditors(protocols: Protocols): Json {
  const core = closeObjects(probeSchema([...protocols.keys()], Type.Unknown(), rule, derived))
  const allOf = [...protocols].map(([name, { point }]) => ({
    if: { properties: { collector: { const: name } }, required: ['collector'] },
    // Made of an entry, since an object written with a key `then` passes for a promise.
    ...Object.fromEntries([['then', { properties: { points: { items: withKeys(pointKeys, point) } } }]]),
  }))
  const whole = withProtocols(core, protocols, ({ settings }) => settings, 'settings of the whole probe')
  return allOf.length === 0 ? whole : { ...whole, allOf }
}

function siteForEditors(protocols: Protocols): Json {
  const options = ({ options }: Schemas): TObject => options
  const device = withProtocols(
    closeObjects(deviceSchema(override, derived)),
    protocols,
    options,
    'options of this device',
  )
  const credential = closeObjects(Type.Object({}, { title: 'credential', minProperties: 1 }))
  const whole = withProtocols(credential, protocols, (schemas) => schemas.credential, 'with what to log in')
  return closeObjects(siteSchema(device, whole, override, derived))
}

/** A schema with one more key for each protocol, under its name. */
function withProtocols(schema: Json, protocols: Protocols, part: (schemas: Schemas) => TObject, what: string): Json {
  const own = [...protocols].map(([name, schemas]) => [
    name,
    { description: `${name}: ${what}`, ...closeObjects(part(schemas)) },
  ])
  return { ...schema, properties: { ...jsonOf(schema['properties']), ...Object.fromEntries(own) } }
}

/** Two schemas of objects as one, closed. */
function withKeys(common: TObject, own: TObject): Json {
  const [first, second] = [closeObjects(common), closeObjects(own)]
  const properties = { ...jsonOf(first['properties']), ...jsonOf(second['properties']) }
  return { ...second, ...first, properties, required: [...common.required, ...(own.required ?? [])] }
}
