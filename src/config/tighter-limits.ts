import type { Vocabulary } from '../model/metric.ts'
import type { Draft } from './drafts.ts'

/** The alarm of a device that sets itself a tighter limit than the site does. */
const alarm = 'DeviceLimitTighter'

/** Which limit of the device is the tighter one: below the site's upper limit, above its lower one. */
const opposite = { above: 'below', below: 'above' } as const

/**
 * Where a site writes a number in the place of a limit that the device itself reports (`above: METRIC` in its probe), the
 * two are held against each other from then on: a drive that its maker allows 60 °C is not well at 65 °C because the site
 * says 70 °C. `shipped` are the rules as the probes have them, `changed` as the site wants them. Pure.
 */
export function tighterLimits(
  shipped: readonly Draft[],
  changed: readonly Draft[],
  vocabulary: Vocabulary,
): readonly Draft[] {
  return changed.flatMap((draft) => {
    const before = shipped.find(
      (one) => one.alarm === draft.alarm && one.severity === draft.severity && one.when === draft.when,
    )
    return (['above', 'below'] as const).flatMap((side): readonly Draft[] => {
      const [own, limit] = [before?.part[side], draft.part[side]]
      if (typeof own !== 'string' || !vocabulary.has(own) || limit === undefined || limit === own) return []
      if (typeof limit === 'string' && vocabulary.has(limit)) return []
      const part = { [opposite[side]]: limit, for: '5m', summary: summaryOf(draft.alarm) }
      return [{ ...draft, alarm, when: own, severity: 'warning', part }]
    })
  })
}

function summaryOf(name: string): { readonly en: string; readonly zh: string } {
  return {
    en: `{device} allows itself {value}, less than the site allows it in ${name}: take the site's limit back`,
    zh: `{device} 自身限值 {value} 比站点告警 ${name} 的限值更严：请改回站点限值`,
  }
}
