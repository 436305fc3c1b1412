import { readFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'
import { startModbusSimulator } from '../../collectors/modbus/simulator.ts'
import { type SimulatedRoom, startRoom } from '../../src/demo/simulated-room.ts'
import { shipped } from '../../src/home.ts'
import { systemClock } from '../../src/model/clock.ts'
import { seededRandom } from '../../src/model/random.ts'
import type { AgentFault, DoorFault, Patient } from './faults.ts'
import { AgentGate, DoorGate } from './gates.ts'

/**
 * Simulated devices and the gates before them listen below the range from which the system takes ports of outgoing
 * connections: nobody takes the port of a gate that is shut for a while.
 */
const firstPorts = { simulator: 24_000, gate: 26_000 } as const
const portsOfRoom = 16

interface DemoSite {
  readonly credentials: unknown
  readonly rules: object
  readonly devices: readonly { readonly name: string; readonly [key: string]: unknown }[]
}

/** The demonstration's room, many times over, each device behind a gate; and guests, which come and go. */
export class Rooms {
  readonly patients: readonly Patient[]
  readonly #entries: readonly object[]
  readonly #gates: ReadonlyMap<string, AgentGate | DoorGate>
  readonly #guests: readonly object[]
  readonly #closing: readonly { close(): Promise<void> | void }[]

  private constructor(gated: readonly Gated[], guests: readonly object[], closing: readonly SimulatedRoom[]) {
    this.patients = gated.map(({ patient }) => patient)
    this.#entries = gated.map(({ entry }) => entry)
    this.#gates = new Map(gated.map(({ patient, gate }) => [patient.device, gate]))
    this.#guests = guests
    this.#closing = [...closing, ...gated.map(({ gate }) => gate)]
  }

  /** Starts `count` rooms and what stands before their devices. */
  static async start(count: number): Promise<Rooms> {
    const gated: Gated[] = []
    const rooms: SimulatedRoom[] = []
    for (let number = 0; number < count; number++) {
      const port = (of: keyof typeof firstPorts, index: number): number => firstPorts[of] + number * portsOfRoom + index
      const simulated = demo.devices.map(({ name }, index) => ({
        name,
        address: `127.0.0.1:${port('simulator', index)}`,
      }))
      rooms.push(await startRoom(simulated, systemClock, seededRandom(number)))
      for (const [index, device] of demo.devices.entries()) {
        gated.push(
          await gatedDevice(
            device,
            `${roomName(number)}-${device.name}`,
            port('simulator', index),
            port('gate', index),
          ),
        )
      }
    }
    return new Rooms(gated, await startGuests(), rooms)
  }

  /** What is wrong with a device from now on. */
  set(device: string, fault: AgentFault | DoorFault | undefined): void {
    const gate = this.#gates.get(device)
    // The plan gives each device faults of its own kind.
    if (gate instanceof AgentGate) gate.fault = fault as AgentFault | undefined
    else if (gate !== undefined) gate.fault = fault as DoorFault | undefined
  }

  /** What the site file says of credentials, rules and devices. */
  site(withGuests: boolean, alertmanager: string): string {
    return stringify({
      alertmanagers: [alertmanager],
      resend: '5s',
      defaults: { interval: '5s', timeout: '1500ms' },
      credentials: demo.credentials,
      rules: { ...demo.rules, DeviceDown: { for: '10s' } },
      devices: [...this.#entries, ...(withGuests ? this.#guests : [])],
    })
  }

  async close(): Promise<void> {
    await Promise.all(this.#closing.map((one) => one.close()))
  }
}

/** The guests: one is well, and one tells of a hot room for as long as it is there. */
export const guests = { well: 'guest-well', hot: 'guest-hot' } as const

/** The room that a device stands in: what is wrong there concerns all of it. */
export function roomOf(device: string): string {
  return device.split('-')[0] ?? device
}

const demo = parse(readFileSync(shipped('config', 'demo', 'site.yaml'), 'utf8')) as DemoSite

interface Gated {
  readonly patient: Patient
  readonly entry: object
  readonly gate: AgentGate | DoorGate
}

async function gatedDevice(
  device: DemoSite['devices'][number],
  name: string,
  target: number,
  port: number,
): Promise<Gated> {
  const overUdp = /^(ups|switch|firewall|storage)-/.test(device.name)
  const gate = overUdp ? new AgentGate(target) : new DoorGate(target)
  await gate.open(port)
  const entry = { ...device, name, address: `127.0.0.1:${port}` }
  return { patient: { device: name, by: overUdp ? 'udp' : 'tcp', isSensor: device.name === 'room' }, entry, gate }
}

async function startGuests(): Promise<readonly object[]> {
  const celsius = { [guests.well]: 240, [guests.hot]: 315 }
  const entries = Object.entries(celsius).map(async ([name, tenths]) => {
    const holding = new Map([tenths, 550].map((word, address) => [address, word]))
    const { port } = await startModbusSimulator({ units: new Map([[1, { holding }]]) })
    return { name, address: `127.0.0.1:${port}`, probes: ['modbus-temperature-humidity'] }
  })
  return Promise.all(entries)
}

function roomName(number: number): string {
  return `r${String(number + 1).padStart(2, '0')}`
}
