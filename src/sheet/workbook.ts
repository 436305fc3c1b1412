import writeXlsxFile, { type Cell, type Sheet as XlsxSheet } from 'write-excel-file/node'

/** What stands in one cell; undefined where there is nothing. */
export type CellValue = string | number | undefined

/** One sheet of a workbook: heads that stay in sight, and rows below them. */
export interface Sheet {
  readonly name: string
  readonly heads: readonly string[]
  readonly rows: readonly (readonly CellValue[])[]
}

/** What Excel takes into one cell and one sheet: https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3 */
const longestText = 32_767
const mostRows = 1_048_575
const longestName = 31

/** Widths of columns, in letters. */
const [narrowest, widest] = [8, 60]
/** Rows that are looked at for the width of a column. */
const lookedAt = 200

/** Sheets as the bytes of an XLSX file. A text is never a formula, whatever it begins with. */
export async function workbook(sheets: readonly Sheet[]): Promise<Uint8Array> {
  const names = new Set<string>()
  const written = sheets.map((sheet): XlsxSheet<Buffer> => {
    const name = sheetName(sheet.name, names)
    names.add(name)
    return {
      sheet: name,
      stickyRowsCount: 1,
      columns: sheet.heads.map((head, column) => ({ width: widthOf(head, sheet.rows, column) })),
      data: [sheet.heads.map(headCell), ...sheet.rows.slice(0, mostRows).map((row) => row.map(cellOf))],
    }
  })
  return writeXlsxFile(written).toBuffer()
}

function headCell(text: string): Cell {
  return { value: text, type: String, fontWeight: 'bold', backgroundColor: '#e8eef4', wrap: true }
}

function cellOf(value: CellValue): Cell {
  if (value === undefined || value === '') return null
  if (typeof value === 'number') return Number.isFinite(value) ? { value, type: Number } : null
  return { value: fitText(value), type: String }
}

/** XML 1.0 has no control characters but tab and line ends. */
function fitText(text: string): string {
  return text
    .replace(/[^\t\n\r\x20-\u{10FFFF}]/gu, ' ')
    .toWellFormed()
    .slice(0, longestText)
    .toWellFormed()
}

/** Names of sheets have no `[]:*?/\`, at most 31 letters, and each is there once, whatever its case. */
function sheetName(name: string, taken: ReadonlySet<string>): string {
  const bare = name.replace(/[[\]:*?/\\]/g, ' ').trim() || 'sheet'
  const isTaken = (one: string): boolean => [...taken].some((other) => other.toLowerCase() === one.toLowerCase())
  for (let n = 1; ; n++) {
    const tail = n === 1 ? '' : ` ${n}`
    const one = bare.slice(0, longestName - tail.length).toWellFormed() + tail
    if (!isTaken(one)) return one
  }
}

/** Chinese letters are two wide. */
function widthOf(head: string, rows: readonly (readonly CellValue[])[], column: number): number {
  const texts = [head, ...rows.slice(0, lookedAt).map((row) => String(row[column] ?? ''))]
  const widths = texts.map((text) => text.length + (text.match(/[\u1100-\uffdc]/g)?.length ?? 0))
  return Math.min(widest, Math.max(narrowest, ...widths) + 2)
}
