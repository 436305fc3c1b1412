import { expect, test } from 'vitest'
import { collectors } from '../collectors/registry.ts'
import { checkBusLoad } from '../src/config/bus-load.ts'
import { formatProblem } from '../src/model/problem.ts'
import { SeriesTable } from '../src/model/series.ts'
import { prepareJobs } from '../src/watch/jobs.ts'
import { loadExample } from './hospital-site.ts'

test('the hospital: every class of device that it has, compiled without a problem', async () => {
  const { site, problems } = await loadExample('hospital.yaml')
  expect(problems.map(formatProblem)).toEqual([])
  if (site === undefined) throw new Error('no site')
  const { prepared, problems: uncompiled } = prepareJobs(
    site,
    new SeriesTable(site.name),
    new Map(Object.entries(collectors)),
  )
  expect(uncompiled.map(formatProblem)).toEqual([])
  const loads = prepared.map(({ device, use, job }) => ({
    endpoint: job.endpoint,
    cost: job.cost,
    interval: use.interval,
    place: device.place,
  }))
  expect(checkBusLoad(loads)).toEqual([])

  const count = (pattern: RegExp): number => site.devices.filter(({ name }) => pattern.test(name)).length
  expect({
    airConditioners: count(/^crac-/),
    ups: count(/^ups-/),
    batteries: count(/^battery-/),
    cabinets: count(/^cabinet-/),
    meters: count(/^meter-/),
  }).toEqual({ airConditioners: 3, ups: 1, batteries: 4, cabinets: 4, meters: 2 })
  const buildings = new Set(site.devices.flatMap(({ labels }) => labels['building'] ?? []))
  expect(buildings.size).toBe(4)
  for (const pattern of [
    /^server-\d$/,
    /-bmc$/,
    /^storage-/,
    /^hypervisor-/,
    /^core-/,
    /^firewall-/,
    /^ids-/,
    /^camera-/,
    /^telephone/,
  ]) {
    expect(count(pattern)).toBeGreaterThan(0)
  }
  const room = site.devices.find(({ name }) => name === 'room-sensor-1')
  const limits = room?.rules.filter(({ severity }) => severity === 'warning').map(({ condition }) => condition)
  expect(limits).toContainEqual(
    expect.objectContaining({ low: { kind: 'fixed', value: 20 }, high: { kind: 'fixed', value: 28 } }),
  )
  expect(limits).toContainEqual(
    expect.objectContaining({ low: { kind: 'fixed', value: 0.5 }, high: { kind: 'fixed', value: 0.65 } }),
  )
  expect(site.devices.find(({ name }) => name === 'access-surgery-1')?.dependsOn).toEqual([
    { kind: 'any', devices: ['core-1'] },
  ])
})

test("the demonstration's site", async () => {
  const { site, problems } = await loadExample('demo/site.yaml')
  expect(problems.filter(({ level }) => level !== 'warning')).toEqual([])
  expect(site?.devices).toHaveLength(10)
})

test('its alarms say what to check first, in both languages', async () => {
  const { site } = await loadExample('hospital.yaml')
  const rules = (site?.devices ?? []).flatMap((device) => device.rules)
  const silent = new Set(rules.filter(({ check }) => check === undefined).map(({ alarm }) => alarm))
  for (const alarm of ['DeviceDown', 'RoomTemperature', 'AirConditionerFailed', 'UpsOnBattery', 'FileSystemFull']) {
    expect([alarm, silent.has(alarm)]).toEqual([alarm, false])
  }
  for (const { check } of rules) expect(check === undefined || /\p{Script=Han}/u.test(check.zh)).toBe(true)
})
