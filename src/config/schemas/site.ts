import Type, { type TSchema } from 'typebox'
import { rights } from '../../model/access.ts'
import { severities } from '../../model/rule.ts'
import { secretSource } from '../../model/secret-schema.ts'
import { ledgerTables } from './asset.ts'
import { derivedList } from './derived.ts'
import { deviceSource, timing } from './device.ts'
import { duties, siteHolidays } from './duty.ts'
import { inhibition, quietTime } from './holds.ts'
import { alarmName, closed, duration, labels, line, name, named, oneOrMore } from './parts.ts'
import { siteReports } from './report.ts'
import { overrides } from './rule.ts'

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

const alertmanagerAddress = Type.String({ title: 'address', description: 'as http://127.0.0.1:9093' })

/** An Alertmanager that asks for a password. */
export const alertmanager = Type.Object(
  {
    url: alertmanagerAddress,
    user: Type.String({ title: 'user name', pattern: '^[^:\\s]{1,100}$', description: 'who siteward is there' }),
    password: secretSource('the password of its basic_auth_users'),
  },
  { ...closed, title: 'Alertmanager with a password' },
)

/** Who may read and operate over HTTP by a token. */
export const operatorList = Type.Array(
  Type.Object(
    {
      name: name('operator name'),
      token: secretSource(
        'the token, as { file: PATH }, { credential: NAME } or { env: NAME }; at least 16 signs without blanks',
      ),
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

/** Who is sent readings by OTLP over HTTP. */
export const otlpTargets = Type.Array(
  Type.Object(
    {
      url: Type.String({ title: 'address', description: 'as http://127.0.0.1:9090/api/v1/otlp/v1/metrics' }),
      interval: duration('how often', { default: '1m' }),
      headers: Type.Record(Type.String({ maxLength: 100 }), secretSource('the value of a header'), {
        description: 'headers that the receiver asks for, as Authorization',
        propertyNames: { pattern: '^[A-Za-z0-9-]{1,100}$', description: 'as Authorization or X-Scope-OrgID' },
        default: {},
      }),
    },
    closed,
  ),
  { description: 'receivers of OpenTelemetry (OTLP/HTTP), to which readings are sent', maxItems: 8, default: [] },
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
          working_hours: Type.Array(
            Type.String({
              title: 'times of day',
              pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]\\.\\.([01][0-9]|2[0-3]):[0-5][0-9]$',
              description: 'as 08:00..12:00',
            }),
            { description: 'when people work on a workday (holidays:)', maxItems: 4, default: ['08:00..17:30'] },
          ),
          in_working_time: Type.Array(Type.Enum(['on_site', 'repair'], { title: 'step' }), {
            description: 'steps whose clocks stand still outside working hours; none by default',
            maxItems: 2,
            uniqueItems: true,
            default: [],
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
      roll_ups: Type.Object(
        {
          hours: duration('how long the figures of each hour are kept', { default: '13w' }),
          days: duration('how long the figures of each day are kept', { default: '160w' }),
          months: duration('how long the figures of each month and xun (ten days) are kept', { default: '520w' }),
          megabytes: Type.Integer({
            description: 'the most that all of it may take of the disk; at the limit the oldest hours go first',
            minimum: 16,
            maximum: 1_048_576,
            default: 1024,
          }),
        },
        { ...closed, description: 'figures of each reading by hour, day, xun and month, for reports', default: {} },
      ),
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
      alertmanagers: Type.Array(Type.Union([alertmanagerAddress, alertmanager], { title: 'Alertmanager' }), {
        description: 'every Alertmanager, by its address, or with user and password; each is told everything',
        maxItems: 16,
        default: [],
      }),
      sitewards: Type.Array(Type.String({ title: 'address', description: 'as https://monitor-1:9879' }), {
        description: 'where the sitewards listen that watch this site, each of them: commands (quiet, ack) go to all',
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
      ledger: ledgerTables,
      duties,
      duty_plan: Type.Optional(
        line('what the site owes, as config/duties.yaml: siteward coverage holds the site against it'),
      ),
      holidays: Type.Optional(siteHolidays),
      reports: Type.Optional(siteReports),
      device_sources: Type.Array(deviceSource, {
        description: 'more devices, from files, tables and service discovery',
        maxItems: 64,
        default: [],
      }),
      otlp: otlpTargets,
      textfile: Type.Optional(
        Type.Object(
          {
            path: line('as /var/lib/prometheus/node-exporter/siteward.prom'),
            interval: duration('how often it is written', { default: '1m' }),
          },
          { ...closed, description: "a file for the textfile collector of Prometheus' node_exporter" },
        ),
      ),
      probing: Type.Optional(
        Type.Object(
          {
            targets: Type.Array(
              Type.String({
                title: 'range of IPv4 addresses',
                pattern: '^[0-9.]{7,15}(/[0-9]{1,2})?$',
                description: 'as 10.1.0.0/24',
              }),
              { description: 'what may be asked; nothing else is', minItems: 1, maxItems: 256 },
            ),
            probes: Type.Array(name('probe name'), {
              description: 'the probes that may be asked for',
              minItems: 1,
              maxItems: 256,
            }),
            credentials: Type.Array(name('credential name'), {
              description: 'the credentials that may be asked for: names under credentials:',
              maxItems: 256,
              default: [],
            }),
            parallel: Type.Integer({
              description: 'the most targets that are asked at once',
              minimum: 1,
              maximum: 200,
              default: 20,
            }),
          },
          { ...closed, description: 'what /probe?target=&probe=&credentials= answers; without it, nothing' },
        ),
      ),
      reload_on_change: Type.Boolean({
        description: 'read the site again by itself when one of its files has changed; lists of file_sd always are',
        default: false,
      }),
      discovery_ranges: Type.Array(
        Type.String({
          title: 'range of IPv4 addresses',
          pattern: '^[0-9.]{7,15}(/[0-9]{1,2})?$',
          description: 'as 10.1.0.0/24',
        }),
        { description: 'where siteward discover may look for devices', maxItems: 256, default: [] },
      ),
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
