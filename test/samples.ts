import { noHolidays } from '../src/model/calendar.ts'
import { plainConversion } from '../src/model/conversion.ts'
import type { Device } from '../src/model/device.ts'
import type { Telltales } from '../src/model/mask.ts'
import type { InfoMetric, NumberMetric, StateMetric } from '../src/model/metric.ts'
import type { Place } from '../src/model/place.ts'
import type { Point, Probe } from '../src/model/probe.ts'
import type { Rule } from '../src/model/rule.ts'
import type { WorkingTime } from '../src/model/service-level.ts'
import type { Site } from '../src/model/site.ts'

/** A place, for values that need one. */
export const nowhere: Place = { file: 'sample.yaml', line: 1, column: 1 }

/** What tells whose a device is, in small. */
export const telltales: Telltales = {
  ordinaryWords: new Set(['switch']),
  snmp: { names: ['1.3.6.1.2.1.1.5'], serialNumbers: [], hardwareAddresses: [] },
}

/** A gauge in °C. */
export const temperature: NumberMetric = {
  name: 'room_temperature_celsius',
  kind: 'gauge',
  unit: 'celsius',
  labels: ['sensor'],
  text: { en: 'Room temperature', zh: '机房温度' },
  range: { low: -40, high: 85 },
}

/** A counter of bytes. */
export const bytesTotal: NumberMetric = {
  name: 'interface_receive_bytes_total',
  kind: 'counter',
  unit: 'bytes',
  labels: ['interface'],
  text: { en: 'Bytes received', zh: '接收字节数' },
  range: { low: 0, high: 2 ** 53 },
}

/** A state metric. */
export const source: StateMetric = {
  name: 'ups_output_source_state',
  kind: 'state',
  unit: 'none',
  labels: [],
  text: { en: 'UPS output source', zh: 'UPS 输出来源' },
  states: ['normal', 'battery', 'unknown'],
  stateTexts: { battery: { en: 'on battery', zh: '电池供电' } },
}

/** An info metric. */
export const info: InfoMetric = {
  name: 'device_info',
  kind: 'info',
  unit: 'none',
  labels: ['version'],
  text: { en: 'Device', zh: '设备' },
}

/** A rule that fires at once above 28 °C, with what is given changed. */
export function makeRule(changed: Partial<Rule> = {}): Rule {
  return {
    alarm: 'RoomTemperature',
    metric: temperature,
    match: {},
    measure: undefined,
    condition: { kind: 'above', limit: { kind: 'fixed', value: 28 }, hysteresis: 0 },
    for: 0,
    keepFiringFor: 0,
    severity: 'warning',
    labels: {},
    summary: { en: '{device}: {value}, limit {limit}', zh: '{device}：{value}，限值 {limit}' },
    check: undefined,
    runbook: undefined,
    place: nowhere,
    ...changed,
  }
}

/** A point of a metric with a protocol's own part. */
export function makePoint<Spec>(spec: Spec, changed: Partial<Point<Spec>> = {}): Point<Spec> {
  return { metric: temperature, conversion: plainConversion, spec, place: nowhere, at: () => nowhere, ...changed }
}

/** A probe with these points. */
export function makeProbe<Spec, Settings>(
  collector: string,
  points: readonly Point<Spec>[],
  settings: Settings,
  name = 'sample',
): Probe<Spec, Settings> {
  const proof = 'recording'
  return { name, title: 'Sample', collector, proof, settings, points, derived: [], rules: [], place: nowhere }
}

/** A device, with what is given changed. */
export function makeDevice(changed: Partial<Device> = {}): Device {
  return {
    name: 'crac-1',
    address: '127.0.0.1',
    labels: {},
    probes: [],
    derived: [],
    options: {},
    credentials: {},
    dependsOn: [],
    rules: [],
    place: nowhere,
    at: () => nowhere,
    ...changed,
  }
}

/** Clocks of service levels that never stand still. */
export const alwaysOn: WorkingTime = { hours: [], steps: [], holidays: noHolidays, timeZone: () => 'UTC' }

/** A site without devices that tells nobody and listens on any free port, with what is given changed. */
export function makeSite(changed: Partial<Site> = {}): Site {
  return {
    name: 'hospital',
    labels: {},
    language: 'en',
    listen: { host: '127.0.0.1', port: 0 },
    alertmanagers: [],
    sitewards: [],
    resend: 60_000,
    runOut: 7_200_000,
    watchdog: undefined,
    judge: 'siteward',
    stateDirectory: '',
    historyBytes: 2 ** 20,
    prometheus: undefined,
    traps: undefined,
    parallelPolls: 10,
    access: { operators: [], operateWithoutTls: false, webConfig: undefined },
    serviceLevels: {
      taken: 900_000,
      on_site: 3_600_000,
      repaired: 172_800_000,
      severities: ['critical'],
      working: alwaysOn,
    },
    keepRecord: 1e12,
    rollUps: { keep: { hour: 1e12, day: 1e12, xun: 1e12, month: 1e12 }, bytes: 2 ** 30 },
    drills: { receipt: undefined, schedule: [] },
    devices: [],
    otlp: [],
    textfile: undefined,
    probing: undefined,
    deviceLists: [],
    reloadOnChange: false,
    discoveryRanges: [],
    unpolled: [],
    duties: [],
    dutyPlan: undefined,
    holidays: noHolidays,
    reports: undefined,
    itself: makeDevice({ name: 'siteward' }),
    groups: [],
    timeZone: () => 'UTC',
    quiet: [],
    inhibit: [],
    vocabulary: new Map(),
    ...changed,
  }
}
