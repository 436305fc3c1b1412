import { bad, good, type Outcome } from '../src/model/aim.ts'
import type { Raw } from '../src/model/conversion.ts'
import { Harvest, type Witnessed } from '../src/model/harvest.ts'
import { labelKey } from '../src/model/labels.ts'
import { SeriesTable } from '../src/model/series.ts'
import type { Substitute } from './collector.ts'

/** A text is read again for each place that is tried: these bound what that costs. */
const mostTries = 200
const mostRead = 4 * 2 ** 20

/** Reads a text as the protocol's decoder does. */
type Decode = (text: string, harvest: Harvest) => void

/**
 * The text in which one value reads otherwise. No format is known here: wherever the value stands in the text it is
 * replaced, and the decoder asked what it reads then. Best is a place by which no other value changes.
 */
export function textWith(text: string, { was, raw }: Substitute, decode: Decode): Outcome<string> {
  const before = read(text, decode)
  const at = before.findIndex((one) => isSame(one, was))
  const own = before[at]
  if (own === undefined) return bad('the value is not in what came this time')
  let second: string | undefined
  let left = Math.min(mostTries, Math.ceil(mostRead / Math.max(1, text.length)))
  for (const word of spellings(raw)) {
    const wanted = before.map((one) => (one === own ? { ...one, raw: word } : one))
    for (const changed of replaced(text, String(own.raw), word)) {
      if (left-- <= 0) break
      const found = read(changed, decode)
      if (isAll(found, wanted, hasRaw)) return good(changed)
      const one = found[at]
      if (one !== undefined && hasRaw(one, { raw: word }) && isAll(found, wanted, () => true)) second ??= changed
    }
  }
  return second === undefined ? bad(`what came holds no text that is read as ${String(own.raw)}`) : good(second)
}

/** A number may stand where only whole ones fit; a state's word where it has a capital, which the probe does not say. */
function spellings(raw: Raw): readonly string[] {
  const text = String(raw)
  const other = typeof raw === 'number' ? String(Math.round(raw)) : text.charAt(0).toUpperCase() + text.slice(1)
  return other === text ? [text] : [text, other]
}

/** The text with one place after the other of a word replaced. */
function* replaced(text: string, word: string, by: string): Iterable<string> {
  if (word === '') return
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1))
    yield text.slice(0, at) + by + text.slice(at + word.length)
}

function read(text: string, decode: Decode): readonly Witnessed[] {
  const seen: Witnessed[] = []
  const table = new SeriesTable('')
  decode(text, new Harvest(table.scope(table.source('', '')), (one) => seen.push(one)))
  return seen
}

type Like = (one: Pick<Witnessed, 'raw'>, other: Pick<Witnessed, 'raw'>) => boolean

const hasRaw: Like = (one, other) => String(one.raw) === String(other.raw)

/** Whether there are the same series in the same order, each like the other. */
function isAll(found: readonly Witnessed[], wanted: readonly Witnessed[], isLike: Like): boolean {
  if (found.length !== wanted.length) return false
  return found.every((one, i) => {
    const other = wanted[i]
    return other !== undefined && isSame(one, other) && isLike(one, other)
  })
}

/** Whether two are of one series, in whatever world. */
function isSame(one: Witnessed, other: Witnessed): boolean {
  return one.point === other.point && textOf(one) === textOf(other)
}

/** A series' own labels as text: of the site, the device and the drill that it stands in nothing. */
function textOf({ series }: Witnessed): string {
  const { site: _site, device: _device, drill: _drill, ...own } = series.labels
  return labelKey(own)
}
