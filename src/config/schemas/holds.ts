import Type, { type TSchema } from 'typebox'
import type { dependencyKinds } from '../../model/dependency.ts'
import { alarmName, closed, duration, labelName, labels, line, name, oneOrMore } from './parts.ts'

/** Through what a device is reached and fed. */
export const dependsOn = Type.Union(
  [
    oneOrMore('device name', 'devices of which one is enough'),
    Type.Object(
      {
        network: Type.Optional(oneOrMore('device name', 'switches through which it is reached; one is enough')),
        power: Type.Optional(oneOrMore('device name', 'by which it is fed; one is enough')),
        bus: Type.Optional(oneOrMore('device name', 'masters of the serial bus; one is enough')),
        gateway: Type.Optional(oneOrMore('device name', 'gateways behind which it is; one is enough')),
      } satisfies Record<(typeof dependencyKinds)[number], TSchema>,
      { ...closed, minProperties: 1 },
    ),
  ],
  {
    title: 'device name, list of them, or { network: .., power: .. }',
    description: 'devices through which it is reached or fed: of a list one is enough, of several kinds each is needed',
  },
)

const labelsOfAlert = (description: string) => labels(`${description}, e.g. alertname: UpsOnBattery`)

/** One alarm that explains others, in the words of Alertmanager. */
export const inhibition = Type.Object(
  {
    source: labelsOfAlert('labels of the alert that explains others'),
    target: Type.Optional(labelsOfAlert('labels of the alerts that are held back while it fires')),
    equal: Type.Optional(
      Type.Array(Type.String({ title: 'label name', ...labelName }), {
        description: 'labels that must be the same in both, e.g. [room]',
        maxItems: 16,
      }),
    ),
    followers: Type.Optional(
      Type.Boolean({ description: 'only alerts of devices that depend on the device of the source', default: false }),
    ),
  },
  { ...closed, title: 'inhibition' },
)

const localMoment = (description: string) =>
  Type.String({
    title: 'date and time',
    pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}$',
    description: `${description}, in the time zone of the site: 2026-12-01 22:00`,
  })

const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const

/** A time in which new alerts are held back. */
export const quietTime = Type.Object(
  {
    name: name('name of the quiet time'),
    note: Type.Optional(line('what is done then')),
    devices: Type.Optional(oneOrMore('device name', 'alerts of these devices')),
    alarms: Type.Optional(
      Type.Array(Type.String({ title: 'alarm name', ...alarmName }), { description: 'these alarms', maxItems: 256 }),
    ),
    match: Type.Optional(labels('alerts with these labels, e.g. room: main')),
    from: Type.Optional(localMoment('when it begins')),
    to: Type.Optional(localMoment('when it ends')),
    times: Type.Optional(
      Type.String({
        title: 'times of day',
        pattern: '^[0-9]{2}:[0-9]{2}\\.\\.[0-9]{2}:[0-9]{2}$',
        description: 'every day, or on the days below, from..to: 22:00..02:00',
      }),
    ),
    weekdays: Type.Optional(
      Type.Array(Type.Enum([...weekdays], { title: 'day of the week' }), {
        description: 'the days on which it begins',
        minItems: 1,
        maxItems: 7,
      }),
    ),
    days_of_month: Type.Optional(
      Type.Array(Type.String({ title: 'day or days of the month', pattern: '^-?[0-9]{1,2}(\\.\\.-?[0-9]{1,2})?$' }), {
        description: "the days on which it begins: '1', '15..21', '-1' for the last",
        minItems: 1,
        maxItems: 31,
      }),
    ),
    months: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1, maximum: 12 }), { description: '1 to 12', minItems: 1, maxItems: 12 }),
    ),
    ends_when_well: Type.Optional(duration('ends early once all under it has been well for so long')),
  },
  { ...closed, title: 'quiet time' },
)
