import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseRecording } from '../../collectors/snmp/recording.ts'
import { type SnmpSimulator, startSnmpSimulator } from '../../collectors/snmp/simulator.ts'
import { UsageError } from '../../src/commands/command.ts'
import { depends } from '../../src/commands/depends.ts'
import { call } from './calling.ts'

/** Two simulated switches on one cable, each of which tells by LLDP (LLDP-MIB, IEEE 802.1AB) who is at its end. */

const folder = mkdtempSync(join(tmpdir(), 'siteward-depends-'))
const switches: SnmpSimulator[] = []

/** The agent of a switch that calls itself `name`; of each port, what is at its other end. */
function agent(name: string, neighbours: readonly string[]): string {
  const remote = '1.0.8802.1.1.2.1.4.1.1'
  const local = '1.0.8802.1.1.2.1.3.7.1'
  return [
    `1.3.6.1.2.1.1.1.0|4|a switch`,
    `1.3.6.1.2.1.1.3.0|67|100`,
    `1.3.6.1.2.1.1.5.0|4|${name}`,
    ...neighbours.flatMap((neighbour, i) => [
      `${local}.2.${i + 1}|2|5`,
      `${local}.3.${i + 1}|4|Gi1/0/${i + 1}`,
      `${remote}.4.0.${i + 1}.1|2|4`,
      `${remote}.5.0.${i + 1}.1|4x|0a1b2c3d4e5f`,
      `${remote}.6.0.${i + 1}.1|2|5`,
      `${remote}.7.0.${i + 1}.1|4|Gi1/0/1`,
      `${remote}.8.0.${i + 1}.1|4|uplink`,
      `${remote}.9.0.${i + 1}.1|4|${neighbour}`,
      `${remote}.10.0.${i + 1}.1|4|a switch`,
    ]),
  ].join('\n')
}

async function start(name: string, neighbours: readonly string[]): Promise<void> {
  const parsed = parseRecording(agent(name, neighbours), name)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed))
  switches.push(await startSnmpSimulator({ recording: parsed.value, community: 'public' }))
}

/** A site of both switches; `more` stands in the entry of the second one. */
function siteWith(more = ''): string {
  const file = join(folder, 'site.yaml')
  const [core, access] = switches.map(
    ({ port }) => `address: '127.0.0.1:${port}', probes: [system, lldp], credentials: lan`,
  )
  writeFileSync(
    file,
    `site: x
defaults: { timeout: 1s }
credentials: { lan: { snmp: { version: 2c, community: public } } }
devices:
  - { name: core-1, ${core} }
  - { name: access-1, ${access}${more} }
`,
    { mode: 0o600 },
  )
  return file
}

describe('siteward depends', () => {
  beforeAll(async () => {
    // The core has a neighbour more, of which the site knows nothing; the access switch calls itself otherwise.
    await start('core-1.hospital.local', ['WARD-7-ACCESS', 'a-phone'])
    await start('WARD-7-ACCESS', ['Core-1.hospital.local'])
  })

  afterAll(async () => {
    await Promise.all(switches.splice(0).map((one) => one.close()))
  })

  test('what two switches tell of each other is proposed, by the names that they give themselves', async () => {
    expect(await call(depends, ['--config', siteWith()])).toEqual({
      code: 1,
      out: '# from core-1, by 3 neighbours\naccess-1: { depends_on: [core-1] } # the site file says nothing\n',
      err: '',
    })
  })

  test('where siteward is plugged in elsewhere, it is the other way round', async () => {
    const { code, out } = await call(depends, ['--config', siteWith(), '--root', 'access-1'])
    expect({ code, out }).toMatchObject({ code: 1, out: expect.stringContaining('core-1: { depends_on: [access-1] }') })
  })

  test('a site file that says the same is right', async () => {
    const { code, out } = await call(depends, ['--config', siteWith(', depends_on: core-1')])
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('# as written') })
  })

  test('a root that is none, and a switch that does not answer', async () => {
    await expect(call(depends, ['--config', siteWith(), '--root', 'core-9'])).rejects.toThrow(UsageError)
    const file = siteWith()
    await Promise.all(switches.splice(0).map((one) => one.close()))
    const { code, err } = await call(depends, ['--config', file])
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringMatching(/access-1: (timeout|refused)/) })
  })
})
