import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { poll } from '../../src/commands/poll.ts'
import { call } from '../commands/calling.ts'
import { describeOnRecordings, realRecordings } from '../real-recordings.ts'
import { type PolledReading, type Sample, samplesOf } from './exposed.ts'
import { describeWith } from './peer.ts'
import { freePort, type Started, start, until } from './process.ts'

/** Recordings of real switches and of a firewall without 64-bit counters. */
const files = ['switch-cisco-c3750', 'switch-h3c-e528', 'switch-huawei-s5720', 'firewall-topsec-ngfw4000'] as const

/** IF-MIB (RFC 2863): the columns that are compared. */
const columns = {
  ifAdminStatus: '1.3.6.1.2.1.2.2.1.7',
  ifOperStatus: '1.3.6.1.2.1.2.2.1.8',
  ifInOctets: '1.3.6.1.2.1.2.2.1.10',
  ifInDiscards: '1.3.6.1.2.1.2.2.1.13',
  ifInErrors: '1.3.6.1.2.1.2.2.1.14',
  ifOutOctets: '1.3.6.1.2.1.2.2.1.16',
  ifOutDiscards: '1.3.6.1.2.1.2.2.1.19',
  ifOutErrors: '1.3.6.1.2.1.2.2.1.20',
  ifHCInOctets: '1.3.6.1.2.1.31.1.1.1.6',
  ifHCOutOctets: '1.3.6.1.2.1.31.1.1.1.10',
} as const

type Column = keyof typeof columns

const names = { ifName: '1.3.6.1.2.1.31.1.1.1.1', ifDescr: '1.3.6.1.2.1.2.2.1.2' } as const

/** siteward's metric, and the exporter's: of several the first that an interface has. */
const counters: readonly (readonly [metric: string, columns: readonly Column[]])[] = [
  ['interface_receive_bytes_total', ['ifHCInOctets', 'ifInOctets']],
  ['interface_transmit_bytes_total', ['ifHCOutOctets', 'ifOutOctets']],
  ['interface_receive_errors_total', ['ifInErrors']],
  ['interface_transmit_errors_total', ['ifOutErrors']],
  ['interface_receive_discards_total', ['ifInDiscards']],
  ['interface_transmit_discards_total', ['ifOutDiscards']],
]

const adminStates: Readonly<Record<number, string>> = { 1: 'up', 2: 'down', 3: 'testing' }
const operStates: Readonly<Record<number, string>> = {
  ...{ 1: 'up', 2: 'down', 3: 'testing', 4: 'unknown', 5: 'dormant', 6: 'absent', 7: 'lower_layer_down' },
}

/** One module a recording, since snmpsim tells them apart by the community. */
function exporterConfiguration(): string {
  const lookup = (name: keyof typeof names): string =>
    `    - { labels: [ifIndex], labelname: ${name}, oid: ${names[name]}, type: DisplayString }\n`
  const metric = ([name, oid]: readonly [string, string]): string =>
    `  - name: ${name}\n    oid: ${oid}\n    type: ${/Status/.test(name) ? 'gauge' : 'counter'}\n    help: ${name}\n` +
    `    indexes: [{ labelname: ifIndex, type: gauge }]\n    lookups:\n${lookup('ifName')}${lookup('ifDescr')}`
  const walk = [...Object.values(columns), ...Object.values(names)].join(', ')
  const module = (file: string): string =>
    `${file}:\n  version: 2\n  auth: { community: ${file} }\n  walk: [${walk}]\n  max_repetitions: 25\n  retries: 3\n  timeout: 5s\n` +
    `  metrics:\n${Object.entries(columns).map(metric).join('')}`
  return files.map(module).join('')
}

describeOnRecordings('beside prometheus-snmp-exporter', () => {
  describeWith(['snmpsimd', 'prometheus-snmp-exporter'], 'on recordings served by snmpsim', () => {
    const folder = mkdtempSync(join(tmpdir(), 'siteward-exporter-'))
    const site = join(folder, 'site.yaml')
    const programs: Started[] = []
    let agent = 0
    let exporter = 0

    beforeAll(async () => {
      const [agentPort, exporterPort] = [await freePort(), await freePort()]
      agent = agentPort
      exporter = exporterPort
      const data = join(folder, 'data')
      mkdirSync(data)
      for (const file of files) copyFileSync(join(realRecordings, `${file}.snmprec`), join(data, `${file}.snmprec`))
      // It gives up its rights before it makes its cache.
      for (const path of [folder, data]) chmodSync(path, 0o777)
      const asNobody = process.getuid?.() === 0 ? ['--process-user=nobody', '--process-group=nogroup'] : []
      const simulator = start('snmpsimd', [
        `--data-dir=${data}`,
        `--agent-udpv4-endpoint=127.0.0.1:${agentPort}`,
        `--cache-dir=${join(folder, 'cache')}`,
        ...asNobody,
      ])
      writeFileSync(join(folder, 'snmp.yml'), exporterConfiguration())
      const peer = start('prometheus-snmp-exporter', [
        `--config.file=${join(folder, 'snmp.yml')}`,
        `--web.listen-address=127.0.0.1:${exporterPort}`,
      ])
      programs.push(simulator, peer)
      writeFileSync(site, siteText(agentPort))
      for (const file of files) {
        await until(
          async () => (await scrape(file)).length > 0,
          90,
          () => `${simulator.output()}\n${peer.output()}`,
        )
      }
      expect(existsSync(site)).toBe(true)
    }, 240_000)

    afterAll(() => Promise.all(programs.map((program) => program.stop('SIGKILL'))))

    async function scrape(file: string): Promise<readonly Sample[]> {
      const url = `http://127.0.0.1:${exporter}/snmp?target=127.0.0.1:${agent}&module=${file}`
      return samplesOf(await (await fetch(url)).text()).filter(({ name }) => Object.hasOwn(columns, name))
    }

    test.each(files)('%s: every interface has the same states and counters', { timeout: 120_000 }, async (file) => {
      const theirs = await scrape(file)
      const { out } = await call(poll, [file, '--config', site, '--json'])
      const readings: readonly PolledReading[] = JSON.parse(out).readings
      const labels = labelsOf(theirs)
      expect(labels.size).toBeGreaterThan(10)
      const value = (column: Column, index: string): number | undefined =>
        theirs.find(({ name, labels: own }) => name === column && own['ifIndex'] === index)?.value
      const ours = (metric: string): ReadonlyMap<string, PolledReading['value']> =>
        new Map(
          readings.filter((one) => one.metric === metric).map((one) => [one.labels['interface'] ?? '', one.value]),
        )
      const wanted = <T>(of: (index: string) => T | undefined): ReadonlyMap<string, T> =>
        new Map(
          [...labels].flatMap(([index, label]) => {
            const found = of(index)
            return found === undefined ? [] : [[label, found] as const]
          }),
        )
      for (const [metric, list] of counters) {
        const expected = wanted((index) => list.map((column) => value(column, index)).find((one) => one !== undefined))
        expect(expected.size).toBeGreaterThan(5)
        expect({ metric, values: ours(metric) }).toEqual({ metric, values: expected })
      }
      expect(ours('interface_admin_state')).toEqual(wanted((index) => adminStates[value('ifAdminStatus', index) ?? 0]))
      // A port that was shut has no state: it is no fault.
      const states = wanted((index) =>
        value('ifAdminStatus', index) === 1 ? operStates[value('ifOperStatus', index) ?? 0] : undefined,
      )
      expect(ours('interface_state')).toEqual(states)
    })
  })
})

function siteText(port: number): string {
  const credentials = files.map((file) => `  ${file}: { snmp: { version: 2c, community: ${file} } }`)
  const devices = files.map(
    (file) =>
      `  - { name: ${file}, address: '127.0.0.1:${port}', probes: [if-mib], credentials: ${file}, timeout: 50s, snmp: { timeout: 10s } }`,
  )
  return `site: x\ncredentials:\n${credentials.join('\n')}\ndevices:\n${devices.join('\n')}\n`
}

/** What siteward calls an interface, by its index: name, else description, else index; the second of a name has it too. */
function labelsOf(samples: readonly Sample[]): ReadonlyMap<string, string> {
  const labels = new Map<string, string>()
  const rows = samples.filter(({ name }) => name === 'ifAdminStatus')
  const byIndex = [...rows].sort((a, b) => Number(a.labels['ifIndex']) - Number(b.labels['ifIndex']))
  for (const { labels: own } of byIndex) {
    const { ifIndex = '', ifName = '', ifDescr = '' } = own
    const label = [ifName, ifDescr, ifIndex].map((text) => text.trim()).find((text) => text !== '') ?? ''
    labels.set(ifIndex, [...labels.values()].includes(label) ? `${label}#${ifIndex}` : label)
  }
  return labels
}
