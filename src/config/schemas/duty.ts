import Type from 'typebox'
import { alarmName, closed, labels, line, metricName, name, oneOrMore, text } from './parts.ts'

const month = Type.Integer({ minimum: 1, maximum: 12 })

const dueDay = Type.Union(
  [
    Type.Integer({ minimum: -31, maximum: 31 }),
    Type.String({
      pattern: '^((first|second|third|fourth|fifth|last) )?(monday|tuesday|wednesday|thursday|friday|saturday|sunday)$',
    }),
  ],
  { title: 'day', description: 'a day of the month (-1 is the last), a weekday, or as third tuesday' },
)

const day = (description: string) =>
  Type.String({ title: 'day', pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', description: `${description}, as 2026-03-31` })

const handReading = Type.Object(
  {
    name: Type.Optional(name('name of the reading')),
    device: name('device name'),
    metric: metricName,
    labels: Type.Optional(labels('labels of the reading, e.g. point: roof')),
  },
  { ...closed, title: 'reading by hand', description: 'a value that a person reads and types in' },
)

/** Recurring work that no sensor shows. */
export const duty = Type.Object(
  {
    name: name('name of the duty'),
    title: Type.Optional(text),
    every: Type.Optional(
      Type.String({
        title: 'period',
        pattern: '^(day|week|xun|month|quarter|half_year|year|[1-9][0-9]{0,3}[dw])$',
        description:
          'once within each day, week, xun (ten days), month, quarter, half_year or year; or, as 90d or 2w, so long after it was last done',
      }),
    ),
    on: Type.Optional(
      Type.Union([dueDay, Type.Array(dueDay, { minItems: 1, maxItems: 31 })], {
        title: 'day or list of days',
        description: 'on these days: 1, [1, 15], monday, third tuesday',
      }),
    ),
    months: Type.Optional(
      Type.Array(month, { description: 'in these months only, e.g. [3, 6, 9, 12]', minItems: 1, maxItems: 12 }),
    ),
    moves: Type.Optional(
      Type.Enum(['earlier', 'later'], {
        title: 'earlier or later',
        description: 'to which workday it moves where it falls on a day off (holidays:)',
      }),
    ),
    grace: Type.Optional(
      Type.String({
        title: 'days',
        pattern: '^[0-9]{1,3}d$',
        description: 'how long after it was due it is overdue, as 3d',
      }),
    ),
    from: Type.Optional(day('since when it is owed; since siteward first heard of it where nothing is said')),
    plan: Type.Optional(
      Type.Array(Type.String({ title: 'id in the plan', minLength: 1, maxLength: 64 }), {
        description: 'what of the duty plan it does, e.g. [A6]',
        maxItems: 64,
      }),
    ),
    devices: Type.Optional(oneOrMore('device name', 'what it is done to')),
    readings: Type.Optional(
      Type.Array(handReading, { description: 'values that are read and typed in when it is done', maxItems: 100 }),
    ),
    rules: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'rules on its readings, with when:, by the names of alarms',
        propertyNames: alarmName,
      }),
    ),
  },
  { ...closed, title: 'duty' },
)

/** The duties of a site. */
export const duties = Type.Array(duty, {
  description: 'recurring work that no sensor shows: docs/duties.md',
  maxItems: 1000,
  default: [],
})

const dayOrDays = (description: string) =>
  Type.Optional(
    Type.Array(
      Type.String({
        title: 'day or days',
        pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}(\\.\\.[0-9]{4}-[0-9]{2}-[0-9]{2})?$',
      }),
      { description: `${description}, as 2026-10-01 or 2026-10-01..2026-10-07`, maxItems: 1000 },
    ),
  )

const offDays = { off: dayOrDays('days off'), work: dayOrDays('Saturdays and Sundays on which people work') }

/** The holidays that a site keeps. */
export const siteHolidays = Type.Union(
  [Type.Literal('china'), Type.Object({ calendar: Type.Optional(Type.Literal('china')), ...offDays }, closed)],
  {
    title: 'china, or { calendar: china, off: [..], work: [..] }',
    description: 'days off and exchanged workdays: of duties and of service levels in working time',
  },
)

/** The calendars that ship with siteward: config/holidays.yaml. */
export const holidaysSchema = Type.Object(
  {
    calendars: Type.Record(
      Type.String(),
      Type.Record(Type.String(), Type.Object(offDays, closed), {
        description: 'days off and exchanged workdays, by year',
        propertyNames: { pattern: '^[0-9]{4}$', description: 'a year, in quotes' },
      }),
      { description: 'calendars by name', propertyNames: { pattern: '^[a-z]+$', description: 'small letters' } },
    ),
  },
  { ...closed, title: 'siteward holidays' },
)

const planNeed = {
  readings: Type.Optional(
    Type.Array(metricName, {
      description: 'metrics by which it is seen; each that no device reads is missing',
      minItems: 1,
      maxItems: 32,
    }),
  ),
  alarms: Type.Optional(
    Type.Array(Type.String({ title: 'alarm name', ...alarmName }), {
      description: 'alarms that some device must have',
      minItems: 1,
      maxItems: 32,
    }),
  ),
  duty: Type.Optional(
    Type.String({
      title: 'period',
      pattern: '^(day|week|xun|month|quarter|half_year|year|[1-9][0-9]{0,3}d)$',
      description: 'a duty of the site must name it in plan:, at least so often; as month, or 3d',
    }),
  ),
  drill: Type.Optional(Type.Boolean({ description: 'a scheduled drill must prove it' })),
  report: Type.Optional(
    Type.Enum(['week', 'month', 'quarter', 'year'], {
      title: 'period',
      description: 'a scheduled report of this period',
    }),
  ),
  ledger: Type.Optional(Type.Boolean({ description: 'the ledger must have assets' })),
  siteward: Type.Optional(line('how siteward itself does it, without anything in the site file')),
  out_of_scope: Type.Optional(line('why siteward cannot see it: work of people alone')),
}

/** What a site owes by contract: config/duties.yaml is that of the first. */
export const planSchema = Type.Object(
  {
    plan: line('the name of the plan, for people'),
    items: Type.Array(
      Type.Object(
        {
          id: Type.String({
            title: 'id in the plan',
            pattern: '^[A-Za-z0-9._-]{1,64}$',
            description: 'letters, digits and . _ -',
          }),
          section: Type.Optional(line('where it stands in the contract')),
          en: line('in English'),
          zh: line('in Chinese, as the contract has it'),
          ...planNeed,
        },
        { ...closed, title: 'item of a duty plan' },
      ),
      { description: 'everything that is owed', maxItems: 2000 },
    ),
  },
  { ...closed, title: 'siteward duty plan' },
)
