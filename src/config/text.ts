import type { Place } from '../model/place.ts'
import { type Files, largestFile, whyUnreadable } from './files.ts'
import type { Problems } from './problems.ts'

/** Reads a file as UTF-8 text without its BOM; undefined, with the problem, where it is none. */
export async function readText(path: string, files: Files, problems: Problems): Promise<string | undefined> {
  const bytes = await readBytes(path, files, problems)
  return bytes === undefined ? undefined : decodeText(bytes, path, problems)
}

/** Reads a table as text: spreadsheets of Chinese systems save it as GBK where nobody asks for UTF-8. */
export async function readTableText(path: string, files: Files, problems: Problems): Promise<string | undefined> {
  const bytes = await readBytes(path, files, problems)
  if (bytes === undefined) return undefined
  return isUtf8(bytes, false) ? decodeText(bytes, path, problems) : (asGbk(bytes) ?? decodeText(bytes, path, problems))
}

async function readBytes(path: string, files: Files, problems: Problems): Promise<Uint8Array | undefined> {
  const top: Place = { file: path, line: 1, column: 1 }
  let bytes: Uint8Array
  try {
    bytes = await files.read(path)
  } catch (error) {
    problems.add(top, `${path} ${whyUnreadable(error)}`)
    return undefined
  }
  if (bytes.length <= largestFile) return bytes
  problems.add(top, 'the file is larger than 2 MiB', 'share what repeats with anchors and defaults')
  return undefined
}

function asGbk(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('gb18030', { fatal: true }).decode(bytes)
    return strange.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

/** All but what YAML calls printable, without the line and paragraph separators that no editor shows. */
const strange = /[^\t\n\r\x20-\u{10FFFF}]|[\x7f-\x84\x86-\x9f]/u

/** The bytes of a file as text; undefined, with the problem at the first wrong byte, where they are not UTF-8. */
function decodeText(bytes: Uint8Array, file: string, problems: Problems): string | undefined {
  const length = validLength(bytes)
  if (length < bytes.length) {
    const before = new TextDecoder().decode(bytes.subarray(0, length))
    const hint = 'save the file as UTF-8; Windows editors may have written GBK or UTF-16'
    problems.add(placeAfter(before, file), `byte ${length} of the file is not UTF-8 text`, hint)
    return undefined
  }
  const text = new TextDecoder().decode(bytes)
  const found = strange.exec(text)
  if (found === null) return text
  const code = found[0].codePointAt(0)?.toString(16).padStart(4, '0').toUpperCase()
  problems.add(placeAfter(text.slice(0, found.index), file), `control character U+${code}`, 'is this a text file?')
  return undefined
}

/** How many bytes from the start are whole UTF-8; found by halves, since TextDecoder does not tell where it failed. */
function validLength(bytes: Uint8Array): number {
  if (isUtf8(bytes, false)) return bytes.length
  let low = 0
  let high = bytes.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (isUtf8(bytes.subarray(0, middle), true)) low = middle
    else high = middle
  }
  return low
}

/** `more` says that the last character may go on after the bytes. */
function isUtf8(bytes: Uint8Array, more: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: more })
    return true
  } catch {
    return false
  }
}

function placeAfter(text: string, file: string): Place {
  const lines = text.split('\n')
  return { file, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
}
