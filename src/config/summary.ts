import type { Metric, Text } from '../model/metric.ts'
import type { Rule } from '../model/rule.ts'

/** What stands for a value in a summary, beside the labels of the series. */
export const generalPlaceholders: readonly string[] = [
  'value',
  'limit',
  'place',
  'alarm',
  'device',
  'site',
  'since',
  'duration',
]

/** The text of an alarm whose rule has none: `{device}: room temperature is {value}, allowed: {limit}`. */
export function defaultSummary({ metric, measure, condition }: Pick<Rule, 'metric' | 'measure' | 'condition'>): Text {
  // A count is of the device, not of one series.
  const labels = measure?.kind === 'count' ? '' : metric.labels.map((label) => `{${label}}`).join(' ')
  const { en, zh } = condition.kind === 'stale' || condition.kind === 'absent' ? missing : wrong
  return {
    en: `{device}: ${metric.text.en}${labels === '' ? '' : ` ${labels}`} ${measure === undefined ? en : measured.en}`,
    zh: `{device}：${metric.text.zh}${labels === '' ? '' : ` ${labels} `}${measure === undefined ? zh : measured.zh}`,
  }
}

const measured: Text = { en: '{value}, allowed: {limit}', zh: '{value}，允许：{limit}' }
const wrong: Text = { en: 'is {value}, allowed: {limit}', zh: '为 {value}，允许：{limit}' }
const missing: Text = { en: 'is not read any more, expected: {limit}', zh: '没有读数，应为：{limit}' }

/** The placeholders of a summary that nothing will fill. */
export function unknownPlaceholders(summary: Text, metric: Metric): readonly string[] {
  const known = knownPlaceholders(metric)
  return placeholdersIn(summary).filter((name) => !known.includes(name))
}

/** The placeholders of a text, each once. */
export function placeholdersIn({ en, zh }: Text): readonly string[] {
  return [...new Set([...`${en} ${zh}`.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1] ?? ''))]
}

/** All placeholders that a summary of a rule on this metric may have. */
export function knownPlaceholders(metric: Metric): readonly string[] {
  return [...generalPlaceholders, ...metric.labels]
}
