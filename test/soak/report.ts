import type { Vitals } from '../faults/house.ts'
import type { Fault } from './faults.ts'
import type { Look } from './looks.ts'
import type { SoakPage, Verdict } from './verdict.ts'

/** What the process held at a time, and how many devices were ill that siteward keeps a connection to when they are well. */
export interface Held extends Vitals {
  readonly at: number
  readonly ill: number
}

/** All that a soak has brought. */
export interface Soaked {
  readonly faults: readonly Fault[]
  readonly looks: readonly Look[]
  readonly pages: readonly SoakPage[]
  /** What the last process held once it had come to rest, and in the end. */
  readonly held: { readonly before: Held; readonly after: Held }
  readonly verdict: Verdict
}

const megabyte = 2 ** 20
const leak = { files: 5, heap: 10 * megabyte } as const

/** The soak in words, and whether all is well. */
export function reportOf(soaked: Soaked): { readonly text: string; readonly isGood: boolean } {
  const { faults, looks, pages, held, verdict } = soaked
  const before = atRest(held.before, looks)
  const after = atRest(held.after, looks)
  const faulty = [
    ...verdict.unseen.map((fault) => `unseen: ${faultText(fault)}`),
    ...verdict.unpaged.map((fault) => `nobody was paged: ${faultText(fault)}`),
    ...verdict.unfounded.map((page) => `paged for nothing: ${pageText(page)}`),
    ...verdict.falselyResolved.map((page) => `taken back while it lasted: ${pageText(page)}`),
    ...verdict.unresolved.map((page) => `never taken back: ${pageText(page)}`),
    ...(verdict.bugs > 0 ? [`${verdict.bugs} exceptions that siteward did not expect`] : []),
    ...(after.files > before.files + leak.files ? ['file descriptors leak'] : []),
    ...(after.heap > before.heap + leak.heap ? ['memory leaks'] : []),
  ]
  const took = looks.map((look) => look.took).sort((a, b) => a - b)
  const lines = [
    `${faults.length} faults: ${counted(faults.map(({ kind }) => kind))}`,
    `${pages.length} pages: ${counted(pages.map(({ alertname, status }) => `${alertname} ${status}`))}`,
    `${new Set(looks.map((look) => look.process)).size} processes, resident memory at most ${mib(Math.max(...looks.map((look) => look.residentBytes)))}`,
    `${looks.length} scrapes: median ${Math.round(took[Math.floor(took.length / 2)] ?? 0)} ms, longest ${Math.round(took.at(-1) ?? 0)} ms`,
    `the last process held, without its history, ${mib(before.heap)} and ${before.files} descriptors, and in the end ${mib(after.heap)} and ${after.files}`,
    ...(faulty.length === 0 ? ['every fault was seen, nobody was paged for nothing, nothing leaks'] : faulty),
  ]
  return { text: `${lines.join('\n')}\n`, isGood: faulty.length === 0 }
}

/** What is held without the readings of the last day, and with a connection to each device that is ill. */
function atRest({ at, ill, heap, files }: Held, looks: readonly Look[]): Vitals {
  const history = looks.findLast((look) => look.at <= at)?.historyBytes ?? 0
  return { heap: heap - history, files: files + ill }
}

function counted(words: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([word, count]) => `${word} ${count}`)
    .join(', ')
}

function mib(bytes: number): string {
  return `${(bytes / megabyte).toFixed(1)} MiB`
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}

function faultText(fault: Fault): string {
  return `${seconds(fault.at)} for ${seconds(fault.lasts)} ${fault.kind}${'device' in fault ? ` ${fault.device}` : ''}`
}

function pageText({ at, alertname, device, status }: SoakPage): string {
  return `${seconds(at)} ${alertname} ${device} ${status}`
}
