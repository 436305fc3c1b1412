import type { Conversion, Raw } from '../../src/model/conversion.ts'
import type { Harvest } from '../../src/model/harvest.ts'
import { type Labels, labelKey, labelValue } from '../../src/model/labels.ts'
import type { Unit } from '../../src/model/unit.ts'
import type { Tool, Topic } from './commands.ts'
import type { LabelSource, Plan, SensorPoint } from './compile.ts'
import { parseFreeipmiSensors } from './freeipmi-output.ts'
import { parseIpmitoolSensors } from './ipmitool-output.ts'
import { thresholds } from './schema.ts'
import type { Sensor } from './sensor.ts'
import { parseChassis, parseEventLog, parseInventory, parsePower, usedRatio } from './status-output.ts'
import { applyFit, fitOf } from './units.ts'

/** What a tool wrote about one thing that it was asked for, as readings. */
export function decode(plan: Plan, ask: Topic, tool: Tool, text: string, harvest: Harvest): void {
  switch (ask) {
    case 'sensors':
      decodeSensors(
        plan.sensors,
        tool === 'freeipmi' ? parseFreeipmiSensors(text) : parseIpmitoolSensors(text),
        harvest,
      )
      return
    case 'chassis': {
      const status = parseChassis(text)
      for (const { point, key, labels } of plan.chassis) harvest.labelled(point, labels, status.get(key) ?? null)
      return
    }
    case 'dcmi': {
      const watts = parsePower(text)
      for (const { point, key, labels } of plan.dcmi) harvest.labelled(point, labels, watts[key] ?? null)
      return
    }
    case 'sel': {
      const log = parseEventLog(text)
      if (log === undefined)
        harvest.fault('protocol', 'the BMC does not say how many events it has logged', plan.sel.length)
      else
        for (const { point, key, labels } of plan.sel)
          harvest.labelled(point, labels, (key === 'entries' ? log.entries : usedRatio(log)) ?? null)
      return
    }
    case 'fru': {
      const identity = Object.entries(parseInventory(text)).map(([name, value]) => [name, labelValue(value)])
      // A board without an inventory is one that says nothing, which is no fault.
      if (identity.length === 0) return
      for (const { point, labels } of plan.fru)
        harvest.labelled(point, { ...Object.fromEntries(identity), ...labels }, 1)
      return
    }
  }
}

/** The readings of DCMI where the BMC has none: not available, which is no fault. */
export function decodeWithoutDcmi(plan: Plan, harvest: Harvest): void {
  for (const { point, labels } of plan.dcmi) harvest.labelled(point, labels, null)
}

/** The readings of a BMC's sensors. */
function decodeSensors(points: readonly SensorPoint[], sensors: readonly Sensor[], harvest: Harvest): void {
  if (sensors.length === 0) {
    harvest.fault(
      'protocol',
      'the BMC lists no sensors; its list (SDR) may be empty until its first start',
      points.length,
    )
    return
  }
  const titles = titlesOf(sensors)
  for (const point of points) {
    const selected = select(point, sensors)
    if (selected.length === 0 && point.names.length > 0) {
      harvest.fault('config', `no sensor of this BMC is what ${point.point.metric.name} asks for; check name:`, 1)
    }
    read(point, selected, titles, harvest)
  }
}

function read(point: SensorPoint, sensors: readonly Sensor[], titles: Titles, harvest: Harvest): void {
  const seen = new Set<string>()
  let alike = 0
  for (const sensor of sensors) {
    const raw = rawOf(point, sensor)
    if (raw === undefined) continue
    const labels = labelsOf(point, sensor, titles)
    const key = labelKey(labels)
    if (seen.has(key)) alike++
    else harvest.labelled(point.point, labels, raw)
    seen.add(key)
  }
  if (alike === 0) return
  const { name } = point.point.metric
  harvest.fault('config', `${alike} more sensors fit ${name} and no label tells them apart; add a label: sensor`, 0)
}

/** The sensors that a point reads. */
function select(point: SensorPoint, sensors: readonly Sensor[]): readonly Sensor[] {
  const { unit } = point.point.metric
  const fitting = sensors.filter(
    (sensor) => (point.types === undefined || point.types.has(sensor.type)) && hasUnit(point, sensor, unit),
  )
  if (point.names.length === 0) return fitting
  for (const name of point.names) {
    const named = fitting.filter((sensor) => name.first(sensor.name) !== undefined)
    if (named.length > 0) return named
  }
  return []
}

function hasUnit({ unit, value }: SensorPoint, sensor: Sensor, metric: Unit): boolean {
  if (typeof value !== 'string' || value === 'state' || value === 'events') return true
  // A discrete sensor has no number at all.
  if (sensor.unit === '') return false
  if (sensor.unit === undefined) return true
  return unit === undefined ? fitOf(sensor.unit, metric) !== undefined : sensor.unit === unit
}

/** The raw value of a sensor; undefined where it has no such thing, null where that is not available now. */
function rawOf({ point, unit, value }: SensorPoint, sensor: Sensor): Raw | undefined {
  if (typeof value !== 'string') {
    if (sensor.events === undefined) return null
    return sensor.events.some((event) => value.first(event) !== undefined)
  }
  switch (value) {
    case 'reading':
      return numberOf(sensor.reading, sensor, unit, point.metric.unit)
    case 'state':
      return sensor.state ?? null
    case 'events':
      return sensor.events === undefined ? null : telling(sensor.events, point.conversion)
    default: {
      const limit = sensor.limits[thresholds.indexOf(value)]
      return limit === undefined ? undefined : numberOf(limit, sensor, unit, point.metric.unit)
    }
  }
}

function numberOf(text: string | undefined, sensor: Sensor, unit: string | undefined, metric: Unit): Raw {
  if (text === undefined) return null
  const number = Number(text)
  if (text.trim() === '' || !Number.isFinite(number)) return text
  const fit = unit === undefined && sensor.unit !== undefined ? fitOf(sensor.unit, metric) : undefined
  return fit === undefined ? number : applyFit(number, fit)
}

/**
 * The one event that says most, of several at once: that which stands first in `states:`. The last state there is the
 * good one; an event that is not listed weighs more than that, and makes the state unknown.
 */
function telling(events: readonly string[], { states }: Conversion): string {
  if (states === undefined) return events.join('; ')
  const listed = [...states.keys()].map((text) => text.toLowerCase())
  const known = events.filter((event) => listed.includes(event.toLowerCase()))
  const unlisted = events.find((event) => !listed.includes(event.toLowerCase()))
  const rank = (event: string): number => listed.indexOf(event.toLowerCase())
  const [first] = known.sort((a, b) => rank(a) - rank(b))
  const goodState = [...states.values()].at(-1)
  const isGood = first === undefined || [...states.values()][rank(first)] === goodState
  return (isGood ? unlisted : undefined) ?? first ?? ''
}

type Titles = ReadonlyMap<Sensor, string>

/** Names, with the id behind those that repeat (four times "Temp" on some boards). */
function titlesOf(sensors: readonly Sensor[]): Titles {
  const count = new Map<string, number>()
  for (const { name } of sensors) count.set(name, (count.get(name) ?? 0) + 1)
  return new Map(
    sensors.map((sensor) => [sensor, (count.get(sensor.name) ?? 0) > 1 ? `${sensor.name} #${sensor.id}` : sensor.name]),
  )
}

function labelsOf({ labels }: SensorPoint, sensor: Sensor, titles: Titles): Labels {
  return Object.fromEntries(labels.map(([name, source]) => [name, labelValue(textOf(source, sensor, titles))]))
}

function textOf(source: LabelSource, sensor: Sensor, titles: Titles): string {
  if (source.kind === 'text') return source.text
  return source.key === 'sensor' ? (titles.get(sensor) ?? sensor.name) : sensor[source.key]
}
