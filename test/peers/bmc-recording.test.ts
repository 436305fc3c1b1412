import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { explain } from '../../src/commands/explain.ts'
import { poll } from '../../src/commands/poll.ts'
import { probe } from '../../src/commands/probe.ts'
import { record } from '../../src/commands/record.ts'
import { call } from '../commands/calling.ts'
import { describeWith } from './peer.ts'
import { monitorPassword, type SimulatedBmc, startBmc } from './simulated-bmc.ts'

describeWith(['ipmi_sim', 'ipmi-sensors', 'ipmitool'], 'a simulated BMC, recorded and explained', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-bmc-recording-'))
  const site = join(folder, 'site.yaml')
  let bmc: SimulatedBmc

  beforeAll(async () => {
    bmc = await startBmc()
    const text = `site: x
credentials: { bmc: { ipmi: { user: monitor, password: { env: BMC_PASSWORD } } } }
devices:
  - { name: server-7, address: 127.0.0.1:${bmc.port}, credentials: bmc, probes: [bmc-ipmi], timeout: 55s, ipmi: { workarounds: [opensesspriv] } }
`
    writeFileSync(site, text)
  }, 60_000)
  afterAll(() => bmc.stop())

  const env = { BMC_PASSWORD: monitorPassword }

  test('the recording reads what the BMC reads', { timeout: 120_000 }, async () => {
    const file = join(folder, 'bmc.yaml')
    const recorded = await call(record, ['server-7', '--config', site, '-o', file], env)
    expect(recorded).toMatchObject({ code: 0, err: '' })
    const text = readFileSync(file, 'utf8')
    expect(text).toMatch(/^tool: freeipmi$/m)
    expect(text).not.toContain('canary')
    expect(text).toContain('SW-2288')
    expect(text).not.toContain('SW210231000001')
    const live = JSON.parse((await call(poll, ['server-7', '--config', site, '--json'], env)).out).readings
    const played = JSON.parse((await call(probe, ['test', 'bmc-ipmi', file, '--json'])).out).readings
    const values = (list: readonly { metric: string; labels: object; value: unknown }[]) =>
      list.filter(({ value }) => value !== null).map(({ metric, labels, value }) => ({ metric, labels, value }))
    expect(values(played)).toEqual(values(live))
    expect(played.length).toBeGreaterThan(5)
  })

  test('a reading from what the tool wrote to the verdict', { timeout: 120_000 }, async () => {
    const { code, out } = await call(
      explain,
      ['server-7', 'device_temperature_celsius{component="Inlet Temp"}', '--config', site],
      env,
    )
    expect(out).toMatch(/command +ipmi-sensors --comma-separated-output/)
    expect(out).toMatch(/output +\d+,Inlet Temp,Temperature,Nominal,24\.00,C,/)
    expect(out).toMatch(/raw +24\n/)
    expect(out).toMatch(/reading +24 °C/)
    expect(out).not.toContain('canary')
    expect(code).toBe(0)
  })
})
