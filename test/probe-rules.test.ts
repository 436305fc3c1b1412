import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { collectors } from '../collectors/registry.ts'
import { diskFiles } from '../src/config/files.ts'
import { loadProbes } from '../src/config/probes.ts'
import { loadVocabulary } from '../src/config/vocabulary.ts'
import { shipped } from '../src/home.ts'
import { phase } from '../src/judge/cell.ts'
import { Judge } from '../src/judge/judge.ts'
import { SeriesTable } from '../src/model/series.ts'
import { Store } from '../src/store/store.ts'
import { makeDevice } from './samples.ts'

/**
 * What the shipped rules make of the shipped recordings: nothing of a device that is well, and of one that is not, the
 * alarms that say so. The readings are those of fixtures/probes/PROBE/CASE/expected.prom.
 */
const { vocabulary } = await loadVocabulary(shipped('config', 'metrics.yaml'), diskFiles)
const protocols = new Map(Object.entries(collectors).map(([name, { schemas }]) => [name, schemas]))
const { probes } = await loadProbes(shipped('probes'), { files: diskFiles, protocols, vocabulary })

/** The alarms of one case by name and severity, as if each of its readings had been so for long. */
function alarmsOf(path: string): readonly string[] {
  const [name = '', one = ''] = path.split('/')
  const probe = probes.get(name)
  if (probe === undefined) throw new Error(`there is no probe ${name}`)
  const device = makeDevice({ name: 'device', rules: probe.rules })
  const store = new Store()
  const judge = new Judge({ name: 'site', labels: {} }, store)
  const table = new SeriesTable('site', (series) => {
    store.add(series)
    judge.addSeries(series)
  })
  judge.addDevice(device)
  const scope = table.scope(table.source('device', name))
  const text = readFileSync(join(shipped('fixtures', 'probes'), name, one, 'expected.prom'), 'utf8')
  const readings = text.split('\n').flatMap((line) => {
    const [, metricName = '', labelText = '', number = ''] = /^([a-z_]+)\{(.*)\} (\S+)$/.exec(line) ?? []
    const metric = vocabulary.get(metricName)
    if (metric === undefined) return []
    const pairs = [...labelText.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', value = '']) => [
      key,
      value,
    ])
    const { site: _site, device: _device, state, ...labels } = Object.fromEntries(pairs)
    if (metric.kind === 'state' && number === '0') return []
    const value = metric.kind === 'state' ? metric.states.indexOf(state) : Number(number)
    const series = scope.series(metric, labels)
    return series === undefined ? [] : [{ series, value }]
  })
  for (const reading of readings) store.apply(reading, 1)
  judge.judge(
    readings.map(({ series }) => series),
    { wall: 1, mono: 1 },
  )
  const found = [...judge.cellsOfDevice('device')]
    .filter(({ alarm }) => phase(alarm) !== 'inactive')
    .map(({ rule }) => `${rule.alarm} ${rule.severity}`)
  return [...new Set(found)].sort()
}

const well = [
  'apc-smart-ups-modbus/on-line',
  'bmc-ipmi/well',
  'carel-pco-modbus/running',
  'cisco-ios-configuration/saved',
  'eastron-sdm630/three-phase',
  'acrel-adw300/three-phase',
  'fortigate-configuration/plain',
  'h3c-comware-configuration/saved',
  'huawei-ups2000-modbus/on-line',
  'huawei-vrp-configuration/saved',
  'janitza-umg96-modbus/three-phase',
  'linux-raid/no-array',
  'linux-smart/without-smartctl',
  'linux-ssh/container',
  'linux-updates/no-package-manager',
  'modbus-air-conditioner/running',
  'modbus-battery-cabinet/healthy',
  'modbus-room-inputs/well',
  'modbus-temperature-humidity/room',
  'modbus-ups/on-line',
  'modbus-temperature-humidity/sensor-broken-off',
  'mysql-ssh/replica',
  'mysql-ssh/running',
  'postgresql-ssh/running',
  'schneider-pm5xxx/three-phase',
  'stulz-c7000-modbus/running',
  'vertiv-liebert-modbus/running',
]

test.each(well)('%s is well: no alarm', (path) => {
  expect(alarmsOf(path)).toEqual([])
})

test.each<[string, readonly string[]]>([
  [
    'apc-smart-ups-modbus/on-battery-replace',
    [
      'UpsAlarm critical',
      'UpsAlarm warning',
      'UpsBatteryTemperature warning',
      'UpsOnBattery critical',
      'UpsRuntime warning',
      'UpsSelfTest warning',
    ],
  ],
  ['backup-jobs/two-folders-four-jobs', ['BackupFailed critical', 'BackupMissing critical']],
  [
    'bmc-ipmi/failing',
    [
      'DiskState critical',
      'FanFailed critical',
      'PowerSupplyFailed critical',
      'ServerComponent critical',
      'ServerTemperature critical',
    ],
  ],
  ['eastron-sdm630/one-phase-overloaded', ['PhaseUnbalance warning']],
  ['esxi-ssh/two-datastores', ['DatastoreState critical', 'DeviceHealth warning', 'SnapshotOld warning']],
  ['huawei-ups2000-modbus/on-battery', ['UpsAlarm critical', 'UpsOnBattery critical']],
  ['huawei-vrp-configuration/not-saved', ['ConfigurationUnsaved warning']],
  ['kvm-virsh/two-guests', ['SnapshotOld warning']],
  ['linux-raid/one-failed-disk', ['DiskState critical', 'RaidDegraded critical', 'RaidDegraded warning']],
  ['linux-smart/five-disks', ['DiskPendingSectors warning', 'DiskState warning', 'DiskTemperature warning']],
  ['linux-ssh/centos-7', ['ClockNotSynchronised warning']],
  ['linux-ssh/server', ['BondMemberDown warning', 'FailedUnits warning']],
  ['modbus-battery-cabinet/one-lagging-block', ['BatteryCellLags critical', 'BatteryCellLags warning']],
  ['modbus-dew-point/condensing', ['Condensation critical', 'Condensation warning']],
  [
    'modbus-distribution-cabinet/hot-joint',
    ['JointTemperature critical', 'JointTemperature warning', 'PhaseUnbalance warning', 'SurgeProtector warning'],
  ],
  ['modbus-fire-gas-pressure/one-low', ['FireGasPressure critical']],
  ['modbus-room-inputs/leak-and-door', ['DoorOpen warning', 'FireAlarm warning', 'RoomLeak critical']],
  ['modbus-ups/on-battery', ['UpsAlarm warning', 'UpsOnBattery critical', 'UpsRuntime warning']],
  ['mysql-ssh/stopped', ['DatabaseDown critical']],
  ['oracle-ssh/down', ['DatabaseDown critical']],
  ['oracle-ssh/open', ['ArchiveFull warning', 'DatabaseLogErrors warning', 'TablespaceFull warning']],
  ['postgresql-ssh/stopped', ['DatabaseDown critical']],
  ['proxmox-pvesh/one-node-down', ['DatastoreState critical', 'HypervisorHostDown critical', 'SnapshotOld warning']],
  [
    'raid-ssacli/predictive-failure',
    ['DiskState critical', 'DiskState warning', 'RaidDegraded critical', 'RaidDegraded warning'],
  ],
  [
    'raid-storcli/two-controllers',
    [
      'DiskState critical',
      'RaidBattery warning',
      'RaidController warning',
      'RaidDegraded critical',
      'RaidDegraded warning',
    ],
  ],
  ['sqlserver-ssh/three-databases', ['DatabaseBackupOld warning', 'DatabaseDown critical', 'DatabaseLogFull warning']],
  [
    'weblogic-ssh/one-server-overloaded',
    [
      'ApplicationServerHealth warning',
      'JavaMemory warning',
      'PoolCapacity warning',
      'PoolWaiting warning',
      'RequestsWaiting warning',
      'ThreadsStuck warning',
    ],
  ],
])('%s is not', (path, alarms) => {
  expect(alarmsOf(path)).toEqual(alarms)
})
