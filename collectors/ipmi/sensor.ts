import type { SensorState } from './discrete-states.ts'
import { type SensorType, sensorTypeNames, sensorTypes } from './schema.ts'

/** One sensor as either tool tells it; what the tool calls not available is undefined. */
export interface Sensor {
  /** FreeIPMI: record id; ipmitool: sensor number as `0x14`. */
  readonly id: string
  readonly name: string
  readonly type: string
  readonly state: SensorState | undefined
  readonly reading: string | undefined
  /** In FreeIPMI's words; empty for a discrete sensor, undefined where the tool names it only beside a reading. */
  readonly unit: string | undefined
  /** In the order of `thresholds` in schema.ts. */
  readonly limits: readonly (string | undefined)[]
  /** Texts of what is asserted, `OK` alone where nothing is; undefined when the sensor could not be read. */
  readonly events: readonly string[] | undefined
}

/** The most sensors that are taken of one BMC: a full blade chassis has some hundreds. */
export const mostSensors = 2000

const byCode = new Map<number, SensorType>(sensorTypeNames.map((name) => [sensorTypes[name], name]))

/** The type's name for a code, `OEM 0xC0` for what the specification leaves to vendors. */
export function typeOf(code: number): string {
  return byCode.get(code) ?? `OEM 0x${code.toString(16).toUpperCase()}`
}
