import { boundsOf } from '../judge/breach.ts'
import { limitText } from '../judge/text.ts'
import type { Labels } from '../model/labels.ts'
import type { Language, Metric } from '../model/metric.ts'
import { judgedUnit, type Rule } from '../model/rule.ts'
import { units } from '../model/unit.ts'

/**
 * A rule's texts as templates of Prometheus: https://prometheus.io/docs/prometheus/latest/configuration/template_reference/
 * Since when it is so Prometheus does not tell its templates.
 */
export function annotationsOf(rule: Rule, language: Language): Labels {
  const said = { en: summaryOf(rule, 'en'), zh: summaryOf(rule, 'zh') }
  return {
    summary: said[language],
    summary_en: said.en,
    summary_zh: said.zh,
    value: valueText(rule, language),
    limit: literal(limitOf(rule, language)),
    ...checkOf(rule, language),
    ...(rule.runbook === undefined ? {} : { runbook_url: literal(rule.runbook) }),
  }
}

function checkOf(rule: Rule, language: Language): Labels {
  const { check } = rule
  if (check === undefined) return {}
  const said = { en: filled(check.en, rule, 'en'), zh: filled(check.zh, rule, 'zh') }
  return { check: said[language], check_en: said.en, check_zh: said.zh }
}

function summaryOf(rule: Rule, language: Language): string {
  return filled(rule.summary[language], rule, language)
}

function filled(text: string, rule: Rule, language: Language): string {
  const words: Readonly<Record<string, string>> = {
    value: valueText(rule, language),
    limit: literal(limitOf(rule, language)),
    since: '',
    duration: '',
    place: '',
    alarm: literal(rule.alarm),
  }
  const parts = text.split(/\{([a-zA-Z_][a-zA-Z0-9_]*)\}/)
  const said = parts.map((part, i) => (i % 2 === 0 ? literal(part) : (words[part] ?? `{{ $labels.${part} }}`)))
  return said.join('').replace(/ {2,}/g, ' ').trim()
}

function limitOf(rule: Rule, language: Language): string {
  return limitText(
    rule,
    boundsOf(rule.condition, () => Number.NaN),
    language,
  )
}

function valueText(rule: Rule, language: Language): string {
  const { metric, measure, condition } = rule
  if (condition.kind === 'stale' || condition.kind === 'absent') return language === 'zh' ? '无读数' : 'no reading'
  if (metric.kind === 'state' && measure === undefined) return literal(statesOf(metric, condition, language))
  const unit = judgedUnit(rule)
  switch (unit) {
    case 'ratio':
      return '{{ $value | humanizePercentage }}'
    case 'bytes':
      return '{{ $value | humanize1024 }}B'
    case 'seconds':
      return '{{ $value | humanizeDuration }}'
    case 'timestamp':
      return '{{ $value | humanizeTimestamp }}'
    default:
      return `{{ printf "%.4g" $value }} ${literal(units[unit].sign)}`.trim()
  }
}

/** Prometheus has the state in a label that the alert has not: what the rule calls bad is told. */
function statesOf(metric: Metric, condition: Rule['condition'], language: Language): string {
  if (metric.kind !== 'state' || !('states' in condition)) return ''
  const isNamed = condition.kind === 'is'
  const bad = metric.states.filter((_, index) => condition.states.has(index) === isNamed)
  return bad.map((state) => metric.stateTexts[state]?.[language] ?? state).join(language === 'zh' ? '或' : ' or ')
}

/** A text that no template reads as more. */
export function literal(text: string): string {
  return text.replaceAll('{{', '{{ "{{" }}')
}
