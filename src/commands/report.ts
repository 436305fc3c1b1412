import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { extname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Day, dayOf, isDay } from '../model/calendar.ts'
import type { Language } from '../model/metric.ts'
import {
  type PlannedReport,
  type ReportForm,
  type ReportPeriod,
  reportFile,
  reportForms,
  reportPeriods,
} from '../model/report.ts'
import type { Site } from '../model/site.ts'
import type { Report } from '../report/content.ts'
import { type FigureSource, FiguresError } from '../report/figures.ts'
import { htmlOf } from '../report/html.ts'
import { dayBefore } from '../report/period.ts'
import { type Ask, prometheusFigures } from '../report/prometheus-figures.ts'
import { rolledFigures } from '../report/rolled-figures.ts'
import { sheetsOf } from '../report/sheets.ts'
import { packed, unpacked } from '../rollup/packed.ts'
import { workbook } from '../sheet/workbook.ts'
import { JournalError, viewJournal } from '../store/journal.ts'
import { hasRollUps, viewRollUpsIn } from '../store/roll-ups.ts'
import { classesIn, makeReport } from '../upkeep/report-maker.ts'
import { PrintError, printPdf } from './chromium.ts'
import { type Command, type Io, UsageError } from './command.ts'
import { configOf, printProblems, readSiteWithoutSecrets } from './site-file.ts'

const usage = `Usage: siteward report --config FILE --period week|month|quarter|half_year|year [-o FILE] [--of DAY]
       [--class CLASS,...] [--lang zh|en] [--prometheus URL | --no-prometheus]
       siteward report --config FILE --planned NAME [--of DAY]

Writes the inspection report of a period: what was checked of each device and what came of it, service levels, alarms with
what was done, duties, forecasts and changes. The figures come from the Prometheus that scrapes siteward (\`prometheus:\` in
the site file), else from the roll-ups that siteward keeps in its state folder. Runs beside a siteward that watches.

  --period PERIOD    the whole one before this; the one that holds the day of --of
  --of DAY           a day of the period, as 2026-03-31; of a period that is not over, as far as it goes
  --class CLASS,...  only devices of these classes, as network,ups
  --lang LANGUAGE    in Chinese (zh) or English (en); that of the site where nothing is said
  -o FILE            .html, .pdf (needs Chromium) or .xlsx; HTML goes to standard output where nothing is said
  --planned NAME     a report of the site file's own (reports:), in all its forms, into the folder of reports
  --prometheus URL   as http://127.0.0.1:9090
  --no-prometheus    take the roll-ups, whatever the site file says

Exit status: 0 when it was written, 1 when it could not be or the site file has a mistake, 2 for a wrong command line.
`

const options = {
  config: { type: 'string' },
  period: { type: 'string' },
  of: { type: 'string' },
  class: { type: 'string' },
  lang: { type: 'string' },
  output: { type: 'string', short: 'o' },
  planned: { type: 'string' },
  prometheus: { type: 'string' },
  'no-prometheus': { type: 'boolean', default: false },
} as const

/** Prometheus answers a question within this time, or not at all. */
const slowestAnswer = 120_000

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

/** `siteward report`. */
export const report: Command = {
  name: 'report',
  summary: 'write the inspection report of a week, month, quarter or year',
  usage,
  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options })
    const file = configOf(values)
    const form = formOf(values)
    const { site, problems } = await readSiteWithoutSecrets(file, io.env)
    printProblems(problems, io)
    if (site === undefined) return 1
    try {
      if (values.planned === undefined) await writeOne(site, values, form, io)
      else await writePlanned(site, values, io)
      return 0
    } catch (error) {
      const isKnown = [FiguresError, JournalError, PrintError].some((kind) => error instanceof kind)
      const code = codeOf(error)
      if (!isKnown && code === undefined) throw error
      io.err.write(`siteward report: ${error instanceof Error ? error.message : code}\n`)
      return 1
    }
  },
}

/** The code of an error of the system: a folder that cannot be written. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && 'syscall' in error ? String(error.code) : undefined
}

function formOf({ output, planned, period }: Values): ReportForm {
  if (planned === undefined && !reportPeriods.some((one) => one === period))
    throw new UsageError(`--period takes one of ${reportPeriods.join(', ')}`)
  if (planned !== undefined && (output !== undefined || period !== undefined))
    throw new UsageError('--planned says it all: without --period and -o')
  if (output === undefined) return 'html'
  const form = reportForms.find((one) => `.${one}` === extname(output).toLowerCase())
  if (form === undefined) throw new UsageError(`-o takes a file that ends with .${reportForms.join(', .')}`)
  return form
}

async function writeOne(site: Site, values: Values, form: ReportForm, io: Io): Promise<void> {
  const period = reportPeriods.find((one) => one === values.period) ?? 'week'
  const language = languageOf(values.lang, site)
  const classes = classesOf(values.class, site)
  const made = await make({ period, day: dayIn(values.of, period, site, io), classes, language }, site, values, io)
  const { output } = values
  if (output === undefined) for (const part of htmlOf(made)) io.out.write(part)
  else await writeInto(output, form, made)
}

/** All forms of a report of the site's own; each stands there whole or not at all. */
async function writePlanned(site: Site, values: Values, io: Io): Promise<void> {
  const { reports } = site
  const planned = reports?.schedule.find(({ name }) => name === values.planned)
  if (reports === undefined || planned === undefined)
    throw new UsageError(`--planned: there is no report "${values.planned}" in reports: of the site file`)
  // Whoever watches goes first.
  setPriority(10)
  const { period, classes, language } = planned
  const made = await make({ period, day: dayIn(values.of, period, site, io), classes, language }, site, values, io)
  await mkdir(reports.folder, { recursive: true, mode: 0o750 })
  for (const form of planned.forms) {
    const file = join(reports.folder, reportFile(planned.name, made.input.from, form))
    await writeInto(file, form, made)
    io.out.write(`${file}\n`)
  }
  await prune(reports.folder, planned)
}

/** The oldest of it go, all forms of one period together. */
async function prune(folder: string, { name, keep }: PlannedReport): Promise<void> {
  const days = (await readdir(folder)).flatMap((file) => {
    const rest = file.startsWith(`${name}-`) ? file.slice(name.length + 1) : ''
    const day = rest.slice(0, 10)
    return isDay(day) && reportForms.some((form) => rest === `${day}.${form}`) ? [day] : []
  })
  for (const day of [...new Set(days)].sort().slice(0, -keep))
    for (const form of reportForms) await rm(join(folder, reportFile(name, day, form)), { force: true })
}

async function make(wanted: Parameters<typeof makeReport>[0], site: Site, values: Values, io: Io): Promise<Report> {
  const journal = viewJournal(site.stateDirectory)
  try {
    const { figures, close } = figuresOf(site, values)
    try {
      return await makeReport(wanted, { site, journal, figures, now: io.clock.now().wall })
    } finally {
      close()
    }
  } finally {
    journal.close()
  }
}

/** Written beside it and then put in its place: nobody reads half a report. */
async function writeInto(file: string, form: ReportForm, made: Report): Promise<void> {
  const part = `${file}.part`
  try {
    if (form === 'pdf') await printPdf([...htmlOf(made)].join(''), part)
    else await writeFile(part, form === 'xlsx' ? await workbook(sheetsOf(made)) : htmlOf(made))
    await rename(part, file)
  } finally {
    await rm(part, { force: true })
  }
}

function figuresOf(site: Site, values: Values): { readonly figures: FigureSource; close(): void } {
  if (values.prometheus !== undefined && values['no-prometheus'])
    throw new UsageError('either --prometheus or --no-prometheus')
  const url = values['no-prometheus'] ? undefined : (prometheusOf(values.prometheus) ?? site.prometheus)
  if (url !== undefined) return { figures: prometheusFigures(url, site, ask), close: () => {} }
  if (!hasRollUps(site.stateDirectory)) return { figures: { name: 'roll-ups', read: async () => [] }, close: () => {} }
  const view = viewRollUpsIn(site.stateDirectory, { packed, unpacked })
  return { figures: rolledFigures(view, site.vocabulary), close: () => view.close() }
}

const ask: Ask = async (url, body) => {
  const response = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(slowestAnswer) })
  return { status: response.status, text: await response.text() }
}

function prometheusOf(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new UsageError(`--prometheus: ${text} is no address of a web server`)
  return url
}

function dayIn(text: string | undefined, period: ReportPeriod, site: Site, io: Io): Day {
  const today = dayOf(io.clock.now().wall, site.timeZone())
  if (text === undefined) return dayBefore(period, today)
  if (!isDay(text)) throw new UsageError(`--of: there is no day ${text}, as 2026-03-31`)
  if (text > today) throw new UsageError(`--of: ${text} is still to come`)
  return text
}

function languageOf(text: string | undefined, site: Site): Language {
  if (text === undefined) return site.language
  if (text !== 'en' && text !== 'zh') throw new UsageError('--lang takes en or zh')
  return text
}

function classesOf(text: string | undefined, site: Site): readonly string[] {
  const classes = (text ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
  const known = classesIn(site)
  const strange = classes.find((one) => !known.includes(one.toLowerCase()))
  if (strange !== undefined)
    throw new UsageError(`--class: no device of this site is of class ${strange}; there are ${known.join(', ')}`)
  return classes
}
