import { grid } from '../model/roll-up.ts'
import { whereText } from '../record/listing.ts'
import type { Sheet } from '../sheet/workbook.ts'
import type { Report } from './content.ts'
import {
  alarmTable,
  changeTable,
  checkTable,
  className,
  differenceTable,
  dutyTable,
  endingTable,
  forecastTable,
  levelTable,
  originFacts,
  summaryTable,
  type Table,
  verdictCell,
} from './tables.ts'
import { periodTexts, verdictTexts, wordsOf } from './words.ts'

/** Pure: a report as sheets of a workbook; of the readings each has a row of its own, with its numbers in base units. */
export function sheetsOf(report: Report): readonly Sheet[] {
  const { language, period } = report.input
  const word = wordsOf(language)
  return [
    { name: periodTexts[period][language], heads: ['', ''], rows: originFacts(report) },
    sheet(word('summary'), summaryTable(report)),
    checkSheet(report),
    sheet(word('levels'), levelTable(report)),
    sheet(word('alarms'), alarmTable(report.alarms, report)),
    sheet(word('duties'), dutyTable(report)),
    sheet(word('forecasts'), forecastTable(report)),
    sheet(`${word('ledger')} ${word('changes')}`, changeTable(report)),
    sheet(`${word('ledger')} ${word('field')}`, differenceTable(report)),
    sheet(word('ends'), endingTable(report)),
  ]
}

function sheet(name: string, { heads, rows }: Table): Sheet {
  return { name, heads, rows: rows.map((row) => row.map(({ text }) => text)) }
}

/** What is read as people read it, and the same as numbers, for whoever goes on with them. */
function checkSheet({ devices, input: { language } }: Report): Sheet {
  const word = wordsOf(language)
  const { heads } = checkTable([], language)
  const rows = devices.flatMap(({ device, class: name, checks, unread }) => {
    const own = [className(name, language), device.name]
    const texts = checkTable(checks, language).rows
    return [
      ...checks.map((check, n) => [
        ...own,
        ...(texts[n] ?? []).map(({ text }) => text),
        ...[check.low, check.average, check.high, check.growth].map((value) =>
          Number.isNaN(value) ? undefined : value,
        ),
        check.outside / grid,
        check.checked,
        check.metric.name,
        whereText(check.labels),
      ]),
      ...unread.map((metric) => [
        ...own,
        metric.text[language],
        '',
        verdictTexts.unchecked[language],
        ...heads.slice(3).map(() => ''),
        ...[undefined, undefined, undefined, undefined, undefined],
        0,
        metric.name,
      ]),
      ...(checks.length + unread.length === 0 ? [[...own, '', '', verdictCell('unchecked', language).text]] : []),
    ]
  })
  const numbers = ['low', 'average', 'high', 'growth', 'outside_minutes', 'checked_ratio', 'metric', 'labels']
  return { name: word('reading'), heads: [word('class'), word('device'), ...heads, ...numbers], rows }
}
