import type { Device } from '../model/device.ts'
import type { Vocabulary } from '../model/metric.ts'
import { type Columns, type Level, levels, type RolledSeries } from '../model/roll-up.ts'
import type { Stretch } from '../rollup/stretches.ts'
import { Sums } from '../rollup/sums.ts'
import { averageOf, type FigureSource, inOrder, type SeriesFigures } from './figures.ts'

const hour = 3_600_000

/** What is asked of roll-ups. */
export interface Rolls {
  stretches(level: Level, device: string, from: number, to: number): readonly (Stretch & { readonly rolled: Columns })[]
  seriesOf(device: string): ReadonlyMap<number, RolledSeries>
}

/** Figures as siteward itself has rolled them up. */
export function rolledFigures(rolls: Rolls, vocabulary: Vocabulary): FigureSource {
  return {
    name: 'roll-ups',
    read: async ({ name }: Device, stretches) => readDevice(name, stretches, rolls, vocabulary),
  }
}

function readDevice(
  device: string,
  stretches: readonly Stretch[],
  rolls: Rolls,
  vocabulary: Vocabulary,
): readonly SeriesFigures[] {
  const [first, last] = [stretches[0], stretches.at(-1)]
  if (first === undefined || last === undefined) return []
  const total = new Sums()
  const points = stretches.map(() => new Sums())
  for (const kept of tiled(device, stretches, rolls)) {
    total.add(kept.rolled)
    const n = stretches.findIndex(({ start, end }) => start <= kept.start && kept.end <= end)
    points[n]?.add(kept.rolled)
  }
  const names = rolls.seriesOf(device)
  const { ids } = total.columns()
  const found = [...ids].flatMap((id): readonly SeriesFigures[] => {
    const series = names.get(id)
    const metric = series === undefined ? undefined : vocabulary.get(series.metric)
    if (series === undefined || metric === undefined) return []
    const all = points.map((sums) => sums.get(id))
    return [
      {
        metric,
        labels: series.labels,
        total: total.get(id),
        lows: Float64Array.from(all, ({ low }) => low),
        averages: Float64Array.from(all, (one) => averageOf(one, metric)),
        highs: Float64Array.from(all, ({ high }) => high),
      },
    ]
  })
  return inOrder(found)
}

/**
 * What is kept of a device in a time, each moment once: hours where the chart goes by hours, else days; where those are
 * gone already, or not made yet, what there is.
 */
function* tiled(
  device: string,
  stretches: readonly Stretch[],
  rolls: Rolls,
): Generator<Stretch & { readonly rolled: Columns }> {
  const [first, last] = [stretches[0], stretches.at(-1)]
  if (first === undefined || last === undefined) return
  const byHour = first.end - first.start <= hour
  const order: readonly Level[] = byHour ? levels : ['day', 'hour', 'xun', 'month']
  const taken = new Uint8Array(Math.ceil((last.end - first.start) / hour))
  for (const level of order) {
    // Of a year 8,760 hours are read only where there is no day of them.
    if (level === 'hour' && !byHour && !taken.includes(0)) continue
    for (const kept of rolls.stretches(level, device, first.start, last.end)) {
      const [from, to] = [kept.start, kept.end].map((at) => Math.ceil((at - first.start) / hour))
      if (kept.end > last.end || taken.subarray(from, to).includes(1)) continue
      taken.fill(1, from, to)
      yield kept
    }
  }
}
