import { type Metric, unknownState, type Vocabulary } from '../model/metric.ts'
import type { Probe } from '../model/probe.ts'
import { formatValue } from '../model/unit.ts'

/** A probe with the folder of probes/ in which it stands. */
export interface Shelved {
  readonly probe: Probe
  readonly kind: string
}

const generated = (from: string): string =>
  `<!-- Made of ${from} by \`npm run docs\`; changes here are overwritten. -->`

/** docs/metrics.md: the vocabulary, in the sections of its file's `text`. */
export function metricsPage(vocabulary: Vocabulary, text: string): string {
  const parts = sectionsOf(text, vocabulary).map(({ title, metrics }) =>
    [
      `## ${title}`,
      '',
      '| metric | type | unit | labels | values | what it is | 名称 |',
      '|---|---|---|---|---|---|---|',
      ...metrics.map((metric) => row(metricCells(metric))),
    ].join('\n'),
  )
  return `${[generated('config/metrics.yaml'), '# Metrics', metricsIntroduction, ...parts].join('\n\n')}\n`
}

const metricsIntroduction = `Every metric that a probe may give: one physical thing has one name, unit and labels, whatever the vendor and the
protocol. Beside the labels below each series has \`site\` and \`device\`. A reading outside the values below is none: a scale
is wrong, or a sensor broken. A metric of states is exposed once for each state, with the label \`state\`.`

interface Section {
  readonly title: string
  readonly metrics: readonly Metric[]
}

/** A comment that stands by itself between blank lines is the title of what follows. */
function sectionsOf(text: string, vocabulary: Vocabulary): readonly Section[] {
  const sections: { title: string; metrics: Metric[] }[] = []
  const lines = text.split(/\r?\n/)
  for (const [index, line] of lines.entries()) {
    const title = /^ {2}# (.+)$/.exec(line)?.[1]
    const isAlone = lines[index - 1]?.trim() === '' || lines[index - 1] === 'metrics:'
    if (title !== undefined && isAlone && lines[index + 1]?.trim() === '') sections.push({ title, metrics: [] })
    const metric = vocabulary.get(/^ {2}([a-z][a-z0-9_]*):/.exec(line)?.[1] ?? '')
    if (metric === undefined) continue
    if (sections.length === 0) sections.push({ title: 'All', metrics: [] })
    sections.at(-1)?.metrics.push(metric)
  }
  return sections.filter(({ metrics }) => metrics.length > 0)
}

function metricCells(metric: Metric): readonly string[] {
  const { name, kind, unit, labels, text } = metric
  return [
    `\`${name}\``,
    kind,
    unit === 'none' ? '' : unit,
    labels.map((one) => `\`${one}\``).join(' '),
    valuesOf(metric),
    text.en,
    text.zh,
  ]
}

function valuesOf(metric: Metric): string {
  if (metric.kind === 'state') return metric.states.filter((state) => state !== unknownState).join(', ')
  if (metric.kind !== 'gauge') return ''
  return `${formatValue(metric.range.low, metric.unit)} to ${formatValue(metric.range.high, metric.unit)}`
}

/** docs/devices.md: what siteward can read, by the folders of probes/. */
export function devicesPage(shelved: readonly Shelved[]): string {
  const kinds = [...new Set(shelved.map(({ kind }) => kind))].sort()
  const parts = kinds.map((kind) => {
    const own = shelved.filter((one) => one.kind === kind).map(({ probe }) => probe)
    const sorted = own.sort((a, b) => (a.name < b.name ? -1 : 1))
    return [
      `## ${kind}`,
      '',
      '| probe | device model or MIB | protocol | proof | what it reads | alarms |',
      '|---|---|---|---|---|---|',
      ...sorted.map((probe) => row(probeCells(probe))),
    ].join('\n')
  })
  return `${[generated('probes/'), '# Devices', devicesIntroduction, ...parts].join('\n\n')}\n`
}

const devicesIntroduction = `Every probe that ships, by the folders of probes/. *recording*: proven on the answers of a real device; *register map*:
written from its maker's register map or MIB, and on no device yet. \`siteward identify\` proposes the probes of a device. The
alarms are the probe's own; a site or a device overrides them.`

function probeCells({ name, title, collector, proof, points, derived, rules }: Probe): readonly string[] {
  const all = [...points, ...derived.map(({ point }) => point)]
  const reads = [...new Set(all.map(({ metric }) => metric.text.en))]
  const alarms = [...new Set(rules.map(({ alarm }) => alarm))]
  return [`\`${name}\``, title, collector, proof.replace('-', ' '), reads.join(', '), alarms.join(', ')]
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
