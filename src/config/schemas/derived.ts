import Type, { type TSchema } from 'typebox'
import { closed, labelName, labels, metricName } from './parts.ts'

/** A reading that is made of other readings of the same device. */
export const derived = Type.Object(
  {
    metric: metricName,
    value: Type.String({
      title: 'expression',
      minLength: 1,
      maxLength: 2000,
      description: 'in CEL, over other readings of the device by the names of their metrics; see docs/rules.md',
    }),
    inputs: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Object({ metric: metricName, match: Type.Optional(labels('only series with these labels')) }, closed),
        {
          description: 'readings under names of their own in the expression, e.g. those with certain labels',
          propertyNames: { pattern: '^[a-z][a-z0-9_]{0,63}$', description: 'small letters, digits and _' },
        },
      ),
    ),
    over: Type.Optional(
      Type.Array(Type.String({ title: 'label name', ...labelName }), {
        description: 'labels whose series come as one list, e.g. [phase]',
        minItems: 1,
        maxItems: 8,
      }),
    ),
    labels: Type.Optional(labels('labels of the result beside those of its readings')),
  },
  { ...closed, title: 'derived reading' },
)

export const derivedList = (item: TSchema, description: string) =>
  Type.Optional(Type.Array(item, { description, maxItems: 100 }))
