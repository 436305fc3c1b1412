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

const pattern = (description: string) => Type.String({ minLength: 1, maxLength: 500, description })

const patterns = (description: string) =>
  Type.Optional(Type.Array(pattern('regular expression (RE2)'), { maxItems: 64, description }))

const digest = Type.Object({
  from: Type.Optional(pattern('RE2: the line with which the text begins')),
  ignore: patterns('lines that differ each time, as the hour; RE2'),
  mask: patterns('of such lines only the first group is kept, since a secret stands behind it; RE2'),
  against: Type.Optional(
    Type.String({
      description: 'a command further up with a digest; its text, prepared as this one, should be the same',
    }),
  ),
})

/** How a command's output becomes rows of named values. */
export const parser = Type.Union(
  [
    Type.Literal('text', { description: 'the whole output' }),
    Type.Literal('lines', { description: 'how many lines that are not empty' }),
    Type.Literal('exit_status', { description: 'the exit status' }),
    Type.Literal('json', { description: 'JSON; points select from it by JMESPath' }),
    Type.Literal('json_lines', { description: 'a JSON on each line; points select from the list of them by JMESPath' }),
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
    Type.Object({ digest }, { description: 'a text that should not change: hash, changed, age, same' }),
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

const shell = Type.Object({
  prompt: pattern('RE2: the line on which the device waits for a command'),
  begin: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
      maxItems: 8,
      description: 'commands that are sent first, such as the one that ends paging; they may change nothing that stays',
    }),
  ),
  more: Type.Optional(pattern('RE2: the line at the end of a page, after which a blank is sent')),
  answers: Type.Optional(
    Type.Record(pattern('RE2: a question'), Type.String({ maxLength: 20 }), { description: 'question: answer' }),
  ),
  refused: Type.Optional(pattern('RE2: the line by which the device says that it did not take a command')),
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
    shell: Type.Optional(
      Type.Object(shell.properties, {
        description: 'how to talk with a device that has a command line of its own and runs no single commands',
      }),
    ),
  }),
  options: Type.Object({
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
    host_key: Type.Optional(hostKey),
    known_hosts: Type.Optional(knownHosts),
    configurations: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'a folder in which the texts of digests are kept, secrets masked, each time they have changed',
      }),
    ),
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
export type DigestText = Static<typeof digest>
export type ShellText = Static<typeof shell>
