import { addDays, type Day } from '../../src/model/calendar.ts'
import type { Device } from '../../src/model/device.ts'
import type { Metric } from '../../src/model/metric.ts'
import type { Site } from '../../src/model/site.ts'
import { metricsOf } from '../../src/report/prometheus-figures.ts'
import { packed, unpacked } from '../../src/rollup/packed.ts'
import { stretchAt } from '../../src/rollup/stretches.ts'
import { Sums } from '../../src/rollup/sums.ts'
import { openRollUpsIn } from '../../src/store/roll-ups.ts'

/** What readings of a site would have been rolled up to, day by day, as if they came from a fixed dice. */
export function generateDays(site: Site, from: Day, to: Day): void {
  const rollUps = openRollUpsIn(
    site.stateDirectory,
    { packed, unpacked },
    { stamp: 0, corrupt: () => {}, isShared: false },
  )
  const timeZone = site.timeZone()
  for (const device of site.devices) {
    const series = seriesOf(device, site)
    rollUps.together(() => {
      const ids = series.map(({ metric, labels }) => rollUps.idOf(device.name, { metric: metric.name, labels }, 0))
      let n = 0
      for (let day = from; day <= to; day = addDays(day, 1)) {
        n++
        // Each device was silent for two days.
        if (n % 180 === device.name.length) continue
        const sums = new Sums()
        for (const [i, { metric }] of series.entries()) sums.put(ids[i] ?? 0, dayOf(metric, n, i, device))
        rollUps.write({ level: 'day', device: device.name, ...stretchAt(day, 'day', timeZone), rolled: sums.columns() })
      }
    })
  }
  rollUps.close()
}

/** One series of each metric; of what has a port, a disk or the like, four. */
function seriesOf(device: Device, site: Site): readonly { metric: Metric; labels: Record<string, string> }[] {
  return metricsOf(device, site).flatMap((metric) => {
    const [first] = metric.labels
    if (first === undefined) return [{ metric, labels: {} }]
    return Array.from({ length: first === 'probe' ? 1 : 4 }, (_, n) => ({
      metric,
      labels: { [first]: `${first}-${n + 1}` },
    }))
  })
}

function dayOf(metric: Metric, day: number, n: number, { rules }: Device) {
  const count = 1440 - ((day * 7 + n) % 13 === 0 ? 90 : 0)
  const hasLimit = rules.some((rule) => rule.metric === metric)
  const outside = hasLimit && (day * 31 + n * 17) % 911 === 0 ? 12 : 0
  const wave = Math.sin((day + n * 5) / 9)
  if (metric.name === 'siteward_device_up')
    return { low: outside > 0 ? 0 : 1, high: 1, sum: count - outside, count, outside }
  if (metric.kind === 'state' || metric.kind === 'info')
    return { low: Number.NaN, high: Number.NaN, sum: 0, count, outside }
  if (metric.kind === 'counter') return { low: day * 1e9, high: (day + 1) * 1e9, sum: 1e9, count, outside: 0 }
  const limit = rules.find((rule) => rule.metric === metric && 'limit' in rule.condition)?.condition
  const middle =
    limit !== undefined && 'limit' in limit && limit.limit.kind === 'fixed'
      ? limit.limit.value * 0.8 || 1
      : (middles[metric.unit] ?? 10)
  // What fills up does so.
  const grown = metric.name.includes('used_ratio') ? middle * (0.6 + day / 900) : middle * (1 + wave * 0.08)
  return { low: grown * 0.97, high: grown * 1.03, sum: grown * count, count, outside }
}

const middles: Readonly<Record<string, number>> = {
  celsius: 23.5,
  ratio: 0.55,
  volts: 228,
  amperes: 12,
  watts: 2400,
  hertz: 50,
}
