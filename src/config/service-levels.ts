import type { Holidays } from '../model/calendar.ts'
import type { Milliseconds } from '../model/clock.ts'
import type { ServiceLevels, WorkingTime } from '../model/service-level.ts'
import { day, hour, minute, readDuration, second } from './durations.ts'
import type { Problems } from './problems.ts'
import type { SiteText } from './site.ts'
import type { Tree } from './tree.ts'

/** By what people work. */
interface Calendar {
  readonly holidays: Holidays
  timeZone(): string
}

/** How long each step may take; the contract's times where the site says nothing (15 minutes, 1 hour, 48 hours). */
export function readServiceLevels(
  { service_levels: text }: SiteText,
  calendar: Calendar,
  tree: Tree,
  problems: Problems,
): ServiceLevels {
  const time = (key: 'response' | 'on_site' | 'repair', otherwise: number): number =>
    readDuration(text[key], [second, 60 * day], tree.at(['service_levels', key]), problems) ?? otherwise
  return {
    taken: time('response', hour / 4),
    on_site: time('on_site', hour),
    repaired: time('repair', 2 * day),
    severities: text.severities,
    working: readWorkingTime(text, calendar, tree, problems),
  }
}

const stepOf = { on_site: 'on_site', repair: 'repaired' } as const

function readWorkingTime(
  { working_hours, in_working_time }: SiteText['service_levels'],
  calendar: Calendar,
  tree: Tree,
  problems: Problems,
): WorkingTime {
  const hours = working_hours.map((text, index) => {
    const [from = 0, to = 0] = text.split('..').map(sinceMidnight)
    if (to <= from) problems.add(tree.at(['service_levels', 'working_hours', index]), `${text} ends before it begins`)
    return [from, to] as const
  })
  return { hours, steps: in_working_time.map((level) => stepOf[level]), ...calendar }
}

function sinceMidnight(text: string): Milliseconds {
  const [hours = 0, minutes = 0] = text.split(':').map(Number)
  return hours * hour + minutes * minute
}
