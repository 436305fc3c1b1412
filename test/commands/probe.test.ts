import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { UsageError } from '../../src/commands/command.ts'
import { probe } from '../../src/commands/probe.ts'
import { shipped } from '../../src/home.ts'
import { call } from './calling.ts'
import { ownProbe } from './own-probes.ts'

const folder = mkdtempSync(join(tmpdir(), 'siteward-probe-test-'))
const fixture = (...parts: readonly string[]): string => shipped('fixtures', 'probes', ...parts)

test('readings with units and verdicts, of a folder of the table of probes', async () => {
  const { code, out } = await call(probe, [
    'test',
    'modbus-air-conditioner',
    fixture('modbus-air-conditioner', 'failed'),
  ])
  expect(code).toBe(0)
  expect(out).toMatch(/10 of 11 points matched, 10 readings/)
  expect(out).toMatch(/^air_conditioner_state +failed +critical +AirConditionerFailed \(critical\): not failed$/m)
  expect(out).toMatch(
    /not available by the device:\n {2}air_conditioner_supply_temperature_celsius: 1 of 1 \(raw 32767\)/,
  )
})

test('what matched nothing is told with the reason and the place in the probe', async () => {
  const recording = join(folder, 'half.snmprec')
  writeFileSync(recording, '1.3.6.1.2.1.2.2.1.2.7|4|Gi0/7\n1.3.6.1.2.1.2.2.1.7.7|2|2\n1.3.6.1.2.1.2.2.1.8.7|2|2\n')
  const { code, out } = await call(probe, ['test', ownProbe('own-ports'), recording, '--json'])
  const report = JSON.parse(out)
  expect(code).toBe(0)
  expect(report).toMatchObject({ probe: 'own-ports', matched: 1, faults: [], doubts: [] })
  expect(report.readings).toEqual([
    expect.objectContaining({ metric: 'interface_admin_state', labels: { interface: 'Gi0/7' }, value: 'down' }),
  ])
  const why = new Map(report.missing.map((one: { metric: string; why: string }) => [one.metric, one.why]))
  expect(why.get('interface_state')).toMatch(/none of 1 rows of 1\.3\.6\.1\.2\.1\.2\.2\.1\.8 has .* \(there: 2\)/)
  expect(why.get('interface_receive_errors_total')).toBe('the device has no row of 1.3.6.1.2.1.2.2.1.14')
  expect(report.missing[0].place).toMatch(/own-ports\.yaml:\d+:\d+$/)
})

test('a value that cannot be, and a register that is not there: status 1', async () => {
  const odd = join(folder, 'odd.yaml')
  writeFileSync(odd, 'holding: { 0: 9999, 1: 552 }\n')
  const first = await call(probe, ['test', 'modbus-temperature-humidity', odd])
  expect(first).toMatchObject({ code: 1, out: expect.stringMatching(/cannot be:\n.*999\.9 °C is outside/) })
  writeFileSync(odd, 'holding: { 0: 241 }\n')
  const second = await call(probe, ['test', 'modbus-temperature-humidity', odd])
  expect(second.code).toBe(1)
  expect(second.out).toMatch(/room_humidity_ratio +register 1: the device has no such address \(exception 2\)/)
})

test('a command that a host has not is told by its status', async () => {
  const commands = join(folder, 'commands.yaml')
  writeFileSync(commands, 'cat /proc/uptime: |\n  100.5 1.0\ncat /proc/meminfo: |\n  MemTotal: 1 kB\n')
  const { out } = await call(probe, ['test', ownProbe('own-host'), commands])
  expect(out).toMatch(/^device_uptime_seconds +1\.675 min/m)
  expect(out).toMatch(/server_load_average +127: no such command on the device/)
  expect(out).toMatch(/server_memory_available_bytes +no row has "MemAvailable"; there are MemTotal/)
})

test("a probe of one's own by its file, with its mistakes at their place", async () => {
  const good = join(folder, 'own-ups.yaml')
  writeFileSync(
    good,
    'probe: own-ups\ntitle: own\ncollector: snmp\nproof: recording\npoints:\n  - { metric: ups_alarms, oid: 1.3.6.1.2.1.33.1.6.1.0 }\n',
  )
  const recording = join(folder, 'own.snmprec')
  writeFileSync(recording, '1.3.6.1.2.1.33.1.6.1.0|66|2\n')
  expect(await call(probe, ['test', good, recording])).toMatchObject({
    code: 0,
    out: expect.stringContaining('ups_alarms'),
  })
  const bad = join(folder, 'bad.yaml')
  writeFileSync(
    bad,
    'probe: bad\ntitle: bad\ncollector: snmp\nproof: recording\npoints:\n  - { metric: ups_alarm, oid: 1.3.6.1 }\n',
  )
  const { code, err } = await call(probe, ['test', bad, recording])
  expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/bad\.yaml:6:\d+: .*ups_alarm/) })
})

test('what is typed wrong', async () => {
  await expect(call(probe, [])).rejects.toThrow(UsageError)
  await expect(call(probe, ['test', 'ups-mibb', 'x'])).rejects.toThrow(/did you mean ups-mib/)
  expect(await call(probe, ['test', 'ups-mib', join(folder, 'none')])).toMatchObject({
    code: 1,
    err: expect.stringContaining('cannot be read'),
  })
})
