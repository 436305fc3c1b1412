import { beforeAll, expect, test } from 'vitest'
import { type ModbusSimulator, startModbusSimulator } from '../../collectors/modbus/simulator.ts'
import { type Course, expectUnharmed, faultKinds, type Patient, runCourse } from './course.ts'
import type { Page } from './house.ts'

/** 24 °C as IEEE 754 in two registers, and 55 %RH. */
const right = [0x41c0, 0, 550]
/** What a device says in place of 24 °C, in two registers: no value, whatever it looks like. */
const noTemperatures: Readonly<Record<string, readonly number[]>> = {
  nan: [0x7fc0, 0],
  'nan-of-its-own': [0xffff, 0xffff],
  infinity: [0x7f80, 0],
  'minus-infinity': [0xff80, 0],
  // Declared as not available: broken off, and what a DS18B20 has before its first measurement.
  'minus-999': [0xc479, 0xc000],
  'power-on': [0x42aa, 0],
  // 300 °C: no room has that.
  impossible: [0x4396, 0],
  'beyond-float': [0x7f7f, 0xffff],
}
/** The same for 55 %RH, in one register. */
const noHumidities: Readonly<Record<string, number>> = { 'word-7fff': 0x7fff, 'word-ffff': 0xffff, 'over-all': 2000 }

const probes = {
  'probes/fault-room.yaml': `probe: fault-room
title: A room
collector: modbus
proof: register-map
points:
  - { metric: room_temperature_celsius, register: 0, type: float32, unavailable: [-999, 85] }
  - { metric: room_humidity_ratio, register: 2, type: uint16, scale: 0.001, unavailable: [32767, 65535] }
rules:
  - { alarm: Warm, when: room_temperature_celsius, above: 20 }
  - { alarm: Cold, when: room_temperature_celsius, below: 5 }
  - { alarm: Damp, when: room_humidity_ratio, above: 50% }
  - { alarm: Dry, when: room_humidity_ratio, below: 20% }
  - { alarm: Stuck, when: room_temperature_celsius, changes: 5s, below: 1 }
`,
  'probes/fault-meter.yaml': `probe: fault-meter
title: A counter of 32 bits
collector: modbus
proof: register-map
points:
  - { metric: power_energy_joules_total, register: 0, type: uint32 }
rules:
  - { alarm: Consuming, when: power_energy_joules_total, rate: 4s, above: 20 W }
  - { alarm: Racing, when: power_energy_joules_total, rate: 4s, above: 10 kW }
`,
}

const words = (value: number): readonly number[] => [Math.floor(value / 2 ** 16) % 2 ** 16, value % 2 ** 16]

let course: Course
let simulator: ModbusSimulator

/** A unit of the simulator, which holds other words while it is ill. */
function unitOf(unit: number, name: string, probe: string, well: readonly number[], ill: readonly number[]): Patient {
  const put = (list: readonly number[]): void => simulator.set(unit, 'holding', 0, list)
  put(well)
  return {
    name,
    entry: `address: '127.0.0.1:${simulator.port}', probes: [${probe}], modbus: { unit: ${unit} }`,
    fall: () => put(ill),
    recover: () => put(well),
    close: () => {},
  }
}

/** A meter: its counter stands while it is well, and goes on from elsewhere by 100 J a second while it is ill. */
function meterOf(unit: number, name: string, before: number, from: number): Patient {
  let timer: NodeJS.Timeout | undefined
  const patient = unitOf(unit, name, 'fault-meter', words(before), words(from))
  return {
    ...patient,
    fall() {
      const began = performance.now()
      timer = setInterval(() => {
        const value = (from + (performance.now() - began) / 10) % 2 ** 32
        simulator.set(unit, 'holding', 0, words(Math.floor(value)))
      }, 50)
    },
    recover: () => clearInterval(timer),
  }
}

/** A sensor that moves a little while it is well, as air does. */
function sensorOf(unit: number, name: string): Patient {
  const patient = unitOf(unit, name, 'fault-room', right, right)
  let step = 0
  const move = (): NodeJS.Timeout =>
    setInterval(() => simulator.set(unit, 'holding', 0, [0x41c0, step++ % 2 === 0 ? 0 : 0x8000]), 300)
  let timer = move()
  return {
    ...patient,
    fall: () => clearInterval(timer),
    recover() {
      timer = move()
    },
    close: () => clearInterval(timer),
  }
}

beforeAll(async () => {
  simulator = await startModbusSimulator({ units: new Map() })
  let unit = 0
  const patients = [
    ...Object.entries(noTemperatures).map(([name, two]) => unitOf(++unit, name, 'fault-room', right, [...two, 550])),
    ...Object.entries(noHumidities).map(([name, one]) => unitOf(++unit, name, 'fault-room', right, [0x41c0, 0, one])),
    meterOf(++unit, 'wrapping', 2 ** 32 - 300, 2 ** 32 - 300),
    meterOf(++unit, 'begun-anew', 3_000_000_000, 0),
    sensorOf(++unit, 'stuck'),
  ]
  course = await runCourse(patients, { site: '', files: probes })
  await simulator.close()
}, 180_000)

/** All looks but those of which the polls may have begun before the devices fell ill. */
function ill(): readonly Page[] {
  const [begun] = course.ill
  return course.ill.filter(({ at }) => begun !== undefined && at > begun.at + 3000)
}

/** What is known of an alarm at each look: 1 while it fires. */
function firing(device: string, alarm: string): ReadonlySet<number | undefined> {
  return new Set(ill().map((page) => page.value('siteward_alarms', { device, alarm, state: 'firing' })))
}

function seen(device: string, metric: string): ReadonlySet<number | undefined> {
  return new Set(ill().map((page) => page.value(metric, { device })))
}

const neither = (values: ReadonlySet<number | undefined>): boolean => [...values].every((value) => !value)

test.each(Object.keys(noTemperatures))(
  'D21: %s is no temperature: no reading, no alarm by it and none ended',
  (device) => {
    expect(faultKinds(course, device)).toEqual([])
    expect(seen(device, 'room_temperature_celsius')).toEqual(new Set([undefined]))
    expect(seen(device, 'room_humidity_ratio')).toEqual(new Set([0.55]))
    expect(seen(device, 'siteward_readings_unavailable')).toEqual(new Set([1]))
    expect(firing(device, 'Warm')).toEqual(new Set([1]))
    expect(firing(device, 'Cold')).toSatisfy(neither)
    expectUnharmed(course)
  },
)

test.each(Object.keys(noHumidities))('D21: %s is no humidity: no reading, no alarm by it and none ended', (device) => {
  expect(seen(device, 'room_humidity_ratio')).toEqual(new Set([undefined]))
  expect(seen(device, 'room_temperature_celsius')).toEqual(new Set([24]))
  expect(firing(device, 'Damp')).toEqual(new Set([1]))
  expect(firing(device, 'Dry')).toSatisfy(neither)
  expectUnharmed(course)
})

test.each(['wrapping', 'begun-anew'])(
  'D21: a counter that is %s goes on by what it has grown, and no further',
  (device) => {
    expect(seen(device, 'power_energy_joules_total').size).toBeGreaterThan(5)
    const least = Math.min(...[...seen(device, 'power_energy_joules_total')].map((value) => value ?? 0))
    expect(least).toBeLessThan(10_000)
    expect(firing(device, 'Racing')).toSatisfy(neither)
    expect([...firing(device, 'Consuming')]).toContain(1)
    expectUnharmed(course)
  },
)

test('D21: a sensor that says the same again and again is told of', () => {
  expect(course.well.value('siteward_alarms', { device: 'stuck', alarm: 'Stuck', state: 'firing' })).toBeFalsy()
  expect(course.ill.at(-1)?.value('siteward_alarms', { device: 'stuck', alarm: 'Stuck', state: 'firing' })).toBe(1)
  expectUnharmed(course)
})
