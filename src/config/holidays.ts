import type { Static } from 'typebox'
import { addDays, type Day, type Holidays, isDay, noHolidays } from '../model/calendar.ts'
import { checkOf, type Spot } from './check.ts'
import type { Files } from './files.ts'
import type { Problems } from './problems.ts'
import { holidaysSchema, type siteHolidays } from './schemas/duty.ts'
import type { Path, Tree } from './tree.ts'
import { readTree } from './yaml.ts'

const checkFile = checkOf('holidays', holidaysSchema)

type SiteText = Static<typeof siteHolidays>

/** No stretch of days off is longer: a typing mistake in a year would make one of a thousand days. */
const longestStretch = 62

/** The holidays that a site keeps; what is wrong, here or in config/holidays.yaml, is told. */
export async function readHolidays(
  text: SiteText | undefined,
  tree: Tree,
  shipped: string,
  files: Files,
  problems: Problems,
): Promise<Holidays> {
  if (text === undefined) return noHolidays
  const calendar = text === 'china' ? text : text.calendar
  const base = calendar === undefined ? noHolidays : await calendarOf(calendar, shipped, files, problems)
  if (text === 'china') return base
  const spot = { tree, path: ['holidays'] }
  const more = readDays(text, spot, problems)
  // What the site says goes before the calendar: a day that it works is no day off, and the other way round.
  const off = new Set([...base.off].filter((day) => !more.work.has(day)).concat(...more.off))
  const work = new Set([...base.work].filter((day) => !more.off.has(day)).concat(...more.work))
  const last = [...more.off, ...more.work].sort().at(-1)
  const until = Math.max(base.until ?? 0, last === undefined ? 0 : Number(last.slice(0, 4)))
  return { off, work, until: until === 0 ? undefined : until }
}

async function calendarOf(name: string, file: string, files: Files, problems: Problems): Promise<Holidays> {
  const tree = await readTree(file, files, problems)
  const top = tree === undefined ? undefined : checkFile(tree.data, { tree, path: [] }, problems)
  if (tree === undefined || top === undefined) return noHolidays
  const off = new Set<Day>()
  const work = new Set<Day>()
  const years = Object.entries(top.calendars[name] ?? {})
  for (const [year, days] of years) {
    const found = readDays(days, { tree, path: ['calendars', name, year] }, problems)
    for (const day of found.off) off.add(day)
    for (const day of found.work) work.add(day)
  }
  const until = Math.max(0, ...years.map(([year]) => Number(year)))
  return { off, work, until: until === 0 ? undefined : until }
}

interface OffDays {
  readonly off?: readonly string[]
  readonly work?: readonly string[]
}

function readDays({ off = [], work = [] }: OffDays, { tree, path }: Spot, problems: Problems) {
  const daysIn = (key: keyof OffDays, list: readonly string[]): ReadonlySet<Day> =>
    new Set(list.flatMap((text, index) => stretch(text, { tree, path: [...path, key, index] }, problems)))
  const days = { off: daysIn('off', off), work: daysIn('work', work) }
  for (const [index, text] of work.entries()) {
    const [first = ''] = text.split('..')
    if (days.off.has(first)) problems.add(tree.at([...path, 'work', index]), `${text} is a day off as well`)
  }
  return days
}

/** `2026-10-01..2026-10-07` as its days. */
function stretch(text: string, { tree, path }: { tree: Tree; path: Path }, problems: Problems): readonly Day[] {
  const [first = '', last = first] = text.split('..')
  const wrong = [first, last].find((day) => !isDay(day))
  const days: Day[] = []
  if (wrong === undefined)
    for (let day = first; day <= last && days.length <= longestStretch; day = addDays(day, 1)) days.push(day)
  if (wrong !== undefined) problems.add(tree.at(path), `there is no day ${wrong}`)
  else if (days.length === 0) problems.add(tree.at(path), 'it ends before it begins')
  else if (days.length > longestStretch) problems.add(tree.at(path), `it is longer than ${longestStretch} days`)
  return wrong === undefined && days.length <= longestStretch ? days : []
}
