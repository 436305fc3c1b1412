import type { Language } from '../model/metric.ts'
import type { DevicePart, Report } from './content.ts'
import { escaped } from './markup.ts'
import {
  alarmTable,
  type Cell,
  changeTable,
  className,
  deviceFacts,
  differenceTable,
  dutyTable,
  endingTable,
  forecastTable,
  lateAlarms,
  levelTable,
  originFacts,
  printedChecks,
  summaryTable,
  type Table,
  verdictCell,
} from './tables.ts'
import { periodTexts, type Word, wordsOf } from './words.ts'

/** Made to be printed on A4; what stands behind it is white, and nothing is told by colour alone. */
const style = `
@page{size:A4;margin:14mm 12mm 16mm}
*{box-sizing:border-box}
body{font:10pt/1.45 "Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","PingFang SC","Noto Sans",sans-serif;color:#111;margin:0 auto;max-width:190mm;padding:4mm}
h1{font-size:19pt;margin:0 0 2mm}h2{font-size:13pt;margin:8mm 0 2mm;border-bottom:1.5pt solid #1f5fa8;padding-bottom:1mm}
h3{font-size:11pt;margin:5mm 0 1mm}h1,h2,h3{break-after:avoid}
table{border-collapse:collapse;width:100%;margin:1mm 0 3mm;font-size:8pt}
thead{display:table-header-group}tr{break-inside:avoid}
th,td{border:.5pt solid #9aa5b1;padding:.6mm 1.2mm;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{background:#e8eef4;font-weight:600;word-break:keep-all;overflow-wrap:normal}table.a td{min-width:16mm}
table.k td:nth-child(n+5){white-space:nowrap}table.k td:nth-child(-n+2){min-width:22mm}table.k td:nth-child(3),table.k td:nth-child(4){min-width:18mm}
table.o{width:auto}table.o th{white-space:nowrap}code{font:8pt "Noto Sans Mono CJK SC",monospace;overflow-wrap:anywhere}
.abnormal{background:#fbdcd8;font-weight:700}.unchecked{background:#e4e4e4;font-weight:700;font-style:italic}.partly{background:#fdf3d0}
.normal{color:#14532d}.recorded{color:#555}
p{margin:1mm 0}.q{color:#444;font-size:8pt}
section.c{break-before:page}div.d{margin:0 0 4mm}
svg{width:100%;height:auto;break-inside:avoid;display:block;margin:1mm 0}
svg text{font:9.5px "Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","PingFang SC","Noto Sans",sans-serif;fill:#222}
svg .t{font-weight:700;font-size:11px}svg .y{text-anchor:end}svg .x{text-anchor:middle}svg .k{font-size:8.5px}
svg .g{stroke:#ddd;fill:none}svg .s{fill:none;stroke-width:1.4}svg .b{fill:#1f5fa8;fill-opacity:.16}
svg .l{stroke:#b00020;stroke-dasharray:5 3;fill:none;stroke-width:1.1}
.sign{display:flex;gap:10mm;margin-top:10mm}.sign span{flex:1;border-bottom:.5pt solid #111;padding-bottom:8mm}
@media print{body{max-width:none;padding:0}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
`

/** A report as a page that needs nothing beside it. Written piece by piece: it may be long. */
export function* htmlOf(report: Report): Generator<string> {
  const { language, period, site, from, to } = report.input
  const word = wordsOf(language)
  const title = `${site.name} ${periodTexts[period][language]} ${from} .. ${to}`
  yield `<!doctype html>\n<html lang="${{ en: 'en', zh: 'zh-CN' }[language]}"><head><meta charset="utf-8">`
  yield `<meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${style}</style></head><body>\n`
  yield `<h1>${escaped(periodTexts[period][language])}</h1>\n`
  yield factsOf(report)
  yield part(word('summary'), summaryTable(report), language)
  yield part(word('levels'), levelTable(report), language)
  yield sub(word('lateAlarms'), alarmTable(lateAlarms(report), report), language, 'a')
  yield part(word('alarms'), alarmTable(report.alarms, report), language, 'a')
  yield part(word('duties'), dutyTable(report), language)
  yield part(word('forecasts'), forecastTable(report), language)
  yield `<h2>${escaped(word('ledger'))}</h2>\n`
  yield sub(word('changes'), changeTable(report), language)
  yield sub(word('differs'), differenceTable(report), language)
  yield sub(word('ends'), endingTable(report), language)
  yield signs(language)
  for (const name of new Set(report.devices.map((one) => one.class))) {
    yield `<section class="c"><h2>${escaped(className(name, language))}</h2>\n`
    for (const device of report.devices) if (device.class === name) yield deviceOf(device, language)
    yield '</section>\n'
  }
  yield '</body></html>\n'
}

function factsOf(report: Report): string {
  const rows = originFacts(report).map(
    ([head, text]) =>
      `<tr><th>${escaped(head)}</th><td>${/^[0-9a-f]{64}$/.test(text) ? `<code>${text}</code>` : escaped(text)}</td></tr>`,
  )
  const word = wordsOf(report.input.language)
  return `<table class="o">${rows.join('')}</table>\n<p class="q">${escaped(word('provenance'))}</p>\n`
}

function signs(language: Language): string {
  const word = wordsOf(language)
  const names: readonly Word[] = ['inspector', 'reviewer', 'date']
  return `<div class="sign">${names.map((name) => `<span>${escaped(word(name))}</span>`).join('')}</div>\n`
}

function part(title: string, table: Table, language: Language, kind = ''): string {
  return `<h2>${escaped(title)}</h2>\n${tableOf(table, language, kind)}`
}

function sub(title: string, table: Table, language: Language, kind = ''): string {
  return `<h3>${escaped(title)}</h3>\n${tableOf(table, language, kind)}`
}

function deviceOf(part: DevicePart, language: Language): string {
  const { device, verdict, unread, checks, charts } = part
  const word = wordsOf(language)
  const { title } = device.asset?.fields ?? {}
  const name = title === undefined ? device.name : `${device.name} ${title}`
  const missing = unread.map(({ text }) => text[language]).join(language === 'zh' ? '、' : ', ')
  const isSilent = checks.every(({ checked }) => checked === 0)
  return [
    `<div class="d"><h3>${escaped(name)} ${mark(verdictCell(verdict, language))}</h3>\n`,
    `<p>${escaped(deviceFacts(part, language).join(language === 'zh' ? '；' : '; '))}</p>\n`,
    ...(isSilent ? [`<p class="unchecked">${escaped(word('nothing'))}</p>\n`] : []),
    ...(checks.length === 0 ? [] : [tableOf(printedChecks(checks, language), language, 'k')]),
    ...(isSilent || missing === ''
      ? []
      : [`<p><span class="unchecked">${escaped(word('unread'))}</span>: ${escaped(missing)}</p>\n`]),
    ...charts.map((chart) => `${chart}\n`),
    '</div>\n',
  ].join('')
}

function mark({ text, verdict }: Cell): string {
  return `<span class="${verdict ?? ''}">${escaped(text)}</span>`
}

/** `kind` is its class in the style: where one column has much text it must leave room for the others. */
function tableOf({ heads, rows }: Table, language: Language, kind = ''): string {
  if (rows.length === 0) return `<p>${escaped(wordsOf(language)('none'))}</p>\n`
  const head = heads.map((text) => `<th>${escaped(text)}</th>`).join('')
  const body = rows.map((row) => `<tr>${row.map(cellOf).join('')}</tr>`).join('\n')
  return `<table${kind === '' ? '' : ` class="${kind}"`}><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table>\n`
}

function cellOf({ text, verdict }: Cell): string {
  return verdict === undefined ? `<td>${escaped(text)}</td>` : `<td class="${verdict}">${escaped(text)}</td>`
}
