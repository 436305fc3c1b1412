import type { SensorState } from './discrete-states.ts'
import { thresholds } from './schema.ts'
import { mostSensors, type Sensor } from './sensor.ts'

const states = new Map<string, SensorState | undefined>([
  ['Nominal', 'Nominal'],
  ['Warning', 'Warning'],
  ['Critical', 'Critical'],
  ['N/A', undefined],
])

/** The longest line that is read: a sensor with every event set stays below it. */
const longestLine = 4096

/**
 * Sensors of `ipmi-sensors --comma-separated-output --no-header-output --output-sensor-state [--output-sensor-thresholds]`:
 * id,name,type,state,reading,unit,six limits where they were asked for,events. Nothing is quoted there, and a name may hold commas, so the columns
 * are counted from the state on.
 */
export function parseFreeipmiSensors(text: string): readonly Sensor[] {
  const sensors: Sensor[] = []
  for (const line of text.split('\n')) {
    if (sensors.length >= mostSensors) break
    const sensor = line.length > longestLine ? undefined : parseLine(line)
    if (sensor !== undefined) sensors.push(sensor)
  }
  return sensors
}

function parseLine(line: string): Sensor | undefined {
  const fields = line.trim().split(',')
  const at = fields.findIndex((field, index) => index >= 3 && states.has(field))
  const [id] = fields
  if (at < 0 || id === undefined || !/^\d+$/.test(id)) return undefined
  const column = (offset: number): string => fields[at + offset] ?? ''
  const behind = fields.slice(at + 3)
  // Asked for without limits, the events follow at once.
  const limits = behind.length > thresholds.length && !behind[0]?.startsWith("'") ? thresholds.length : 0
  const events = eventsOf(behind.slice(limits).join(','))
  return {
    id,
    name: fields.slice(1, at - 1).join(','),
    type: column(-1),
    state: stateOf(states.get(column(0)), events),
    reading: available(column(1)),
    unit: column(2) === 'N/A' ? '' : column(2),
    limits: thresholds.map((_, index) => (limits === 0 ? undefined : available(column(3 + index)))),
    events,
  }
}

/**
 * FreeIPMI calls a reading past its non-critical limit Nominal by default; the maker of the board calls it a warning,
 * and so does ipmitool.
 */
function stateOf(state: SensorState | undefined, events: readonly string[] | undefined): SensorState | undefined {
  if (state !== 'Nominal') return state
  return events?.some((event) => event.endsWith('Non-Critical Threshold')) ? 'Warning' : state
}

function available(field: string): string | undefined {
  return field === '' || field === 'N/A' ? undefined : field
}

/** `'Presence detected' 'Power Supply Failure detected'`. */
function eventsOf(field: string): readonly string[] | undefined {
  if (!field.startsWith("'") || !field.endsWith("'") || field.length < 2) return undefined
  return field
    .slice(1, -1)
    .split("' '")
    .filter((event) => event !== '')
}
