import type { Static } from 'typebox'
import type { Language } from '../model/metric.ts'
import type { SiteReports } from '../model/report.ts'
import type { Problems } from './problems.ts'
import type { siteReports } from './schemas/report.ts'
import { besideFile } from './secrets.ts'
import type { Tree } from './tree.ts'

/** The reports that a site has written by itself; undefined where it has none. */
export function readReports(
  text: Static<typeof siteReports> | undefined,
  language: Language,
  tree: Tree,
  problems: Problems,
): SiteReports | undefined {
  if (text === undefined) return undefined
  const names = text.schedule.map(({ name }) => name)
  const schedule = text.schedule.map(({ name, period, class: classes = [], language: own, forms, at, keep }, index) => {
    const place = tree.at(['reports', 'schedule', index, 'name'])
    if (names.indexOf(name) < index) problems.add(place, `the report "${name}" is there already`)
    const [hours = 0, minutes = 0] = at.split(':').map(Number)
    return { name, period, classes, language: own ?? language, forms, at: hours * 60 + minutes, keep }
  })
  return { folder: besideFile(tree.file, text.folder), announce: text.announce, schedule }
}
