import Type, { type TSchema } from 'typebox'
import { asset } from './asset.ts'
import { conversionKeys } from './conversion.ts'
import { derivedList } from './derived.ts'
import { dependsOn } from './holds.ts'
import { closed, duration, labels, line, name, oneOrMore } from './parts.ts'
import { overrides } from './rule.ts'

export const timing = {
  interval: Type.Optional(duration('how often to poll, 1s to 1d')),
  timeout: Type.Optional(duration('the deadline of one poll, at most the interval')),
}

const probeUse = Type.Union([name('probe name'), Type.Object({ probe: name('probe name'), ...timing }, closed)], {
  title: 'probe name or { probe: NAME, interval: .. }',
})

/** A device, given what a rule under an alarm's name and a derived reading may be. */
export function deviceSchema<Override extends TSchema>(overrideSchema: Override, derivedItem: TSchema) {
  return Type.Object(
    {
      name: name('device name'),
      address: Type.String({
        title: 'address',
        pattern: '^\\S{1,255}$',
        description: 'where it is reached: host, host:port, [IPv6]:port, a serial line',
      }),
      probes: Type.Array(probeUse, {
        description: 'what to read of it, by the names of probes',
        minItems: 1,
        maxItems: 64,
      }),
      credentials: Type.Optional(oneOrMore('credential name', 'with what to log in: names under credentials:')),
      labels: Type.Optional(labels('more labels of its alerts, e.g. room: main')),
      ...timing,
      depends_on: Type.Optional(dependsOn),
      asset: Type.Optional(asset),
      rules: overrides('its own limits, by the names of alarms', overrideSchema),
      derived: derivedList(derivedItem, 'readings made of those that are read of this device'),
      points: Type.Optional(
        Type.Record(Type.String(), Type.Object(conversionKeys, { ...closed, minProperties: 1 }), {
          description: 'its own scale, offset or unavailable values, by the names of metrics',
        }),
      ),
    },
    { ...closed, title: 'device' },
  )
}

/** From where more devices come; one of files, csv, file_sd and http_sd. */
export const deviceSource = Type.Object(
  {
    files: Type.Optional(line('YAML files with devices: in them, as devices.d/*.yaml')),
    csv: Type.Optional(line('a table with a row a device; its columns are the keys of a device, as labels.floor')),
    file_sd: Type.Optional(line("files of Prometheus' service discovery, as targets/*.json")),
    http_sd: Type.Optional(
      Type.String({
        title: 'address of a list of targets',
        pattern: '^https?://\\S{1,500}$',
        description: "an address of Prometheus' HTTP service discovery",
      }),
    ),
    refresh_interval: Type.Optional(
      duration('how often an http_sd list is asked for, 1m by default; files are read when they change'),
    ),
    device: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description:
          'keys that every device of this source has, where it has none of its own: probes, credentials, labels',
      }),
    ),
  },
  { ...closed, title: 'source of devices' },
)

/** A file that a source of devices names. */
export const deviceFile = Type.Object(
  { devices: Type.Array(Type.Unknown(), { description: 'what is watched', maxItems: 20_000 }) },
  { ...closed, title: 'siteward devices' },
)
