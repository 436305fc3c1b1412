import type { Comings, SiteChanges } from './site-changes.ts'

/** Pure: what a reload changes in one line, as `2 devices added, 1 changed; rules: 1 changed; settings: resend`; empty for nothing. */
export function summaryOf({ devices, groups, unpolled, rules, settings, restart }: SiteChanges): string {
  const ofRules = ['added', 'removed', 'changed'].flatMap((kind) => {
    const count = rules.filter((one) => one.kind === kind).length
    return count === 0 ? [] : [`${count} ${kind}`]
  })
  return [
    countsOf('devices', devices),
    countsOf('groups', groups),
    countsOf('not polled', unpolled),
    ofRules.length === 0 ? '' : `rules: ${ofRules.join(', ')}`,
    settings.length === 0 ? '' : `settings: ${settings.join(', ')}`,
    restart.length === 0 ? '' : `only with a restart: ${restart.join(', ')}`,
  ]
    .filter((part) => part !== '')
    .join('; ')
}

function countsOf(what: string, { added, removed, changed }: Comings): string {
  const counts = { added, removed, changed }
  const said = Object.entries(counts).flatMap(([kind, list]) => (list.length === 0 ? [] : [`${list.length} ${kind}`]))
  return said.length === 0 ? '' : `${what}: ${said.join(', ')}`
}
