import Type from 'typebox'

/*
 * What may stand in a YAML file is said here once: TypeScript's types (Static), the loader's checks and the editors'
 * schemas all come from this folder. A title is a noun that problems use ("a duration is needed here"); a description is
 * what editors show, and the hint of a problem.
 */

/** Letters of any script, since a hospital names its rooms in Chinese; no blanks, since names go on a command line. */
export const named = {
  pattern: '^[\\p{L}\\p{N}][\\p{L}\\p{N}._-]{0,62}$',
  description: 'a name has letters of any script, digits and . _ -; at most 63, no blanks',
}

export const name = (title: string) => Type.String({ title, ...named })

/** https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels, without the colon that rules keep. */
export const metricNamed = {
  pattern: '^[a-z][a-z0-9_]{0,127}$',
  description: 'the name of a metric has small letters, digits and _',
}

export const metricName = Type.String({ title: 'metric name', ...metricNamed })

export const labelName = {
  pattern: '^[a-zA-Z_][a-zA-Z0-9_]{0,63}$',
  description: 'a label name has letters, digits and _ and begins with no digit',
}

export const alarmName = {
  pattern: '^[A-Za-z][A-Za-z0-9_]{0,63}$',
  description: 'an alarm name has letters, digits and _, as RoomTemperature',
}

export const stateName = Type.String({
  title: 'state name',
  pattern: '^[a-z][a-z0-9_]{0,63}$',
  description: 'small letters, digits and _, as on_battery',
})

export const duration = (description: string, more: object = {}) =>
  Type.String({
    title: 'duration',
    pattern: '^([0-9]+(ms|[smhdw]))+$',
    description: `${description}; as 30s, 2m, 1h30m`,
    ...more,
  })

export const line = (description: string) => Type.String({ description, minLength: 1, maxLength: 500 })

export const labels = (description: string) =>
  Type.Record(Type.String(), Type.String({ maxLength: 256 }), { description, propertyNames: labelName })

export const text = Type.Union(
  [
    line('the text in the language of the site'),
    Type.Object({ en: line('in English'), zh: line('in Chinese') }, { additionalProperties: false }),
  ],
  { title: 'text', description: 'a text, or { en: .., zh: .. }' },
)

export const limit = (description: string) =>
  Type.Union([Type.Number(), Type.String({ minLength: 1 })], { title: 'limit', description })

export const quantity = (description: string) =>
  Type.Union([Type.Number(), Type.String({ minLength: 1 })], { title: 'quantity', description })

export const stateList = (description: string) =>
  Type.Union([stateName, Type.Array(stateName, { minItems: 1, maxItems: 64 })], {
    title: 'state or list of states',
    description,
  })

export const closed = { additionalProperties: false }

export const objectId = Type.String({
  title: 'object identifier',
  pattern: '^[0-9]+(\\.[0-9]+)+$',
  description: 'numbers with dots, as 1.3.6.1.4.1.318',
})

export const objectIds = Type.Union([objectId, Type.Array(objectId, { minItems: 1, maxItems: 64 })], {
  title: 'object identifier or list of them',
})

export const oneOrMore = (title: string, description: string) =>
  Type.Union([name(title), Type.Array(name(title), { maxItems: 64 })], {
    title: `${title} or list of them`,
    description,
  })
