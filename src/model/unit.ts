/**
 * Every unit that a metric may have: its ending in a metric's name (Prometheus: base units), its sign for people, and
 * what else an operator may write in a limit, with the factor to the base unit.
 * https://prometheus.io/docs/practices/naming/#base-units
 */
export const units = {
  celsius: { suffix: 'celsius', sign: '°C', written: { '°C': 1, C: 1, '℃': 1, K: 1 } },
  ratio: { suffix: 'ratio', sign: '%', written: { '%': 0.01, '%RH': 0.01 } },
  volts: { suffix: 'volts', sign: 'V', written: { V: 1, kV: 1e3, mV: 1e-3 } },
  amperes: { suffix: 'amperes', sign: 'A', written: { A: 1, kA: 1e3, mA: 1e-3 } },
  watts: { suffix: 'watts', sign: 'W', written: { W: 1, kW: 1e3, MW: 1e6 } },
  volt_amperes: { suffix: 'volt_amperes', sign: 'VA', written: { VA: 1, kVA: 1e3 } },
  volt_amperes_reactive: { suffix: 'volt_amperes_reactive', sign: 'var', written: { var: 1, kvar: 1e3 } },
  joules: { suffix: 'joules', sign: 'J', written: { J: 1, Wh: 3600, kWh: 3.6e6, MWh: 3.6e9 } },
  hertz: { suffix: 'hertz', sign: 'Hz', written: { Hz: 1, kHz: 1e3, MHz: 1e6, GHz: 1e9 } },
  seconds: { suffix: 'seconds', sign: 's', written: { s: 1, ms: 1e-3, m: 60, h: 3600, d: 86_400 } },
  timestamp: { suffix: 'timestamp_seconds', sign: 's', written: { s: 1 } },
  bytes: {
    suffix: 'bytes',
    sign: 'B',
    written: { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 },
  },
  // Speeds of lines are exposed in bytes, as Prometheus asks, and written and read in bits, as people do.
  bytes_per_second: {
    suffix: 'bytes_per_second',
    sign: 'B/s',
    written: { 'B/s': 1, 'bit/s': 0.125, 'kbit/s': 125, 'Mbit/s': 125e3, 'Gbit/s': 125e6 },
  },
  pascals: { suffix: 'pascals', sign: 'Pa', written: { Pa: 1, hPa: 100, kPa: 1e3, MPa: 1e6, bar: 1e5 } },
  rpm: { suffix: 'rpm', sign: 'rpm', written: { rpm: 1 } },
  grams: { suffix: 'grams', sign: 'g', written: { g: 1, kg: 1e3 } },
  ohms: { suffix: 'ohms', sign: 'Ω', written: { Ω: 1, ohm: 1, mΩ: 1e-3 } },
  dbm: { suffix: 'dbm', sign: 'dBm', written: { dBm: 1 } },
  litres_per_second: { suffix: 'litres_per_second', sign: 'l/s', written: { 'l/s': 1 } },
  grams_per_cubic_metre: { suffix: 'grams_per_cubic_metre', sign: 'g/m³', written: { 'g/m³': 1 } },
  none: { suffix: '', sign: '', written: {} },
} as const satisfies Record<string, UnitText>

interface UnitText {
  readonly suffix: string
  readonly sign: string
  readonly written: Readonly<Record<string, number>>
}

export type Unit = keyof typeof units

/** A number with what unit was written behind it, if any: `28 °C`, `50%`, `0.5`. */
export interface Quantity {
  readonly number: number
  readonly written: string | undefined
}

/** Reads `28`, `28 °C`, `50%`, `-1.5e3`; undefined when it is none of these. */
export function parseQuantity(text: string | number): Quantity | undefined {
  if (typeof text === 'number') return Number.isFinite(text) ? { number: text, written: undefined } : undefined
  const match = /^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S.*?)?\s*$/.exec(text)
  if (match?.[1] === undefined) return undefined
  return { number: Number(match[1]), written: match[2] }
}

/** The quantity in the metric's base unit, or undefined when what was written is not a unit of this metric. */
export function inUnit(quantity: Quantity, unit: Unit): number | undefined {
  if (quantity.written === undefined) return quantity.number
  const factors: Readonly<Record<string, number>> = units[unit].written
  const factor = Object.hasOwn(factors, quantity.written) ? factors[quantity.written] : undefined
  // Rounded to 12 digits: 65 * 0.01 is 0.6500000000000000x otherwise, and a limit is shown to people.
  return factor === undefined ? undefined : Number((quantity.number * factor).toPrecision(12))
}

const stepped: Partial<Record<Unit, ReadonlyArray<readonly [number, string]>>> = {
  bytes: [
    [2 ** 40, 'TiB'],
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
  ],
  bytes_per_second: [
    [125e6, 'Gbit/s'],
    [125e3, 'Mbit/s'],
    [125, 'kbit/s'],
  ],
  watts: [
    [1e6, 'MW'],
    [1e3, 'kW'],
  ],
  joules: [[3.6e6, 'kWh']],
  grams: [[1e3, 'kg']],
  seconds: [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
  ],
}

/** A value as people read it: `29.1 °C`, `55 %`, `12.5 kW`. */
export function formatValue(value: number, unit: Unit): string {
  if (unit === 'timestamp') return new Date(value * 1000).toISOString()
  if (unit === 'ratio') return `${short(value * 100)} %`
  const step = stepped[unit]?.find(([factor]) => Math.abs(value) >= factor)
  if (step !== undefined) return `${short(value / step[0])} ${step[1]}`
  return `${short(value)} ${units[unit].sign}`.trim()
}

function short(value: number): string {
  return String(Number(Number.isInteger(value) ? value : value.toPrecision(5)))
}
