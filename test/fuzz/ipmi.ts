import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Spawn } from '../../collectors/child.ts'
import { ipmiWith } from '../../collectors/ipmi/collector.ts'
import { shipped } from '../../src/home.ts'
import { stateName } from '../../src/model/metric.ts'
import { seededRandom } from '../../src/model/random.ts'
import type { PollResult, Reading } from '../../src/model/reading.ts'
import { Secret } from '../../src/model/secret.ts'
import { prepared } from '../collectors/prepared.ts'
import { type Random, spoil } from './spoil.ts'
import { type FuzzedDevice, pollUntil, type Tally } from './tally.ts'
import { isSame, leadingNumber, shown } from './texts.ts'

/** What a tool prints of a well BMC, by what it is asked for. */
type Prints = Readonly<Record<'sensors' | 'chassis' | 'sel' | 'dcmi', string>>

const dcmi = 'Current Power                        : 214 Watts\nAverage power over sampling duration : 199 watts\n'

const freeipmi: Prints = {
  ...parse(readFileSync(shipped('fixtures', 'probes', 'bmc-ipmi', 'failing', 'bmc.yaml'), 'utf8')),
  dcmi,
}

/** As `ipmitool -v sdr elist`, `chassis status`, `sel info` and `dcmi power reading` print it. */
const ipmitool: Prints = {
  sensors: [
    ['Inlet Temp', 'Temperature (0x01)', '24 (+/- 1) degrees C', 'ok'],
    ['Exhaust Temp', 'Temperature (0x01)', '36 (+/- 1) degrees C', 'upper non-critical'],
    ['Fan1 RPM', 'Fan (0x04)', '7200 (+/- 0) RPM', 'ok'],
    ['P12V', 'Voltage (0x02)', '12.100 (+/- 0) Volts', 'ok'],
  ]
    .map(
      ([name, type, reading, status], i) =>
        `Sensor ID              : ${name} (0x${i + 1})\n Entity ID             : 7.1 (System Board)\n Sensor Type (Threshold)  : ${type}\n Sensor Reading        : ${reading}\n Status                : ${status}\n Upper critical        : 42.000\n`,
    )
    .join('\n'),
  chassis: 'System Power         : on\nPower Overload       : false\nMain Power Fault     : false\n',
  sel: 'SEL Information\nVersion          : 1.5 (v1.5, v2 compliant)\nEntries          : 9\nFree Space       : 15856 bytes \n',
  dcmi: '\n    Instantaneous power reading:                   214 Watts\n    Average power reading over sample period:      199 Watts\n',
}

const points = `
- { metric: temperature_celsius, sensor: { type: Temperature }, labels: { component: name } }
- { metric: fan_rpm, sensor: { type: Fan }, labels: { component: name } }
- { metric: rail_volts, sensor: { type: Voltage }, labels: { component: name } }
- { metric: power_state, chassis: power, states: { 'on': 'on', 'off': 'off' } }
- { metric: used_watts, dcmi: power }
- { metric: log_entries, sel: entries }
`

/** Which question a command line asks. */
function askedOf(words: string): keyof Prints {
  if (/chassis/.test(words)) return 'chassis'
  if (/dcmi/.test(words)) return 'dcmi'
  return /ipmi-sel|sel info/.test(words) ? 'sel' : 'sensors'
}

/** A child that prints a text and ends. */
function printing(text: Buffer): ChildProcess {
  const stream = (): EventEmitter => Object.assign(new EventEmitter(), { destroy: () => {} })
  const child = Object.assign(new EventEmitter(), { stdout: stream(), stderr: stream() })
  setImmediate(() => {
    child.stdout.emit('data', text)
    child.emit('exit', 0, null)
    child.emit('close', 0, null)
  })
  return child as unknown as ChildProcess
}

/** A BMC of which the tool prints what is spoilt, most of it. */
class SpoilingBmc implements FuzzedDevice {
  readonly job
  readonly #tally: Tally
  #printed: Partial<Record<keyof Prints, string>> = {}

  constructor(tool: 'freeipmi' | 'ipmitool', random: Random, tally: Tally) {
    this.#tally = tally
    const prints = tool === 'freeipmi' ? freeipmi : ipmitool
    const spawn: Spawn = (file, args) => {
      const ask = askedOf([file, ...args].join(' '))
      const good = Buffer.from(prints[ask])
      const text = random() < 0.8 ? spoil(good, random) : good
      this.#printed[ask] = text.toString('utf8')
      tally.replies++
      return printing(text)
    }
    this.job = prepared(ipmiWith(spawn), {
      address: '127.0.0.1:623',
      points,
      options: { tool },
      credential: { user: 'u', password: new Secret('canary-of-the-bmc') },
    })
  }

  readonly judge = (result: PollResult): void => {
    const printed = this.#printed
    this.#printed = {}
    this.#tally.take(
      result,
      (reading) => isRight(reading, printed),
      () => JSON.stringify(printed),
    )
  }
}

/** The reference knows no columns: a value is right if it stands with the sensor's name, and a state if its words do. */
function isRight(
  { series: { metric, labels }, value }: Reading,
  printed: Partial<Record<keyof Prints, string>>,
): boolean {
  const numbers = (text: string): readonly number[] => text.split(/[,:\n]/).map(leadingNumber)
  switch (metric.name) {
    case 'power_state': {
      const state = metric.kind === 'state' ? stateName(metric, value) : ''
      return state === 'unknown' || new RegExp(`system power[^\\n]*${state}`, 'i').test(printed.chassis ?? '')
    }
    case 'used_watts':
      return numbers(printed.dcmi ?? '').some((number) => isSame(number, value))
    case 'log_entries':
      return numbers(printed.sel ?? '').some((number) => isSame(number, value))
    default: {
      const text = printed.sensors ?? ''
      const pieces = text.includes('Sensor ID') ? text.split(/^(?=Sensor ID)/m) : text.split('\n')
      const { component = '' } = labels
      return pieces
        .filter((piece) => piece.split('\n').some((line) => shown(line).includes(component)))
        .some((piece) => numbers(piece).some((number) => fits(number, value, metric.name)))
    }
  }
}

/** Boards tell temperatures in °F and K, too. */
function fits(number: number, value: number, metric: string): boolean {
  const celsius = metric === 'temperature_celsius' ? [(number - 32) / 1.8, number - 273.15] : []
  return isSame(number, value) || celsius.some((one) => Math.abs(one - value) < 1e-6)
}

const bmcs = 8

/** What FreeIPMI and ipmitool print. */
export async function fuzzIpmi(count: number, seed: number, tally: Tally): Promise<void> {
  const devices = Array.from(
    { length: bmcs },
    (_, i) => new SpoilingBmc(i % 2 === 0 ? 'freeipmi' : 'ipmitool', seededRandom(seed + i), tally),
  )
  await pollUntil(count, tally, devices)
}
