import type { Recording } from '../../collectors/snmp/recording.ts'
import type { Room } from './room.ts'

const upsMib = '1.3.6.1.2.1.33.1'
const sysUpTime = '1.3.6.1.2.1.1.3.0'
const octetsIn = '1.3.6.1.2.1.31.1.1.1.6'
const octetsOut = '1.3.6.1.2.1.31.1.1.1.10'

/** Lets an agent's clock go on: hundredths of a second, 32 bits (RFC 2578: TimeTicks). */
export function tickAgent(recording: Recording, room: Room): void {
  recording.set(sysUpTime, (8_640_000_000 + Math.floor(room.time * 100)) % 2 ** 32)
}

/** The switch's traffic: 64-bit octet counters by port. */
export function tellSwitch(recording: Recording, room: Room): void {
  for (const [i, { received, sent }] of room.ports.entries()) {
    recording.set(`${octetsIn}.${i + 1}`, counter64(received))
    recording.set(`${octetsOut}.${i + 1}`, counter64(sent))
  }
}

/** The UPS: what the equipment takes, by phase (RFC 1628: tenths of an ampere, whole volts, watts and per cent). */
export function tellUps(recording: Recording, room: Room): void {
  const shares = [0.33, 0.326, 0.344]
  for (const [i, share] of shares.entries()) {
    const line = i + 1
    const watts = room.equipmentPower * share
    const volts = room.phaseVoltage[i] ?? 230
    recording.set(`${upsMib}.3.3.1.3.${line}`, Math.round(volts))
    recording.set(`${upsMib}.3.3.1.4.${line}`, Math.round((watts * 1.07 * 10) / volts))
    recording.set(`${upsMib}.3.3.1.5.${line}`, Math.round(watts * 1.07))
    recording.set(`${upsMib}.4.4.1.3.${line}`, Math.round((watts * 10) / 220))
    recording.set(`${upsMib}.4.4.1.4.${line}`, Math.round(watts))
    recording.set(`${upsMib}.4.4.1.5.${line}`, Math.round((watts * 100) / 13_300))
  }
  recording.set(`${upsMib}.2.3.0`, Math.round(480_000 / room.equipmentPower))
  recording.set(`${upsMib}.2.7.0`, Math.round(room.batteryTemperature))
}

function counter64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(Math.floor(value)))
  return bytes
}
