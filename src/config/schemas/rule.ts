import Type, { type TSchema } from 'typebox'
import { references, severities } from '../../model/rule.ts'
import {
  alarmName,
  closed,
  duration,
  labelName,
  labels,
  limit,
  line,
  metricName,
  quantity,
  stateList,
  text,
} from './parts.ts'

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

export const overrides = (description: string, value: TSchema) =>
  Type.Optional(Type.Record(Type.String(), value, { description, propertyNames: alarmName }))

/** A file of rules for every device, as config/rules.yaml. */
export function rulesSchema<Rule extends TSchema>(ruleSchema: Rule) {
  return Type.Object(
    {
      rules: Type.Array(ruleSchema, { description: 'rules that hold for every device', maxItems: 500 }),
      siteward: Type.Array(ruleSchema, { description: 'rules on siteward itself', maxItems: 100, default: [] }),
      assets: Type.Array(ruleSchema, {
        description: 'rules on what the ledger knows, for devices of which it knows it',
        maxItems: 100,
        default: [],
      }),
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
