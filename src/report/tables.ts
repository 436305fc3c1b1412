import { recurrenceText } from '../duties/texts.ts'
import { assetFields } from '../model/asset.ts'
import type { Milliseconds } from '../model/clock.ts'
import { classTexts } from '../model/device-class.ts'
import { formatDuration } from '../model/duration.ts'
import { type Language, stateName } from '../model/metric.ts'
import { judgedUnit, type Limit, type Rule } from '../model/rule.ts'
import { localTime } from '../model/time-zone.ts'
import { formatValue, type Unit } from '../model/unit.ts'
import { whereText } from '../record/listing.ts'
import type { Check, Verdict } from './checks.ts'
import type { DevicePart, Report } from './content.ts'
import type { ServedEpisode } from './service.ts'
import { endingTexts, stateTexts, stepTexts, verdictTexts, type Word, wordsOf } from './words.ts'

/** One cell: a text, with what it says of how things stand. */
export interface Cell {
  readonly text: string
  readonly verdict?: Verdict
}

/** A table as it is printed and as it stands in a workbook. */
export interface Table {
  readonly heads: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

const minute: Milliseconds = 60_000

function table(language: Language, heads: readonly Word[], rows: readonly (readonly (string | Cell)[])[]): Table {
  const word = wordsOf(language)
  return {
    heads: heads.map(word),
    rows: rows.map((row) => row.map((cell) => (typeof cell === 'string' ? { text: cell } : cell))),
  }
}

export function verdictCell(verdict: Verdict, language: Language): Cell {
  return { text: verdictTexts[verdict][language], verdict }
}

/** How many devices of each class came to what. */
export function summaryTable({ devices, input: { language } }: Report): Table {
  const verdicts: readonly Verdict[] = ['normal', 'partly', 'abnormal', 'unchecked', 'recorded']
  const classes = [...new Set(devices.map((part) => part.class))]
  const rows = classes.map((name) => {
    const own = devices.filter((part) => part.class === name)
    return [
      className(name, language),
      String(own.length),
      ...verdicts.map((verdict): Cell => {
        const count = own.filter((part) => part.verdict === verdict).length
        return count === 0 ? { text: '0' } : { text: String(count), verdict }
      }),
      percent(mean(own.flatMap(({ availability }) => availability?.up ?? []))),
    ]
  })
  const { heads, rows: cells } = table(language, ['class', 'devices', 'availability'], rows)
  const [first = '', second = '', last = ''] = heads
  return { heads: [first, second, ...verdicts.map((one) => verdictTexts[one][language]), last], rows: cells }
}

/** What a class is called. */
export function className(name: string, language: Language): string {
  return classTexts[name]?.[language] ?? name
}

const checkHeads = [
  'reading',
  'where',
  'result',
  'limits',
  'low',
  'average',
  'high',
  'outside',
  'checked',
  'alarms',
] as const

/** The checks of a device. */
export function checkTable(checks: readonly Check[], language: Language): Table {
  return table(
    language,
    checkHeads,
    checks.map((check) => [check.metric.text[language], whereText(check.labels), ...figureCells(check, language)]),
  )
}

function figureCells(check: Check, language: Language): readonly (string | Cell)[] {
  const { metric, verdict, growth, outside, checked, alarms } = check
  const word = wordsOf(language)
  const average = Number.isNaN(growth)
    ? number(check.average, metric.unit)
    : `${word('grew')} ${number(growth, metric.unit)}`
  return [
    verdictCell(verdict, language),
    limitText(check, language),
    number(check.low, metric.unit),
    average,
    number(check.high, metric.unit),
    outside === 0 ? '' : lengthText(outside),
    verdict === 'unchecked' ? { text: percent(0), verdict } : percent(checked),
    alarms === 0 ? '' : String(alarms),
  ]
}

/** More readings of one kind than this stand in one row, with those beside it that are not well. */
const mostAlike = 6
const mostSingled = 12

/** The checks of a device as they are printed: the many ports of a switch that are well are one row. */
export function printedChecks(checks: readonly Check[], language: Language): Table {
  const word = wordsOf(language)
  const groups = new Map<string, Check[]>()
  for (const check of checks) {
    const known = groups.get(check.metric.name)
    if (known === undefined) groups.set(check.metric.name, [check])
    else known.push(check)
  }
  const rows = [...groups.values()].flatMap((all): readonly (readonly (string | Cell)[])[] => {
    const plain = (check: Check): readonly (string | Cell)[] => [
      check.metric.text[language],
      whereText(check.labels),
      ...figureCells(check, language),
    ]
    const [first] = all
    if (first === undefined || all.length <= mostAlike) return all.map(plain)
    const odd = all.filter(({ verdict }) => verdict === 'abnormal' || verdict === 'unchecked')
    const well = all.filter((one) => !odd.includes(one))
    const shown = odd.slice(0, mostSingled)
    const rest = odd.length - shown.length
    const restRow: readonly (string | Cell)[] = [
      first.metric.text[language],
      `${rest} ${word('more')}`,
      verdictCell('abnormal', language),
    ]
    return [
      ...(well.length === 0
        ? []
        : [
            [first.metric.text[language], `${well.length} ${word('series')}`, ...figureCells(together(well), language)],
          ]),
      ...shown.map(plain),
      ...(rest > 0 ? [restRow] : []),
    ]
  })
  return table(language, checkHeads, rows)
}

/** Several like readings as one: the lowest, the highest, the mean of the averages; the worst result. */
function together(all: readonly Check[]): Check {
  const [first] = all
  if (first === undefined) throw new RangeError('of nothing there is no check')
  const order: readonly Verdict[] = ['abnormal', 'unchecked', 'partly', 'normal', 'recorded']
  const known = (of: (check: Check) => number): readonly number[] => all.map(of).filter((value) => !Number.isNaN(value))
  const [lows, highs] = [known(({ low }) => low), known(({ high }) => high)]
  const growths = known(({ growth }) => growth)
  return {
    ...first,
    labels: {},
    verdict: order.find((verdict) => all.some((one) => one.verdict === verdict)) ?? 'unchecked',
    low: lows.length === 0 ? Number.NaN : Math.min(...lows),
    average: mean(known(({ average }) => average)),
    high: highs.length === 0 ? Number.NaN : Math.max(...highs),
    growth: growths.length === 0 ? Number.NaN : growths.reduce((sum, value) => sum + value, 0),
    outside: Math.max(...all.map(({ outside }) => outside)),
    checked: mean(all.map(({ checked }) => checked)),
    alarms: all.reduce((sum, { alarms }) => sum + alarms, 0),
  }
}

/** One line about a device: how it answered, how many alarms it had. */
export function deviceFacts({ availability, alarms }: DevicePart, language: Language): readonly string[] {
  const word = wordsOf(language)
  const up =
    availability === undefined
      ? []
      : [
          `${word('availability')}: ${Number.isNaN(availability.up) ? verdictTexts.unchecked[language] : percent(availability.up)} (${word('checked')} ${percent(availability.checked)})`,
        ]
  return [...up, `${word('alarms')}: ${alarms}`]
}

/** Service levels and how they were kept. */
export function levelTable({ levels, input: { language } }: Report): Table {
  const rows = levels.map(({ step, limit, asked, met, missed, late, open, average, outsideWork }) => [
    stepTexts[step][language],
    lengthText(limit),
    String(asked),
    String(met),
    bad(missed),
    bad(late),
    String(open),
    met + missed + late === 0 ? '' : percent(met / (met + missed + late)),
    Number.isNaN(average) ? '' : lengthText(average),
    `${outsideWork.asked} (${outsideWork.met})`,
  ])
  return table(
    language,
    ['level', 'within', 'asked', 'met', 'missed', 'late', 'open', 'rate', 'mean', 'outsideWork'],
    rows,
  )
}

function bad(count: number): Cell {
  return count === 0 ? { text: '0' } : { text: String(count), verdict: 'abnormal' }
}

/** Alarms with what was done about them. */
export function alarmTable(alarms: readonly ServedEpisode[], { input }: Report): Table {
  const { language, site } = input
  const word = wordsOf(language)
  const rows = alarms.map(({ episode, times }) => {
    const { alarm, severity, device, summary, own, firedAt, endedAt, toldAt, attended } = episode
    const said = (step: 'taken' | 'on_site' | 'repaired'): string => {
      const { by, note, at } = attended[step] ?? { by: '', note: '', at: 0 }
      return by === '' ? '' : `${localTime(at, site.timeZone()).slice(5, 16)} ${by}${note === '' ? '' : `: ${note}`}`
    }
    const done = [said('taken'), said('on_site')].filter((text) => text !== '').join('; ')
    const states = times.filter(({ state }) => state !== 'void')
    return [
      localTime(firedAt, site.timeZone()).slice(0, 16),
      device,
      `${alarm}${Object.keys(own).length === 0 ? '' : ` (${whereText(own)})`}: ${summary}`,
      severity,
      endedAt === undefined ? word('goesOn') : lengthText(endedAt - firedAt),
      done === '' ? { text: word('notWritten'), verdict: 'unchecked' as const } : done,
      said('repaired') === '' ? word('notWritten') : said('repaired'),
      toldAt === undefined
        ? word('notTold')
        : {
            text: states
              .map(({ step, state }) => `${stepTexts[step][language]}: ${stateTexts[state][language]}`)
              .join('; '),
            ...(states.some(({ state }) => state === 'missed' || state === 'late')
              ? { verdict: 'abnormal' as const }
              : {}),
          },
    ]
  })
  return table(language, ['fired', 'device', 'alarm', 'severity', 'lasted', 'cause', 'repair', 'times'], rows)
}

/** Of all alarms those that were answered too late, or not at all. */
export function lateAlarms({ alarms }: Report): readonly ServedEpisode[] {
  return alarms.filter(({ times }) => times.some(({ state }) => state === 'missed' || state === 'late'))
}

/** Duties: how often each was due, and what became of it. */
export function dutyTable({ duties, input: { language } }: Report): Table {
  const word = wordsOf(language)
  const rows = duties.map(({ duty, tally, due, overdueDays, last }) => [
    duty.title[language],
    recurrenceText(duty.recurrence, language),
    String(tally.due),
    String(tally.inTime),
    String(tally.late),
    bad(tally.missed),
    last ?? word('never'),
    overdueDays > 0
      ? { text: `${word('overdue')}: ${overdueDays} ${word('days')}`, verdict: 'abnormal' as const }
      : due,
  ])
  return table(language, ['duty', 'when', 'due', 'inTime', 'doneLate', 'notDone', 'lastDone', 'next'], rows)
}

/** What will be full, and when. */
export function forecastTable({ forecasts, input: { language } }: Report): Table {
  const word = wordsOf(language)
  const rows = forecasts.map(({ device, metric, labels, now, perDay, limit, days }) => [
    device,
    metric.text[language],
    whereText(labels),
    number(now, metric.unit),
    `${perDay > 0 ? '+' : ''}${number(perDay, metric.unit)}`,
    number(limit, metric.unit),
    { text: `${Math.round(days)} ${word('days')}`, ...(days < 90 ? { verdict: 'abnormal' as const } : {}) },
  ])
  return table(language, ['device', 'reading', 'where', 'now', 'perDay', 'limit', 'reached'], rows)
}

export function changeTable({ ledger, input: { language, site } }: Report): Table {
  const rows = ledger.changes.map(({ at, device, what }) => [localTime(at, site.timeZone()).slice(0, 16), device, what])
  return table(language, ['time', 'device', 'what'], rows)
}

export function differenceTable({ ledger, input: { language } }: Report): Table {
  const rows = ledger.differences.map(({ device, field, ledger: written, told }) => [
    device,
    assetFields[field].text[language],
    written,
    { text: told.join(', '), verdict: 'abnormal' as const },
  ])
  return table(language, ['device', 'field', 'inLedger', 'told'], rows)
}

export function endingTable({ ledger, input: { language } }: Report): Table {
  const word = wordsOf(language)
  const rows = ledger.endings.map(({ device, ending, day, left }) => [
    device,
    endingTexts[ending][language],
    day,
    { text: `${left} ${word('days')}`, ...(left <= 0 ? { verdict: 'abnormal' as const } : {}) },
  ])
  return table(language, ['device', 'what', 'day', 'left'], rows)
}

/** From where to where, and by what the report can be checked. */
export function originFacts({ input, hashes }: Report): readonly (readonly [string, string])[] {
  const { site, language, classes, figures, from, to, asOf } = input
  const word = wordsOf(language)
  const names = classes.map((name) => className(name, language)).join(', ')
  return [
    [word('site'), site.name],
    [word('period'), `${from} .. ${to}`],
    [word('asOf'), localTime(asOf, site.timeZone())],
    [word('classes'), classes.length === 0 ? word('all') : names],
    [word('source'), figures.name === 'roll-ups' ? word('rollUps') : figures.name],
    [word('configurationHash'), hashes.configuration],
    [word('dataHash'), hashes.data],
  ]
}

function limitText({ rules, metric }: Check, language: Language): string {
  const texts = rules.map((rule) => ruleText(rule, language)).filter((text) => text !== '')
  return [...new Set(texts)].join(metric.kind === 'state' ? ', ' : '; ')
}

/** What a rule asks of a value; of what is measured otherwise, the name of its alarm. */
function ruleText(rule: Rule, language: Language): string {
  const { condition, measure } = rule
  if (measure !== undefined) return rule.alarm
  const unit = judgedUnit(rule)
  switch (condition.kind) {
    case 'within':
      return `${sideText(condition.low, unit)} .. ${sideText(condition.high, unit)}`
    case 'above':
      return `≤ ${sideText(condition.limit, unit)}`
    case 'below':
      return `≥ ${sideText(condition.limit, unit)}`
    case 'is':
    case 'not':
      return `${condition.kind === 'is' ? '≠' : '='} ${stateTextsOf(rule, condition.states, language)}`
    case 'stale':
    case 'absent':
      return ''
  }
}

function sideText(limit: Limit, unit: Unit): string {
  return limit.kind === 'fixed' ? formatValue(limit.value, unit) : limit.metric
}

function stateTextsOf({ metric }: Rule, states: ReadonlySet<number>, language: Language): string {
  if (metric.kind !== 'state') return [...states].join('/')
  return [...states]
    .map((index) => {
      const name = stateName(metric, index)
      return metric.stateTexts[name]?.[language] ?? name
    })
    .join('/')
}

function number(value: number, unit: Unit): string {
  return Number.isNaN(value) ? '' : formatValue(value, unit)
}

/** Two digits behind the point: 99.99 % and 100 % are not the same. Never rounded up to the whole. */
function percent(part: number): string {
  return Number.isNaN(part) ? '' : `${Math.floor(part * 10_000) / 100} %`
}

function lengthText(length: Milliseconds): string {
  return formatDuration(length < minute ? Math.round(length / 1000) * 1000 : Math.round(length / minute) * minute)
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length
}
