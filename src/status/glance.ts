import type { Judge } from '../judge/judge.ts'
import { placeOf } from '../judge/text.ts'
import type { Device } from '../model/device.ts'
import type { Series } from '../model/series.ts'
import type { Store } from '../store/store.ts'
import { readingStatus } from './reading-status.ts'
import type { GlanceStatus } from './shape.ts'

/** The metrics that tell how the room is, in the order in which they are shown; the first is shown large. */
const glanced: readonly (readonly [GlanceStatus['kind'], readonly string[]])[] = [
  [
    'room',
    [
      'room_temperature_celsius',
      'room_humidity_ratio',
      'room_dew_point_celsius',
      'room_leak_state',
      'room_smoke_state',
      'room_door_state',
    ],
  ],
  [
    'ups',
    [
      'ups_output_source',
      'ups_battery_charge_ratio',
      'ups_battery_runtime_seconds',
      'ups_output_load_ratio',
      'ups_battery_temperature_celsius',
    ],
  ],
  [
    'cooling',
    [
      'air_conditioner_state',
      'air_conditioner_supply_temperature_celsius',
      'air_conditioner_return_temperature_celsius',
      'air_conditioner_return_humidity_ratio',
    ],
  ],
  [
    'meter',
    [
      'power_active_power_watts',
      'power_voltage_volts',
      'power_current_amperes',
      'power_factor_ratio',
      'power_energy_joules_total',
    ],
  ],
]

/** More of one metric (the circuits of a distribution cabinet) are for the device's own page. */
const mostOfOne = 4
/** A room has few of each; a site with more has its wall elsewhere. */
const mostTiles = 60

/** The room at a glance: what climate, UPS, air conditioners and meters read now. */
export function glance(devices: ReadonlyMap<string, Device>, store: Store, judge: Judge): readonly GlanceStatus[] {
  return glanced.flatMap(([kind, metrics]) => {
    const found = seriesByDevice(metrics, store)
    // In the site's own order, whichever was read first.
    const shown = [...devices.values()].filter(({ name }) => found.has(name)).slice(0, mostTiles)
    return shown.map(({ name, labels }) => {
      const readings = (found.get(name) ?? []).map((one) => readingStatus(one, store, judge))
      return { kind, device: name, place: placeOf(labels), readings }
    })
  })
}

function seriesByDevice(metrics: readonly string[], store: Store): ReadonlyMap<string, readonly Series[]> {
  const found = new Map<string, Series[]>()
  for (const name of metrics) {
    for (const [device, series] of ofMetric(name, store)) {
      const shown = series.filter(isWhole).length > 0 ? series.filter(isWhole) : series
      const known = found.get(device)
      if (known === undefined) found.set(device, shown.slice(0, mostOfOne))
      else known.push(...shown.slice(0, mostOfOne))
    }
  }
  return found
}

function ofMetric(name: string, store: Store): ReadonlyMap<string, Series[]> {
  const found = new Map<string, Series[]>()
  for (const [metric, family] of store.families) {
    if (metric.name !== name) continue
    for (const series of family) {
      const known = found.get(series.source.device)
      if (known === undefined) found.set(series.source.device, [series])
      else known.push(series)
    }
  }
  return found
}

/** Of a total and its phases, the total. */
function isWhole({ labels }: Series): boolean {
  return labels['phase'] === undefined && labels['circuit'] === undefined
}
