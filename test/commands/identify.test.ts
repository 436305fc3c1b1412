import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { collectors } from '../../collectors/registry.ts'
import { UsageError } from '../../src/commands/command.ts'
import { identify } from '../../src/commands/identify.ts'
import { shipped } from '../../src/home.ts'
import { describeOnRecordings, realRecordings } from '../real-recordings.ts'
import { call } from './calling.ts'

/** The recordings of real devices, and the probe that must come first for each. */
const expected = {
  'crac-apc-uniflair-sp': 'apc-cooling',
  'crac-liebert-gp-vertiv': 'liebert-air-conditioner',
  'crac-stulz-wib8000': 'stulz-wib8000',
  'env-akcp-sensorprobe8': 'akcp-sensorprobe',
  'firewall-fortigate-60f-ha': 'fortigate',
  'firewall-topsec-ngfw4000': 'topsec',
  'host-linux-centos7-netsnmp': 'host-resources',
  'host-vmware-esxi7': 'vmware-esxi',
  'meter-janitza-umg96': 'janitza-umg96',
  'pdu-raritan-px2-temp': 'raritan-pdu',
  'server-dell-idrac-r640': 'dell-idrac',
  'server-hpe-ilo4': 'hpe-ilo',
  'server-huawei-ibmc': 'huawei-ibmc',
  'storage-dell-powervault-me4024': 'fcmgmt',
  'storage-huawei-oceanstor-ism': 'huawei-oceanstor',
  'switch-cisco-c3750': 'cisco-ios',
  'switch-h3c-e528': 'h3c-comware',
  'switch-huawei-s5720': 'huawei-vrp',
  'switch-ruijie-s5750': 'ruijie',
  'ups-apc-smx750i-powernet': 'apc-powernet',
  'ups-delta-rfc1628-sparse': 'delta-mini-snmp',
  'ups-eaton-93e-80k-rfc1628': 'eaton-xups',
  'ups-emerson-13400': 'emerson-13400',
  'ups-huawei-ups5000e': 'huawei-ups5000',
  'ups-liebert-apm': 'liebert-ups',
} as const

const folder = mkdtempSync(join(tmpdir(), 'siteward-identify-'))
const fixture = (...parts: readonly string[]): string => shipped('fixtures', 'probes', ...parts)

describeOnRecordings('identify on recordings of real devices', () => {
  test('the table has every one of them', () => {
    const files = readdirSync(realRecordings).filter((file) => file.endsWith('.snmprec'))
    expect(Object.keys(expected)).toEqual(expect.arrayContaining(files.map((file) => file.replace('.snmprec', ''))))
  })

  test.each(Object.entries(expected))('%s is %s', async (name, probe) => {
    const { code, out } = await call(identify, [join(realRecordings, `${name}.snmprec`), '--json'])
    expect(code).toBe(0)
    const proposals: readonly { probe: string; score: number; why: string }[] = JSON.parse(out)
    expect(proposals[0]).toMatchObject({ probe, why: expect.stringMatching(/points read/) })
    const scores = proposals.map(({ score }) => score)
    expect(scores).toEqual([...scores].sort((a, b) => b - a))
  })
})

describe('identify', () => {
  test.each([
    ['host-resources', shipped('config', 'demo', 'firewall.snmprec')],
    ['ups-mib', shipped('config', 'demo', 'ups.snmprec')],
    ['eastron-sdm630', fixture('eastron-sdm630', 'three-phase')],
    ['modbus-air-conditioner', fixture('modbus-air-conditioner', 'running')],
    ['linux-ssh', fixture('linux-ssh', 'server')],
  ])('a recording of %s, and an entry to paste', async (probe, recording) => {
    const { code, out } = await call(identify, [recording])
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`- \\{ name: NAME, address: ADDRESS, .*probes: \\[ ${probe}\\b`))
  })

  test('an address, by a community from a file or the environment, and by a credential of a site file', async () => {
    const file = shipped('config', 'demo', 'firewall.snmprec')
    const played = await collectors.snmp.recordings?.play(readFileSync(file, 'utf8'), file)
    if (played?.ok !== true) throw new Error('not played')
    const { address, close } = played.value
    try {
      const community = join(folder, 'community')
      writeFileSync(community, 'public\n', { mode: 0o600 })
      const site = join(folder, 'site.yaml')
      const credentials = `{ net: { snmp: { version: 2c, community: { file: ${community} } } } }`
      writeFileSync(site, `site: x\ncredentials: ${credentials}\ndevices: []\n`)
      const ways = [
        ['--community-file', community],
        ['--community-env', 'COMMUNITY'],
        ['--config', site, '--credentials', 'net'],
      ]
      for (const way of ways) {
        const { code, out, err } = await call(identify, [address, ...way], { COMMUNITY: 'public' })
        expect({ code, err }).toEqual({ code: 0, err: '' })
        expect(out).toContain(`address: ${address}`)
        expect(out).toMatch(/probes: \[ host-resources/)
      }
    } finally {
      await close()
    }
  })

  test('a silent address: a fault and status 1', async () => {
    const { code, out, err } = await call(identify, ['127.0.0.1:9', '--community-env', 'C'], { C: 'x' })
    expect({ code, out: out.trim(), err }).toEqual({
      code: 1,
      out: 'no probe fits',
      err: expect.stringMatching(/^snmp: fault (timeout|refused)/),
    })
  })

  test('what is typed wrong, and what is no recording', async () => {
    await expect(call(identify, [])).rejects.toThrow(UsageError)
    await expect(call(identify, ['192.0.2.1'])).rejects.toThrow(/--community-file/)
    await expect(call(identify, ['192.0.2.1', '--credentials', 'x'])).rejects.toThrow(/--config FILE/)
    const none = join(folder, 'none.txt')
    writeFileSync(none, 'hello')
    expect(await call(identify, [none])).toMatchObject({ code: 1, err: expect.stringContaining('no recording') })
  })
})
