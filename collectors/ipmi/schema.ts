import Type, { type Static } from 'typebox'
import type { Schemas } from '../../src/model/protocol.ts'
import { secretSource } from '../../src/model/secret-schema.ts'

/** Sensor types of the IPMI specification v2.0, table 42-3, by code, in the words of FreeIPMI's output. */
export const sensorTypes = {
  Temperature: 0x01,
  Voltage: 0x02,
  Current: 0x03,
  Fan: 0x04,
  'Physical Security': 0x05,
  'Platform Security Violation Attempt': 0x06,
  Processor: 0x07,
  'Power Supply': 0x08,
  'Power Unit': 0x09,
  'Cooling Device': 0x0a,
  'Other Units Based Sensor': 0x0b,
  Memory: 0x0c,
  'Drive Slot': 0x0d,
  'System Firmware Progress': 0x0f,
  'Event Logging Disabled': 0x10,
  'System Event': 0x12,
  'Critical Interrupt': 0x13,
  'Button/Switch': 0x14,
  'Module/Board': 0x15,
  'Slot/Connector': 0x21,
  'System ACPI Power State': 0x22,
  'Watchdog 2': 0x23,
  'Entity Presence': 0x25,
  'Management Subsystem Health': 0x28,
  Battery: 0x29,
} as const satisfies Record<string, number>

export type SensorType = keyof typeof sensorTypes

function isSensorType(name: string): name is SensorType {
  return Object.hasOwn(sensorTypes, name)
}

export const sensorTypeNames = Object.keys(sensorTypes).filter(isSensorType)

/** A sensor's own limits, in the order of FreeIPMI's columns (lower first, from the outermost). */
export const thresholds = [
  'lower_non_recoverable',
  'lower_critical',
  'lower_non_critical',
  'upper_non_critical',
  'upper_critical',
  'upper_non_recoverable',
] as const

export const sensorValues = ['reading', 'state', 'events', ...thresholds] as const

export type SensorValue = (typeof sensorValues)[number]

export const chassisKeys = [
  'power',
  'power_overload',
  'power_interlock',
  'power_fault',
  'power_control_fault',
  'intrusion',
  'lockout',
  'drive_fault',
  'cooling_fault',
] as const

export type ChassisKey = (typeof chassisKeys)[number]

export const rowKeys = ['sensor', 'name', 'type', 'id'] as const

export type RowKey = (typeof rowKeys)[number]

const namePattern = (description: string) => Type.String({ minLength: 1, maxLength: 200, description })

const selection = Type.Object(
  {
    type: Type.Optional(
      Type.Union([Type.Enum(sensorTypeNames), Type.Array(Type.Enum(sensorTypeNames), { minItems: 1, maxItems: 32 })], {
        title: 'sensor type or list of them',
        description: 'the type of sensor, by the IPMI specification',
      }),
    ),
    name: Type.Optional(
      Type.Union(
        [
          namePattern('regular expression (RE2)'),
          Type.Array(namePattern('regular expression (RE2)'), { minItems: 1, maxItems: 32 }),
        ],
        {
          title: 'pattern or list of patterns',
          description:
            'found anywhere in the name; (?i) for either case. Of a list the first that any sensor matches is taken: vendors name the same thing differently',
        },
      ),
    ),
    unit: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 32,
        description:
          'only sensors in this unit, as the tool writes it, and scale: says what it means; without it only sensors whose unit fits the metric, converted',
      }),
    ),
  },
  { additionalProperties: false, minProperties: 1 },
)

const label = Type.Union(
  [
    Type.Enum([...rowKeys]),
    Type.Object({ text: Type.String({ minLength: 1, maxLength: 256 }) }, { additionalProperties: false }),
  ],
  { title: 'sensor, name, type, id or { text: .. }' },
)

const point = Type.Object(
  {
    sensor: Type.Optional(selection),
    value: Type.Optional(
      Type.Enum([...sensorValues], {
        description:
          'of the sensor: reading (default), state (Nominal, Warning, Critical), events (the texts of a discrete sensor), or one of its own limits',
      }),
    ),
    event: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'regular expression (RE2): the value is 1 when an event of the sensor matches it, else 0',
      }),
    ),
    chassis: Type.Optional(
      Type.Enum([...chassisKeys], { description: 'a line of the chassis status: on, off, true ..' }),
    ),
    dcmi: Type.Optional(
      Type.Enum(['power', 'average_power'], { description: 'watts by DCMI; not available where the BMC has no DCMI' }),
    ),
    sel: Type.Optional(
      Type.Enum(['entries', 'used_ratio'], {
        description: 'the system event log: how many entries, how full (0 to 1)',
      }),
    ),
    fru: Type.Optional(
      Type.Enum(['identity'], {
        description:
          'of an info metric: what the inventory (FRU) of the machine says, as the labels vendor, model, serial and version',
      }),
    ),
    labels: Type.Optional(
      Type.Record(Type.String(), label, {
        description: 'label: sensor (its name, told apart where names repeat), name, type, id, or { text: .. }',
      }),
    ),
  },
  { additionalProperties: false },
)

const settings = Type.Object({}, { additionalProperties: false })

/** The cipher suites of the IPMI specification, table 22-20, that authenticate; 0 and the like let anybody in. */
const cipherSuites = [1, 2, 3, 6, 7, 8, 11, 12, 15, 16, 17] as const

/** FreeIPMI's names; those of the LAN session first, then those of reading sensors. See freeipmi(7). */
export const sessionWorkarounds = [
  'authcap',
  'nochecksumcheck',
  'intel20',
  'supermicro20',
  'sun20',
  'opensesspriv',
  'integritycheckvalue',
] as const

const sensorWorkarounds = ['discretereading', 'ignorescanningdisabled', 'assumebmcowner', 'ignoreauthcode'] as const

const options = Type.Object(
  {
    tool: Type.Optional(
      Type.Enum(['freeipmi', 'ipmitool'], {
        description: 'freeipmi where it is installed, by default, else ipmitool',
      }),
    ),
    port: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 65_535, description: 'UDP port of the BMC; 623 by default' }),
    ),
    privilege: Type.Optional(
      Type.Enum(['user', 'operator', 'admin'], { description: 'privilege level that is asked for; user by default' }),
    ),
    cipher_suite: Type.Optional(
      Type.Enum([...cipherSuites], { description: '3 by default; 17 (SHA-256) for newer BMCs that refuse 3' }),
    ),
    workarounds: Type.Optional(
      Type.Array(Type.Enum([...sessionWorkarounds, ...sensorWorkarounds]), {
        maxItems: 8,
        description: "FreeIPMI's workarounds for BMCs that break the specification, e.g. opensesspriv",
      }),
    ),
  },
  { additionalProperties: false },
)

const credential = Type.Object(
  {
    user: Type.String({
      pattern: '^[!-~]{1,16}$',
      description: 'name of a user with read privilege; at most 16 characters, as IPMI has it',
    }),
    password: secretSource('password of the BMC user'),
  },
  { additionalProperties: false },
)

export type IpmiPoint = Static<typeof point>
export type IpmiOptions = Static<typeof options>

/** The ipmi part of the YAML. */
export const schemas = { point, settings, options, credential } satisfies Schemas
