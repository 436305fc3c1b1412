/** One precision air conditioner of the simulated room. */
export interface AirConditioner {
  readonly isFailed: boolean
  /** °C of the air that comes in and goes out, and what is aimed at. */
  readonly returnTemperature: number
  readonly supplyTemperature: number
  readonly setPoint: number
  /** Shares of full power, 0 to 1. */
  readonly fan: number
  readonly compressor: number
  readonly runSeconds: number
}

/** One port of the simulated switch; octets since it was started. */
export interface Port {
  readonly received: number
  readonly sent: number
  /** Bytes a second on average. */
  readonly load: number
}

/** The simulated machine room at one moment, in base units. */
export interface Room {
  /** Seconds since it was started. */
  readonly time: number
  readonly temperature: number
  /** Relative, 0 to 1. */
  readonly humidity: number
  readonly airConditioners: readonly AirConditioner[]
  /** Watts that the equipment takes from the UPS, and so the heat that it gives. */
  readonly equipmentPower: number
  /** Watts on each phase of the room's meter. */
  readonly phasePower: readonly number[]
  readonly phaseVoltage: readonly number[]
  /** Joules since it was started. */
  readonly energy: number
  readonly batteryTemperature: number
  readonly ports: readonly Port[]
  /** Run queue of the simulated host. */
  readonly hostLoad: number
}

/**
 * The room: 10 kW of equipment; air, racks and walls store 20 kJ a kelvin, which is little: a real room would take ten
 * minutes for what the demonstration shows in one.
 */
const heatStored = 20_000
const equipmentPower = 10_000
/** What a unit removes at full power, W: three carry the room, two do not. */
const coolingPower = 4_200
/** Heat through the walls, W a kelvin, and the air outside. */
const wallLoss = 60
const outside = 31

/** The room in balance, before anything fails. */
export function newRoom(units: number, ports: number): Room {
  const airConditioner: AirConditioner = {
    isFailed: false,
    returnTemperature: 24,
    supplyTemperature: 16,
    setPoint: 24,
    fan: 0.7,
    compressor: 0.75,
    runSeconds: 12_000 * 3600,
  }
  return {
    time: 0,
    temperature: 24,
    humidity: 0.56,
    airConditioners: Array.from({ length: units }, () => airConditioner),
    equipmentPower,
    phasePower: [6200, 5900, 6400],
    phaseVoltage: [229, 230, 231],
    energy: 182_000 * 3.6e6,
    batteryTemperature: 23,
    ports: Array.from({ length: ports }, (_, i) => ({
      received: i * 1e9,
      sent: i * 7e8,
      load: (i % 6) * 400_000 + 20_000,
    })),
    hostLoad: 0.8,
  }
}

/**
 * When a unit is out of order: unit 2 from the 30th second for a minute and a half, and again every five minutes.
 * Returns the number of the failed unit, from 0, or undefined.
 */
export function failedUnit(time: number): number | undefined {
  const within = time % 300
  return within >= 30 && within < 120 ? 1 : undefined
}

/** The room `seconds` later. Pure: chance is handed in, 0 to 1. */
export function step(room: Room, seconds: number, random: () => number): Room {
  const failed = failedUnit(room.time + seconds)
  const noise = (span: number): number => (random() - 0.5) * span
  const airConditioners = room.airConditioners.map((unit, i) => stepUnit(unit, room, i === failed, seconds, noise))
  const cooling = airConditioners.reduce((sum, unit) => sum + unit.compressor * coolingPower, 0)
  const heat = room.equipmentPower + wallLoss * (outside - room.temperature) - cooling
  const temperature = room.temperature + (heat / heatStored) * seconds
  const power = equipmentPower + noise(400)
  const compressors = airConditioners.reduce((sum, unit) => sum + unit.compressor * 2600, 0)
  const phasePower = [0.335, 0.318, 0.347].map((share) => (power * 1.08 + compressors) * share)
  return {
    time: room.time + seconds,
    temperature,
    humidity: clamp(0.56 + (24 - temperature) * 0.006 + noise(0.004), 0.3, 0.8),
    airConditioners,
    equipmentPower: power,
    phasePower,
    phaseVoltage: [229, 230, 231].map((volts) => volts + noise(1.6)),
    energy: room.energy + phasePower.reduce((sum, watts) => sum + watts, 0) * seconds,
    batteryTemperature:
      room.batteryTemperature + (temperature - 1 - room.batteryTemperature) * Math.min(1, seconds / 600),
    ports: room.ports.map((port) => stepPort(port, seconds, random)),
    hostLoad: clamp(room.hostLoad + noise(0.2) + (0.8 - room.hostLoad) * 0.1, 0.05, 6),
  }
}

function stepUnit(
  unit: AirConditioner,
  room: Room,
  isFailed: boolean,
  seconds: number,
  noise: (span: number) => number,
): AirConditioner {
  // A proportional controller with a base load, as such units have; it reaches full power 2 K above the set point.
  const wanted = isFailed ? 0 : clamp(0.83 + (room.temperature - unit.setPoint) * 0.085, 0.2, 1)
  const compressor = approach(unit.compressor, wanted, seconds / 4)
  const returnTemperature = room.temperature + noise(0.2)
  return {
    ...unit,
    isFailed,
    compressor,
    fan: approach(unit.fan, isFailed ? 0 : 0.5 + wanted * 0.4, seconds / 4),
    returnTemperature,
    supplyTemperature: approach(unit.supplyTemperature, returnTemperature - compressor * 10, seconds / 8),
    runSeconds: unit.runSeconds + (isFailed ? 0 : seconds),
  }
}

function stepPort(port: Port, seconds: number, random: () => number): Port {
  const received = port.received + port.load * seconds * (0.5 + random())
  return {
    ...port,
    received: Math.floor(received),
    sent: Math.floor(port.sent + port.load * 0.6 * seconds * (0.5 + random())),
  }
}

function approach(from: number, to: number, share: number): number {
  return from + (to - from) * Math.min(1, share)
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}
