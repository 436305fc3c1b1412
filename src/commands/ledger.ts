import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { entryOf, type LedgerEntry, ledgerHeads, ledgerKeys, ledgerRow } from '../ledger/entry.ts'
import { fromRecord } from '../ledger/told.ts'
import { assetFields, type Told } from '../model/asset.ts'
import { dayOf } from '../model/calendar.ts'
import { csvText } from '../model/csv.ts'
import type { Language } from '../model/metric.ts'
import type { Site } from '../model/site.ts'
import { workbook } from '../sheet/workbook.ts'
import { JournalError, viewJournal } from '../store/journal.ts'
import { isReadByHand } from '../upkeep/ledger-keeper.ts'
import { columns } from './columns.ts'
import { type Command, type Io, UsageError } from './command.ts'
import { DaemonError, daemonOptions, daemonUsage, findDaemon, goodBody, type RunningDaemon } from './operate.ts'

const usage = `Usage: siteward ledger --config FILE [--differs] [--csv | --xlsx | --json] [--lang en|zh] [-o FILE]

Lists the ledger of equipment: what the site file and its tables say of each device (asset:, ledger:), what the device
tells of itself, where the two differ, and how long warranty, certificate and battery have. Asks the running siteward for
what devices tell; where none runs, reads it from the record in its state folder.

  --differs          only devices that tell something else than the ledger
  --csv              print CSV, which the ledger takes in again (ledger: [FILE] in the site file)
  --xlsx             write a workbook
  --json             print JSON
  --lang LANGUAGE    heads of columns in English (en) or Chinese (zh); the CSV's are taken in either way
  -o FILE            write there and not to standard output
${daemonUsage}
Exit status: 0 when it was listed, 1 when the site file has a mistake or nothing could be read, 2 for a wrong command line.
`

const options = {
  ...daemonOptions,
  differs: { type: 'boolean', default: false },
  csv: { type: 'boolean', default: false },
  xlsx: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  lang: { type: 'string' },
  output: { type: 'string', short: 'o' },
} as const

type Form = 'table' | 'csv' | 'xlsx' | 'json'

/** `siteward ledger`. */
export const ledger: Command = {
  name: 'ledger',
  summary: 'list the equipment: what the ledger says, and what the devices tell',
  usage,
  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options })
    const form = formOf(values)
    const { output } = values
    if (form === 'xlsx' && output === undefined && io.out.isTTY === true)
      throw new UsageError('a workbook is no text for a terminal: name a file, as -o ledger.xlsx')
    const language = languageOf(values.lang)
    const daemon = await findDaemon(values, io)
    if (daemon === undefined) return 1
    try {
      const all = await ask(daemon, io)
      const entries = values.differs ? all.filter((entry) => entry.differences.length > 0) : all
      const written = await inForm(form, entries, language)
      if (output === undefined) io.out.write(written)
      else await writeFile(output, written)
      return 0
    } catch (error) {
      if (!(error instanceof DaemonError) && !(error instanceof JournalError)) throw error
      io.err.write(`siteward ledger: ${error.message}\n`)
      return 1
    }
  },
}

function formOf(values: { csv: boolean; xlsx: boolean; json: boolean }): Form {
  const forms = (['csv', 'xlsx', 'json'] as const).filter((form) => values[form])
  if (forms.length > 1) throw new UsageError('one of --csv, --xlsx and --json')
  return forms[0] ?? 'table'
}

function languageOf(text: string | undefined): Language | undefined {
  if (text !== undefined && text !== 'en' && text !== 'zh') throw new UsageError('--lang takes en or zh')
  return text
}

/** The running siteward knows what devices tell now; its record knows what they told last. */
async function ask(daemon: RunningDaemon, io: Io): Promise<readonly LedgerEntry[]> {
  try {
    return listIn(goodBody(await daemon.call('GET', '/api/v1/ledger')))
  } catch (error) {
    if (!(error instanceof DaemonError) || daemon.site === undefined) throw error
    io.err.write(`${error.message}; what devices tell is from its record\n`)
  }
  return fromFiles(daemon.site, io)
}

function fromFiles(site: Site, io: Io): readonly LedgerEntry[] {
  const told = toldIn(site, io)
  const today = dayOf(io.clock.now().wall, site.timeZone())
  return [
    ...site.devices.map(({ name, asset }) => entryOf(name, asset, true, told.get(name) ?? {}, today)),
    ...site.unpolled.map(({ name, asset }) => entryOf(name, asset, isReadByHand(name, site), {}, today)),
  ]
}

function toldIn(site: Site, io: Io): ReadonlyMap<string, Told> {
  try {
    const view = viewJournal(site.stateDirectory)
    try {
      return new Map(view.ofKind('asset', 0).map(({ device, own }) => [device, fromRecord(own)]))
    } finally {
      view.close()
    }
  } catch (error) {
    if (!(error instanceof JournalError)) throw error
    io.err.write(`${error.message}\n`)
    return new Map()
  }
}

function listIn(body: unknown): readonly LedgerEntry[] {
  if (typeof body === 'object' && body !== null && 'ledger' in body && Array.isArray(body.ledger)) return body.ledger
  throw new DaemonError('what answers there is no siteward with a ledger')
}

async function inForm(
  form: Form,
  entries: readonly LedgerEntry[],
  language: Language | undefined,
): Promise<string | Uint8Array> {
  const rows = entries.map((entry) => ledgerRow(entry, language ?? 'en'))
  switch (form) {
    case 'json':
      return `${JSON.stringify(entries, null, 2)}\n`
    case 'csv':
      return csvText([language === undefined ? ledgerKeys : ledgerHeads(language), ...rows])
    case 'xlsx':
      return workbook([{ name: language === 'zh' ? '设备台账' : 'Ledger', heads: ledgerHeads(language ?? 'en'), rows }])
    case 'table':
      return asTable(entries, language ?? 'en')
  }
}

const heads = {
  en: ['DEVICE', 'NAME', 'MODEL', 'SERIAL', 'PLACE', 'WARRANTY', 'DIFFERS'],
  zh: ['设备', '名称', '型号', '序列号', '位置', '保修', '不一致'],
} as const

function asTable(entries: readonly LedgerEntry[], language: Language): string {
  const said = entries.flatMap(({ name, differences }) =>
    differences.map(({ field, ledger: written, told }) => {
      return `${name} ${assetFields[field].text[language]}: ${written} | ${told.join(', ')}\n`
    }),
  )
  const legend = { en: '\nledger | device\n', zh: '\n台账 | 设备报告\n' }[language]
  return (
    columns([heads[language], ...entries.map((entry) => lineOf(entry, language))]) +
    (said.length === 0 ? '' : legend + said.join(''))
  )
}

function lineOf({ name, watched, fields, told, differences, days_left }: LedgerEntry, language: Language): string[] {
  const { building, room, cabinet, unit } = fields
  const place = [building, room, cabinet, unit === undefined ? undefined : `${unit}U`].filter(Boolean).join(' ')
  const left = days_left.warranty
  return [
    watched ? name : { en: `${name} (not watched)`, zh: `${name}（未监控）` }[language],
    fields.title ?? '-',
    fields.model ?? told.model?.join(', ') ?? '-',
    fields.serial ?? told.serial?.join(', ') ?? '-',
    place === '' ? '-' : place,
    left === undefined ? '-' : { en: `${left} d`, zh: `${left} 天` }[language],
    differences.map(({ field }) => assetFields[field].text[language]).join(', ') || '-',
  ]
}
