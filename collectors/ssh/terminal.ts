/** A line wider than this is cut: nothing that a probe reads is. */
const widest = 4096

const introducer = '\u001b'
const controlSequence = new RegExp(`${introducer}\\[([0-9;?]*)([A-Za-z])`, 'y')

/**
 * What a person would see of a line that came from a terminal: carriage returns, backspaces and the cursor movements of
 * pagers (ECMA-48: CUF, CUB, CHA, EL) carried out, everything else that moves or colours left out.
 */
export function rendered(raw: string): string {
  const cells: string[] = []
  let at = 0
  for (let i = 0; i < raw.length; i++) {
    const char = raw.charAt(i)
    if (char === introducer) {
      controlSequence.lastIndex = i
      const match = controlSequence.exec(raw)
      if (match === null) continue
      i += match[0].length - 1
      at = moved(cells, at, match[2] ?? '', Number.parseInt(match[1] ?? '', 10))
    } else if (char === '\r') at = 0
    else if (char === '\b') at = Math.max(0, at - 1)
    else if (char >= ' ' && at < widest) {
      while (cells.length < at) cells.push(' ')
      cells[at++] = char
    } else if (char === '\t') at = Math.min(widest, at + 8 - (at % 8))
  }
  return cells.join('').trimEnd()
}

/** Carries a control sequence out; returns where the cursor is then. */
function moved(cells: string[], at: number, final: string, parameter: number): number {
  const count = Number.isNaN(parameter) ? 1 : parameter
  switch (final) {
    case 'C':
      return Math.min(widest, at + count)
    case 'D':
      return Math.max(0, at - count)
    case 'G':
      return Math.min(widest, Math.max(0, count - 1))
    case 'K':
      if (Number.isNaN(parameter) || parameter === 0) cells.length = Math.min(cells.length, at)
      else if (parameter === 2) cells.length = 0
      return at
    default:
      return at
  }
}
