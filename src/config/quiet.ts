import type { Static } from 'typebox'
import type { Milliseconds } from '../model/clock.ts'
import type { DayRange, QuietTime, QuietWindow } from '../model/quiet.ts'
import { localMoment } from '../model/time-zone.ts'
import type { Spot } from './check.ts'
import { readDuration, second, week } from './durations.ts'
import { orOneOf } from './misspelt.ts'
import type { Problems } from './problems.ts'
import { cleanLabels } from './rules.ts'
import type { quietTime } from './schemas/holds.ts'

type QuietText = Static<typeof quietTime>

const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']

/** The quiet times of a site; what is wrong is left out and told. `devices` are the names of all that there are. */
export function readQuiet(
  list: readonly QuietText[],
  timeZone: () => string,
  devices: ReadonlySet<string>,
  { tree, path }: Spot,
  problems: Problems,
): readonly QuietWindow[] {
  const seen = new Set<string>()
  return list.flatMap((text, index) => {
    const spot = { tree, path: [...path, index] }
    if (seen.has(text.name)) problems.add(tree.at([...spot.path, 'name']), `the quiet time ${text.name} stands twice`)
    seen.add(text.name)
    const before = problems.mistakes
    const scope = scopeOf(text, devices, spot, problems)
    const time = timeOf(text, timeZone, spot, problems)
    const endsWhenWell = wellOf(text, spot, problems)
    if (time === undefined || problems.mistakes > before) return []
    return [{ name: text.name, author: '', note: text.note ?? '', scope, time, endsWhenWell }]
  })
}

function scopeOf(text: QuietText, devices: ReadonlySet<string>, { tree, path }: Spot, problems: Problems) {
  const named = typeof text.devices === 'string' ? [text.devices] : (text.devices ?? [])
  for (const name of named) {
    if (!devices.has(name))
      problems.add(
        tree.at([...path, 'devices']),
        `there is no device "${name}"`,
        orOneOf(name, [...devices], 'devices'),
      )
  }
  const match = cleanLabels(text.match ?? {})
  const alarms = text.alarms ?? []
  if (named.length === 0 && alarms.length === 0 && Object.keys(match).length === 0) {
    problems.add(tree.keyAt(path), 'a quiet time without devices, alarms or match', 'say which alerts it is about')
  }
  return { devices: named, alarms, match }
}

function wellOf(
  { ends_when_well: text }: QuietText,
  { tree, path }: Spot,
  problems: Problems,
): Milliseconds | undefined {
  return text === undefined
    ? undefined
    : readDuration(text, [second, week], tree.at([...path, 'ends_when_well']), problems)
}

function timeOf(text: QuietText, timeZone: () => string, spot: Spot, problems: Problems): QuietTime | undefined {
  const { tree, path } = spot
  const { from, to, times } = text
  const days = (['weekdays', 'days_of_month', 'months'] as const).find((key) => text[key] !== undefined)
  if (times !== undefined) {
    const once = from !== undefined ? 'from' : to !== undefined ? 'to' : undefined
    if (once === undefined) return recurring(text, times, spot, problems)
    problems.add(tree.keyAt([...path, once]), `"${once}" stands beside times:`, 'it is once, or again and again')
    return undefined
  }
  if (from === undefined || to === undefined || days !== undefined) {
    problems.add(tree.keyAt(path), 'when is it quiet?', 'give from: and to:, or times: with or without days')
    return undefined
  }
  const begin = momentIn(from, timeZone, 'earlier', { tree, path: [...path, 'from'] }, problems)
  const end = momentIn(to, timeZone, 'later', { tree, path: [...path, 'to'] }, problems)
  if (begin === undefined || end === undefined) return undefined
  if (begin < end) return { kind: 'once', from: begin, to: end }
  problems.add(tree.at([...path, 'to']), 'it ends before it begins')
  return undefined
}

function momentIn(
  text: string,
  timeZone: () => string,
  disambiguation: 'earlier' | 'later',
  { tree, path }: Spot,
  problems: Problems,
): Milliseconds | undefined {
  const moment = localMoment(text, timeZone(), disambiguation)
  if (moment === undefined) problems.add(tree.at(path), `there is no such day or time: ${text}`)
  return moment
}

function recurring(text: QuietText, times: string, { tree, path }: Spot, problems: Problems): QuietTime | undefined {
  const [from, to] = times.split('..').map(minutesOf)
  if (from === undefined || to === undefined || from === 1440) {
    problems.add(tree.at([...path, 'times']), `there is no such time of day: ${times}`, 'as 22:00..02:00')
    return undefined
  }
  return {
    kind: 'recurring',
    from,
    to,
    weekdays: (text.weekdays ?? []).map((day) => weekdays.indexOf(day) + 1),
    daysOfMonth: (text.days_of_month ?? []).flatMap((days) => {
      const range = daysOf(days)
      if (range === undefined) problems.add(tree.at([...path, 'days_of_month']), `there are no such days: ${days}`)
      return range ?? []
    }),
    months: text.months ?? [],
  }
}

/** `24:00` is the end of the day. */
function minutesOf(text: string): number | undefined {
  const [hours = 0, minutes = 0] = text.split(':').map(Number)
  const total = hours * 60 + minutes
  return minutes < 60 && total <= 1440 ? total : undefined
}

function daysOf(text: string): DayRange | undefined {
  const [first = 0, last = first] = text.split('..').map(Number)
  const isDay = (day: number): boolean => day !== 0 && day >= -31 && day <= 31
  const isBackwards = first < 0 === last < 0 && first > last
  return isDay(first) && isDay(last) && !isBackwards ? { first, last } : undefined
}
