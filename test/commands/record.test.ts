import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Collector, Played } from '../../collectors/collector.ts'
import { collectors } from '../../collectors/registry.ts'
import { UsageError } from '../../src/commands/command.ts'
import { explain } from '../../src/commands/explain.ts'
import { probe } from '../../src/commands/probe.ts'
import { record } from '../../src/commands/record.ts'
import { shipped } from '../../src/home.ts'
import { call } from './calling.ts'
import { ownFolders, ownProbe } from './own-probes.ts'

const folder = mkdtempSync(join(tmpdir(), 'siteward-record-'))
const started: Played[] = []

afterEach(async () => {
  await Promise.all(started.splice(0).map((played) => played.close()))
})

async function play(protocol: keyof typeof collectors, text: string): Promise<Played> {
  const collector: Collector = collectors[protocol]
  const played = await collector.recordings?.play(text, 'recording')
  if (played?.ok !== true) throw new Error('not played')
  started.push(played.value)
  return played.value
}

/** A site file with one device that is a recording at play. */
async function siteOf(protocol: keyof typeof collectors, text: string, probes: string, more = ''): Promise<string> {
  const { address, credential } = await play(protocol, text)
  const key = Object(credential).host_key
  const credentials = {
    snmp: 'snmp: { version: 2c, community: public }',
    ssh: `ssh: { user: siteward, password: siteward, host_key: '${key}' }`,
  }
  const own = protocol === 'snmp' || protocol === 'ssh' ? credentials[protocol] : undefined
  const file = join(folder, `${protocol}.yaml`)
  const lines = [
    'site: x',
    `probe_directories: [${ownFolders(probes).join(', ')}]`,
    ...(own === undefined ? [] : [`credentials: { own: { ${own} } }`]),
    'devices:',
    `  - { name: ward-7-switch, address: '${address}', probes: [${probes}]${own === undefined ? '' : ', credentials: own'}${more} }`,
  ]
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 })
  return file
}

const agent = `1.3.6.1.2.1.1.1.0|4|Switch of WARD-7-CORE, SN: XK99-1234, public
1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.9.1.516
1.3.6.1.2.1.1.3.0|67|100
1.3.6.1.2.1.1.5.0|4|WARD-7-CORE
1.3.6.1.2.1.1.6.0|4x|e59ba0e697a0
1.3.6.1.2.1.2.2.1.2.1|4|Gi0/1
1.3.6.1.2.1.2.2.1.6.1|4x|001b213c4d5e
1.3.6.1.2.1.2.2.1.7.1|2|1
1.3.6.1.2.1.2.2.1.8.1|2|1
1.3.6.1.2.1.2.2.1.10.1|65|4294967290
1.3.6.1.2.1.4.22.1.2.1.192.0.2.9|4x|001b213c4d5f
1.3.6.1.2.1.31.1.1.1.1.1|4|Gi0/1
1.3.6.1.2.1.31.1.1.1.6.1|70|18446744073709551615
1.3.6.1.2.1.31.1.1.1.18.1|4|to WARD-7-CORE
1.3.6.1.2.1.47.1.1.1.1.11.1|4|XK99-1234
1.3.6.1.4.1.9.99.1.0|4|peer 00:1b:21:3c:4d:5e of WARD-7-CORE
1.3.6.1.6.3.18.1.1.1.2.1|4|public
`

describe('siteward record', () => {
  test('an agent whole: what tells whose it is, is replaced by the same word everywhere', async () => {
    const site = await siteOf('snmp', agent, 'system, own-ports')
    const file = join(folder, 'whole.snmprec')
    const { code, out, err } = await call(record, ['ward-7-switch', '--config', site, '-o', file, '--whole'])
    expect({ code, out, err }).toEqual({
      code: 0,
      out: expect.stringContaining('values of ward-7-switch by snmp'),
      err: '',
    })
    const text = readFileSync(file, 'utf8')
    for (const own of ['WARD', 'XK99', 'public', '001b213c4d5', '00:1b:21', '192.0.2.9'])
      expect(text).not.toContain(own)
    const name = /^1\.3\.6\.1\.2\.1\.1\.5\.0\|4\|(name-\d+)$/m.exec(text)?.[1]
    expect(text).toContain(`1.3.6.1.2.1.1.1.0|4|Switch of ${name}, SN: serial-1, secret-1`)
    expect(text).toContain(`1.3.6.1.4.1.9.99.1.0|4|peer 02:00:00:00:00:01 of ${name}`)
    expect(text).toContain('1.3.6.1.2.1.2.2.1.6.1|4x|020000000001')
    expect(text).toContain('1.3.6.1.2.1.47.1.1.1.1.11.1|4|serial-1')
    expect(text).toContain('1.3.6.1.2.1.31.1.1.1.6.1|70|18446744073709551615')
  })

  test('what the probes read, and no more: the probe reads the same from it', async () => {
    const site = await siteOf('snmp', agent, 'system, own-ports')
    const file = join(folder, 'probes.snmprec')
    expect((await call(record, ['ward-7-switch', '--config', site, '-o', file])).code).toBe(0)
    expect(readFileSync(file, 'utf8')).not.toContain('1.3.6.1.4.1.9.99')
    const original = join(folder, 'original.snmprec')
    writeFileSync(original, agent)
    const readings = async (recording: string) =>
      JSON.parse((await call(probe, ['test', ownProbe('own-ports'), recording, '--json'])).out).readings
    expect(await readings(file)).toEqual(await readings(original))
    expect((await readings(file)).length).toBeGreaterThan(2)
  })

  test('registers, of another unit too, and those that are refused', async () => {
    const text =
      'holding: { 0: 241, 10: 18776, 11: 14649, 12: 12849, 13: 0 }\nunits: { 9: { holding: { 0: 65481 } } }\n'
    const site = await siteOf('modbus', text, 'own-units')
    const file = join(folder, 'registers.yaml')
    const { code, err } = await call(record, ['ward-7-switch', '--config', site, '-o', file])
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/^fault config: register 77: /) })
    const recorded = readFileSync(file, 'utf8')
    expect(recorded).toContain('0: 241')
    expect(recorded).toMatch(/units:\n {2}"?9"?:\n {4}holding:\n {6}0: 65481/)
    expect(recorded).not.toContain('18776')
    const { out } = await call(probe, ['test', ownProbe('own-units'), file])
    expect(out).toMatch(/room_temperature_celsius\{sensor=b\} +-5\.5 °C/)
  })

  test('what commands print', async () => {
    const commands = `cat /proc/uptime: |
  100.5 1.0
cat /proc/meminfo: |
  MemTotal: 1 kB of 00:1b:21:3c:4d:5e on ward-7-switch
`
    const site = await siteOf('ssh', commands, 'own-host')
    const file = join(folder, 'commands.yaml')
    expect((await call(record, ['ward-7-switch', '--config', site, '-o', file])).code).toBe(0)
    const text = readFileSync(file, 'utf8')
    expect(text).toContain('cat /proc/uptime: |\n  100.5 1.0\n')
    expect(text).toContain('1 kB of 02:00:00:00:00:01 on name-1')
    expect(text).toMatch(/cat \/proc\/loadavg:\n {2}stdout: ""\n {2}code: 127/)
    expect((await call(probe, ['test', ownProbe('own-host'), file])).out).toMatch(/^device_uptime_seconds/m)
  })

  test('what is typed wrong, and a device that does not answer', async () => {
    const site = await siteOf('snmp', agent, 'system')
    await expect(call(record, ['ward-7-switch', '--config', site])).rejects.toThrow(/-o FILE/)
    await expect(call(record, ['ward-8', '--config', site, '-o', 'x'])).rejects.toThrow(UsageError)
    const ways = ['ward-7-switch', '--config', site, '-o', 'x', '--protocol', 'ssh']
    await expect(call(record, ways)).rejects.toThrow(/no probe by ssh/)
    await Promise.all(started.splice(0).map((played) => played.close()))
    const { code, err } = await call(record, ['ward-7-switch', '--config', site, '-o', join(folder, 'none')])
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/^fault (timeout|refused)/) })
  })
})

describe('siteward explain', () => {
  test('an SNMP reading from its bytes to the verdict; the community is not shown', async () => {
    const text = readFileSync(shipped('config', 'demo', 'ups.snmprec'), 'utf8')
    const site = await siteOf('snmp', text, 'own-ups')
    const { code, out } = await call(explain, ['ward-7-switch', 'ups_output_load_ratio{phase="1"}', '--config', site])
    expect(code).toBe(0)
    expect(out).toMatch(/request +a5 /)
    expect(out).toMatch(/reply +30 11 06 0c 2b 06 01 02 01 21 01 04 04 01 05 01 02 01 19/)
    expect(out).toMatch(/variable +1\.3\.6\.1\.2\.1\.33\.1\.4\.4\.1\.5\.1 = INTEGER 25/)
    expect(out).toMatch(/scale +25 \* 0\.01 = 0\.25/)
    expect(out).toMatch(/range +0 % to 200 %: possible/)
    expect(out).toMatch(/reading +25 %/)
    expect(out).toMatch(/verdict +UpsLoad \(warning\): at most 80 %: good/)
    expect(out).not.toContain(Buffer.from('public').toString('hex').replace(/../g, '$& ').trim())
    expect(out).not.toContain('phase="2"')
  })

  test('a Modbus reading, a state, a value not available and one that cannot be', async () => {
    const text = readFileSync(
      shipped('fixtures', 'probes', 'modbus-air-conditioner', 'failed', 'registers.yaml'),
      'utf8',
    )
    const site = await siteOf('modbus', text, 'modbus-air-conditioner')
    const of = async (metric: string) => (await call(explain, ['ward-7-switch', metric, '--config', site])).out
    const warm = await of('air_conditioner_return_temperature_celsius')
    expect(warm).toMatch(/request +00 \d\d 00 00 00 06 01 04 00 00 00 0a {2}unit 1, function 4: 10 from address 0/)
    expect(warm).toMatch(/input register 0 +01 37 as int16/)
    expect(warm).toMatch(/verdict +AirConditionerReturnAir \(warning\): at most 30 °C: broken/)
    expect(await of('air_conditioner_state')).toMatch(/states +3 is failed/)
    expect(await of('air_conditioner_supply_temperature_celsius')).toMatch(/value +not available/)
  })

  test('an SSH reading by its row, and a command that is not there', async () => {
    const site = await siteOf('ssh', 'df -P: |\n  /dev/sda2 42% /\n  /dev/sdb1 65% /srv/his\n', 'own-host')
    const { code, out } = await call(explain, ['ward-7-switch', 'file_system_used_ratio{mount="/"}', '--config', site])
    expect(code).toBe(0)
    expect(out).toMatch(/row +source=\/dev\/sda2 .*percent=42% mount=\//)
    expect(out).toMatch(/raw +"42%"/)
    const none = await call(explain, ['ward-7-switch', 'server_load_average', '--config', site])
    expect(none).toMatchObject({ code: 1, out: expect.stringMatching(/absent +127: no such command on the device/) })
  })

  test('what is typed wrong', async () => {
    const site = await siteOf('snmp', agent, 'system')
    await expect(call(explain, ['ward-7-switch', '--config', site])).rejects.toThrow(UsageError)
    await expect(call(explain, ['ward-7-switch', 'device_uptime_second', '--config', site])).rejects.toThrow(
      /did you mean device_uptime_seconds/,
    )
  })
})
