import Type, { type Static } from 'typebox'
import { secretSource } from '../../src/model/secret-schema.ts'

const oid = (description: string) => Type.String({ pattern: '^[0-2](\\.(0|[1-9][0-9]{0,9})){1,127}$', description })

const oids = (description: string) => Type.Union([oid(description), Type.Array(oid(description), { minItems: 1 })])

const either = Type.Object({
  oid: oid('one of several that tell the same'),
  scale: Type.Number({ description: 'what this one is multiplied by, before the scale of the point' }),
})

const alternatives = (description: string) =>
  Type.Union([oid(description), Type.Array(Type.Union([oid(description), either]), { minItems: 1 })])

const duration = (description: string) => Type.String({ pattern: '^(\\d+(ms|[smhdw]))+$', description })

const raw = Type.Union([Type.String(), Type.Number()])

const indexPart = Type.Union(
  [Type.Integer({ minimum: 1 }), Type.Array(Type.Integer({ minimum: 1 }), { minItems: 2, maxItems: 2 })],
  { description: 'the Nth number of the index, or [from, to]; counted from 1' },
)

const labelSource = Type.Union(
  [
    Type.String({ description: 'a constant; `index` is the whole index of the row' }),
    Type.Object({
      index: indexPart,
      names: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'other words for what is read' })),
    }),
    Type.Object({
      column: oids('a column of the same row; of several the first that is not empty'),
      by: Type.Optional(
        Type.Union([oid('a column of this row'), Type.Object({ index: indexPart })], {
          description: 'what is the index into column: the value of a column of this row, or a part of its index',
        }),
      ),
      pattern: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 500,
          description: 'regular expression (RE2); its first group is the text, where it fits',
        }),
      ),
      names: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'other words for what is read' })),
    }),
  ],
  { title: 'label source' },
)

const gate = Type.Object({
  column: Type.Optional(oid('a column of the same row')),
  by: Type.Optional(Type.Object({ index: indexPart }, { description: "a part of this row's index is that of column" })),
  index: Type.Optional(Type.Integer({ minimum: 1, description: 'the Nth number of the index, counted from 1' })),
  is: Type.Optional(Type.Array(raw, { minItems: 1 })),
  not: Type.Optional(Type.Array(raw, { minItems: 1 })),
  matches: Type.Optional(
    Type.String({ minLength: 1, maxLength: 500, description: 'regular expression (RE2) that its text fits' }),
  ),
})

const auth = ['md5', 'sha', 'sha224', 'sha256', 'sha384', 'sha512'] as const
const priv = ['aes', 'aes256b', 'aes256r', 'des'] as const

const literals = <T extends readonly string[]>(names: T) =>
  Type.Union(names.map((name) => Type.Literal(name as T[number])))

/** This protocol's part of the YAML. */
export const schemas = {
  point: Type.Object({
    oid: Type.Optional(alternatives('a scalar; of several the first that answers')),
    column: Type.Optional(alternatives('a column of a table; of several, for each row the first that has it')),
    rows: Type.Optional(oid('counts the rows of this column')),
    labels: Type.Optional(Type.Record(Type.String(), labelSource)),
    only: Type.Optional(
      Type.Union([gate, Type.Array(gate, { minItems: 1 })], { description: 'only rows for which this holds' }),
    ),
    multiply_by: Type.Optional(oid('the device tells the factor')),
    divide_by: Type.Optional(oids('the device tells the divisor; of several their sum')),
    digits: Type.Optional(oid('the device tells how many digits are behind the point')),
    si_prefix: Type.Optional(oid('EntitySensorDataScale (RFC 3433): 9 is units, 8 milli, 10 kilo')),
    high_word: Type.Optional(oid('the upper 32 bits of a 64-bit number')),
    as: Type.Optional(Type.Union([Type.Literal('int32'), Type.Literal('uint32')])),
  }),
  settings: Type.Object({
    charset: Type.Optional(Type.Union([Type.Literal('utf-8'), Type.Literal('gb18030')])),
  }),
  options: Type.Object({
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
    timeout: Type.Optional(duration('of one request; 2s when absent')),
    retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 10, description: 'of one request; 2 when absent' })),
    varbinds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 500,
        description: 'asked for in one request; 60 when absent, less where the device cannot',
      }),
    ),
  }),
  credential: Type.Object({
    version: Type.Union([Type.Literal(1), Type.Literal('1'), Type.Literal('2c'), Type.Literal(3), Type.Literal('3')]),
    community: Type.Optional(secretSource('the community of v1 and v2c')),
    user: Type.Optional(Type.String({ minLength: 1, maxLength: 32 })),
    auth: Type.Optional(Type.Object({ protocol: literals(auth), secret: secretSource('at least 8 characters') })),
    priv: Type.Optional(Type.Object({ protocol: literals(priv), secret: secretSource('at least 8 characters') })),
    context: Type.Optional(Type.String()),
  }),
} as const

export type SnmpSpec = Static<typeof schemas.point>
export type SnmpCredential = Static<typeof schemas.credential>
export type LabelSource = Static<typeof labelSource>
export type Gate = Static<typeof gate>
export type Alternatives = Static<ReturnType<typeof alternatives>>
