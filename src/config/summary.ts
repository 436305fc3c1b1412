import type { Metric, Text } from '../model/metric.ts'
import type { Condition } from '../model/rule.ts'

/** What stands for a value in a summary, beside the labels of the series. */
const placeholders: readonly string[] = ['value', 'limit', 'device', 'site', 'since']

/** The text of an alarm whose rule has none: `{device}: room temperature is {value}, outside {limit}`. */
export function defaultSummary(metric: Metric, condition: Condition): Text {
  const labels = metric.labels.map((label) => `{${label}}`).join(' ')
  const { en, zh } = verbs[condition.kind]
  return {
    en: `{device}: ${metric.text.en}${labels === '' ? '' : ` (${labels})`} ${en}`,
    zh: `{device}：${metric.text.zh}${labels === '' ? '' : `（${labels}）`}${zh}`,
  }
}

const verbs: Readonly<Record<Condition['kind'], Text>> = {
  within: { en: 'is {value}, outside {limit}', zh: '为 {value}，超出 {limit}' },
  above: { en: 'is {value}, above {limit}', zh: '为 {value}，高于 {limit}' },
  below: { en: 'is {value}, below {limit}', zh: '为 {value}，低于 {limit}' },
  is: { en: 'is {value}', zh: '为“{value}”' },
  not: { en: 'is {value}', zh: '为“{value}”' },
  stale: { en: 'has had no new reading for {limit}', zh: '已 {limit} 没有新读数' },
  absent: { en: 'has not been read for {limit}', zh: '已 {limit} 未读到' },
}

/** The placeholders of a summary that nothing will fill. */
export function unknownPlaceholders(summary: Text, metric: Metric): readonly string[] {
  const known = knownPlaceholders(metric)
  const used = [...`${summary.en} ${summary.zh}`.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1] ?? '')
  return [...new Set(used)].filter((name) => !known.includes(name))
}

/** All placeholders that a summary of a rule on this metric may have. */
export function knownPlaceholders(metric: Metric): readonly string[] {
  return [...placeholders, ...metric.labels]
}
