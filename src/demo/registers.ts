import type { Room } from './room.ts'

/** probes/room/modbus-temperature-humidity.yaml: 0.1 °C and 0.1 %RH. */
export function sensorWords({ temperature, humidity }: Room): ReadonlyMap<number, number> {
  return new Map([
    [0, word(temperature * 10)],
    [1, word(humidity * 1000)],
  ])
}

/** probes/cooling/modbus-air-conditioner.yaml, of the unit with this number, from 0. */
export function airConditionerWords(
  { airConditioners, humidity }: Room,
  number: number,
): { input: ReadonlyMap<number, number>; discrete: ReadonlyMap<number, number> } {
  const unit = airConditioners[number]
  if (unit === undefined) return { input: new Map(), discrete: new Map() }
  const hours = Math.floor(unit.runSeconds / 3600)
  const input = [
    unit.returnTemperature * 10,
    unit.supplyTemperature * 10,
    unit.setPoint * 10,
    humidity * 1000,
    unit.fan * 1000,
    unit.compressor * 1000,
    unit.isFailed ? 3 : 1,
    0,
    hours >>> 16,
    hours & 0xffff,
  ]
  return {
    input: new Map(input.map((value, address) => [address, word(value)])),
    discrete: new Map([
      [0, unit.compressor > 0.05 ? 1 : 0],
      [1, unit.isFailed ? 1 : 0],
      [2, 0],
    ]),
  }
}

/** probes/power/eastron-sdm630.yaml: 32-bit floats, the high word first. */
export function meterWords({ phasePower, phaseVoltage, energy }: Room): ReadonlyMap<number, number> {
  const words = new Map<number, number>()
  const put = (address: number, value: number): void => {
    const bytes = Buffer.alloc(4)
    bytes.writeFloatBE(value)
    words.set(address, bytes.readUInt16BE(0))
    words.set(address + 1, bytes.readUInt16BE(2))
  }
  for (const [i, watts] of phasePower.entries()) {
    const volts = phaseVoltage[i] ?? 230
    put(i * 2, volts)
    put(6 + i * 2, watts / volts)
    put(12 + i * 2, watts)
  }
  put(
    52,
    phasePower.reduce((sum, watts) => sum + watts, 0),
  )
  put(70, 50)
  put(342, energy / 3.6e6)
  return words
}

/** What the simulated Linux host prints: the commands of probes/server/linux-ssh.yaml. */
export function printed(run: string, { time, hostLoad }: Room): { stdout: string; code?: number } | undefined {
  const [program, ...rest] = run.split(' ')
  if (run === 'cat /proc/uptime') return { stdout: `${(8_640_000 + time).toFixed(2)} 1000.00\n` }
  if (run === 'cat /proc/loadavg') return { stdout: `${hostLoad.toFixed(2)} 0.81 0.79 2/412 31337\n` }
  if (run === 'cat /proc/meminfo')
    return { stdout: 'MemTotal:       65841204 kB\nMemFree: 3021200 kB\nMemAvailable:   41220480 kB\n' }
  if (program === 'df' && rest.includes('-Pi')) {
    return {
      stdout: `Filesystem Inodes IUsed IFree IUse% Mounted on
/dev/sda2 6553600 412000 6141600 7% /
/dev/sdb1 26214400 1830000 24384400 7% /var/lib
`,
    }
  }
  if (program === 'df') {
    return {
      stdout: `Filesystem Type 1-blocks Used Available Capacity Mounted on
/dev/sda2 ext4 105089261568 41285136384 58425196544 42% /
/dev/sdb1 xfs 1099511627776 703687441776 395824186000 65% /var/lib
`,
    }
  }
  return program === 'systemctl' ? { stdout: '' } : undefined
}

/** A 16-bit word, negative numbers in two's complement. */
function word(value: number): number {
  return Math.round(value) & 0xffff
}
