import type { Place } from '../model/place.ts'

/** One cell of a table with where it stands. */
export interface Cell {
  readonly text: string
  readonly place: Place
}

/** A row of a table, by the names in its first row; empty cells are left out. */
export interface CsvRow {
  readonly place: Place
  readonly cells: ReadonlyMap<string, Cell>
}

/** A table, or why it is none and where. */
export type Csv =
  | { readonly ok: true; readonly columns: readonly Cell[]; readonly rows: readonly CsvRow[] }
  | { readonly ok: false; readonly place: Place; readonly message: string }

/** What spreadsheets write between cells; the first of them in the first row is taken. */
const separators = [',', ';', '\t'] as const

/**
 * Reads comma-separated values (RFC 4180; also with semicolons or tabs, as spreadsheets of some languages write). Our own
 * reader, since a problem must be told with the line and column of its cell. Empty rows are passed over. Pure.
 */
export function parseCsv(text: string, file: string): Csv {
  const separator = separators.find((sign) => (text.split('\n', 1)[0] ?? '').includes(sign)) ?? ','
  const records = new Reader(text, file, separator).records()
  if ('message' in records) return { ok: false, ...records }
  const [columns, ...lines] = records.filter((cells) => cells.some((cell) => cell.text !== ''))
  if (columns === undefined) return { ok: false, place: { file, line: 1, column: 1 }, message: 'the file is empty' }
  const rows: CsvRow[] = []
  for (const cells of lines) {
    const [first] = cells
    const extra = cells[columns.length]
    if (first === undefined) continue
    if (extra !== undefined && extra.text !== '') {
      return { ok: false, place: extra.place, message: `the row has more cells than the first row (${columns.length})` }
    }
    const named = columns.flatMap((column, i) => {
      const cell = cells[i]
      return cell === undefined || cell.text === '' ? [] : [[column.text, cell] as const]
    })
    rows.push({ place: first.place, cells: new Map(named) })
  }
  return { ok: true, columns, rows }
}

interface Wrong {
  readonly place: Place
  readonly message: string
}

/** Goes through a text sign by sign and knows where it is. */
class Reader {
  readonly #text: string
  readonly #file: string
  readonly #separator: string
  #at = 0
  #line = 1
  #lineStart = 0

  constructor(text: string, file: string, separator: string) {
    this.#text = text
    this.#file = file
    this.#separator = separator
  }

  records(): readonly (readonly Cell[])[] | Wrong {
    const records: (readonly Cell[])[] = []
    while (this.#at < this.#text.length) {
      const record: Cell[] = []
      let hasMore = true
      while (hasMore) {
        const cell = this.#cell()
        if ('message' in cell) return cell
        record.push(cell)
        hasMore = this.#text[this.#at] === this.#separator
        if (hasMore) this.#at++
      }
      this.#endLine()
      records.push(record)
    }
    return records
  }

  #place(): Place {
    return { file: this.#file, line: this.#line, column: this.#at - this.#lineStart + 1 }
  }

  #cell(): Cell | Wrong {
    const place = this.#place()
    if (this.#text[this.#at] === '"') return this.#quoted(place)
    const from = this.#at
    while (this.#at < this.#text.length && !this.#isEnd(this.#text[this.#at])) this.#at++
    return { text: this.#text.slice(from, this.#at).trim(), place }
  }

  /** A cell in quotes, in which two quotes are one and lines may end. */
  #quoted(place: Place): Cell | Wrong {
    let text = ''
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      const sign = this.#text[this.#at]
      if (sign === '"' && this.#text[this.#at + 1] !== '"') {
        this.#at++
        return this.#at >= this.#text.length || this.#isEnd(this.#text[this.#at])
          ? { text: text.trim(), place }
          : { place: this.#place(), message: 'a separator is needed behind the closing quote' }
      }
      if (sign === '"') this.#at++
      if (sign === '\n') this.#newLine(this.#at + 1)
      text += sign
    }
    return { place, message: 'the quote is not closed' }
  }

  #isEnd(sign: string | undefined): boolean {
    return sign === this.#separator || sign === '\n' || sign === '\r'
  }

  #endLine(): void {
    if (this.#text[this.#at] === '\r') this.#at++
    if (this.#text[this.#at] === '\n') this.#at++
    this.#newLine(this.#at)
  }

  #newLine(start: number): void {
    this.#line++
    this.#lineStart = start
  }
}
