import Type, { type TSchema } from 'typebox'
import { type Unit, units } from '../../model/unit.ts'
import { closed, labelName, line, metricNamed, stateName } from './parts.ts'

const twoTexts = Type.Object(
  { en: line('in English'), zh: line('in Chinese') },
  { ...closed, title: 'text in English and Chinese' },
)

const stateTexts = Type.Record(Type.String(), twoTexts, { description: 'what people read for a state' })

/** One metric of the vocabulary. */
export const metric = Type.Object(
  {
    type: Type.Enum(['gauge', 'counter', 'state', 'info'], {
      title: 'metric type',
      description: 'gauge, counter, state or info',
    }),
    unit: Type.Optional(
      Type.Enum(Object.keys(units).filter(isUnit), {
        title: 'unit',
        description: 'the base unit, which also ends the name; none by default',
      }),
    ),
    range: Type.Optional(
      Type.String({
        title: 'range',
        pattern: '\\.\\.',
        description: 'what is physically possible, e.g. -40..85; needed for gauges',
      }),
    ),
    labels: Type.Optional(
      Type.Array(Type.String({ title: 'label name', ...labelName }), {
        description: 'labels beside site and device',
        maxItems: 8,
      }),
    ),
    states: Type.Optional(
      Type.Array(stateName, { description: 'all states; unknown is added at the end', minItems: 1, maxItems: 64 }),
    ),
    en: line('what it is, in English, without the unit'),
    zh: line('what it is, in Chinese, without the unit'),
    state_texts: Type.Optional(stateTexts),
  },
  { ...closed, title: 'metric' },
)

function isUnit(key: string): key is Unit {
  return Object.hasOwn(units, key)
}

/** The vocabulary file, given what a metric may be. */
export function metricsSchema<Metric extends TSchema>(metricSchema: Metric) {
  return Type.Object(
    {
      state_texts: Type.Optional(stateTexts),
      metrics: Type.Record(Type.String(), metricSchema, {
        description: 'every metric that exists, by name',
        propertyNames: metricNamed,
      }),
    },
    { ...closed, title: 'siteward vocabulary' },
  )
}
