import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { collectors } from '../../collectors/registry.ts'
import { parseRecording } from '../../collectors/snmp/recording.ts'
import { startSnmpSimulator } from '../../collectors/snmp/simulator.ts'
import { diskFiles } from '../../src/config/files.ts'
import { loadProbes } from '../../src/config/probes.ts'
import { loadVocabulary } from '../../src/config/vocabulary.ts'
import { home, shipped } from '../../src/home.ts'
import { systemClock } from '../../src/model/clock.ts'
import { describeReading } from '../../src/model/harvest.ts'
import { silent } from '../../src/model/log.ts'
import type { PollResult } from '../../src/model/reading.ts'
import { Secret } from '../../src/model/secret.ts'
import { SeriesTable } from '../../src/model/series.ts'
import { makeDevice } from '../samples.ts'

/** Recordings of real devices, which are not ours to ship: beside the checkout, or where the variable says. */
const folder = process.env['SITEWARD_RECORDINGS'] ?? join(home, '..', 'shared', 'recordings')

/** What a probe must read from a real device, by metric and label values: values that stand in the recording. */
const expected: readonly (readonly [recording: string, probe: string, readings: Readonly<Record<string, string>>])[] = [
  [
    'switch-huawei-s5720',
    'huawei-vrp',
    {
      'device_cpu_load_ratio MPU Board 0': '38 %',
      'device_temperature_celsius MPU Board 0': '42 °C',
      'device_fan_state 0.7': 'ok',
    },
  ],
  [
    'switch-h3c-e528',
    'h3c-comware',
    {
      'device_cpu_load_ratio Level 1 Virtual Module #1': '50 %',
      'device_memory_used_ratio Level 1 Virtual Module #1': '55 %',
    },
  ],
  [
    'switch-cisco-c3750',
    'cisco-ios',
    {
      'device_cpu_load_ratio 1': '29 %',
      'device_memory_used_ratio Processor': '41.88 %',
      'device_fan_state Switch#1, Fan#1': 'ok',
    },
  ],
  [
    'firewall-fortigate-60f-ha',
    'fortigate',
    { device_cpu_load_ratio: '4 %', firewall_sessions: '21489', 'ha_sync_state redacted': 'in_sync' },
  ],
  [
    'ups-apc-smx750i-powernet',
    'apc-powernet',
    { ups_battery_charge_ratio: '100 %', ups_battery_voltage_volts: '54 V', ups_output_source: 'normal' },
  ],
  [
    'ups-eaton-93e-80k-rfc1628',
    'ups-mib',
    { ups_battery_charge_ratio: '100 %', 'ups_output_load_ratio 1': '21 %', ups_output_source: 'normal' },
  ],
  ['crac-stulz-wib8000', 'stulz-wib8000', { 'air_conditioner_return_temperature_celsius 1.1.1': '26.5 °C' }],
  ['storage-dell-powervault-me4024', 'fcmgmt', { 'storage_enclosure_state "STORAGE-SZC-OTL"': 'ok' }],
  ['host-linux-centos7-netsnmp', 'host-resources', { server_processes: '120' }],
  ['switch-ruijie-s5750', 'if-mib', {}],
  ['firewall-topsec-ngfw4000', 'if-mib', {}],
]

const { vocabulary } = await loadVocabulary(shipped('config', 'metrics.yaml'), diskFiles)
const protocols = new Map(Object.entries(collectors).map(([name, { schemas }]) => [name, schemas]))
const { probes } = await loadProbes(shipped('probes'), { files: diskFiles, protocols, vocabulary })

async function read(file: string, name: string): Promise<PollResult> {
  const recording = parseRecording(readFileSync(join(folder, `${file}.snmprec`), 'utf8'), file)
  const probe = probes.get(name)
  if (!recording.ok || probe === undefined) throw new Error(`${file}, ${name}`)
  const simulator = await startSnmpSimulator({ recording: recording.value })
  const credential = { version: '2c', community: new Secret('public') }
  const device = makeDevice({ address: `127.0.0.1:${simulator.port}`, credentials: { snmp: credential } })
  const table = new SeriesTable('site')
  const job = collectors.snmp.prepare(
    { probe, interval: 60_000, timeout: 5000 },
    device,
    table.scope(table.source('d', 'p')),
  )
  if (!job.ok) throw new Error(JSON.stringify(job.problems))
  try {
    return await job.value.poll({ signal: AbortSignal.timeout(5000), clock: systemClock, log: silent })
  } finally {
    await job.value.close()
    await simulator.close()
  }
}

function body(): void {
  test.each(expected)('%s by %s', async (file, name, wanted) => {
    const { readings, faults, doubts } = await read(file, name)
    expect({ faults, doubts }).toEqual({ faults: [], doubts: [] })
    expect(readings.length).toBeGreaterThan(3)
    const found = readings.map((reading) => {
      const { site: _site, device: _device, ...own } = reading.series.labels
      return [[reading.series.metric.name, ...Object.values(own)].join(' '), describeReading(reading)]
    })
    expect(Object.fromEntries(found)).toMatchObject(wanted)
  })
}

function oddScale(): void {
  test('a card that speaks RFC 1628 in other units is found out: no reading, and a word on the scale', async () => {
    const { readings, doubts } = await read('ups-huawei-ups5000e', 'ups-mib')
    expect(doubts).toHaveLength(6)
    for (const doubt of doubts) expect(doubt).toMatch(/check the scale$/)
    const metrics = new Set(readings.map(({ series }) => series.metric.name))
    expect(metrics.has('ups_output_source')).toBe(true)
    expect(metrics.has('ups_output_voltage_volts')).toBe(false)
  })
}

if (existsSync(folder))
  describe('probes on recordings of real devices', () => {
    body()
    oddScale()
  })
else if (process.env['CI'] === 'true') {
  test('probes on recordings of real devices', () => {
    throw new Error(`no recordings in ${folder}: set SITEWARD_RECORDINGS`)
  })
} else {
  process.stderr.write(`skipped: probes on recordings of real devices (none in ${folder}: set SITEWARD_RECORDINGS)\n`)
  describe.skip('probes on recordings of real devices', body)
}
