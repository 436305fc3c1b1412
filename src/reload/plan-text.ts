import type { Ending } from './plan.ts'
import type { RulesChange } from './rule-changes.ts'
import type { Comings, SiteChanges } from './site-changes.ts'

/** Of a rule that is another for a thousand devices, so many are named. */
const mostNamed = 5

/** Pure: what a reload changes, a line a thing: + comes, - goes, ~ changes, ! waits for a restart. */
export function changeLines({ devices, groups, unpolled, rules, settings, restart }: SiteChanges): readonly string[] {
  return [
    ...comingLines('device', devices),
    ...comingLines('group', groups),
    ...comingLines('not polled', unpolled),
    ...rules.map(ruleLine),
    ...settings.map((name) => `~ ${name}`),
    ...restart.map((name) => `! ${name}: only a restart brings this in`),
  ]
}

/** Pure: the alarms that end, a line each. */
export function endingLines(endings: readonly Ending[]): readonly string[] {
  return endings.map(({ device, alarm, severity, state }) => `- alarm ${alarm} (${severity}) of ${device}, ${state}`)
}

function comingLines(what: string, { added, removed, changed }: Comings): readonly string[] {
  return [
    ...added.map((name) => `+ ${what} ${name}`),
    ...removed.map((name) => `- ${what} ${name}`),
    ...changed.map(({ name, keys }) => `~ ${what} ${name}: ${keys.join(', ')}`),
  ]
}

const marks = { added: '+', removed: '-', changed: '~' } as const satisfies Record<RulesChange['kind'], string>

function ruleLine({ kind, alarm, severity, metric, devices }: RulesChange): string {
  const named = devices.slice(0, mostNamed).join(', ')
  const more = devices.length > mostNamed ? ` and ${devices.length - mostNamed} more` : ''
  return `${marks[kind]} rule ${alarm} (${severity}) on ${metric}: ${named}${more}`
}
