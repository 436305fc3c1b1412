import type { ServiceLevels } from '../model/service-level.ts'
import { day, hour, readDuration, second } from './durations.ts'
import type { Problems } from './problems.ts'
import type { SiteText } from './site.ts'
import type { Tree } from './tree.ts'

/** How long each step may take; the contract's times where the site says nothing (15 minutes, 1 hour, 48 hours). */
export function readServiceLevels({ service_levels: text }: SiteText, tree: Tree, problems: Problems): ServiceLevels {
  const time = (key: 'response' | 'on_site' | 'repair', otherwise: number): number =>
    readDuration(text[key], [second, 60 * day], tree.at(['service_levels', key]), problems) ?? otherwise
  return {
    taken: time('response', hour / 4),
    on_site: time('on_site', hour),
    repaired: time('repair', 2 * day),
    severities: text.severities,
  }
}
