/** Label names and values, as Prometheus has them. */
export type Labels = Readonly<Record<string, string>>

/** The longest label value that is kept; what a device says beyond it is cut. */
const longestValue = 256

/**
 * Text from outside made fit for a label: control characters out (Prometheus and Alertmanager show or refuse them),
 * lone surrogates replaced, blanks trimmed, cut at 256 characters.
 */
export function labelValue(text: string): string {
  if (isFit(text)) return text
  const clean = text
    .replace(/\p{Cc}+/gu, ' ')
    .toWellFormed()
    .trim()
  return clean.length > longestValue ? clean.slice(0, longestValue).toWellFormed() : clean
}

/** A label value told apart from another of the same text by a mark behind it; for the mark's sake the text is cut. */
export function markedValue(text: string, mark: string): string {
  return `${text.slice(0, longestValue - mark.length).toWellFormed()}${mark}`
}

/** Printable ASCII without blanks around it, as nearly all texts are. */
function isFit(text: string): boolean {
  if (text.length > longestValue || text.startsWith(' ') || text.endsWith(' ')) return false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code > 0x7e) return false
  }
  return true
}

/** Labels as `{a="x",b="y"}` with values escaped as the text format asks; an empty text when there are none. */
export function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`))
}

/** Labels in one canonical text, whatever the order they were written in: a key for maps and for the journal. */
export function labelKey(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}

/** Whether every label of `wanted` stands in `labels` with the same value; an empty one, as in Prometheus, is none. */
export function labelsMatch(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => (labels[name] ?? '') === value)
}
