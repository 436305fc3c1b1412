import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { collectors } from '../../collectors/registry.ts'
import { parseRecording } from '../../collectors/snmp/recording.ts'
import { startSnmpSimulator } from '../../collectors/snmp/simulator.ts'
import { diskFiles } from '../../src/config/files.ts'
import { loadProbes } from '../../src/config/probes.ts'
import { loadVocabulary } from '../../src/config/vocabulary.ts'
import { shipped } from '../../src/home.ts'
import { Judge } from '../../src/judge/judge.ts'
import { instantVerdict } from '../../src/judge/verdict.ts'
import { systemClock } from '../../src/model/clock.ts'
import { derive } from '../../src/model/derived.ts'
import { describeReading } from '../../src/model/harvest.ts'
import { silent } from '../../src/model/log.ts'
import { formatProblem } from '../../src/model/problem.ts'
import type { PollResult, Reading } from '../../src/model/reading.ts'
import { Secret } from '../../src/model/secret.ts'
import { SeriesTable } from '../../src/model/series.ts'
import { Store } from '../../src/store/store.ts'
import { describeOnRecordings, realRecordings } from '../real-recordings.ts'
import { makeDevice } from '../samples.ts'

interface Proof {
  readonly recording: string
  /** Probes that read it together, as a site would have them. */
  readonly probes: readonly string[]
  /** Some of what must be read, by metric and label values: values that stand in the recording. */
  readonly reads: Readonly<Record<string, string>>
  /** What is not well in the recorded site; nothing else may be. */
  readonly fires?: readonly string[]
}

const network = ['system', 'if-mib', 'if-packets']

const proofs: readonly Proof[] = [
  {
    recording: 'switch-huawei-s5720',
    probes: [...network, 'lldp', 'entity', 'huawei-vrp'],
    reads: {
      'device_cpu_load_ratio MPU Board 0': '38 %',
      'device_temperature_celsius MPU Board 0': '42 °C',
      'device_temperature_limit_celsius MPU Board 0': '56 °C',
      'device_fan_state 0.7': 'ok',
      'device_power_watts 0': '75 W',
    },
  },
  {
    recording: 'switch-h3c-e528',
    probes: [...network, 'lldp', 'entity', 'h3c-comware'],
    reads: {
      'device_cpu_load_ratio Level 1 Virtual Module #1': '50 %',
      'device_memory_used_ratio Level 1 Virtual Module #1': '55 %',
      'device_power_supply_state 1': 'ok',
    },
  },
  {
    recording: 'switch-ruijie-s5750',
    probes: [...network, 'lldp', 'entity', 'ruijie'],
    reads: { 'device_cpu_load_ratio number 1': '37 %', 'device_memory_used_ratio number 1': '50 %' },
  },
  {
    recording: 'switch-cisco-c3750',
    probes: [...network, 'lldp', 'entity', 'cisco-ios'],
    reads: {
      'device_cpu_load_ratio 1': '29 %',
      'device_memory_used_ratio Processor': '41.88 %',
      'device_fan_state Switch#1, Fan#1': 'ok',
      'device_power_supply_state Sw1, PS1': 'ok',
      'interface_receive_power_dbm Gi1/0/1': '-6 dBm',
      'interface_module_bias_amperes Gi1/0/1': '0.0195 A',
      'stack_member_role 1': 'master',
    },
  },
  {
    recording: 'firewall-fortigate-60f-ha',
    probes: [...network, 'fortigate'],
    reads: {
      device_cpu_load_ratio: '4 %',
      firewall_sessions: '21489',
      ha_mode: 'active_passive',
      ha_members: '2',
      'ha_sync_state redacted': 'in_sync',
      'device_temperature_celsius B50182 Temperature': '53.25 °C',
    },
  },
  {
    recording: 'firewall-topsec-ngfw4000',
    probes: [...network, 'topsec'],
    reads: { device_cpu_load_ratio: '3 %', firewall_sessions: '285030', 'ha_role self': 'active' },
  },
  {
    recording: 'host-linux-centos7-netsnmp',
    probes: [...network, 'host-resources'],
    reads: {
      server_processes: '120',
      'file_system_used_ratio /boot': '16.335 %',
      'device_cpu_load_ratio all': '1.25 %',
      'server_load_average 15m': '0.05',
      server_swap_used_ratio: '0 %',
    },
  },
  {
    recording: 'host-vmware-esxi7',
    probes: [...network, 'vmware-esxi'],
    reads: {
      'datastore_used_ratio foo-vmw': '74.011 %',
      device_memory_used_ratio: '48.837 %',
      'guest_state <private>#775': 'stopped',
    },
  },
  {
    recording: 'server-dell-idrac-r640',
    probes: ['system', 'dell-idrac'],
    reads: {
      device_power_watts: '144 W',
      'device_current_amperes PS1 Current 1': '0.4 A',
      'device_temperature_celsius Inlet Temp': '25 °C',
      'device_temperature_limit_celsius Inlet Temp': '47 °C',
      'device_fan_speed_rpm Fan1A': '4080 rpm',
      'disk_wear_ratio Disk 1 in Backplane 1 of RAID Controller in SL 3': '1 %',
      'raid_state Virtual Disk 0 on RAID Controller in SL 3': 'ok',
    },
  },
  {
    recording: 'server-hpe-ilo4',
    probes: ['system', 'hpe-ilo'],
    reads: {
      'device_temperature_celsius inlet': '21 °C',
      'device_temperature_limit_celsius inlet': '42 °C',
      'device_fan_state Fan 2': 'ok',
      'device_power_supply_state PS 1': 'ok',
      'device_component_state PROC 1 DIMM 4': 'ok',
      'raid_state logical drive 1': 'ok',
      'disk_temperature_celsius Port 1I Box 6 Bay 3': '56 °C',
    },
  },
  {
    recording: 'server-huawei-ibmc',
    probes: ['system', 'huawei-ibmc'],
    reads: {
      device_state: 'ok',
      device_power_watts: '456 W',
      'device_power_watts PS1': '246 W',
      'device_temperature_celsius Inlet': '24 °C',
      'device_temperature_limit_celsius CPU1': 'not available',
      'device_component_state DIMM000(1A1)': 'ok',
      'disk_state Disk0': 'ok',
    },
  },
  {
    recording: 'storage-dell-powervault-me4024',
    probes: ['system', 'fcmgmt'],
    reads: {
      'storage_enclosure_state STORAGE-SZC-OTL': 'ok',
      'device_temperature_celsius CPU Temperature-Ctlr B': '62 °C',
      'device_voltage_volts Capacitor Pack Voltage-Ctlr B': '8.15 V',
      'device_current_amperes Current 12V Rail Loc: left-PSU': '8.08 A',
      'fc_port_state A0': 'up',
    },
  },
  {
    recording: 'storage-huawei-oceanstor-ism',
    probes: ['system', 'huawei-oceanstor'],
    reads: {
      device_state: 'ok',
      storage_size_bytes: '210.96 TiB',
      'disk_temperature_celsius CTE0.0': '34 °C',
      'device_cpu_load_ratio CTE0.A': '4 %',
      'fc_port_state CTE0.A.H1': 'down',
      'fc_port_speed_bytes_per_second CTE0.A.H0': '8 Gbit/s',
      'storage_pool_used_ratio poolCaiwu': '32.661 %',
    },
  },
  {
    recording: 'meter-janitza-umg96',
    probes: ['system', 'janitza-umg96'],
    reads: {
      'power_voltage_volts A': '229.7 V',
      'power_line_voltage_volts AB': '397.9 V',
      'power_current_amperes A': '16.295 A',
      'power_active_power_watts A': '3.363 kW',
      'power_voltage_distortion_ratio A': '0.6 %',
    },
  },
  {
    recording: 'pdu-raritan-px2-temp',
    probes: ['system', 'raritan-pdu'],
    reads: {
      'power_current_amperes I1': '3.497 A',
      'power_active_power_watts I1': '673 W',
      'room_temperature_celsius Temperature 1': '22.9 °C',
    },
    fires: ['room_sensor_state Relative Humidity 1', 'room_sensor_state Absolute Humidity 1'], // 15 %, by its own limit
  },
  {
    recording: 'crac-apc-uniflair-sp',
    probes: ['system', 'apc-cooling'],
    reads: {
      'air_conditioner_supply_temperature_celsius 1': '24.8 °C',
      'air_conditioner_state 1': 'running',
      'air_conditioner_fan_speed_ratio 1 evaporator': '90 %',
    },
  },
  {
    recording: 'crac-liebert-gp-vertiv',
    probes: ['system', 'liebert-air-conditioner'],
    reads: {
      air_conditioner_state: 'running',
      air_conditioner_setpoint_temperature_celsius: '23 °C',
      air_conditioner_return_humidity_ratio: '42 %',
      air_conditioner_alarms: '0',
    },
  },
  {
    recording: 'crac-stulz-wib8000',
    probes: ['system', 'stulz-wib8000'],
    reads: {
      'air_conditioner_return_temperature_celsius UNIT-CA1': '26.5 °C',
      'air_conditioner_water_inlet_temperature_celsius UNIT-CA1': '14.4 °C',
      'air_conditioner_fan_speed_ratio UNIT-CA1 1': '85 %',
    },
    fires: ['air_conditioner_state UNIT-CA3'], // switched off
  },
  {
    recording: 'env-akcp-sensorprobe8',
    probes: ['system', 'akcp-sensorprobe'],
    reads: {
      'room_temperature_celsius Temp.Sensor Carrier': '19.9 °C',
      'room_humidity_ratio Custom Descr 1': '42 %',
    },
    fires: [
      // That room is cooler and drier than 20 to 28 °C and 50 to 65 %.
      'room_temperature_celsius Temp.Sensor Carrier',
      'room_humidity_ratio Custom Descr 1',
      'room_humidity_ratio Custom Descr 2',
      'room_humidity_ratio Custom Descr 3',
    ],
  },
  {
    recording: 'ups-apc-smx750i-powernet',
    probes: ['system', 'apc-powernet'],
    reads: {
      ups_battery_charge_ratio: '100 %',
      ups_battery_voltage_volts: '54 V',
      ups_output_source: 'normal',
      'ups_output_load_ratio A': '20.2 %',
    },
    fires: ['room_sensor_state Door'], // it is open
  },
  {
    recording: 'ups-delta-rfc1628-sparse',
    probes: ['system', 'delta-mini-snmp'],
    reads: {
      ups_battery_charge_ratio: '29 %',
      ups_battery_voltage_volts: '55.4 V',
      'ups_output_power_watts A': '122 W',
      ups_output_source: 'normal',
    },
    fires: ['ups_battery_charge_ratio'],
  },
  {
    recording: 'ups-eaton-93e-80k-rfc1628',
    probes: ['system', 'ups-mib'],
    reads: { ups_battery_charge_ratio: '100 %', 'ups_output_load_ratio A': '21 %', ups_output_source: 'normal' },
  },
  {
    recording: 'ups-eaton-93e-80k-rfc1628',
    probes: ['eaton-xups'],
    reads: { ups_battery_voltage_volts: '521 V', ups_output_load_ratio: '21 %', 'ups_input_voltage_volts A': '227 V' },
  },
  {
    recording: 'ups-emerson-13400',
    probes: ['system', 'emerson-13400'],
    reads: {
      ups_battery_voltage_volts: '80.7 V',
      'ups_output_voltage_volts A': '219.8 V',
      ups_output_source: 'normal',
    },
  },
  {
    recording: 'ups-huawei-ups5000e',
    probes: ['system', 'huawei-ups5000'],
    reads: {
      'ups_input_voltage_volts A': '234.7 V',
      'ups_output_power_watts A': '2.1 kW',
      'ups_output_load_ratio A': '20 %',
      ups_output_source: 'normal',
    },
  },
  {
    recording: 'ups-liebert-apm',
    probes: ['system', 'liebert-ups'],
    reads: {
      'ups_input_line_voltage_volts AB': '394 V',
      ups_battery_voltage_volts: '462 V',
      ups_output_source: 'normal',
    },
  },
]

const { vocabulary } = await loadVocabulary(shipped('config', 'metrics.yaml'), diskFiles)
const protocols = new Map(Object.entries(collectors).map(([name, { schemas }]) => [name, schemas]))
const { probes } = await loadProbes(shipped('probes'), { files: diskFiles, protocols, vocabulary })

interface Read extends PollResult {
  /** What is not well, by metric and label values. */
  readonly fires: readonly string[]
}

async function read(file: string, names: readonly string[]): Promise<Read> {
  const recording = parseRecording(readFileSync(join(realRecordings, `${file}.snmprec`), 'utf8'), file)
  if (!recording.ok) throw new Error(recording.problems.map(formatProblem).join('\n'))
  const simulator = await startSnmpSimulator({ recording: recording.value })
  const uses = names.map((name) => {
    const probe = probes.get(name)
    if (probe === undefined) throw new Error(`no probe ${name}`)
    return { probe, interval: 60_000, timeout: 20_000 }
  })
  const credential = { version: '2c', community: new Secret('public') }
  const device = makeDevice({
    address: `127.0.0.1:${simulator.port}`,
    credentials: { snmp: credential },
    probes: uses,
    rules: uses.flatMap(({ probe }) => probe.rules),
  })
  const store = new Store()
  const judge = new Judge({ name: 'site', labels: {} }, store)
  const table = new SeriesTable('site', (series) => {
    store.add(series)
    judge.addSeries(series)
  })
  judge.addDevice(device)
  const readings: Reading[] = []
  const faults: PollResult['faults'][number][] = []
  const doubts: string[] = []
  let requests = 0
  try {
    for (const use of uses) {
      const job = collectors.snmp.prepare(use, device, table.scope(table.source(device.name, use.probe.name)))
      if (!job.ok) throw new Error(job.problems.map(formatProblem).join('\n'))
      const poll = await job.value.poll({ signal: AbortSignal.timeout(20_000), clock: systemClock, log: silent })
      await job.value.close()
      const scope = table.scope(table.source(device.name, `${use.probe.name} derived`))
      const made = derive(use.probe.derived, poll.readings, scope)
      readings.push(...poll.readings, ...made.readings)
      faults.push(...poll.faults)
      doubts.push(...poll.doubts, ...made.doubts)
      requests += poll.requests
    }
  } finally {
    await simulator.close()
  }
  for (const reading of readings) store.apply(reading, 1)
  const isBad = ({ series, value }: Reading): boolean =>
    ['warning', 'critical'].includes(instantVerdict(judge, series, value))
  return { readings, faults, doubts, requests, fires: readings.filter(isBad).map(nameOf) }
}

function nameOf({ series: { metric, labels } }: Reading): string {
  const { site: _site, device: _device, ...own } = labels
  return [metric.name, ...Object.values(own)].join(' ')
}

function body(): void {
  test.each(proofs)('$recording by $probes', async ({ recording, probes: names, reads, fires: expected = [] }) => {
    const { readings, faults, doubts, fires } = await read(recording, names)
    expect({ faults, doubts }).toEqual({ faults: [], doubts: [] })
    const found = readings.map((reading) => [nameOf(reading), describeReading(reading)] as const)
    expect(Object.fromEntries(found)).toMatchObject(reads)
    expect([...fires].sort()).toEqual([...expected].sort())
    expect(new Set(readings.map(({ series }) => series)).size, 'nothing is read twice').toBe(readings.length)
  })

  test('every recording is read', () => {
    const files = readdirSync(realRecordings).filter((name) => name.endsWith('.snmprec'))
    expect([...new Set(proofs.map(({ recording }) => `${recording}.snmprec`))].sort()).toEqual(files.sort())
  })
}

function oddScale(): void {
  test('a card that speaks RFC 1628 in other units is found out: no reading, and a word on the scale', async () => {
    const { readings, doubts } = await read('ups-huawei-ups5000e', ['ups-mib'])
    expect(doubts).toHaveLength(6)
    for (const doubt of doubts) expect(doubt).toMatch(/check the scale$/)
    const metrics = new Set(readings.map(({ series }) => series.metric.name))
    expect(metrics.has('ups_output_source')).toBe(true)
    expect(metrics.has('ups_output_voltage_volts')).toBe(false)
  })
}

describeOnRecordings('probes on recordings of real devices', () => {
  body()
  oddScale()
})
