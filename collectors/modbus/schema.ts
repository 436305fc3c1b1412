import Type, { type Static } from 'typebox'
import type { Schemas } from '../../src/model/protocol.ts'

const address = (what: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: 65_536, description: `${what}: its address on the wire` }))

const unitNumber = (what: string) => Type.Optional(Type.Integer({ minimum: 0, maximum: 255, description: what }))

const duration = (what: string) => Type.Optional(Type.String({ pattern: '^(\\d+(ms|[smhdw]))+$', description: what }))

/** How the bytes of a value lie on the wire; a is the most significant. */
const wordOrder = Type.Union([Type.Literal('abcd'), Type.Literal('cdab'), Type.Literal('badc'), Type.Literal('dcba')], {
  description: 'Order of the bytes on the wire, a is the highest: abcd (default), cdab (low word first), badc, dcba',
})

const valueType = Type.Union(
  [
    Type.Literal('int16'),
    Type.Literal('uint16'),
    Type.Literal('int32'),
    Type.Literal('uint32'),
    Type.Literal('int64'),
    Type.Literal('uint64'),
    Type.Literal('float32'),
    Type.Literal('float64'),
    Type.Literal('string'),
  ],
  { description: 'What the registers hold; default uint16' },
)

const repeat = Type.Object(
  {
    count: Type.Integer({ minimum: 2, maximum: 1000, description: 'How many there are' }),
    step: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1000,
        description: 'Registers from one to the next (of bit: bits). Default 1',
      }),
    ),
    label: Type.String({ minLength: 1, description: 'The label that numbers them: cell' }),
    names: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), { description: 'Their names in place of numbers: [A, B, C]' }),
    ),
    from: Type.Optional(Type.Integer({ minimum: 0, description: 'The first number. Default 1' })),
  },
  {
    additionalProperties: false,
    description: 'A row of like values: the cells of a battery, the breakers of a cabinet',
  },
)

const point = Type.Object(
  {
    register: address('Holding register (function code 3)'),
    input_register: address('Input register (function code 4)'),
    coil: address('Coil (function code 1)'),
    discrete_input: address('Discrete input (function code 2)'),
    type: Type.Optional(valueType),
    length: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 125, description: 'How many registers a string has, two characters each' }),
    ),
    bit: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 63, description: 'One bit of the value, 0 is the lowest: reads as 0 or 1' }),
    ),
    bits: Type.Optional(
      Type.Array(Type.Integer({ minimum: 0, maximum: 63 }), {
        minItems: 2,
        maxItems: 2,
        description: 'A number in some bits of the value: [lowest, highest]',
      }),
    ),
    word_order: Type.Optional(wordOrder),
    labels: Type.Optional(
      Type.Record(Type.String(), Type.String({ minLength: 1 }), { description: 'Labels of the reading: L1, inlet, 3' }),
    ),
    repeat: Type.Optional(repeat),
    unit: unitNumber('Unit (slave address) of this point, where it is not the device’s'),
  },
  { additionalProperties: false },
)

const settings = Type.Object(
  {
    word_order: Type.Optional(wordOrder),
    counted_from: Type.Optional(
      Type.Union([Type.Literal(0), Type.Literal(1)], {
        description: '1 where the manual counts registers from 1: one is then taken from every address. Default 0',
      }),
    ),
    gap: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 124,
        description: 'How many registers that nobody asked for may be read along to save a request. Default 8',
      }),
    ),
    block: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 125, description: 'The most registers in one request. Default 125' }),
    ),
  },
  { additionalProperties: false },
)

const options = Type.Object(
  {
    unit: unitNumber('Unit (slave address) of the device. Default 1'),
    transport: Type.Optional(
      Type.Union([Type.Literal('tcp'), Type.Literal('rtu_over_tcp')], {
        description: 'Modbus TCP (default), or RTU frames over TCP, as serial servers pass them on',
      }),
    ),
    baud: Type.Optional(Type.Integer({ minimum: 300, maximum: 921_600, description: 'Serial line. Default 9600' })),
    parity: Type.Optional(
      Type.Union([Type.Literal('none'), Type.Literal('even'), Type.Literal('odd')], {
        description: 'Serial line. Default none',
      }),
    ),
    data_bits: Type.Optional(Type.Union([Type.Literal(7), Type.Literal(8)], { description: 'Serial line. Default 8' })),
    stop_bits: Type.Optional(Type.Union([Type.Literal(1), Type.Literal(2)], { description: 'Serial line. Default 1' })),
    pause: duration('Time to leave the bus alone before each request: 100ms. Default none'),
    request_timeout: duration('How long one request may take; gateways need 1s and more. Default 1s'),
  },
  { additionalProperties: false },
)

/** The Modbus part of the YAML. Modbus knows no credentials. */
export const schemas = {
  point,
  settings,
  options,
  credential: Type.Object({}, { additionalProperties: false }),
} as const satisfies Schemas

export type ModbusSchemas = typeof schemas
export type PointSpec = Static<typeof point>
export type DeviceOptions = Static<typeof options>
export type WordOrder = Static<typeof wordOrder>
export type ValueType = Static<typeof valueType>
