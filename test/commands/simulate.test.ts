import { expect, test } from 'vitest'
import { simulate } from '../../src/commands/simulate.ts'
import { shipped } from '../../src/home.ts'
import { call } from './calling.ts'

const fixture = (...parts: readonly string[]): string => shipped('fixtures', 'probes', ...parts)

test('recordings of every protocol with a wire, each as a device of its own', async () => {
  const files = [
    shipped('config', 'demo', 'ups.snmprec'),
    fixture('modbus-air-conditioner', 'running', 'registers.yaml'),
    fixture('linux-ssh', 'server', 'commands.yaml'),
  ]
  const { code, out, err } = await call(simulate, [...files, '--port', '0'])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const [snmp = '', modbus = '', ssh = ''] = out.split('\n')
  expect(snmp).toMatch(/^127\.0\.0\.1:\d+ {2}.*ups\.snmprec {2}\d+ objects {2}v1 v2c v3$/)
  expect(modbus).toMatch(/^127\.0\.0\.1:\d+ {2}.*registers\.yaml {2}Modbus TCP, unit 1$/)
  expect(ssh).toMatch(/^127\.0\.0\.1:\d+ {2}.*commands\.yaml {2}SSH, user siteward, .*host key SHA256:/)
})

test('a BMC has no wire of its own', async () => {
  const { code, err } = await call(simulate, [fixture('bmc-ipmi', 'simulated', 'bmc.yaml')])
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('siteward probe test') })
})
