import type { Static } from 'typebox'
import type { ModbusSchemas, PointSpec } from '../../../collectors/modbus/schema.ts'
import type { Device } from '../../../src/model/device.ts'
import type { NumberMetric } from '../../../src/model/metric.ts'
import type { Point, Probe } from '../../../src/model/probe.ts'
import { makeDevice, makePoint, makeProbe } from '../../samples.ts'

/** A gauge without limits and with the labels that the tests use. */
export const value: NumberMetric = {
  name: 'value',
  kind: 'gauge',
  unit: 'none',
  labels: ['at'],
  text: { en: 'Value', zh: '值' },
  range: { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY },
}

/** A point of that gauge, labelled with its place in the list. */
export function points(...specs: readonly PointSpec[]): readonly Point<PointSpec>[] {
  return specs.map((spec, index) => makePoint({ labels: { at: `${index}` }, ...spec }, { metric: value }))
}

export type Settings = Static<ModbusSchemas['settings']>

export function modbusProbe(list: readonly Point<PointSpec>[], settings: Settings = {}): Probe<PointSpec, Settings> {
  return makeProbe('modbus', list, settings)
}

export function modbusDevice(address: string, options: Static<ModbusSchemas['options']> = {}): Device {
  return makeDevice({ name: 'meter', address, options: { modbus: options } })
}
