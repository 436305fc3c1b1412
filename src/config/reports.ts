import type { Static } from 'typebox'
import type { Device } from '../model/device.ts'
import { classesOf } from '../model/device-class.ts'
import type { Language } from '../model/metric.ts'
import type { SiteReports } from '../model/report.ts'
import { orOneOf } from './misspelt.ts'
import type { Problems } from './problems.ts'
import type { siteReports } from './schemas/report.ts'
import { besideFile } from './secrets.ts'
import type { Tree } from './tree.ts'

/** What the reports of a site are about, and in which language where they do not say. */
export interface ReportDeps {
  readonly devices: readonly Device[]
  readonly language: Language
}

/** The reports that a site has written by itself; undefined where it has none. */
export function readReports(
  text: Static<typeof siteReports> | undefined,
  { devices, language }: ReportDeps,
  tree: Tree,
  problems: Problems,
): SiteReports | undefined {
  if (text === undefined) return undefined
  const names = text.schedule.map(({ name }) => name)
  const known = [...new Set(devices.flatMap((device) => [...classesOf(device)]))].sort()
  const schedule = text.schedule.map(({ name, period, class: classes = [], language: own, forms, at, keep }, index) => {
    const path = ['reports', 'schedule', index]
    if (names.indexOf(name) < index) problems.add(tree.at([...path, 'name']), `the report "${name}" is there already`)
    for (const [n, one] of classes.entries()) {
      if (!known.includes(one.toLowerCase()))
        problems.add(tree.at([...path, 'class', n]), `no device is of class "${one}"`, orOneOf(one, known, 'classes'))
    }
    const [hours = 0, minutes = 0] = at.split(':').map(Number)
    return { name, period, classes, language: own ?? language, forms, at: hours * 60 + minutes, keep }
  })
  return { folder: besideFile(tree.file, text.folder), announce: text.announce, schedule }
}
