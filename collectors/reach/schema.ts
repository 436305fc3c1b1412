import Type, { type Static } from 'typebox'
import type { Schemas } from '../../src/model/protocol.ts'

export const checkKinds = ['icmp', 'tcp', 'tls', 'http', 'https'] as const

export type CheckKind = (typeof checkKinds)[number]

/** Which check gives which value. */
export const checkValues = {
  up: ['icmp', 'tcp', 'tls', 'http', 'https'],
  duration: ['icmp', 'tcp', 'tls', 'http', 'https'],
  loss: ['icmp'],
  status: ['http', 'https'],
  certificate_expiry: ['tls', 'https'],
  certificate_left: ['tls', 'https'],
  certificate_valid: ['tls', 'https'],
} as const satisfies Record<string, readonly CheckKind[]>

export type CheckValue = keyof typeof checkValues

function isCheckValue(name: string): name is CheckValue {
  return Object.hasOwn(checkValues, name)
}

const portNumber = (description: string) => Type.Integer({ minimum: 1, maximum: 65_535, description })

const expect = Type.Object(
  {
    status: Type.Optional(
      Type.Array(Type.Integer({ minimum: 100, maximum: 599 }), {
        minItems: 1,
        maxItems: 32,
        description: 'status codes that are good; 200 to 399 by default, since redirects are not followed',
      }),
    ),
    body: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 500,
        description: 'regular expression (RE2) that the first 64 kB of the page must match',
      }),
    ),
  },
  { additionalProperties: false, minProperties: 1 },
)

const label = Type.Union(
  [
    Type.Literal('name'),
    Type.Object({ text: Type.String({ minLength: 1, maxLength: 256 }) }, { additionalProperties: false }),
  ],
  { title: 'name or { text: .. }' },
)

const point = Type.Object(
  {
    check: Type.Enum([...checkKinds], { description: 'how the device is reached' }),
    value: Type.Optional(
      Type.Enum(Object.keys(checkValues).filter(isCheckValue), {
        description:
          'up (default, 1 or 0), duration (seconds), loss (0 to 1), status, certificate_expiry (seconds since 1970), certificate_left (seconds), certificate_valid (1 or 0)',
      }),
    ),
    port: Type.Optional(portNumber('port; 80 for http, 443 for https and tls by default')),
    path: Type.Optional(
      Type.String({ pattern: '^/[!-~]{0,1000}$', description: 'what a web server is asked for; / by default' }),
    ),
    expect: Type.Optional(expect),
    labels: Type.Optional(
      Type.Record(Type.String(), label, { description: 'label: name (of the check, as "tcp 554"), or { text: .. }' }),
    ),
  },
  { additionalProperties: false },
)

const settings = Type.Object({}, { additionalProperties: false })

const options = Type.Object(
  {
    packets: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10,
        description: 'echo requests of one icmp check, a second apart; 3 by default',
      }),
    ),
    ports: Type.Optional(
      Type.Object(
        {
          tcp: Type.Optional(portNumber('for tcp checks without a port of their own')),
          tls: Type.Optional(portNumber('for tls checks without a port of their own')),
          http: Type.Optional(portNumber('for http checks without a port of their own')),
          https: Type.Optional(portNumber('for https checks without a port of their own')),
        },
        { additionalProperties: false },
      ),
    ),
    server_name: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_][A-Za-z0-9._-]{0,252}$',
        description: 'the name asked for in TLS and HTTP, and that the certificate is for; the address by default',
      }),
    ),
  },
  { additionalProperties: false },
)

const credential = Type.Object({}, { additionalProperties: false })

export type ReachPoint = Static<typeof point>

/** The reach part of the YAML. */
export const schemas = { point, settings, options, credential } satisfies Schemas
