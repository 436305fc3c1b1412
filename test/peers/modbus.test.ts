import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DeviceOptions, PointSpec } from '../../collectors/modbus/schema.ts'
import { jobOf } from '../collectors/modbus/polling.ts'
import { describeWith, peer } from './peer.ts'
import { type Started, start, until } from './process.ts'

/** libmodbus has no program of its own: it is there when its header is. */
function hasLibmodbus(): boolean {
  try {
    execFileSync('cc', ['-E', '-include', 'modbus/modbus.h', '-x', 'c', '/dev/null'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const needed = ['cc', ...(peer('cc') === undefined || hasLibmodbus() ? [] : ['libmodbus-dev'])]

describeWith(needed, 'against libmodbus', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-modbus-'))
  const program = join(folder, 'modbus-server')

  beforeAll(() => {
    const source = new URL('modbus-server.c', import.meta.url).pathname
    execFileSync('cc', [
      '-O1',
      '-Wall',
      '-Werror',
      '-o',
      program,
      source,
      '-I/usr/include/modbus',
      '-lmodbus',
      '-lpthread',
    ])
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  describe.each<['tcp' | 'rtu', DeviceOptions]>([
    ['tcp', {}],
    ['rtu', { baud: 19_200, parity: 'even' }],
  ])('%s', (kind, line) => {
    let server: Started
    let address = ''
    const closing: (() => Promise<void>)[] = []
    const options = { request_timeout: '5s', ...line }

    beforeAll(async () => {
      server = start(program, [kind])
      await until(() => server.output().includes('\n'), 5, server.output)
      const told = server.output().trim()
      address = kind === 'tcp' ? `127.0.0.1:${told}` : told
    })

    afterAll(async () => {
      for (const close of closing) await close()
      await server.stop('SIGKILL')
    })

    function job(specs: readonly PointSpec[], more: DeviceOptions = {}) {
      const made = jobOf(address, specs, { ...options, ...more })
      closing.push(made.close)
      return made
    }

    test('all four tables', async () => {
      const meter = job([
        { register: 7 },
        { register: 110, type: 'int16' },
        { input_register: 99 },
        { coil: 9 },
        { coil: 10 },
        { discrete_input: 98 },
        { discrete_input: 99 },
      ])
      const { values, faults } = await meter.poll()
      expect(faults).toEqual([])
      expect(values).toEqual({ 0: 7, 1: -290, 2: 1099, 3: 1, 4: 0, 5: 0, 6: 1 })
    })

    test('every word order', async () => {
      const orders = ['abcd', 'cdab', 'badc', 'dcba'] as const
      const specs = orders.map(
        (word_order, index) => ({ register: 100 + index * 2, type: 'float32', word_order }) as const,
      )
      const result = await job(specs).poll()
      expect(result).toMatchObject({ values: { 0: 230.1, 1: 230.1, 2: 230.1, 3: 230.1 }, requests: 1 })
    })

    test('a whole block of 125', async () => {
      const result = await job([{ register: 0 }, { register: 124 }, { register: 60 }]).poll()
      expect(result.requests).toBe(3)
      const block = await jobOf(address, [{ register: 0 }, { register: 60 }, { register: 124 }], options, { gap: 124 })
      closing.push(block.close)
      expect(await block.poll()).toMatchObject({ values: { 0: 0, 1: 60, 2: 0 }, requests: 1 })
    })

    test('a register beyond the end is a fault of the configuration, and the others are read', async () => {
      const result = await job([{ register: 198 }, { register: 199 }, { register: 200 }]).poll()
      expect(result).toMatchObject({ values: { 0: 0, 1: 0 }, faults: ['config 1'] })
    })

    test('only reads have arrived', () => {
      expect(server.output()).not.toContain('function code')
    })

    if (kind === 'rtu') {
      test('a unit that is not on the line is a timeout, and the next one answers', async () => {
        const [gone, there] = [job([{ register: 5 }], { unit: 9, request_timeout: '100ms' }), job([{ register: 5 }])]
        const [silent, answered] = await Promise.all([gone.poll(), there.poll()])
        expect(silent).toMatchObject({ values: {}, faults: ['timeout 1'] })
        expect(answered).toMatchObject({ values: { 0: 5 }, faults: [] })
      })

      test('a line with other settings is told to be held', async () => {
        await job([{ register: 5 }]).poll()
        const other = job([{ register: 5 }], { baud: 9600 })
        const { faults, details } = await other.poll()
        expect(faults).toEqual(['busy 1'])
        expect(details[0]).toContain('is held by another program')
      })
    } else {
      test('a server that is gone is noticed, and found again', async () => {
        const meter = job([{ register: 5 }])
        expect((await meter.poll()).values).toEqual({ 0: 5 })
        await server.stop('SIGKILL')
        expect((await meter.poll()).faults).toEqual(['refused 1'])
      })
    }
  })
})
