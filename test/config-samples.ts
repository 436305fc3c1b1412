import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import Type from 'typebox'
import { diskFiles, type Files } from '../src/config/files.ts'
import type { LoadDeps } from '../src/config/load.ts'
import type { Schemas } from '../src/model/protocol.ts'
import { secretSource } from '../src/model/secret-schema.ts'

/** The folder of the configuration fixtures, relative as in a message. */
export const fixtures = relative('', fileURLToPath(new URL('../fixtures/config', import.meta.url)))

const labels = Type.Optional(Type.Record(Type.String(), Type.String()))

const fake: Schemas = {
  point: Type.Object({
    key: Type.String({ minLength: 1 }),
    as: Type.Optional(Type.Enum(['int16', 'uint16'])),
    labels,
  }),
  settings: Type.Object({
    order: Type.Enum(['big', 'little'], { default: 'big' }),
    commands: Type.Optional(Type.Record(Type.String({ pattern: '^[a-z]+$' }), Type.Object({ run: Type.String() }))),
  }),
  options: Type.Object({ unit: Type.Integer({ minimum: 1, maximum: 247, default: 1 }) }),
  credential: Type.Object({ password: secretSource('the password') }),
}

const oid = Type.String({ title: 'object identifier', pattern: '^[0-9]+(\\.[0-9]+)+$', description: 'as 1.3.6.1.2.1' })

const snmp: Schemas = {
  point: Type.Object({ oid, labels }),
  settings: Type.Object({}),
  options: Type.Object({ port: Type.Integer({ minimum: 1, maximum: 65_535, default: 161 }) }),
  credential: Type.Object({
    version: Type.Enum(['1', '2c', '3'], { default: '2c' }),
    community: Type.Optional(secretSource('the community')),
    user: Type.Optional(Type.String({ minLength: 1 })),
    auth: Type.Optional(
      Type.Union([
        Type.Object({ sha: secretSource('the key') }, { additionalProperties: false }),
        Type.Object({ sha256: secretSource('the key') }, { additionalProperties: false }),
      ]),
    ),
  }),
}

/** Two protocols that only these tests know: what the loader does must not hang on a protocol's name. */
export const protocols: ReadonlyMap<string, Schemas> = new Map([
  ['fake', fake],
  ['snmp', snmp],
])

interface Held {
  readonly text: string | Uint8Array
  readonly mode?: number
}

/** Files held in memory before those on disk; every file has mode 0640 unless it says otherwise. */
export function filesWith(held: Readonly<Record<string, Held>>): Files {
  const find = (path: string): Held | undefined => Object.entries(held).find(([name]) => path.endsWith(name))?.[1]
  return {
    async read(path) {
      const { text } = find(path) ?? { text: await diskFiles.read(path) }
      return typeof text === 'string' ? new TextEncoder().encode(text) : text
    },
    list: diskFiles.list,
    async mode(path) {
      const held = find(path)
      if (held === undefined) await diskFiles.mode(path)
      return held?.mode ?? 0o640
    },
  }
}

/** What every fixture may name as a secret. */
export const secretFiles: Readonly<Record<string, Held>> = {
  'secrets/good': { text: 'hush-hush\r\n', mode: 0o600 },
  'secrets/group': { text: 'hush-hush\n', mode: 0o640 },
  'secrets/open': { text: 'hush-hush\n', mode: 0o644 },
  'secrets/empty': { text: '\n', mode: 0o600 },
  'handed-on/plain': { text: 'hush-hush', mode: 0o400 },
  'handed-on/siteward_of-folder': { text: 'hush-hush\n', mode: 0o440 },
  'handed-on/open': { text: 'hush-hush', mode: 0o444 },
  'secrets/gbk': { text: new Uint8Array([0xc3, 0xdc, 0xc2, 0xeb]), mode: 0o600 },
}

/** What the fixtures are loaded with: a small vocabulary, three probes and two protocols. */
export function sampleDeps(files: Files = filesWith(secretFiles)): LoadDeps {
  return {
    files,
    fetchList: async () => undefined,
    env: { SITEWARD_TEST_SECRET: 'hush-hush', SITEWARD_TEST_EMPTY: '', CREDENTIALS_DIRECTORY: 'handed-on' },
    protocols,
    shipped: {
      metrics: `${fixtures}/shipped/metrics.yaml`,
      rules: `${fixtures}/shipped/rules.yaml`,
      checks: `${fixtures}/shipped/checks.yaml`,
      holidays: `${fixtures}/shipped/holidays.yaml`,
      probes: `${fixtures}/shipped/probes`,
    },
  }
}
