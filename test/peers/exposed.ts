/** One sample of the text format. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Samples of a page in Prometheus' text format. */
export function samplesOf(page: string): readonly Sample[] {
  return page.split('\n').flatMap((line) => {
    const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (match === null) return []
    const [, name = '', inside = '', value = ''] = match
    const pairs = [...inside.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g)]
    const labels = pairs.map(([, label = '', text = '']) => [label, unescaped(text)] as const)
    return { name, labels: Object.fromEntries(labels), value: Number(value) }
  })
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, sign: string) => (sign === 'n' ? '\n' : sign))
}

/** A reading as `siteward poll --json` prints it. */
export interface PolledReading {
  readonly metric: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number | string | null
}
