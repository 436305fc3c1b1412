import { lastKnown } from '../model/alarm.ts'
import type { Milliseconds } from '../model/clock.ts'
import { formatDuration } from '../model/duration.ts'
import type { Labels } from '../model/labels.ts'
import { type Language, type Metric, stateName, type Text } from '../model/metric.ts'
import { type Condition, judgedUnit, type Limit, type Measure, type Reference, type Rule } from '../model/rule.ts'
import { localTime } from '../model/time-zone.ts'
import { formatValue } from '../model/unit.ts'
import type { Bounds } from './breach.ts'
import type { Cell } from './cell.ts'

/** A reading's value in words of one language: `29.1 °C`, `on battery`, `电池供电`. */
export function valueText(metric: Metric, value: number, language: Language): string {
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

/** What a rule judges where it is not the value itself: `change in 10m`, `distance from the median`; else undefined. */
export function measureText({ metric, measure }: Pick<Rule, 'metric' | 'measure'>): string | undefined {
  switch (measure?.kind) {
    case 'rate':
    case 'change':
    case 'changes':
      return `${measure.kind} in ${formatDuration(measure.over)}`
    case 'forecast':
      return `forecast for ${formatDuration(measure.ahead)}`
    case 'spread':
      return `distance from the ${references[measure.from].en}`
    case 'count':
      return `count of ${countedText(metric, measure.of, 'en')}`
    case undefined:
      return undefined
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

/** For whom and when an alert's texts are made. */
export interface Telling {
  /** The language of the annotations that stand once. */
  readonly language: Language
  timeZone(): string
  /** Wall clock. */
  readonly now: Milliseconds
}

/**
 * What Alertmanager shows beside an alert, made at each sending: summary, check and description in both languages, and in
 * the site's own under the plain name. docs/alerts.md tells what each is.
 */
export function annotations(cell: Cell, bounds: Bounds, telling: Telling): Labels {
  const { rule } = cell
  const { language } = telling
  const both = (name: string, text: (one: Language) => string | undefined): Labels => {
    const [own, en, zh] = [text(language), text('en'), text('zh')]
    if (own === undefined || en === undefined || zh === undefined) return {}
    return { [name]: own, [`${name}_en`]: en, [`${name}_zh`]: zh }
  }
  const place = placeOf(cell.labels)
  return {
    ...both('summary', (one) => summary(cell, bounds, { ...telling, language: one })),
    ...both('check', (one) => checkText(cell, bounds, { ...telling, language: one })),
    ...both('description', (one) => description(cell, bounds, { ...telling, language: one })),
    value: judgedText(rule, cell.value, language),
    limit: limitText(rule, bounds, language),
    since: sinceText(cell),
    duration: durationText(cell, telling),
    ...(place === '' ? {} : { place }),
    ...(rule.runbook === undefined ? {} : { runbook_url: fill(rule.runbook, wordsOf(cell, bounds, telling)) }),
  }
}

/** The rule's summary with its placeholders filled in. */
export function summary(cell: Cell, bounds: Bounds, telling: Telling): string {
  return fill(cell.rule.summary[telling.language], wordsOf(cell, bounds, telling))
}

function checkText({ rule, ...cell }: Cell, bounds: Bounds, telling: Telling): string | undefined {
  return rule.check === undefined
    ? undefined
    : fill(rule.check[telling.language], wordsOf({ rule, ...cell }, bounds, telling))
}

/** All there is to say in a few lines, for a mail or a chat: what, where, since when and how long, and what to check. */
function description(cell: Cell, bounds: Bounds, telling: Telling): string {
  const zh = telling.language === 'zh'
  const { rule, labels } = cell
  const place = placeOf(labels)
  const check = checkText(cell, bounds, telling)
  const line = (en: string, chinese: string, text: string): string => (zh ? `${chinese}：${text}` : `${en}: ${text}`)
  return [
    summary(cell, bounds, telling),
    line('Value', '当前值', judgedText(rule, cell.value, telling.language)),
    line('Limit', '限值', limitText(rule, bounds, telling.language)),
    ...(place === '' ? [] : [line('Place', '位置', place)]),
    ...(sinceText(cell) === '' ? [] : [line('Since', '开始时间', sinceLine(cell, telling))]),
    ...(check === undefined ? [] : [line('Check first', '首先检查', check)]),
  ].join('\n')
}

function sinceLine(cell: Cell, telling: Telling): string {
  const local = localTime(activeAt(cell) ?? telling.now, telling.timeZone())
  const duration = durationText(cell, telling)
  return telling.language === 'zh' ? `${local}（已持续 ${duration}）` : `${local} (for ${duration})`
}

function wordsOf(cell: Cell, bounds: Bounds, telling: Telling): Labels {
  const { rule, labels } = cell
  return {
    ...labels,
    alarm: rule.alarm,
    value: judgedText(rule, cell.value, telling.language),
    limit: limitText(rule, bounds, telling.language),
    place: placeOf(labels),
    since: sinceText(cell),
    duration: durationText(cell, telling),
  }
}

/** A placeholder of which nothing is known, such as a label that this series has not, leaves nothing behind. */
function fill(text: string, words: Labels): string {
  const filled = text.replace(/\{([a-zA-Z_][a-zA-Z0-9_]*)\}/g, (_, name: string) => words[name] ?? '')
  return filled.replace(/ {2,}/g, ' ').trim()
}

/** Labels that tell where a device stands, from the large to the small. */
const placeLabels = ['building', 'floor', 'room', 'row', 'rack', 'place']

/** Where a device stands, by its labels: `main, cold aisle`; empty where they do not say. */
export function placeOf(labels: Labels): string {
  return placeLabels.flatMap((name) => labels[name] ?? []).join(', ')
}

function activeAt({ alarm }: Cell): Milliseconds | undefined {
  const known = lastKnown(alarm)
  return known.state === 'inactive' ? undefined : known.activeAt.wall
}

/** When the rule was first broken, as ISO 8601; empty while it is not. */
function sinceText(cell: Cell): string {
  const since = activeAt(cell)
  return since === undefined ? '' : new Date(since).toISOString()
}

const parts: readonly (readonly [Milliseconds, string, string])[] = [
  [86_400_000, 'd', ' 天'],
  [3_600_000, 'h', ' 小时'],
  [60_000, 'm', ' 分钟'],
  [1000, 's', ' 秒'],
]

/** How long the rule has been broken, in its two largest parts: `12m`, `1h 5m`, `2 天 3 小时`. */
function durationText(cell: Cell, { language, now }: Telling): string {
  const since = activeAt(cell)
  if (since === undefined) return ''
  let left = Math.max(0, now - since)
  const first = parts.findIndex(([size]) => left >= size)
  const shown = parts.slice(first, first < 0 ? undefined : first + 2).flatMap(([size, en, zh]) => {
    const count = Math.floor(left / size)
    left -= count * size
    return count === 0 ? [] : `${count}${language === 'zh' ? zh : en}`
  })
  return shown.length === 0 ? (language === 'zh' ? '0 秒' : '0s') : shown.join(' ')
}
