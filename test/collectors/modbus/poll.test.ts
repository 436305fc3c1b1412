import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ModbusSimulator, startModbusSimulator } from '../../../collectors/modbus/simulator.ts'
import { clock, jobOf } from './polling.ts'

function from(start: number, ...words: readonly number[]): Map<number, number> {
  return new Map(words.map((word, index) => [start + index, word]))
}

describe.each([false, true])('against the simulator, RTU over TCP: %s', (rtuOverTcp) => {
  let simulator: ModbusSimulator
  let address: string
  const transport = rtuOverTcp ? 'rtu_over_tcp' : 'tcp'
  const options = { transport, request_timeout: '150ms' } as const
  const closing: (() => Promise<void>)[] = []

  beforeEach(async () => {
    const units = new Map([
      [
        1,
        {
          holding: from(0, 291, 0xfede, 0x4366, 0x199a),
          input: from(10, 7),
          coil: from(0, 1, 0, 1),
          discrete: from(5, 1),
        },
      ],
      [2, { holding: from(0, 22) }],
    ])
    simulator = await startModbusSimulator({ units, rtuOverTcp })
    address = `${simulator.host}:${simulator.port}`
  })

  afterEach(async () => {
    for (const close of closing.splice(0)) await close()
    expect(simulator.refused()).toBe(0)
    await simulator.close()
  })

  function job(...args: Parameters<typeof jobOf>) {
    const made = jobOf(...args)
    closing.push(made.close)
    return made
  }

  test('the four tables, each in one request', async () => {
    const meter = job(
      address,
      [
        { register: 0 },
        { register: 1, type: 'int16' },
        { register: 2, type: 'float32' },
        { register: 0, bits: [0, 3] },
        { input_register: 10 },
        { coil: 0 },
        { coil: 1 },
        { coil: 2 },
        { discrete_input: 5 },
      ],
      options,
    )
    expect(await meter.poll()).toEqual({
      values: { 0: 291, 1: -290, 2: 230.1, 3: 3, 4: 7, 5: 1, 6: 0, 7: 1, 8: 1 },
      faults: [],
      details: [],
      requests: 4,
    })
  })

  test('values move from poll to poll on one connection', async () => {
    const meter = job(address, [{ register: 0 }], options)
    for (const value of [1, 2, 3]) {
      simulator.set(1, 'holding', 0, [value])
      expect((await meter.poll()).values).toEqual({ 0: value })
    }
    expect(simulator.requests()).toBe(3)
  })

  test('a register that is not there costs only itself, and the others are asked whole from then on', async () => {
    simulator.set(1, 'holding', 20, [20, 21, 22, 23, 24])
    const specs = [20, 21, 22, 23, 24, 25, 26].map((register) => ({ register }))
    const meter = job(address, specs, options)
    const first = await meter.poll()
    expect(first.values).toEqual({ 0: 20, 1: 21, 2: 22, 3: 23, 4: 24 })
    expect(first.faults).toEqual(['config 2'])
    expect(first.details[0]).toMatch(/^unit 1 register 25, unit 1 register 26: .*exception 2/)
    const second = await meter.poll()
    expect(second).toEqual({ ...first, requests: second.requests })
    expect(second.requests).toBeLessThan(first.requests)
    expect(second.requests).toBe(4)
  })

  test('a gap that may not be read: two requests, and no fault', async () => {
    simulator.set(1, 'holding', 30, [30])
    simulator.set(1, 'holding', 35, [35])
    const meter = job(address, [{ register: 30 }, { register: 35 }], options)
    expect(await meter.poll()).toMatchObject({ values: { 0: 30, 1: 35 }, faults: [], requests: 3 })
    expect(await meter.poll()).toMatchObject({ values: { 0: 30, 1: 35 }, faults: [], requests: 2 })
  })

  test.each([
    [1, 'config', 1],
    [2, 'config', 3],
    [3, 'config', 3],
    [4, 'protocol', 1],
    [5, 'busy', 1],
    [6, 'busy', 1],
    [0x0a, 'timeout', 1],
    [0x0b, 'timeout', 1],
    [255, 'protocol', 1],
  ])('exception %i is a fault of kind %s', async (code, kind, requests) => {
    simulator.mode = 'exception'
    simulator.exceptionCode = code
    const meter = job(address, [{ register: 0 }, { register: 1 }], options)
    const result = await meter.poll()
    expect(result).toMatchObject({ values: {}, faults: [`${kind} 2`], requests })
    simulator.mode = 'normal'
    expect((await meter.poll()).values).toEqual({ 0: 291, 1: 65_246 })
  })

  test('a silent unit is a timeout, once for the whole poll, and answers again on the next', async () => {
    const meter = job(address, [{ register: 0 }, { input_register: 10 }, { coil: 0 }], options)
    simulator.mode = 'silent'
    expect(await meter.poll()).toMatchObject({ values: {}, faults: ['timeout 3'], requests: 1 })
    simulator.mode = 'normal'
    expect(await meter.poll()).toMatchObject({ values: { 0: 291, 1: 7, 2: 1 }, faults: [], requests: 3 })
  })

  test('a reset is noticed at once', async () => {
    const meter = job(address, [{ register: 0 }, { coil: 0 }], { ...options, request_timeout: '20s' })
    simulator.mode = 'reset'
    const begin = clock.now().mono
    expect(await meter.poll()).toMatchObject({ values: {}, faults: ['refused 2'] })
    expect(clock.now().mono - begin).toBeLessThan(2000)
  })

  test('two units on one line are told apart, also when polled at once', async () => {
    const one = job(address, [{ register: 0 }], { ...options, unit: 1 })
    const two = job(address, [{ register: 0 }], { ...options, unit: 2 })
    const results = await Promise.all([one.poll(), two.poll(), one.poll(), two.poll()])
    expect(results.map(({ values }) => values[0])).toEqual([291, 22, 291, 22])
  })

  test('a unit that is not there takes nothing from the next', async () => {
    const dead = job(address, [{ register: 0 }], { ...options, unit: 3 })
    const two = job(address, [{ register: 0 }], { ...options, unit: 2 })
    const [gone, there] = await Promise.all([dead.poll(), two.poll()])
    expect(gone.faults).toEqual(['timeout 1'])
    expect(there.values).toEqual({ 0: 22 })
  })

  test('a device that is down is not asked over and over, and found again', async () => {
    const meter = job(address, [{ register: 0 }], options)
    await simulator.close()
    expect(await meter.poll()).toMatchObject({ faults: ['refused 1'], requests: 0 })
    simulator = await startModbusSimulator({
      units: new Map([[1, { holding: from(0, 5) }]]),
      rtuOverTcp,
      port: simulator.port,
    })
    expect((await meter.poll()).faults).toEqual(['refused 1'])
    await clock.wait(300)
    expect((await meter.poll()).values).toEqual({ 0: 5 })
  })

  test('the pause is kept before every request', async () => {
    const meter = job(address, [{ register: 0 }, { input_register: 10 }], { ...options, pause: '60ms' })
    const begin = clock.now().mono
    await meter.poll()
    expect(clock.now().mono - begin).toBeGreaterThanOrEqual(120)
  })

  test('the deadline ends a poll at once', async () => {
    simulator.mode = 'silent'
    const meter = job(address, [{ register: 0 }], { ...options, request_timeout: '20s' })
    const result = await meter.poll(100)
    expect(result).toMatchObject({ values: {}, faults: ['timeout 1'] })
    expect(result.details[0]).toContain('deadline')
  })
})
