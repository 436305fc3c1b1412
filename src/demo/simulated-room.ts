import { readFile } from 'node:fs/promises'
import { startModbusSimulator } from '../../collectors/modbus/simulator.ts'
import { parseRecording, type Recording } from '../../collectors/snmp/recording.ts'
import { startSnmpSimulator } from '../../collectors/snmp/simulator.ts'
import { startSshSimulator } from '../../collectors/ssh/simulator.ts'
import { shipped } from '../home.ts'
import type { Clock } from '../model/clock.ts'
import type { Device } from '../model/device.ts'
import { tellSwitch, tellUps, tickAgent } from './agents.ts'
import { airConditionerWords, meterWords, printed, sensorWords } from './registers.ts'
import { failedUnit, newRoom, type Room, step } from './room.ts'

const units = 3
const ports = 24
const stepLength = 500

/** A simulated device: takes the room's state in, and can be ended. */
interface Simulated {
  tell(room: Room): void
  close(): Promise<void>
}

/** The simulated room, at work behind its devices' addresses. */
export interface SimulatedRoom {
  /** The room as it is now. */
  room(): Room
  /** The number of the air conditioner that is out of order, counted from 1. */
  failed(): number | undefined
  close(): Promise<void>
}

/** Starts what stands behind each device of the demonstration's site, on the port that the site gives it. */
export async function startRoom(
  devices: readonly Pick<Device, 'name' | 'address'>[],
  clock: Clock,
  random: () => number,
): Promise<SimulatedRoom> {
  let room = newRoom(units, ports)
  const simulated: Simulated[] = []
  const close = async (): Promise<void> => {
    await Promise.all(simulated.map((one) => one.close()))
  }
  try {
    for (const device of devices) simulated.push(await startDevice(device, () => room))
  } catch (error) {
    await close()
    throw error
  }
  const turn = (): void => {
    room = step(room, stepLength / 1000, random)
    for (const one of simulated) one.tell(room)
    cancel = clock.after(stepLength, turn)
  }
  for (const one of simulated) one.tell(room)
  let cancel = clock.after(stepLength, turn)
  return {
    room: () => room,
    failed: () => {
      const unit = failedUnit(room.time)
      return unit === undefined ? undefined : unit + 1
    },
    close: async () => {
      cancel()
      await close()
    },
  }
}

async function startDevice(device: Pick<Device, 'name' | 'address'>, room: () => Room): Promise<Simulated> {
  const port = Number(device.address.split(':').at(-1))
  const [kind = '', number = '1'] = device.name.split('-')
  switch (kind) {
    case 'room':
      return modbus(port, (now) => ({ holding: sensorWords(now) }))
    case 'crac':
      return modbus(port, (now) => airConditionerWords(now, Number(number) - 1))
    case 'meter':
      return modbus(port, (now) => ({ input: meterWords(now) }))
    case 'ups':
      return agent('ups', port, tellUps)
    case 'switch':
      return agent('switch', port, tellSwitch)
    case 'firewall':
      return agent('firewall', port, () => {})
    case 'storage':
      return agent('storage', port, () => {})
    default:
      return host(port, room)
  }
}

type Words = Partial<Record<'holding' | 'input' | 'discrete', ReadonlyMap<number, number>>>

async function modbus(port: number, words: (room: Room) => Words): Promise<Simulated> {
  const simulator = await startModbusSimulator({ units: new Map([[1, {}]]), port })
  return {
    tell: (room) => {
      for (const [table, values] of Object.entries(words(room))) {
        for (const [address, word] of values) simulator.set(1, tableOf(table), address, [word])
      }
    },
    close: () => simulator.close(),
  }
}

function tableOf(name: string): 'holding' | 'input' | 'discrete' {
  return name === 'input' || name === 'discrete' ? name : 'holding'
}

async function agent(file: string, port: number, tell: (recording: Recording, room: Room) => void): Promise<Simulated> {
  const path = shipped('config', 'demo', `${file}.snmprec`)
  const parsed = parseRecording(await readFile(path, 'utf8'), path)
  if (!parsed.ok) throw new Error(`${path} is no recording`)
  const recording = parsed.value
  const users = [
    {
      name: 'siteward',
      auth: { protocol: 'sha256', secret: 'sitewardauth' },
      priv: { protocol: 'aes', secret: 'sitewardpriv' },
    },
  ]
  const simulator = await startSnmpSimulator({ recording, port, users })
  return {
    tell: (room) => {
      tickAgent(recording, room)
      tell(recording, room)
    },
    close: () => simulator.close(),
  }
}

async function host(port: number, room: () => Room): Promise<Simulated> {
  const command = (run: string) => printed(run, room())
  const simulator = await startSshSimulator({ user: 'siteward', password: 'siteward', port, command })
  return { tell: () => {}, close: () => simulator.close() }
}
