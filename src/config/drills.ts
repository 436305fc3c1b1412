import { parseAim, parseValue } from '../model/aim.ts'
import type { Milliseconds } from '../model/clock.ts'
import type { Device } from '../model/device.ts'
import type { Vocabulary } from '../model/metric.ts'
import type { PlannedDrill, SiteDrills } from '../model/site.ts'
import { day, hour, readDuration, second } from './durations.ts'
import { didYouMean } from './misspelt.ts'
import type { Problems } from './problems.ts'
import type { SiteText } from './site.ts'
import type { Tree } from './tree.ts'
import { readUrl } from './urls.ts'

const minute: Milliseconds = 60 * second

/** What `drills:` may name. */
export interface DrillDeps {
  readonly devices: readonly Device[]
  readonly vocabulary: Vocabulary
}

/** The drills that siteward begins by itself, and where a page shows that it is out; what is wrong is told. */
export function readDrills({ drills }: SiteText, deps: DrillDeps, tree: Tree, problems: Problems): SiteDrills {
  const receipt =
    drills.receipt === undefined ? undefined : readUrl(drills.receipt, { tree, path: ['drills', 'receipt'] }, problems)
  const names = drills.schedule.map(({ name }) => name)
  const schedule = drills.schedule.map(({ name, device, aim, every, at, for: hold }, index): PlannedDrill => {
    const path = ['drills', 'schedule', index]
    if (names.indexOf(name) < index) problems.add(tree.at([...path, 'name']), `the drill "${name}" is there already`)
    const wrong = wrongWith(device, aim, deps)
    if (wrong !== undefined) problems.add(tree.at([...path, wrong.key]), wrong.why, wrong.hint)
    const [hours = 0, minutes = 0] = at.split(':').map(Number)
    return {
      name,
      device,
      aim,
      every: readDuration(every, [day, 366 * day], tree.at([...path, 'every']), problems) ?? 30 * day,
      at: hours * hour + minutes * minute,
      hold: hold === undefined ? undefined : readDuration(hold, [second, hour], tree.at([...path, 'for']), problems),
    }
  })
  return { receipt, schedule }
}

type Key = 'device' | 'aim'

/** What is wrong with a drill, at which of its keys. */
interface Wrong {
  readonly key: Key
  readonly why: string
  readonly hint?: string | undefined
}

function wrongWith(name: string, text: string, { devices, vocabulary }: DrillDeps): Wrong | undefined {
  const device = devices.find((one) => one.name === name)
  if (device === undefined) {
    const names = devices.map((one) => one.name)
    return { key: 'device', why: `there is no device "${name}"`, hint: didYouMean(name, names) }
  }
  const aim = parseAim(text)
  if (!aim.ok) return { key: 'aim', why: aim.why }
  const metric = vocabulary.get(aim.value.metric)
  if (metric === undefined) {
    const hint = didYouMean(aim.value.metric, vocabulary.keys())
    return { key: 'aim', why: `there is no metric "${aim.value.metric}"`, hint }
  }
  const value = parseValue(aim.value.value, metric)
  if (!value.ok) return { key: 'aim', why: value.why }
  if (device.rules.some((rule) => rule.metric === metric)) return undefined
  return { key: 'aim', why: `no alarm of ${name} looks at ${metric.name}` }
}
