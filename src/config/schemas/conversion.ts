import Type from 'typebox'
import { closed, metricName, stateName } from './parts.ts'

const unavailable = Type.Array(
  Type.Union([Type.Number(), Type.String()], { title: 'value, "<-60", ">=65535" or "a..b"' }),
  {
    description: 'raw values that mean "not available", before the scale: -9999, "N/A", "<-60", ">=65535", "250..255"',
    maxItems: 32,
  },
)

export const conversionKeys = {
  scale: Type.Optional(
    Type.Number({ description: 'raw value times this is the value in the base unit; 1 by default' }),
  ),
  offset: Type.Optional(Type.Number({ description: 'added after the scale; 0 by default' })),
  unavailable: Type.Optional(unavailable),
}

/** The keys that a point has whatever its protocol. */
export const pointKeys = Type.Object(
  {
    metric: metricName,
    ...conversionKeys,
    states: Type.Optional(
      Type.Record(Type.String({ maxLength: 256 }), stateName, {
        description: 'raw value: state of the metric, e.g. 2: ok; what is not listed is unknown',
        minProperties: 1,
        maxProperties: 256,
      }),
    ),
    pattern: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 500,
        description: 'regular expression (RE2); its first group is the value',
      }),
    ),
  },
  closed,
)
