import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { host, hostWith } from '../../../collectors/host/collector.ts'
import { type Call, calls, facts } from '../../../collectors/host/schema.ts'
import type { System } from '../../../collectors/host/transport.ts'
import type { Outcome } from '../../../src/model/aim.ts'
import type { Witnessed } from '../../../src/model/harvest.ts'
import { context, lines, prepared, problemsOf, type Setup } from '../prepared.ts'

const everything = `
- { metric: device_uptime_seconds, fact: uptime }
- { metric: server_load_average, fact: load.average, labels: { period: period } }
- { metric: device_cpu_load_ratio, fact: cpu.load }
- { metric: device_memory_used_ratio, fact: memory.used_ratio }
- { metric: device_memory_size_bytes, fact: memory.size }
- { metric: server_swap_used_ratio, fact: swap.used_ratio }
- { metric: file_system_used_ratio, fact: filesystem.used_ratio, labels: { mount: mount } }
- { metric: file_system_writable, fact: filesystem.writable, labels: { mount: mount } }
- metric: disk_state
  fact: disk.smart_status
  labels: { disk: disk }
  states: { Ok: ok, Predicted Failure: predicted_failure }
- { metric: interface_receive_bytes_total, fact: network.received_bytes, labels: { interface: interface } }
- { metric: server_processes, fact: processes.all }
- { metric: server_zombie_processes, fact: processes.zombie }
- { metric: device_temperature_celsius, fact: cpu.temperature }
`

const answers: Readonly<Record<Call, unknown>> = {
  system: { uptime: 3600, loads: [0.5, 0.4, 0.3] },
  memory: { total: 8000, available: 6000, used: 7900, swaptotal: 0, swapused: 0 },
  cpu: { currentLoad: 25 },
  temperature: { main: 41.5, max: 44 },
  network: [{ iface: 'eth0', operstate: 'up', rx_bytes: 1000, tx_bytes: 2000, rx_errors: 0, tx_errors: 0 }],
  'disk operations': { rIO: 10, wIO: 20 },
  'disk bytes': { rx: 100, wx: 200 },
  processes: {
    all: 3,
    running: 1,
    blocked: 0,
    list: [{ state: 'zombie' }, { state: 'running' }, { state: 'sleeping' }],
  },
  disks: [
    { device: '/dev/sda', name: 'ST4000', serialNum: 'Z1', smartStatus: 'Ok', temperature: null, size: 4e12 },
    {
      device: '/dev/sdb',
      name: 'ST4000',
      serialNum: 'Z2',
      smartStatus: 'Predicted Failure',
      temperature: 38,
      size: 4e12,
    },
    { device: '/dev/sdc', name: 'X', serialNum: '', smartStatus: 'unknown', temperature: null, size: 0 },
  ],
  'file systems': [
    { fs: '/dev/sda1', type: 'ext4', mount: '/', size: 1000, used: 450, available: 450, use: 50, rw: true },
    { fs: 'tmpfs', type: 'tmpfs', mount: '/run', size: 100, used: 1, available: 99, use: 1, rw: true },
    { fs: '/dev/sr0', type: 'iso9660', mount: '/cd', size: 0, used: 0, available: 0, use: 100, rw: false },
  ],
}

function systemOf(more: Partial<Record<Call, () => Promise<unknown>>> = {}): System {
  const [a, b, c, d, e, f, g, h, i, j] = calls
  const answer = (call: Call) => more[call] ?? (async () => answers[call])
  return {
    ...{ [a]: answer(a), [b]: answer(b), [c]: answer(c), [d]: answer(d), [e]: answer(e) },
    ...{ [f]: answer(f), [g]: answer(g), [h]: answer(h), [i]: answer(i), [j]: answer(j) },
  }
}

function job(points: string, system = systemOf(), more: Partial<Setup> = {}) {
  return prepared(
    hostWith(async () => system),
    { address: 'local', points, ...more },
  )
}

describe('readings', () => {
  test('every kind of fact; the first load of the processor is left out', async () => {
    const made = job(everything)
    const first = lines(await made.poll(context()))
    const expected = [
      'device_uptime_seconds 1 h',
      'server_load_average{period="1m"} 0.5',
      'server_load_average{period="5m"} 0.4',
      'server_load_average{period="15m"} 0.3',
      'device_memory_used_ratio 25 %',
      'device_memory_size_bytes 7.8125 KiB',
      'device_temperature_celsius 41.5 °C',
      'interface_receive_bytes_total{interface="eth0"} 1000',
      'server_processes 3',
      'server_zombie_processes 1',
      'disk_state{disk="/dev/sda"} ok',
      'disk_state{disk="/dev/sdb"} predicted_failure',
      'disk_state{disk="/dev/sdc"} unknown',
      'file_system_used_ratio{mount="/"} 50 %',
      'file_system_used_ratio{mount="/run"} 1 %',
      'file_system_writable{mount="/"} 1',
      'file_system_writable{mount="/run"} 1',
    ]
    expect(first.map((line) => line.replace(' B', ''))).toEqual(expected)
    const second = lines(await made.poll(context()))
    expect(second.filter((line) => !first.includes(line))).toEqual(['device_cpu_load_ratio 25 %'])
  })

  test('rows can be chosen', async () => {
    const points = `
- { metric: a_ratio, fact: filesystem.used_ratio, labels: { mount: mount }, only: { type: { not: [tmpfs] } } }
- { metric: b_ratio, fact: filesystem.used_ratio, labels: { mount: mount }, only: { type: [tmpfs] } }
- { metric: c_ratio, fact: filesystem.used_ratio, only: { mount: [/] } }
- { metric: d_ratio, fact: filesystem.used_ratio, only: { mount: [/] }, labels: { mount: { text: root } } }
`
    expect(lines(await job(points).poll(context()))).toEqual([
      'a_ratio{mount="/"} 50 %',
      'b_ratio{mount="/run"} 1 %',
      'c_ratio 50 %',
      'd_ratio{mount="root"} 50 %',
    ])
  })

  test('of two mounts at one place the later is read', async () => {
    const mounts = [
      { fs: 'a', type: 'ext4', mount: '/data', size: 100, used: 1, available: 99 },
      { fs: 'b', type: 'nfs4', mount: '/data', size: 100, used: 90, available: 10 },
    ]
    const points = '- { metric: a_ratio, fact: filesystem.used_ratio, labels: { mount: mount } }'
    const result = await job(points, systemOf({ 'file systems': async () => mounts })).poll(context())
    expect(lines(result)).toEqual(['a_ratio{mount="/data"} 90 %'])
  })

  test('only the calls are made that are needed', async () => {
    const asked: Call[] = []
    const noted = (call: Call) => async () => {
      asked.push(call)
      return answers[call]
    }
    const noting = Object.fromEntries(calls.map((call) => [call, noted(call)]))
    await job('- { metric: a, fact: processes.all }', systemOf(noting)).poll(context())
    expect(asked).toEqual(['processes'])
  })
})

describe('a system that does not tell', () => {
  test.each([null, undefined, {}, [], [null], 'text', { all: 0, list: [] }, { all: Number.NaN }])(
    '%j: a fault, no value',
    async (answer) => {
      const all = Object.fromEntries(calls.map((call) => [call, async () => answer]))
      const result = await job(everything, systemOf(all)).poll(context())
      expect(result.readings).toEqual([])
      expect(result.faults.map(({ kind, points }) => [kind, points])).toEqual([
        ['protocol', 3],
        ['protocol', 1],
        ['protocol', 2],
        ['protocol', 2],
      ])
    },
  )

  test('a call that fails does not take the others with it', async () => {
    const system = systemOf({ memory: () => Promise.reject(new Error('canary')) })
    const result = await job(everything, system).poll(context())
    expect(lines(result).filter((line) => line.startsWith('fault'))).toEqual([
      'fault protocol (3): the system cannot tell about its memory',
    ])
    expect(result.readings.length).toBeGreaterThan(10)
  })

  test('a call that hangs costs one deadline, and is not made again until it returns', async () => {
    let asked = 0
    let answer: (value: unknown) => void = () => {}
    const hang = () => {
      asked++
      return new Promise((resolve) => {
        answer = resolve
      })
    }
    const points = `
- { metric: a, fact: processes.all }
- { metric: b_ratio, fact: filesystem.used_ratio, labels: { mount: mount } }
`
    const made = job(points, systemOf({ 'file systems': hang }))
    const first = await made.poll(context(50))
    expect(first.faults).toMatchObject([{ kind: 'timeout', points: 1 }])
    expect(first.readings).toHaveLength(1)
    const second = await made.poll(context())
    expect(second.faults[0]?.detail).toContain('a network file system may be dead')
    expect(asked).toBe(1)
    answer([])
    await new Promise((resolve) => setImmediate(resolve))
    const third = made.poll(context())
    await new Promise((resolve) => setImmediate(resolve))
    answer(answers['file systems'])
    expect((await third).faults).toEqual([])
    expect(asked).toBe(2)
  })

  test('a thousand rows are the most', async () => {
    const mounts = Array.from({ length: 5000 }, (_, i) => ({
      fs: 'a',
      type: 't',
      mount: `/${i}`,
      size: 2,
      used: 1,
      available: 1,
    }))
    const points = '- { metric: a_ratio, fact: filesystem.used_ratio, labels: { mount: mount } }'
    const result = await job(points, systemOf({ 'file systems': async () => mounts })).poll(context())
    expect(result.readings).toHaveLength(1000)
  })
})

describe('mistakes', () => {
  test.each([
    ['- { metric: a, fact: uptime }', '10.0.0.1', 'address@device: host reads the machine that siteward runs on'],
    ['- { metric: a, fact: filesystem.used_ratio }', 'local', 'fact: filesystem.used_ratio has many rows'],
    ['- { metric: a, fact: uptime, labels: { l: mount } }', 'local', 'labels: uptime has no mount'],
    ['- { metric: a, fact: memory.used, only: { mount: [/] } }', 'local', 'only: memory.used has no mount'],
    [
      '- { metric: a, fact: disk.size, labels: { l: disk, m: interface } }',
      'local',
      'labels: disk.size has no interface',
    ],
    ['- { metric: a, fact: network.state, labels: { l: interface } }', 'local', 'metric: network.state is a word'],
    [
      '- { metric: a, fact: filesystem.size, only: { mount: { not: [/] } } }',
      'local',
      'fact: filesystem.size has many rows',
    ],
  ])('%s at %s', (points, address, problem) => {
    expect(problemsOf(host, { address, points }).join()).toContain(problem)
  })
})

describe('this machine', () => {
  test('is read', async () => {
    const made = prepared(host, { address: 'local', points: everything, timeout: 20_000 })
    const result = await made.poll(context(20_000))
    expect(result.faults).toEqual([])
    const byName = new Map(result.readings.map(({ series, value }) => [series.metric.name, value]))
    expect(byName.get('device_uptime_seconds')).toBeGreaterThan(0)
    expect(byName.get('device_memory_used_ratio')).toBeGreaterThan(0)
    expect(byName.get('device_memory_used_ratio')).toBeLessThan(1)
    expect(byName.get('server_processes')).toBeGreaterThan(1)
    const mounts = result.readings.filter(({ series }) => series.metric.name === 'file_system_used_ratio')
    expect(mounts.map(({ series }) => series.labels['mount'])).toContain('/')
  })

  test('the library is not loaded before the first poll', () => {
    const script = `
      await import('./collectors/host/collector.ts')
      const { createRequire } = await import('node:module')
      const { cache } = createRequire(import.meta.url)
      console.log(Object.keys(cache).filter((name) => name.includes('systeminformation')).length)
    `
    const run = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      encoding: 'utf8',
    })
    expect(run.stdout.trim()).toBe('0')
  })

  test('every fact belongs to a call', () => {
    for (const { call } of Object.values(facts)) expect(calls).toContain(call)
  })
})

describe('for a drill', () => {
  test.each([
    ['device_temperature_celsius', 88, 'device_temperature_celsius 88 °C'],
    ['interface_receive_bytes_total', 7, 'interface_receive_bytes_total{interface="eth0"} 7 B'],
    ['disk_state', 'predicted failure', 'disk_state{disk="/dev/sda"} predicted_failure'],
  ])('%s is what the system seems to tell', async (name, raw, line) => {
    const made = job(everything)
    await made.poll(context())
    const seen: Witnessed[] = []
    const before = lines(await made.poll(context(5000, { witness: (one) => seen.push(one) })))
    const was = seen.find(({ point }) => point.metric.name === name)
    if (was === undefined || made.pollWith === undefined) throw new Error(`no ${name} was read`)
    const told: Outcome<string>[] = []
    const after = lines(await made.pollWith({ was, raw, placed: (one) => told.push(one) }, context()))
    expect(after.filter((one) => !before.includes(one))).toEqual([line])
    expect(told).toEqual([{ ok: true, value: expect.stringContaining('what the system tells') }])
  })

  test('a share that siteward reckons itself is told by no text', async () => {
    const made = job(everything)
    const seen: Witnessed[] = []
    await made.poll(context(5000, { witness: (one) => seen.push(one) }))
    const was = seen.find(({ point }) => point.metric.name === 'device_memory_used_ratio')
    if (was === undefined) throw new Error('no memory was read')
    const told: Outcome<string>[] = []
    await made.pollWith?.({ was, raw: 0.9, placed: (one) => told.push(one) }, context())
    expect(told).toMatchObject([{ ok: false }])
  })
})
