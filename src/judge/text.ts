import { lastKnown } from '../model/alarm.ts'
import { formatDuration } from '../model/duration.ts'
import type { Labels } from '../model/labels.ts'
import { type Language, type Metric, stateName, type Text } from '../model/metric.ts'
import { type Condition, judgedUnit, type Limit, type Measure, type Reference, type Rule } from '../model/rule.ts'
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

/** The number that a rule judges in words of one language: `29.1 °C`, `6 °C in 10m`, `2 ok`. */
function judgedText({ metric, measure }: Rule, value: number, language: Language): string {
  if (measure === undefined || Number.isNaN(value)) return valueText(metric, value, language)
  const number = measuredText(metric, measure, value)
  const zh = language === 'zh'
  switch (measure.kind) {
    case 'rate':
      return number
    case 'change':
      return `${zh ? `${formatDuration(measure.over)} 内变化 ` : ''}${number}${zh ? '' : ` in ${formatDuration(measure.over)}`}`
    case 'changes':
      return zh
        ? `${formatDuration(measure.over)} 内变化 ${number} 次`
        : `${number} changes in ${formatDuration(measure.over)}`
    case 'forecast':
      return zh
        ? `${formatDuration(measure.ahead)} 后预计 ${number}`
        : `${number} expected in ${formatDuration(measure.ahead)}`
    case 'spread':
      return zh ? `与${references[measure.from].zh}相差 ${number}` : `${number} from the ${references[measure.from].en}`
    case 'count':
      return zh
        ? `${number} 个${countedText(metric, measure.of, 'zh')}`
        : `${number} ${countedText(metric, measure.of, 'en')}`
  }
}

/** A measured number with its unit; a limit of it reads the same way. */
function measuredText(metric: Metric, measure: Measure, value: number): string {
  const unit = judgedUnit({ metric, measure })
  const text = formatValue(value, unit)
  if (measure.kind === 'rate') return unit === metric.unit ? `${text}/s` : text
  return measure.kind === 'change' && value > 0 ? `+${text}` : text
}

const references: Readonly<Record<Reference, Text>> = {
  median: { en: 'median', zh: '中位数' },
  mean: { en: 'mean', zh: '平均值' },
  lowest: { en: 'lowest', zh: '最低值' },
  highest: { en: 'highest', zh: '最高值' },
}

/** What is counted: `ok`, `not running`, `above 5 %`. */
function countedText(metric: Metric, of: Condition, language: Language): string {
  const zh = language === 'zh'
  const number = (one: Limit): string => (one.kind === 'fixed' ? formatValue(one.value, metric.unit) : one.metric)
  switch (of.kind) {
    case 'is':
      return states(metric, of.states, language)
    case 'not':
      return `${zh ? '非' : 'not '}${states(metric, of.states, language)}`
    case 'above':
      return `${zh ? '高于 ' : 'above '}${number(of.limit)}`
    case 'below':
      return `${zh ? '低于 ' : 'below '}${number(of.limit)}`
    case 'within':
      return `${zh ? '超出 ' : 'outside of '}${number(of.low)} ${zh ? '至' : 'to'} ${number(of.high)}`
    case 'stale':
    case 'absent':
      return ''
  }
}

/** What a rule allows: `20 °C to 28 °C`, `at most 85 %`, `not failed`, `at most +5 °C`. */
export function limitText({ metric, measure, condition }: Rule, bounds: Bounds, language: Language): string {
  const zh = language === 'zh'
  const number = (limit: Limit, bound: number): string => {
    if (limit.kind === 'metric' && Number.isNaN(bound)) return limit.metric
    return measure === undefined ? formatValue(bound, metric.unit) : measuredText(metric, measure, bound)
  }
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
    value: judgedText(rule, cell.value, language),
    limit: limitText(rule, bounds, language),
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
    value: judgedText(rule, cell.value, language),
    limit: limitText(rule, bounds, language),
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
