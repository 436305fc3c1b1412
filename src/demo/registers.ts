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
  const all = phasePower.reduce((sum, watts) => sum + watts, 0)
  for (const [i, watts] of phasePower.entries()) {
    const volts = phaseVoltage[i] ?? 230
    put(i * 2, volts)
    put(6 + i * 2, watts / volts)
    put(12 + i * 2, watts)
    put(18 + i * 2, watts / powerFactor)
    put(24 + i * 2, watts * reactiveShare)
    put(30 + i * 2, powerFactor)
    put(200 + i * 2, volts * Math.sqrt(3))
    put(234 + i * 2, 1.5)
    put(240 + i * 2, 9)
    put(358 + i * 2, energy / 3.6e6 / 3)
  }
  put(52, all)
  put(56, all / powerFactor)
  put(60, all * reactiveShare)
  put(62, powerFactor)
  put(70, 50)
  put(224, 2)
  put(342, energy / 3.6e6)
  return words
}

const powerFactor = 0.96
/** Reactive power by active power, of that power factor. */
const reactiveShare = Math.tan(Math.acos(powerFactor))

/** The commands of probes/server/linux-ssh.yaml by something that only they have, and what the simulated host prints. */
const host: readonly (readonly [string, (room: Room) => string])[] = [
  ['/proc/uptime', ({ time }) => `${(8_640_000 + time).toFixed(2)} 1000.00\n`],
  ['/proc/loadavg', ({ hostLoad }) => `${hostLoad.toFixed(2)} 0.81 0.79 2/412 31337\n`],
  ['/proc/stat', ({ hostLoad }) => `${Math.min(1, hostLoad / 16).toFixed(4)}\n`],
  [
    '/proc/meminfo',
    () => `MemTotal: 65841204 kB
MemAvailable: 41220480 kB
SwapTotal: 8388604 kB
UsedRatio: 0.373942
SwapUsed: 1048576 kB
SwapUsedRatio: 0.125
`,
  ],
  ['ps -eo stat=', () => 'all=412\nzombie=0\n'],
  [
    'df -PT',
    () => `Filesystem Type 1-blocks Used Available Capacity Mounted on
/dev/sda2 ext4 105089261568 41285136384 58425196544 42% /
/dev/sdb1 xfs 1099511627776 703687441776 395824186000 65% /var/lib
`,
  ],
  [
    'df -Pi',
    () => `Filesystem Inodes IUsed IFree IUse% Mounted on
/dev/sda2 6553600 412000 6141600 7% /
/dev/sdb1 26214400 1830000 24384400 7% /var/lib
`,
  ],
  [
    '/proc/diskstats',
    ({ time }) => `8 0 sda 9 0 ${whole(time * 40)} 9 9 0 ${whole(time * 900)} 9 0 ${whole(time * 30)} 9\n`,
  ],
  [
    '/proc/net/dev',
    ({ time }) => `eno1: ${whole(time * 81_000)} ${whole(time * 90)} 0 0 0 0 0 0 ${whole(time * 64_000)} 9 0 0\n`,
  ],
  ['/sys/class/net', () => 'eno1 up 1 10000\n'],
  ['/proc/net/bonding', () => ''],
  ['systemctl', () => ''],
  ['chronyc', () => 'C0000201,192.0.2.1,3,1764064800.1,0.000012345,0,0,0,0,0,0,0,64,Normal\n'],
  ['timedatectl', () => 'System clock synchronized: yes\n'],
  ['lastb', () => '0\n'],
]

/** What the simulated Linux host prints. */
export function printed(run: string, room: Room): { stdout: string } | undefined {
  const [, print] = host.find(([part]) => run.includes(part)) ?? []
  return print === undefined ? undefined : { stdout: print(room) }
}

function whole(value: number): string {
  return String(Math.round(value))
}

/** A 16-bit word, negative numbers in two's complement. */
function word(value: number): number {
  return Math.round(value) & 0xffff
}
