/** A fenced block of a document. */
export interface Block {
  /** The language of the fence: sh, yaml, text ... */
  readonly kind: string
  /** What follows it on the line: a file's name, or what the block is a part of. */
  readonly word: string
  readonly text: string
  /** The line of the fence. */
  readonly line: number
}

/** Pure: the fenced blocks of a document in Markdown, in order. */
export function blocksOf(markdown: string): readonly Block[] {
  return [...markdown.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(
    ({ 1: kind = '', 2: word = '', 3: text = '', index }) => ({ kind, word, text, line: lineAt(markdown, index) }),
  )
}

/** Pure: the lines of code that no fence says how to try: those that are indented by four blanks instead. */
export function unfenced(markdown: string): readonly number[] {
  const prose = markdown.replace(/^```[\s\S]*?^```$/gm, (block) => block.replace(/[^\n]/g, ''))
  return [...prose.matchAll(/(?<=^\n) {4,}\S/gm)].map(({ index }) => lineAt(markdown, index))
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

/** Pure: the lines of a text, however wide its columns are. */
function linesOf(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : line.trim().replace(/ {2,}/g, '  ')))
}

/** Pure: the lines that are shown and were not seen, in the order of the document; `...` stands for anything. */
export function missing(shown: string, seen: string): readonly string[] {
  const lines = linesOf(seen)
  return linesOf(shown).filter((line) => {
    if (line === '...') return false
    const parts = line.split('...')
    return !lines.some((one) => fits(one, parts))
  })
}

function fits(line: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts
  if (!line.startsWith(first)) return false
  if (rest.length === 0) return line === first
  let at = first.length
  for (const part of rest.slice(0, -1)) {
    const found = line.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  const last = rest.at(-1) ?? ''
  return line.length - last.length >= at && line.endsWith(last)
}
