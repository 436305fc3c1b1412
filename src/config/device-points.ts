import type { ProbeUse } from '../model/device.ts'
import type { Point, Probe } from '../model/probe.ts'
import type { Spot } from './check.ts'
import { type ConversionText, changeConversion, checkScale } from './conversions.ts'
import { orOneOf } from './misspelt.ts'
import type { Problems } from './problems.ts'

/** A device's probes with what it says under `points:` of a metric's scale, offset or unavailable values. */
export function changeProbe(
  texts: Readonly<Record<string, ConversionText>>,
  uses: readonly ProbeUse[],
  { tree, path }: Spot,
  problems: Problems,
): readonly ProbeUse[] {
  const points = new Map<Point, Point>()
  const all = uses.flatMap(({ probe }) => probe.points)
  for (const [name, text] of Object.entries(texts)) {
    const spot = { tree, path: [...path, 'points', name] }
    const own = all.filter((point) => point.metric.name === name)
    const [first] = own
    if (first === undefined) {
      const known = [...new Set(all.map((point) => point.metric.name))]
      problems.add(tree.keyAt(spot.path), `no probe of this device reads ${name}`, orOneOf(name, known, 'metrics'))
      continue
    }
    checkScale(text, first.metric, spot, problems)
    for (const point of own) {
      points.set(point, { ...point, conversion: changeConversion(point.conversion, text, spot, problems) })
    }
  }
  return uses.map((use) => ({ ...use, probe: withPoints(use.probe, points) }))
}

function withPoints(probe: Probe, changed: ReadonlyMap<Point, Point>): Probe {
  if (!probe.points.some((point) => changed.has(point))) return probe
  return { ...probe, points: probe.points.map((point) => changed.get(point) ?? point) }
}
