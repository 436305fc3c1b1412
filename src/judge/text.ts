import { lastKnown } from '../model/alarm.ts'
import { formatDuration } from '../model/duration.ts'
import type { Labels } from '../model/labels.ts'
import { type Language, type Metric, stateName } from '../model/metric.ts'
import type { Condition, Limit } from '../model/rule.ts'
import { formatValue } from '../model/unit.ts'
import type { Bounds } from './breach.ts'
import type { Cell } from './cell.ts'

/** A reading's value in words of one language: `29.1 °C`, `on battery`, `电池供电`. */
function valueText(metric: Metric, value: number, language: Language): string {
  if (Number.isNaN(value)) return language === 'zh' ? '无读数' : 'no reading'
  if (metric.kind !== 'state') return formatValue(value, metric.unit)
  const name = stateName(metric, value)
  return metric.stateTexts[name]?.[language] ?? name
}

/** What a condition allows: `20 °C to 28 °C`, `at most 85 %`, `not failed`. */
export function limitText(metric: Metric, condition: Condition, bounds: Bounds, language: Language): string {
  const zh = language === 'zh'
  const number = (limit: Limit, bound: number): string =>
    limit.kind === 'metric' && Number.isNaN(bound) ? limit.metric : formatValue(bound, metric.unit)
  switch (condition.kind) {
    case 'within':
      return `${number(condition.low, bounds.low)} ${zh ? '至' : 'to'} ${number(condition.high, bounds.high)}`
    case 'above':
      return `${zh ? '不高于' : 'at most'} ${number(condition.limit, bounds.high)}`
    case 'below':
      return `${zh ? '不低于' : 'at least'} ${number(condition.limit, bounds.low)}`
    case 'is':
      return `${zh ? '非' : 'not'} ${states(metric, condition.states, language)}`
    case 'not':
      return states(metric, condition.states, language)
    case 'stale':
    case 'absent':
      return `${zh ? '读数间隔不超过' : 'a reading every'} ${formatDuration(condition.after)}`
  }
}

function states(metric: Metric, indexes: ReadonlySet<number>, language: Language): string {
  const names = [...indexes].map((index) => valueText(metric, index, language))
  return names.join(language === 'zh' ? '、' : ' or ')
}

/** What Alertmanager shows beside an alert, in both languages; `summary` is in the site's own. */
export function annotations(cell: Cell, bounds: Bounds, language: Language): Labels {
  const { rule } = cell
  const said = { en: summary(cell, bounds, 'en'), zh: summary(cell, bounds, 'zh') }
  return {
    summary: said[language],
    summary_en: said.en,
    summary_zh: said.zh,
    value: valueText(rule.metric, cell.value, language),
    limit: limitText(rule.metric, rule.condition, bounds, language),
    since: sinceText(cell),
    ...(rule.runbook === undefined ? {} : { runbook_url: rule.runbook }),
  }
}

/**
 * The rule's summary with {value}, {limit}, {device}, {since} and the labels filled in. A label that this series has not
 * leaves nothing behind.
 */
export function summary(cell: Cell, bounds: Bounds, language: Language): string {
  const { rule, labels } = cell
  const words: Labels = {
    ...labels,
    value: valueText(rule.metric, cell.value, language),
    limit: limitText(rule.metric, rule.condition, bounds, language),
    since: sinceText(cell),
  }
  const filled = rule.summary[language].replace(/\{([a-zA-Z_][a-zA-Z0-9_]*)\}/g, (_, name: string) => words[name] ?? '')
  return filled.replace(/ {2,}/g, ' ').trim()
}

/** When the rule was first broken, as ISO 8601; empty while it is not. */
function sinceText({ alarm }: Cell): string {
  const known = lastKnown(alarm)
  return known.state === 'inactive' ? '' : new Date(known.activeAt.wall).toISOString()
}
