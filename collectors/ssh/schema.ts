import Type, { type Static } from 'typebox'
import { secretSource } from '../../src/model/secret-schema.ts'

const duration = (description: string) => Type.String({ pattern: '^(\\d+(ms|[smhdw]))+$', description })

const hostKey = Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })], {
  description: 'SHA256:... of the host key (ssh-keygen -lf), or several; accept-any takes whatever key is shown',
})

const knownHosts = Type.String({ minLength: 1, description: "a file in the form of OpenSSH's known_hosts" })

const login = {
  user: Type.String({ minLength: 1 }),
  password: Type.Optional(secretSource('the password')),
  key: Type.Optional(secretSource('a private key in OpenSSH or PEM form')),
  passphrase: Type.Optional(secretSource("the private key's passphrase")),
  agent: Type.Optional(Type.Boolean({ description: 'use the agent of SSH_AUTH_SOCK' })),
  host_key: Type.Optional(hostKey),
  known_hosts: Type.Optional(knownHosts),
}

/** How a command's output becomes rows of named values. */
export const parser = Type.Union(
  [
    Type.Literal('text', { description: 'the whole output' }),
    Type.Literal('lines', { description: 'how many lines that are not empty' }),
    Type.Literal('exit_status', { description: 'the exit status' }),
    Type.Literal('json', { description: 'JSON; points select from it by JMESPath' }),
    Type.Object({ key_value: Type.Object({ separator: Type.String({ minLength: 1 }) }) }),
    Type.Object({
      table: Type.Object({
        columns: Type.Array(Type.String(), {
          minItems: 1,
          description: 'names of the columns; the last takes the rest',
        }),
        skip: Type.Optional(Type.Integer({ minimum: 0, description: 'heading lines' })),
        separator: Type.Optional(Type.String({ minLength: 1, description: 'blanks when absent' })),
      }),
    }),
    Type.Object({ regex: Type.String({ description: 'RE2 with named groups; each match is a row' }) }),
  ],
  { title: 'parser' },
)

const command = Type.Object({
  run: Type.String({ minLength: 1, description: 'the command, as it is sent: nothing is ever put into it' }),
  parse: parser,
  timeout: Type.Optional(duration('how long it may run; 10s when absent')),
  exit: Type.Optional(
    Type.Union([Type.Literal('any'), Type.Array(Type.Integer({ minimum: 0, maximum: 255 }), { minItems: 1 })], {
      description: 'exit statuses that are good; [0] when absent',
    }),
  ),
  most_output: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 16_777_216, description: 'bytes; 1 MiB when absent' }),
  ),
})

const condition = Type.Object({
  is: Type.Optional(Type.Array(Type.String())),
  not: Type.Optional(Type.Array(Type.String())),
})

/** This protocol's part of the YAML. */
export const schemas = {
  point: Type.Object({
    command: Type.String({ minLength: 1, description: "one of the probe's ssh.commands" }),
    select: Type.Optional(Type.String({ description: 'for json: JMESPath to a value, or to a list of objects' })),
    value: Type.Optional(Type.String({ description: 'column, group or key that holds the value' })),
    labels: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Object({ text: Type.String() })]), {
        description: 'label: column, group or key of the row, or { text: a constant }',
      }),
    ),
    only: Type.Optional(
      Type.Record(Type.String(), condition, { description: 'only rows whose column has these values' }),
    ),
  }),
  settings: Type.Object({
    commands: Type.Optional(Type.Record(Type.String({ pattern: '^[a-z][a-z0-9_]*$' }), command)),
    join: Type.Optional(
      Type.Boolean({
        description: 'send all commands as one shell script (default); false where there is no POSIX shell',
      }),
    ),
  }),
  options: Type.Object({
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
    host_key: Type.Optional(hostKey),
    known_hosts: Type.Optional(knownHosts),
    legacy: Type.Optional(
      Type.Boolean({ description: 'also offer algorithms that are broken today, for old devices' }),
    ),
  }),
  credential: Type.Object({
    ...login,
    jump: Type.Optional(Type.Object({ address: Type.String({ minLength: 1 }), ...login })),
  }),
} as const

export type SshSpec = Static<typeof schemas.point>
export type SshCommand = Static<typeof command>
export type SshCredential = Static<typeof schemas.credential>
export type Parser = Static<typeof parser>
