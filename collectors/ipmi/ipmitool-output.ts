import { judgeEvents, type SensorState } from './discrete-states.ts'
import { thresholds } from './schema.ts'
import { mostSensors, type Sensor, typeOf } from './sensor.ts'

/** ipmitool's words (ipmi_sdr_get_status) for the side of its limits that a reading is on. */
const statuses = new Map<string, SensorState>([
  ['ok', 'Nominal'],
  ['lower non-critical', 'Warning'],
  ['upper non-critical', 'Warning'],
  ['lower critical', 'Critical'],
  ['upper critical', 'Critical'],
  ['lower non-recoverable', 'Critical'],
  ['upper non-recoverable', 'Critical'],
])

/** ipmitool's names of units, and FreeIPMI's, which are shorter. */
const units = new Map([
  ['degrees C', 'C'],
  ['degrees F', 'F'],
  ['Volts', 'V'],
  ['Amps', 'A'],
  ['Watts', 'W'],
  ['percent', '%'],
])

/** The event by which ipmitool would be told that a threshold is passed, in FreeIPMI's words. */
const crossings = new Map([
  ['lower non-critical', 'At or Below (<=) Lower Non-Critical Threshold'],
  ['lower critical', 'At or Below (<=) Lower Critical Threshold'],
  ['lower non-recoverable', 'At or Below (<=) Lower Non-Recoverable Threshold'],
  ['upper non-critical', 'At or Above (>=) Upper Non-Critical Threshold'],
  ['upper critical', 'At or Above (>=) Upper Critical Threshold'],
  ['upper non-recoverable', 'At or Above (>=) Upper Non-Recoverable Threshold'],
])

/**
 * Sensors of `ipmitool -v sdr elist`: a block of `key : value` lines each. Its comma-separated form is shorter but names
 * no type for discrete sensors and puts several states into one field with the comma that one state has in its name.
 */
export function parseIpmitoolSensors(text: string): readonly Sensor[] {
  const sensors: Sensor[] = []
  for (const block of text.split(/^(?=Sensor ID)/m)) {
    if (sensors.length >= mostSensors) break
    const sensor = parseBlock(block)
    if (sensor !== undefined) sensors.push(sensor)
  }
  return sensors
}

function parseBlock(block: string): Sensor | undefined {
  const { keys, asserted } = readBlock(block)
  const title = /^(.*) \((0x[0-9a-f]+)\)$/.exec(keys.get('Sensor ID') ?? '')
  const threshold = keys.get('Sensor Type (Threshold)')
  const type = /\(0x([0-9a-f]+)\)$/.exec(threshold ?? keys.get('Sensor Type (Discrete)') ?? '')
  if (title?.[1] === undefined || title[2] === undefined || type?.[1] === undefined) return undefined
  const identity = { id: title[2], name: title[1].trim(), type: typeOf(Number.parseInt(type[1], 16)) }
  return { ...identity, ...(threshold === undefined ? discrete(keys, asserted) : analog(keys)) }
}

type Rest = Omit<Sensor, 'id' | 'name' | 'type'>

function analog(keys: ReadonlyMap<string, string>): Rest {
  // `24 (+/- 0) degrees C`, `Disabled`, `No Reading`, `Not Present`
  const reading = /^(-?[\d.]+(?:e[-+]?\d+)?) \(\+\/- [^)]*\) ?(.*)$/.exec(keys.get('Sensor Reading') ?? '')
  const status = (keys.get('Status') ?? '').toLowerCase()
  const crossing = crossings.get(status)
  const unit = reading?.[2]
  return {
    state: statuses.get(status),
    reading: reading?.[1],
    unit: unit === undefined ? undefined : (units.get(unit) ?? unit),
    limits: thresholds.map((name) => keys.get(limitKey(name))),
    events: reading === null ? undefined : [crossing ?? 'OK'],
  }
}

function discrete(keys: ReadonlyMap<string, string>, asserted: readonly string[]): Rest {
  const isReadable = /^[0-9a-f]+h$/i.test(keys.get('Sensor Reading') ?? '')
  return {
    state: isReadable ? judgeEvents(asserted) : undefined,
    reading: undefined,
    unit: '',
    limits: [],
    events: isReadable ? (asserted.length === 0 ? ['OK'] : asserted) : undefined,
  }
}

/** `upper_non_critical` -> `Upper non-critical`. */
function limitKey(name: string): string {
  const words = name.replace('_', ' ').replace('_', '-')
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`
}

function readBlock(block: string): { keys: ReadonlyMap<string, string>; asserted: readonly string[] } {
  const keys = new Map<string, string>()
  const asserted: string[] = []
  let key = ''
  for (const line of block.split('\n')) {
    const state = /^ {10,}\[(.*)\]$/.exec(line)
    if (state?.[1] !== undefined) {
      if (key === 'States Asserted') asserted.push(state[1])
      continue
    }
    const at = line.indexOf(':')
    if (at < 0) continue
    key = line.slice(0, at).trim()
    keys.set(key, line.slice(at + 1).trim())
  }
  return { keys, asserted }
}
