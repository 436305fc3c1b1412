import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { poll } from '../../src/commands/poll.ts'
import { call } from '../commands/calling.ts'
import { type PolledReading, type Sample, samplesOf } from './exposed.ts'
import { describeWith } from './peer.ts'
import { freePort, type Started, start, until } from './process.ts'
import { peerPassword, plainAnalogs, type SimulatedBmc, startBmc } from './simulated-bmc.ts'

/** The exporter's metric, and siteward's. */
const values: Readonly<Record<string, string>> = {
  ipmi_temperature_celsius: 'device_temperature_celsius',
  ipmi_fan_speed_rpm: 'device_fan_speed_rpm',
  ipmi_voltage_volts: 'device_voltage_volts',
  ipmi_current_amperes: 'device_current_amperes',
  ipmi_power_watts: 'device_power_watts',
}

/** Where siteward has the states of sensors, and its words for what the exporter calls critical and warning. */
const stateMetrics = ['device_component_state', 'device_fan_state', 'device_power_supply_state', 'disk_state']
const words: Readonly<Record<string, string>> = { failed: 'critical', predicted_failure: 'warning' }

const states: Readonly<Record<number, string>> = { 0: 'ok', 1: 'warning', 2: 'critical' }

describeWith(
  ['ipmi_sim', 'ipmi-sensors', 'ipmitool', 'prometheus-ipmi-exporter'],
  'beside prometheus-ipmi-exporter',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'siteward-ipmi-exporter-'))
    const site = join(folder, 'site.yaml')
    let bmc: SimulatedBmc
    let exporter: Started
    let url = ''

    beforeAll(async () => {
      // The exporter cannot read a list in which a sensor's name has a comma.
      bmc = await startBmc(plainAnalogs)
      const port = await freePort()
      url = `http://127.0.0.1:${port}/ipmi?target=127.0.0.1:${bmc.port}`
      const module = { user: 'peer', pass: peerPassword, driver: 'LAN_2_0', privilege: 'user', timeout: 20_000 }
      const more = { collectors: ['ipmi', 'chassis'], workaround_flags: ['opensesspriv'] }
      writeFileSync(join(folder, 'ipmi.yml'), JSON.stringify({ modules: { default: { ...module, ...more } } }))
      exporter = start('prometheus-ipmi-exporter', [
        `--config.file=${join(folder, 'ipmi.yml')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ])
      writeFileSync(
        site,
        `site: x
credentials: { bmc: { ipmi: { user: peer, password: { env: BMC_PASSWORD } } } }
devices:
  - { name: bmc, address: 127.0.0.1:${bmc.port}, credentials: bmc, probes: [bmc-ipmi], timeout: 55s, ipmi: { workarounds: [opensesspriv] } }
`,
      )
      await until(
        async () => (await scrape()).some(({ name, value }) => name === 'ipmi_temperature_celsius' && value > 0),
        90,
        () => exporter.output(),
      )
    }, 180_000)

    afterAll(async () => {
      await exporter.stop('SIGKILL')
      await bmc.stop()
    })

    async function scrape(): Promise<readonly Sample[]> {
      return samplesOf(await (await fetch(url)).text())
    }

    async function readings(): Promise<readonly PolledReading[]> {
      const { out } = await call(poll, ['bmc', '--config', site, '--json'], { BMC_PASSWORD: peerPassword })
      return JSON.parse(out).readings
    }

    /** Every sensor of both sides with its value, as one list each. */
    async function compare(): Promise<void> {
      const theirs = await scrape()
      const ours = await readings()
      const names = theirs.filter(({ name }) => name.endsWith('_state') && name !== 'ipmi_chassis_power_state')
      expect(names.length).toBeGreaterThan(6)
      const count = (name: string): number => names.filter(({ labels }) => labels['name'] === name).length
      const label = ({ labels: { name = '', id = '' } }: Sample): string => (count(name) > 1 ? `${name} #${id}` : name)
      const told = theirs.flatMap((sample) => {
        const metric = values[sample.name]
        return metric === undefined || Number.isNaN(sample.value) ? [] : [`${metric} ${label(sample)} ${sample.value}`]
      })
      const read = ours.flatMap(({ metric, labels, value }) =>
        Object.values(values).includes(metric) && value !== null && labels['component'] !== undefined
          ? [`${metric} ${labels['component']} ${value}`]
          : [],
      )
      expect(read.sort()).toEqual(told.sort())
      expect(told.length).toBeGreaterThan(4)
      const theirStates = names.flatMap((sample) => {
        const state = states[sample.value]
        return state === undefined ? [] : [`${label(sample)} ${state}`]
      })
      const ourStates = ours.flatMap(({ metric, labels, value }) =>
        stateMetrics.includes(metric) && value !== null
          ? [`${labels['component'] ?? labels['disk']} ${words[String(value)] ?? value}`]
          : [],
      )
      expect(ourStates.sort()).toEqual(theirStates.sort())
      const power = theirs.find(({ name }) => name === 'ipmi_chassis_power_state')?.value
      expect(ours.find(({ metric }) => metric === 'device_chassis_power_state')?.value).toBe(power === 1 ? 'on' : 'off')
    }

    test('every sensor has the same value and state', { timeout: 120_000 }, compare)

    test('and again when a limit is passed and a fan stands', { timeout: 120_000 }, async () => {
      await bmc.command('sensor_set_value 0x20 0 1 43 0')
      await bmc.command('sensor_set_value 0x20 0 5 0 0')
      await compare()
      const inlet = (await readings()).find(
        ({ metric, labels }) => metric === 'device_component_state' && labels['component'] === 'Inlet Temp',
      )
      expect(inlet?.value).toBe('critical')
    })
  },
)
