import type { Labels } from './labels.ts'

/** What marks every series, alert, log line and page of a drill. */
export const drillLabels: Labels = { drill: 'true' }

/** Whether a series or alert is of a drill. */
export function isDrill(labels: Labels): boolean {
  return labels['drill'] === 'true'
}

/** The words of an alert, marked as a drill's: whoever is woken by it must see that first. */
export function markDrill(words: Labels): Labels {
  const marked = { ...words }
  for (const [name, mark] of Object.entries(marks)) {
    const text = words[name]
    if (text !== undefined) Object.assign(marked, { [name]: `${mark} ${text}` })
  }
  return marked
}

const marks = { summary: '[DRILL 演练]', summary_en: '[DRILL]', summary_zh: '【演练】' } as const
