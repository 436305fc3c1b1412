import type { Device } from '../../src/model/device.ts'
import type { NumberMetric } from '../../src/model/metric.ts'
import { nothingRolled, type Rolled } from '../../src/model/roll-up.ts'
import type { Site } from '../../src/model/site.ts'
import type { FigureSource, SeriesFigures } from '../../src/report/figures.ts'
import { bytesTotal, makeDevice, makePoint, makeProbe, makeRule, makeSite, source, temperature } from '../samples.ts'

/** Whether a device answered, as siteward says it. */
export const up: NumberMetric = { ...temperature, name: 'siteward_device_up', unit: 'none', labels: ['probe'] }

/** A device with limits on its temperature and its source, and a counter without. */
export function makeRoom(changed: Partial<Device> = {}): Device {
  const points = [temperature, bytesTotal, source].map((metric) => makePoint({}, { metric }))
  const probe = {
    ...makeProbe('modbus', points, {}),
    place: { file: '/probes/cooling/sample.yaml', line: 1, column: 1 },
  }
  return makeDevice({
    probes: [{ probe, interval: 60_000, timeout: 1000 }],
    rules: [
      makeRule({
        condition: {
          kind: 'within',
          low: { kind: 'fixed', value: 20 },
          high: { kind: 'fixed', value: 28 },
          hysteresis: 0.5,
        },
      }),
      makeRule({
        alarm: 'Hot',
        severity: 'critical',
        condition: { kind: 'above', limit: { kind: 'fixed', value: 30 }, hysteresis: 0 },
      }),
      makeRule({ alarm: 'OnBattery', metric: source, condition: { kind: 'is', states: new Set([1]) } }),
    ],
    ...changed,
  })
}

/** A site that has these metrics. */
export function makeRoomSite(devices: readonly Device[], changed: Partial<Site> = {}): Site {
  const vocabulary = new Map([temperature, bytesTotal, source, up].map((metric) => [metric.name, metric] as const))
  return makeSite({ devices, vocabulary, ...changed })
}

/** Figures of one series that are the same in each of so many stretches. */
export function steady(
  metric: SeriesFigures['metric'],
  rolled: Partial<Rolled>,
  stretches: number,
  labels: SeriesFigures['labels'] = {},
): SeriesFigures {
  const total = { ...nothingRolled, ...rolled }
  const fill = (value: number): Float64Array => new Float64Array(stretches).fill(value)
  const average = metric.kind === 'gauge' && total.count > 0 ? total.sum / total.count : Number.NaN
  return { metric, labels, total, lows: fill(total.low), averages: fill(average), highs: fill(total.high) }
}

/** Figures that are known beforehand, by device. */
export function figuresOf(known: Readonly<Record<string, readonly SeriesFigures[]>>): FigureSource {
  return { name: 'roll-ups', read: async ({ name }) => known[name] ?? [] }
}
