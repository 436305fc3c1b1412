import type { Static } from 'typebox'
import { type Asset, type AssetField, addedHeads, assetFields, assetKeys } from '../model/asset.ts'
import { isDay } from '../model/calendar.ts'
import type { Spot } from './check.ts'
import { type Cell, type CsvRow, parseCsv } from './csv.ts'
import type { Files } from './files.ts'
import type { Problems } from './problems.ts'
import type { asset as assetSchema } from './schemas/asset.ts'
import { besideFile } from './secrets.ts'
import { readTableText } from './text.ts'
import type { Tree } from './tree.ts'

type AssetText = Static<typeof assetSchema>
type Fields = Partial<Record<AssetField, string>>

/** The assets of the ledger's tables by name; what is wrong is told. */
export async function readLedger(
  tables: readonly string[],
  tree: Tree,
  files: Files,
  problems: Problems,
): Promise<ReadonlyMap<string, Asset>> {
  const assets = new Map<string, Asset>()
  for (const table of tables) {
    for (const asset of await readTable(besideFile(tree.file, table), files, problems)) {
      const first = assets.get(asset.name)
      if (first === undefined) assets.set(asset.name, asset)
      else problems.add(asset.place, `${asset.name} stands in the ledger twice`, `first on line ${first.place.line}`)
    }
  }
  return assets
}

/** What a device's `asset:` says, over what the tables have of it; undefined where there is neither. */
export function readAsset(
  name: string,
  text: AssetText | undefined,
  inTables: Asset | undefined,
  spot: Spot,
  problems: Problems,
): Asset | undefined {
  if (text === undefined) return inTables
  const { tree, path } = spot
  const fields: Fields = { ...inTables?.fields }
  for (const key of assetKeys) {
    const value = text[key]
    if (typeof value !== 'string' && typeof value !== 'number') continue
    fields[key] = String(value)
    const wrong = wrongWith(key, String(value))
    if (wrong !== undefined) problems.add(tree.at([...path, key]), wrong)
  }
  return { name, fields, place: tree.keyAt(path) }
}

async function readTable(file: string, files: Files, problems: Problems): Promise<readonly Asset[]> {
  const text = await readTableText(file, files, problems)
  if (text === undefined) return []
  const csv = parseCsv(text, file)
  if (!csv.ok) {
    problems.add(csv.place, csv.message)
    return []
  }
  const columns = columnsOf(csv.columns, problems)
  const nameColumn = csv.columns.find(({ text: head }) => nameHeads.includes(fold(head)))?.text ?? columns.get('title')
  if (nameColumn === undefined) {
    problems.add({ file, line: 1, column: 1 }, 'no column names the device', `name one ${nameHeads[0]}`)
    return []
  }
  return csv.rows.flatMap((row) => rowAsset(row, nameColumn, columns, problems) ?? [])
}

const nameHeads = ['device', '设备', '设备标识']

/** Heads of columns that `siteward ledger --csv` writes beside the ledger's own. */
const written = new Set(Object.entries(addedHeads).flatMap(([key, { en, zh }]) => [key, en, zh].map(fold)))

/** The columns that the ledger knows, by its fields. A column that it does not know is told, and passed over. */
function columnsOf(heads: readonly Cell[], problems: Problems): ReadonlyMap<AssetField, string> {
  const columns = new Map<AssetField, string>()
  for (const { text, place } of heads) {
    const head = fold(text)
    const key = assetKeys.find((one) => headsOf(one).includes(head))
    if (key === undefined) {
      if (head !== '' && !nameHeads.includes(head) && !written.has(head))
        problems.warn(place, `the ledger has no field "${text}"`, 'its column is passed over')
    } else if (columns.has(key)) problems.warn(place, `a column for ${key} stands there already`)
    else columns.set(key, text)
  }
  return columns
}

function headsOf(key: AssetField): readonly string[] {
  const field: { readonly text: { readonly en: string; readonly zh: string }; readonly also?: readonly string[] } =
    assetFields[key]
  return [key, field.text.en, field.text.zh, ...(field.also ?? [])].map(fold)
}

/** Heads that differ in case, width or blanks only are one. */
function fold(text: string): string {
  return text.normalize('NFKC').replace(/\s+/g, ' ').trim().toLowerCase()
}

function rowAsset(
  { place, cells }: CsvRow,
  nameColumn: string,
  columns: ReadonlyMap<AssetField, string>,
  problems: Problems,
): Asset | undefined {
  const name = cells.get(nameColumn)?.text
  if (name === undefined) {
    problems.add(place, `the row has no ${nameColumn}`)
    return undefined
  }
  const fields: Fields = {}
  for (const [key, column] of columns) {
    const cell = cells.get(column)
    if (cell === undefined) continue
    const value = assetFields[key].kind === 'month' ? monthText(cell.text) : plainText(cell.text)
    const wrong = wrongWith(key, value)
    if (wrong === undefined) fields[key] = value
    else problems.add(cell.place, wrong)
  }
  return { name, fields, place }
}

/** Without the quote that is put before what a spreadsheet would take for a formula. */
function plainText(text: string): string {
  return text.replace(/^'(?=[=+\-@])/, '')
}

/** A day or month as spreadsheets write it, `2026/5/1`, `2026.5`, `2026年5月1日`, in the ledger's own way. */
function monthText(text: string): string {
  const found = /^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*(?:[-/.月]\s*(?:(\d{1,2})\s*日?)?)?$/.exec(text)
  if (found === null) return text
  const [, year = '', month = '', day] = found
  return [year, month.padStart(2, '0'), ...(day === undefined ? [] : [day.padStart(2, '0')])].join('-')
}

function wrongWith(key: AssetField, value: string): string | undefined {
  switch (assetFields[key].kind) {
    case 'text':
      return value.length > 200 ? 'the text is longer than 200 letters' : undefined
    case 'month':
      return isDay(value.length === 7 ? `${value}-01` : value)
        ? undefined
        : `${value} is no day or month, as 2026-05-31 or 2026-05`
    case 'count':
      return value.trim() !== '' && Number(value) >= 0 ? undefined : `${value} is no number`
  }
}
