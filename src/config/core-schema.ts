import Type, { type TSchema } from 'typebox'
import { rights } from '../model/access.ts'
import type { dependencyKinds } from '../model/dependency.ts'
import { proofs } from '../model/probe.ts'
import { references, severities } from '../model/rule.ts'
import { secretSource } from '../model/secret-schema.ts'
import { type Unit, units } from '../model/unit.ts'

/*
 * The one source of what may stand in a YAML file: TypeScript's types (Static), the loader's checks and the editors'
 * schemas all come from here. A title is a noun that problems use ("a duration is needed here"); a description is what
 * editors show, and the hint of a problem.
 */

/** Letters of any script, since a hospital names its rooms in Chinese; no blanks, since names go on a command line. */
const named = {
  pattern: '^[\\p{L}\\p{N}][\\p{L}\\p{N}._-]{0,62}$',
  description: 'a name has letters of any script, digits and . _ -; at most 63, no blanks',
}

const name = (title: string) => Type.String({ title, ...named })

/** https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels, without the colon that rules keep. */
const metricNamed = {
  pattern: '^[a-z][a-z0-9_]{0,127}$',
  description: 'the name of a metric has small letters, digits and _',
}

const metricName = Type.String({ title: 'metric name', ...metricNamed })

const labelName = {
  pattern: '^[a-zA-Z_][a-zA-Z0-9_]{0,63}$',
  description: 'a label name has letters, digits and _ and begins with no digit',
}

const alarmName = {
  pattern: '^[A-Za-z][A-Za-z0-9_]{0,63}$',
  description: 'an alarm name has letters, digits and _, as RoomTemperature',
}

const stateName = Type.String({
  title: 'state name',
  pattern: '^[a-z][a-z0-9_]{0,63}$',
  description: 'small letters, digits and _, as on_battery',
})

const duration = (description: string, more: object = {}) =>
  Type.String({
    title: 'duration',
    pattern: '^([0-9]+(ms|[smhdw]))+$',
    description: `${description}; as 30s, 2m, 1h30m`,
    ...more,
  })

const line = (description: string) => Type.String({ description, minLength: 1, maxLength: 500 })

const labels = (description: string) =>
  Type.Record(Type.String(), Type.String({ maxLength: 256 }), { description, propertyNames: labelName })

const text = Type.Union(
  [
    line('the text in the language of the site'),
    Type.Object({ en: line('in English'), zh: line('in Chinese') }, { additionalProperties: false }),
  ],
  { title: 'text', description: 'a text, or { en: .., zh: .. }' },
)

const limit = (description: string) =>
  Type.Union([Type.Number(), Type.String({ minLength: 1 })], { title: 'limit', description })

const quantity = (description: string) =>
  Type.Union([Type.Number(), Type.String({ minLength: 1 })], { title: 'quantity', description })

const stateList = (description: string) =>
  Type.Union([stateName, Type.Array(stateName, { minItems: 1, maxItems: 64 })], {
    title: 'state or list of states',
    description,
  })

/** The keys of which a rule has exactly one. */
export const conditionKeys = ['within', 'above', 'below', 'is', 'not', 'stale', 'absent'] as const

/** The keys of which a rule has one at most: what of its series is judged. */
export const measureKeys = ['rate', 'change', 'changes', 'forecast', 'spread', 'spread_ratio', 'count'] as const

/** The keys that say more of a measure. */
export const measureDetails = ['over', 'from'] as const

const spreadLabels = (description: string) =>
  Type.Array(Type.String({ title: 'label name', ...labelName }), { description, minItems: 1, maxItems: 8 })

const measures = {
  rate: Type.Optional(duration('judges how fast a counter grows, per second, over this time')),
  change: Type.Optional(duration('judges the value less that of this long ago; of a counter, how much it grew')),
  changes: Type.Optional(duration('judges how often the value changed within this time')),
  forecast: Type.Optional(
    duration('judges the value that a straight line through the readings of over: has so far ahead'),
  ),
  over: Type.Optional(duration('the time whose readings a forecast rests on')),
  spread: Type.Optional(
    spreadLabels('judges the distance from the series that differ only in these labels, e.g. [cell]'),
  ),
  spread_ratio: Type.Optional(spreadLabels('the same, as a part of what it is measured from')),
  from: Type.Optional(
    Type.Enum([...references], {
      title: 'reference',
      description: 'what a spread is measured from; median by default',
    }),
  ),
  count: Type.Optional(
    Type.Object(
      {
        above: Type.Optional(limit('counts series above it')),
        below: Type.Optional(limit('counts series below it')),
        within: Type.Optional(
          Type.String({ title: 'range', pattern: '\\.\\.', description: 'counts series outside of it' }),
        ),
        is: Type.Optional(stateList('counts series in these states')),
        not: Type.Optional(stateList('counts series in every other state than these')),
      },
      {
        additionalProperties: false,
        description: 'judges how many series of the device are so',
        minProperties: 1,
        maxProperties: 1,
      },
    ),
  ),
}

const partKeys = {
  ...measures,
  within: Type.Optional(
    Type.String({
      title: 'range',
      pattern: '\\.\\.',
      description: 'as 20..28, 50%..65%, 20..28 °C; broken outside of it',
    }),
  ),
  above: Type.Optional(limit('broken above it: 28, 85%, 1.5 kW, or a metric of the same device that tells the limit')),
  below: Type.Optional(limit('broken below it: 20, 15%, or a metric of the same device that tells the limit')),
  is: Type.Optional(stateList('broken in these states')),
  not: Type.Optional(stateList('broken in every other state than these')),
  stale: Type.Optional(duration('broken when one series had no new reading for this long')),
  absent: Type.Optional(duration('broken when the device had no reading of the metric for this long')),
  hysteresis: Type.Optional(quantity('how far back inside its limit a value must come to be good again')),
  for: Type.Optional(duration('how long it must be broken before the alarm fires')),
  keep_firing_for: Type.Optional(duration('how long it must be good before the alarm ends')),
  labels: Type.Optional(labels('more labels of the alert, e.g. team: power')),
  summary: Type.Optional(text),
  check: Type.Optional({ ...text, description: 'what to check first: a text, or { en: .., zh: .. }' }),
  runbook: Type.Optional(line('where to read what to do: an address or a page of the handbook')),
}

const closed = { additionalProperties: false }

/** What a rule may say once for both severities, or under warning: and critical: for each. */
export const rulePart = Type.Object(partKeys, { ...closed, title: 'condition and its times' })

const partOrOff = (severity: string) =>
  Type.Union([rulePart, Type.Literal('off')], {
    title: 'rule or off',
    description: `what makes the alarm ${severity}: a condition with its times; off takes it away`,
  })

const ruleKeys = {
  match: Type.Optional(labels('only series with these labels')),
  severity: Type.Optional(
    Type.Enum([...severities], { title: 'severity', description: 'warning (default) or critical' }),
  ),
  ...partKeys,
  warning: Type.Optional(partOrOff('a warning')),
  critical: Type.Optional(partOrOff('critical')),
}

/** A rule of a probe, or of config/rules.yaml. */
export const rule = Type.Object(
  {
    alarm: Type.String({ title: 'alarm name', ...alarmName }),
    when: metricName,
    ...ruleKeys,
  },
  { ...closed, title: 'rule' },
)

/** What a site or a device writes under an alarm's name. */
export const override = Type.Union(
  [Type.Object({ when: Type.Optional(metricName), ...ruleKeys }, closed), Type.Literal('off')],
  {
    title: 'rule or off',
    description: 'keys that change the rule of this name; off; or, with when:, a rule of its own',
  },
)

/** The override's form with keys. */
export const overrideKeys = Type.Object({ when: Type.Optional(metricName), ...ruleKeys }, closed)

const overrides = (description: string, value: TSchema) =>
  Type.Optional(Type.Record(Type.String(), value, { description, propertyNames: alarmName }))

/* Probes */

const unavailable = Type.Array(
  Type.Union([Type.Number(), Type.String()], { title: 'value, "<-60", ">=65535" or "a..b"' }),
  {
    description: 'raw values that mean "not available", before the scale: -9999, "N/A", "<-60", ">=65535", "250..255"',
    maxItems: 32,
  },
)

const conversionKeys = {
  scale: Type.Optional(
    Type.Number({ description: 'raw value times this is the value in the base unit; 1 by default' }),
  ),
  offset: Type.Optional(Type.Number({ description: 'added after the scale; 0 by default' })),
  unavailable: Type.Optional(unavailable),
}

/** The keys that a point has whatever its protocol. */
export const pointKeys = Type.Object(
  {
    metric: metricName,
    ...conversionKeys,
    states: Type.Optional(
      Type.Record(Type.String({ maxLength: 256 }), stateName, {
        description: 'raw value: state of the metric, e.g. 2: ok; what is not listed is unknown',
        minProperties: 1,
        maxProperties: 256,
      }),
    ),
    pattern: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 500,
        description: 'regular expression (RE2); its first group is the value',
      }),
    ),
  },
  closed,
)

const objectId = Type.String({
  title: 'object identifier',
  pattern: '^[0-9]+(\\.[0-9]+)+$',
  description: 'numbers with dots, as 1.3.6.1.4.1.318',
})

const objectIds = Type.Union([objectId, Type.Array(objectId, { minItems: 1, maxItems: 64 })], {
  title: 'object identifier or list of them',
})

const match = Type.Object(
  {
    object_id: Type.Optional({
      ...objectIds,
      description: 'the device names its model by an identifier that begins so',
    }),
    description: Type.Optional(
      Type.String({ minLength: 1, maxLength: 500, description: 'regular expression (RE2) that its description fits' }),
    ),
    answers: Type.Optional({ ...objectIds, description: 'it answers something below one of these' }),
    common: Type.Optional(
      Type.Boolean({ description: 'most devices answer it: it is read beside the probe of the model' }),
    ),
  },
  {
    ...closed,
    description: 'by what a device of this kind is known; every part that is given must hold',
    minProperties: 1,
  },
)

/** A reading that is made of other readings of the same device. */
export const derived = Type.Object(
  {
    metric: metricName,
    value: Type.String({
      title: 'expression',
      minLength: 1,
      maxLength: 2000,
      description: 'in CEL, over other readings of the device by the names of their metrics; see docs/rules.md',
    }),
    inputs: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Object({ metric: metricName, match: Type.Optional(labels('only series with these labels')) }, closed),
        {
          description: 'readings under names of their own in the expression, e.g. those with certain labels',
          propertyNames: { pattern: '^[a-z][a-z0-9_]{0,63}$', description: 'small letters, digits and _' },
        },
      ),
    ),
    over: Type.Optional(
      Type.Array(Type.String({ title: 'label name', ...labelName }), {
        description: 'labels whose series come as one list, e.g. [phase]',
        minItems: 1,
        maxItems: 8,
      }),
    ),
    labels: Type.Optional(labels('labels of the result beside those of its readings')),
  },
  { ...closed, title: 'derived reading' },
)

const traps = Type.Array(
  Type.Object(
    {
      on: { ...objectIds, description: 'the traps that say it has begun; each makes siteward poll the device at once' },
      clear: Type.Optional({ ...objectIds, description: 'the traps that say it is over' }),
      event: Type.Optional(
        Type.String({
          title: 'event name',
          pattern: '^[a-z][a-z0-9_]{0,63}$',
          description: 'siteward_event_active{event="..."} is 1 while it lasts, for rules: small letters, digits and _',
        }),
      ),
      lasts: Type.Optional(duration('after how long it is over where nothing says so; 1d by default')),
    },
    closed,
  ),
  { description: 'what the device tells by itself', maxItems: 200 },
)

const derivedList = (item: TSchema, description: string) =>
  Type.Optional(Type.Array(item, { description, maxItems: 100 }))

/** A probe file, given what a point and a rule may be and the protocols' names. */
export function probeSchema<Point extends TSchema, Rule extends TSchema>(
  protocols: readonly string[],
  point: Point,
  ruleSchema: Rule,
  derivedItem: TSchema,
) {
  const known = protocols.length === 0 ? {} : { enum: protocols }
  return Type.Object(
    {
      probe: Type.String({
        title: 'probe name',
        pattern: '^[a-z0-9][a-z0-9._-]{0,62}$',
        description: 'the name of the file without .yaml: small letters, digits and . _ -',
      }),
      title: line('the device model or MIB, for people'),
      collector: Type.String({ title: 'protocol', description: 'the protocol that reads it', ...known }),
      proof: Type.Optional(
        Type.Enum([...proofs], {
          title: 'proof',
          description: 'on what it was proven: a recording of a real device, or a register map (or MIB) alone',
        }),
      ),
      match: Type.Optional(match),
      interval: Type.Optional(
        duration('how often it is worth asking, for what changes seldom or costs much; a device may say another one'),
      ),
      timeout: Type.Optional(duration('the deadline of one poll, for what takes long; a device may say another one')),
      points: Type.Array(point, { description: 'what to read', minItems: 1, maxItems: 2000 }),
      derived: derivedList(derivedItem, 'readings made of those that are read'),
      traps: Type.Optional(traps),
      rules: Type.Optional(Type.Array(ruleSchema, { description: 'when to alarm', maxItems: 500 })),
    },
    { ...closed, title: 'siteward probe' },
  )
}

/** A file of rules for every device, as config/rules.yaml. */
export function rulesSchema<Rule extends TSchema>(ruleSchema: Rule) {
  return Type.Object(
    {
      rules: Type.Array(ruleSchema, { description: 'rules that hold for every device', maxItems: 500 }),
      siteward: Type.Array(ruleSchema, { description: 'rules on siteward itself', maxItems: 100, default: [] }),
    },
    { ...closed, title: 'siteward rules for every device' },
  )
}

/** What to check first, by alarm: config/checks.yaml. */
export const checksSchema = Type.Object(
  {
    checks: Type.Record(
      Type.String(),
      Type.Object({ en: line('in English'), zh: line('in Chinese') }, { ...closed, title: 'text in both languages' }),
      { description: 'what to check first, by the names of alarms', propertyNames: alarmName },
    ),
  },
  { ...closed, title: 'siteward checks' },
)

/* Vocabulary */

const twoTexts = Type.Object(
  { en: line('in English'), zh: line('in Chinese') },
  { ...closed, title: 'text in English and Chinese' },
)

const stateTexts = Type.Record(Type.String(), twoTexts, { description: 'what people read for a state' })

/** One metric of the vocabulary. */
export const metric = Type.Object(
  {
    type: Type.Enum(['gauge', 'counter', 'state', 'info'], {
      title: 'metric type',
      description: 'gauge, counter, state or info',
    }),
    unit: Type.Optional(
      Type.Enum(Object.keys(units).filter(isUnit), {
        title: 'unit',
        description: 'the base unit, which also ends the name; none by default',
      }),
    ),
    range: Type.Optional(
      Type.String({
        title: 'range',
        pattern: '\\.\\.',
        description: 'what is physically possible, e.g. -40..85; needed for gauges',
      }),
    ),
    labels: Type.Optional(
      Type.Array(Type.String({ title: 'label name', ...labelName }), {
        description: 'labels beside site and device',
        maxItems: 8,
      }),
    ),
    states: Type.Optional(
      Type.Array(stateName, { description: 'all states; unknown is added at the end', minItems: 1, maxItems: 64 }),
    ),
    en: line('what it is, in English, without the unit'),
    zh: line('what it is, in Chinese, without the unit'),
    state_texts: Type.Optional(stateTexts),
  },
  { ...closed, title: 'metric' },
)

function isUnit(key: string): key is Unit {
  return Object.hasOwn(units, key)
}

/** The vocabulary file, given what a metric may be. */
export function metricsSchema<Metric extends TSchema>(metricSchema: Metric) {
  return Type.Object(
    {
      state_texts: Type.Optional(stateTexts),
      metrics: Type.Record(Type.String(), metricSchema, {
        description: 'every metric that exists, by name',
        propertyNames: metricNamed,
      }),
    },
    { ...closed, title: 'siteward vocabulary' },
  )
}

/* Sites */

const timing = {
  interval: Type.Optional(duration('how often to poll, 1s to 1d')),
  timeout: Type.Optional(duration('the deadline of one poll, at most the interval')),
}

const probeUse = Type.Union([name('probe name'), Type.Object({ probe: name('probe name'), ...timing }, closed)], {
  title: 'probe name or { probe: NAME, interval: .. }',
})

const oneOrMore = (title: string, description: string) =>
  Type.Union([name(title), Type.Array(name(title), { maxItems: 64 })], {
    title: `${title} or list of them`,
    description,
  })

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
const inhibition = Type.Object(
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

/** Devices whose series are counted together. */
export const group = Type.Object(
  {
    name: name('group name'),
    devices: Type.Optional(
      Type.Array(name('device name'), { description: 'the devices in it', minItems: 1, maxItems: 1000 }),
    ),
    match: Type.Optional(labels('the labels that all devices in it have, e.g. class: cooling')),
    labels: Type.Optional(labels('more labels of its alerts, e.g. room: main')),
    rules: Type.Record(Type.String(), Type.Unknown(), {
      description: 'rules with when: and count:, by the names of alarms',
      propertyNames: alarmName,
    }),
  },
  { ...closed, title: 'group of devices' },
)

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

const plannedDrill = Type.Object(
  {
    name: name('name of the drill'),
    device: name('device name'),
    aim: Type.String({
      title: 'READING=VALUE',
      minLength: 3,
      maxLength: 500,
      description: 'as room_temperature_celsius=35 °C',
    }),
    every: duration('how often, 1d to 366d'),
    at: Type.String({
      title: 'time of day',
      pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$',
      description: 'when people expect it, as 10:00',
    }),
    for: Type.Optional(duration('how long the value is held at most')),
  },
  closed,
)

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

/** Who may read and operate over HTTP by a token. */
export const operatorList = Type.Array(
  Type.Object(
    {
      name: name('operator name'),
      token: secretSource('the token, as { file: PATH } or { env: NAME }; at least 16 signs without blanks'),
      right: Type.Enum([...rights], {
        title: 'right',
        description: 'operate (default), or read where a web_config asks readers who they are',
        default: 'operate',
      }),
    },
    closed,
  ),
  { description: 'who may acknowledge, drill and reload, by tokens', maxItems: 64, default: [] },
)

/** A site file, given what a device, a credential and a rule under an alarm's name may be. */
export function siteSchema<Device extends TSchema, Credential extends TSchema>(
  device: Device,
  credential: Credential,
  overrideSchema: TSchema,
  derivedItem: TSchema,
) {
  return Type.Object(
    {
      site: name('site name'),
      labels: Type.Optional(labels('more labels of all alerts, e.g. region: north')),
      language: Type.Enum(['en', 'zh'], { title: 'language', description: 'of alert texts: en or zh', default: 'en' }),
      listen: Type.String({
        title: 'listen address',
        pattern: '^(\\[[0-9a-fA-F:.]+\\]|[^\\s:\\[\\]]+):[0-9]{1,5}$',
        description: 'host:port where /metrics is served, as 127.0.0.1:9879',
        default: '127.0.0.1:9879',
      }),
      operators: operatorList,
      service_levels: Type.Object(
        {
          response: duration('until somebody has taken it', { default: '15m' }),
          on_site: duration('until somebody is on site', { default: '1h' }),
          repair: duration('until it is repaired', { default: '2d' }),
          severities: Type.Array(Type.Enum([...severities]), {
            description: 'of which alarms; critical by default',
            maxItems: 2,
            uniqueItems: true,
            default: ['critical'],
          }),
        },
        { ...closed, description: 'how long after an alarm fires each step may take', default: {} },
      ),
      drills: Type.Object(
        {
          receipt: Type.Optional(
            line('an address that answers with the pages that came out at the far end, as http://127.0.0.1:8080/pages'),
          ),
          schedule: Type.Array(plannedDrill, {
            description: 'drills that siteward begins by itself',
            maxItems: 64,
            default: [],
          }),
        },
        { ...closed, description: 'proofs of the path from a reading to the page', default: {} },
      ),
      keep_record: duration('how long the record of alarms and operations is kept', { default: '156w' }),
      web_config: Type.Optional(
        line('a file with TLS and passwords of readers, in the format of exporter-toolkit, relative to this file'),
      ),
      operate_without_tls: Type.Boolean({
        description: 'take tokens from other machines over connections that others can read; false by default',
        default: false,
      }),
      state_directory: Type.Optional(
        line('where the alarm journal is kept; siteward-state beside this file by default'),
      ),
      alertmanagers: Type.Array(Type.String({ title: 'address', description: 'as http://127.0.0.1:9093' }), {
        description: 'every Alertmanager; each is told everything',
        maxItems: 16,
        default: [],
      }),
      resend: duration('how often a firing alert is sent again', { default: '1m' }),
      run_out: duration('how long a firing alert stands when siteward falls silent; at least 4 times resend', {
        default: '2h',
      }),
      watchdog: Type.Union([Type.Literal('off'), Type.String({ title: 'alarm name', ...alarmName })], {
        title: 'alarm name or off',
        description: 'an alert that always fires, so that its end shows that the path to the on-call engineer is dead',
        default: 'SitewardWatchdog',
      }),
      judge: Type.Enum(['siteward', 'prometheus', 'both'], {
        title: 'judge',
        description: 'who judges the readings and tells Alertmanager; the other stands in, or with both is compared',
        default: 'siteward',
      }),
      traps: Type.Optional(
        Type.Object(
          {
            listen: Type.String({
              title: 'listen address',
              pattern: '^(\\[[0-9a-fA-F:.]+\\]|[^\\s:\\[\\]]+):[0-9]{1,5}$',
              description: 'host:port where traps and informs come in, as 0.0.0.0:162',
            }),
            credentials: oneOrMore('credential name', 'whose traps are believed: names under credentials:'),
          },
          { ...closed, description: 'traps that devices send; each is a hint to poll the device at once' },
        ),
      ),
      history_megabytes: Type.Integer({
        description: 'the most memory for the readings of the last 24 hours; at the limit the oldest go first',
        minimum: 1,
        maximum: 65_536,
        default: 128,
      }),
      prometheus: Type.Optional(
        Type.String({ title: 'address', description: 'the Prometheus that scrapes siteward, for backtests' }),
      ),
      parallel_polls: Type.Integer({
        description: 'the most polls in flight at once',
        minimum: 1,
        maximum: 10_000,
        default: 200,
      }),
      probe_directories: Type.Array(line('a folder, relative to this file'), {
        description: 'folders with probes of your own',
        maxItems: 16,
        default: [],
      }),
      defaults: Type.Optional(
        Type.Object(timing, { ...closed, description: 'for every device that says nothing else' }),
      ),
      credentials: Type.Optional(
        Type.Record(Type.String(), credential, {
          description: 'with what to log in, by names that devices use',
          propertyNames: named,
        }),
      ),
      rules: overrides('limits for every device, by the names of alarms', overrideSchema),
      derived: derivedList(derivedItem, 'readings made of others, for every device that has those'),
      groups: Type.Optional(Type.Array(group, { description: 'devices that are counted together', maxItems: 1000 })),
      time_zone: Type.Optional(
        Type.String({
          title: 'time zone',
          description: 'as Asia/Shanghai; that of the system by default',
          maxLength: 64,
        }),
      ),
      quiet: Type.Optional(
        Type.Array(quietTime, { description: 'times in which new alerts are held back', maxItems: 1000 }),
      ),
      inhibit: Type.Optional(
        Type.Array(inhibition, { description: 'alarms that explain others while they fire', maxItems: 1000 }),
      ),
      device_sources: Type.Array(deviceSource, {
        description: 'more devices, from files, tables and service discovery',
        maxItems: 64,
        default: [],
      }),
      devices: Type.Array(device, { description: 'what is watched', maxItems: 20_000, default: [] }),
    },
    {
      ...closed,
      title: 'siteward site',
      description: 'keys that begin with x- are passed over: a place for anchors that devices share',
      patternProperties: { '^x-': {} },
    },
  )
}
