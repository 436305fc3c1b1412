import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Spawn } from '../../collectors/child.ts'
import type { Job } from '../../collectors/collector.ts'
import { ipmi, ipmiWith } from '../../collectors/ipmi/collector.ts'
import { Secret } from '../../src/model/secret.ts'
import { context, lines, prepared, type Setup } from '../collectors/prepared.ts'
import { describeWith } from './peer.ts'
import { adminPassword, monitorPassword, type SimulatedBmc, startBmc } from './simulated-bmc.ts'

const points = `
- metric: device_temperature_celsius
  sensor: { type: Temperature }
  labels: { component: sensor }
- metric: room_temperature_celsius
  sensor: { type: Temperature, name: [Ambient, ^Inlet] }
- metric: device_temperature_limit_celsius
  sensor: { type: Temperature, name: ^Inlet }
  value: upper_critical
- metric: device_component_state
  sensor: { type: Temperature, name: ^Inlet }
  value: state
  states: { Critical: critical, Warning: warning, Nominal: ok }
  labels: { component: sensor }
- metric: device_fan_speed_rpm
  sensor: { type: Fan }
  labels: { component: name }
- metric: device_voltage_volts
  sensor: { type: Voltage }
  labels: { component: name }
- metric: device_power_supply_state
  sensor: { type: Power Supply }
  value: state
  states: { Critical: failed, Warning: warning, Nominal: ok }
  labels: { component: sensor }
- metric: server_supply_failed
  sensor: { type: Power Supply }
  event: (?i)failure detected
  labels: { component: sensor }
- metric: device_chassis_power_state
  chassis: power
  states: { on: 'on', off: 'off' }
- metric: device_power_watts
  dcmi: power
- metric: device_event_log_entries
  sel: entries
- metric: device_event_log_used_ratio
  sel: used_ratio
`

function readings(ids: readonly [string, string]): readonly string[] {
  return [
    'device_temperature_celsius{component="Inlet Temp"} 24 °C',
    `device_temperature_celsius{component="Temp #${ids[0]}"} 52 °C`,
    `device_temperature_celsius{component="Temp #${ids[1]}"} 55 °C`,
    'device_temperature_celsius{component="Dead Temp"} not available',
    'room_temperature_celsius 24 °C',
    'device_temperature_limit_celsius 42 °C',
    'device_component_state{component="Inlet Temp"} ok',
    'device_fan_speed_rpm{component="Fan1, front"} 7200 rpm',
    'device_voltage_volts{component="P12V"} 12.1 V',
    'device_power_supply_state{component="PS1 Status"} ok',
    'device_power_supply_state{component="PS2 Status"} ok',
    'server_supply_failed{component="PS1 Status"} 0',
    'server_supply_failed{component="PS2 Status"} 0',
    'device_chassis_power_state off',
    'device_power_watts not available',
    'device_event_log_entries 1',
    'device_event_log_used_ratio 0.1 %',
  ]
}

describeWith(['ipmi_sim', 'ipmitool', 'ipmi-sensors'], 'ipmi against ipmi_sim', () => {
  let bmc: SimulatedBmc
  const jobs: Job[] = []

  function jobOf(options: object, more: Partial<Setup> = {}, spawnChild: Spawn = spawn): Job {
    const job = prepared(spawnChild === spawn ? ipmi : ipmiWith(spawnChild), {
      address: `127.0.0.1:${bmc.port}`,
      points,
      options: { workarounds: options && 'tool' in options ? [] : ['opensesspriv'], ...options },
      credential: { user: 'monitor', password: new Secret(monitorPassword) },
      ...more,
    })
    jobs.push(job)
    return job
  }

  beforeAll(async () => {
    bmc = await startBmc()
  })
  afterEach(async () => {
    for (const job of jobs.splice(0)) await job.close()
  })
  afterAll(() => bmc.stop())

  test('FreeIPMI: every kind of reading', async () => {
    const result = await jobOf({}).poll(context())
    expect(rounded(lines(result))).toEqual(readings(['2', '3']))
    // The list of sensors, then one child for each of sensors, chassis, DCMI and event log.
    expect(result.requests).toBe(5)
  })

  test.each(['freeipmi', 'ipmitool'] as const)('%s: what the machine is, by its inventory', async (tool) => {
    const identity = '- metric: device_info\n  fru: identity\n'
    const result = await jobOf(tool === 'freeipmi' ? {} : { tool }, { points: identity }).poll(context())
    expect(lines(result)).toEqual([
      'device_info{vendor="Siteward Works",model="SW-2288",serial="SW210231000001",version="V1.2"} 1',
    ])
  })

  test('ipmitool: the same readings', async () => {
    const result = await jobOf({ tool: 'ipmitool' }).poll(context())
    expect(rounded(lines(result))).toEqual(readings(['0x2', '0x3']))
    expect(result.requests).toBe(4)
  })

  test('DCMI is not asked for again where the BMC has none', async () => {
    const job = jobOf({})
    await job.poll(context())
    expect((await job.poll(context())).requests).toBe(3)
  })

  test.each([{}, { tool: 'ipmitool' }])(
    'what goes wrong in the machine is seen at the next poll: %j',
    async (options) => {
      const job = jobOf(options)
      await bmc.command('sensor_set_value 0x20 0 1 43 0')
      await bmc.command('sensor_set_bit 0x20 0 20 1 1 0')
      try {
        const result = lines(await job.poll(context()))
        expect(result).toContain('room_temperature_celsius 43 °C')
        expect(result).toContain('device_component_state{component="Inlet Temp"} critical')
        expect(result).toContain('device_power_supply_state{component="PS1 Status"} failed')
        expect(result).toContain('server_supply_failed{component="PS1 Status"} 1')
        await bmc.command('sensor_set_value 0x20 0 1 40 0')
        expect(lines(await job.poll(context()))).toContain('device_component_state{component="Inlet Temp"} warning')
      } finally {
        await bmc.command('sensor_set_bit 0x20 0 20 1 0 0')
        await bmc.command('sensor_set_value 0x20 0 1 24 0')
      }
      expect(lines(await job.poll(context()))).toContain('device_component_state{component="Inlet Temp"} ok')
    },
  )

  test.each([{}, { tool: 'ipmitool' }])('a wrong password is told once and not tried again: %j', async (options) => {
    const job = jobOf(options, { credential: { user: 'monitor', password: new Secret('wrong') } })
    const first = await job.poll(context())
    expect(lines(first)).toEqual(['fault auth (12): the BMC refuses the password of "monitor"; check the credential'])
    const second = await job.poll(context())
    expect(second.requests).toBe(0)
    expect(second.faults[0]?.detail).toMatch(/not asked again for (10m|9m5\ds)$/)
  })

  test.each([{}, { tool: 'ipmitool' }])('an unknown user: %j', async (options) => {
    const result = await jobOf(options, { credential: { user: 'nobody', password: new Secret('x') } }).poll(context())
    expect(result.faults).toMatchObject([{ kind: 'auth', points: 12 }])
    expect(result.faults[0]?.detail).toContain('knows no user "nobody"')
  })

  test('the workaround that a BMC needs is named', async () => {
    const result = await jobOf({ workarounds: [] }).poll(context())
    expect(result.faults).toMatchObject([{ kind: 'auth' }])
    expect(result.faults[0]?.detail).toContain('workarounds: [opensesspriv]')
  })

  test('a cipher suite that the BMC refuses', async () => {
    const result = await jobOf({ tool: 'ipmitool', cipher_suite: 17 }).poll(context())
    expect(result.faults).toMatchObject([{ kind: 'config' }])
  })

  test.each([{}, { tool: 'ipmitool' }])(
    'a BMC that hangs: a timeout before the deadline, then it is read again: %j',
    async (options) => {
      const job = jobOf(options, { timeout: 3000 })
      await job.poll(context())
      process.kill(bmc.pid, 'SIGSTOP')
      try {
        const begun = performance.now()
        const result = await job.poll(context(3000))
        expect(result.faults).toMatchObject([{ kind: 'timeout', points: 12 }])
        expect(result.faults[0]?.detail).toContain(`no answer from 127.0.0.1 port ${bmc.port}`)
        expect(performance.now() - begun).toBeLessThan(2900)
      } finally {
        process.kill(bmc.pid, 'SIGCONT')
      }
      expect((await job.poll(context())).faults).toEqual([])
    },
  )

  test('a child that hangs past the deadline is killed', async () => {
    const children: number[] = []
    const job = jobOf({ tool: 'ipmitool' }, { timeout: 20_000 }, noting(children))
    process.kill(bmc.pid, 'SIGSTOP')
    try {
      const begun = performance.now()
      const result = await job.poll(context(400))
      expect(performance.now() - begun).toBeLessThan(700)
      expect(result.faults).toMatchObject([{ kind: 'timeout' }])
      await expect.poll(() => children.filter((pid) => isThere(pid))).toEqual([])
    } finally {
      process.kill(bmc.pid, 'SIGCONT')
    }
  })

  test.each([{}, { tool: 'ipmitool' }])(
    'no password in the arguments or the environment of a child: %j',
    async (options) => {
      const children: number[] = []
      const job = jobOf(options, {}, noting(children))
      const seen: string[] = []
      const watch = setInterval(() => {
        for (const pid of children) seen.push(...['cmdline', 'environ'].map((name) => proc(pid, name)))
      }, 1)
      await job.poll(context())
      clearInterval(watch)
      expect(seen.some((text) => text.includes('127.0.0.1'))).toBe(true)
      const canaries = [monitorPassword, adminPassword, 'canary']
      expect(seen.filter((text) => canaries.some((canary) => text.includes(canary)))).toEqual([])
    },
  )

  test('the files with the password are for their owner alone, and go with the job', async () => {
    const before = folders()
    const job = jobOf({})
    await job.poll(context())
    const [folder = ''] = folders().filter((name) => !before.includes(name))
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const name of ['freeipmi.conf', 'password']) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
    await job.close()
    expect(folders()).not.toContain(folder)
  })
})

describeWith(['ipmi-sensors', 'ipmitool'], 'ipmi without a BMC', () => {
  test.each([{}, { tool: 'ipmitool' }])('a closed port: %j', async (options) => {
    const credential = { user: 'monitor', password: new Secret('x') }
    const job = prepared(ipmi, { address: '127.0.0.1:1', points, options, credential, timeout: 3000 })
    expect((await job.poll(context(3000))).faults).toMatchObject([{ kind: 'timeout', points: 12 }])
    await job.close()
  })

  test.each([{}, { tool: 'ipmitool' }])('a name that has no address: %j', async (options) => {
    const credential = { user: 'monitor', password: new Secret('x') }
    const job = prepared(ipmi, { address: 'bmc.invalid', points, options, credential })
    expect((await job.poll(context())).faults).toMatchObject([{ kind: 'dns', points: 12 }])
    await job.close()
  })
})

/** Volts differ in the third digit between the tools. */
function rounded(text: readonly string[]): readonly string[] {
  return text.map((line) => line.replace('12.096 V', '12.1 V'))
}

function noting(children: number[]): Spawn {
  return (file, args, options) => {
    const child = spawn(file, args, options)
    if (child.pid !== undefined) children.push(child.pid)
    return child
  }
}

function proc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}

function isThere(pid: number): boolean {
  return proc(pid, 'cmdline') !== ''
}

function folders(): readonly string[] {
  const parent = process.env['XDG_RUNTIME_DIR'] ?? tmpdir()
  return readdirSync(parent)
    .filter((name) => name.startsWith('siteward-ipmi-'))
    .map((name) => join(parent, name))
}
