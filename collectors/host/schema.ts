import Type, { type Static } from 'typebox'
import type { Schemas } from '../../src/model/protocol.ts'

/** What is asked of the system at once; the cheap and sure ones first, those that can hang (df, smartctl) last. */
export const calls = [
  'system',
  'memory',
  'cpu',
  'temperature',
  'network',
  'disk operations',
  'disk bytes',
  'processes',
  'disks',
  'file systems',
] as const

export type Call = (typeof calls)[number]

/** Every fact: the call that tells it, and whether it is a number or a word. Rows have the keys of `rowKeys`. */
export const facts = {
  uptime: { call: 'system', kind: 'number' },
  'load.average': { call: 'system', kind: 'number', row: 'period' },
  'cpu.load': { call: 'cpu', kind: 'number' },
  'cpu.temperature': { call: 'temperature', kind: 'number' },
  'memory.size': { call: 'memory', kind: 'number' },
  'memory.used': { call: 'memory', kind: 'number' },
  'memory.available': { call: 'memory', kind: 'number' },
  'memory.used_ratio': { call: 'memory', kind: 'number' },
  'swap.size': { call: 'memory', kind: 'number' },
  'swap.used': { call: 'memory', kind: 'number' },
  'swap.used_ratio': { call: 'memory', kind: 'number' },
  'filesystem.size': { call: 'file systems', kind: 'number', row: 'mount' },
  'filesystem.used': { call: 'file systems', kind: 'number', row: 'mount' },
  'filesystem.available': { call: 'file systems', kind: 'number', row: 'mount' },
  'filesystem.used_ratio': { call: 'file systems', kind: 'number', row: 'mount' },
  'filesystem.writable': { call: 'file systems', kind: 'number', row: 'mount' },
  'disk.smart_status': { call: 'disks', kind: 'word', row: 'disk' },
  'disk.temperature': { call: 'disks', kind: 'number', row: 'disk' },
  'disk.size': { call: 'disks', kind: 'number', row: 'disk' },
  'disks.read_operations': { call: 'disk operations', kind: 'number' },
  'disks.write_operations': { call: 'disk operations', kind: 'number' },
  'disks.read_bytes': { call: 'disk bytes', kind: 'number' },
  'disks.written_bytes': { call: 'disk bytes', kind: 'number' },
  'network.state': { call: 'network', kind: 'word', row: 'interface' },
  'network.received_bytes': { call: 'network', kind: 'number', row: 'interface' },
  'network.sent_bytes': { call: 'network', kind: 'number', row: 'interface' },
  'network.received_errors': { call: 'network', kind: 'number', row: 'interface' },
  'network.sent_errors': { call: 'network', kind: 'number', row: 'interface' },
  'network.received_dropped': { call: 'network', kind: 'number', row: 'interface' },
  'network.sent_dropped': { call: 'network', kind: 'number', row: 'interface' },
  'processes.all': { call: 'processes', kind: 'number' },
  'processes.running': { call: 'processes', kind: 'number' },
  'processes.blocked': { call: 'processes', kind: 'number' },
  'processes.zombie': { call: 'processes', kind: 'number' },
} as const satisfies Record<string, { call: Call; kind: 'number' | 'word'; row?: RowKey }>

export type Fact = keyof typeof facts

function isFact(name: string): name is Fact {
  return Object.hasOwn(facts, name)
}

/** What tells the rows of a call apart; the first is different for each row. */
export const rowKeys = {
  system: ['period'],
  memory: [],
  cpu: [],
  temperature: [],
  network: ['interface'],
  'disk operations': [],
  'disk bytes': [],
  processes: [],
  disks: ['disk', 'model', 'serial'],
  'file systems': ['mount', 'source', 'type'],
} as const satisfies Record<Call, readonly string[]>

export const everyRowKey = ['period', 'mount', 'source', 'type', 'disk', 'model', 'serial', 'interface'] as const

export type RowKey = (typeof everyRowKey)[number]

const texts = Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { minItems: 1, maxItems: 64 })

const gate = Type.Union([texts, Type.Object({ not: texts }, { additionalProperties: false })], {
  title: 'list of texts, or { not: list }',
})

const label = Type.Union(
  [
    Type.Enum([...everyRowKey]),
    Type.Object({ text: Type.String({ minLength: 1, maxLength: 256 }) }, { additionalProperties: false }),
  ],
  { title: 'key of the row or { text: .. }' },
)

const point = Type.Object(
  {
    fact: Type.Enum(Object.keys(facts).filter(isFact), {
      description: 'what is read of this machine: bytes, seconds, ratios from 0 to 1, degrees Celsius',
    }),
    labels: Type.Optional(
      Type.Record(Type.String(), label, {
        description:
          'label: key of the row (mount, source, type; disk, model, serial; interface; period), or { text: .. }',
      }),
    ),
    only: Type.Optional(
      Type.Partial(
        Type.Object(Object.fromEntries(everyRowKey.map((key) => [key, gate])), { additionalProperties: false }),
        {
          description: 'only these rows: { mount: [/, /var] } or { type: { not: [tmpfs, overlay] } }',
        },
      ),
    ),
  },
  { additionalProperties: false },
)

const settings = Type.Object({}, { additionalProperties: false })

const options = Type.Object({}, { additionalProperties: false })

const credential = Type.Object({}, { additionalProperties: false })

export type HostPoint = Static<typeof point>

/** The host part of the YAML. */
export const schemas = { point, settings, options, credential } satisfies Schemas
