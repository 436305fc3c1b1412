import { describe, expect, test } from 'vitest'
import { type Loaded, loadSite } from '../../src/config/load.ts'
import { formatPlace } from '../../src/model/place.ts'
import { formatProblem } from '../../src/model/problem.ts'
import { filesWith, fixtures, sampleDeps, secretFiles } from '../config-samples.ts'

const folder = `${fixtures}/good`

async function load(site: string, tables: Readonly<Record<string, string | Uint8Array>> = {}): Promise<Loaded> {
  const held = Object.entries({ 'test.yaml': site, ...tables }).map(([name, text]) => [name, { text }] as const)
  return loadSite(`${folder}/test.yaml`, sampleDeps(filesWith({ ...secretFiles, ...Object.fromEntries(held) })))
}

const told = ({ problems }: Loaded): readonly string[] => problems.map(formatProblem)
const fieldsOf = ({ site }: Loaded, name: string): unknown =>
  site?.devices.find((device) => device.name === name)?.asset?.fields

const device = 'devices: [{ name: one, address: 192.0.2.1, probes: [room] }]\n'

describe('asset: of a device', () => {
  test('is kept as it was written', async () => {
    const loaded = await load(
      'site: clinic\ndevices: [{ name: one, address: 192.0.2.1, probes: [room], asset: { model: S5735, unit: 12, warranty_end: 2026-12, spares: 2 } }]\n',
    )
    expect(told(loaded)).toEqual([])
    expect(fieldsOf(loaded, 'one')).toEqual({ model: 'S5735', unit: '12', warranty_end: '2026-12', spares: '2' })
  })

  test('days that are none and numbers that lost a digit are told', async () => {
    const loaded = await load(
      'site: clinic\ndevices: [{ name: one, address: 192.0.2.1, probes: [room], asset: { serial: 0123, made: 2026-13, sn: A } }]\n',
    )
    expect(told(loaded)).toEqual([
      expect.stringMatching(/test\.yaml:2:77: a text is needed here.*0123/),
      expect.stringMatching(/test\.yaml:2:98: unknown key "sn"/),
    ])
    const day = await load(
      'site: clinic\ndevices: [{ name: one, address: 192.0.2.1, probes: [room], asset: { made: 2026-13 } }]\n',
    )
    expect(told(day)).toEqual([expect.stringMatching(/test\.yaml:2:75: 2026-13 is no day or month/)])
  })
})

describe('tables of the ledger', () => {
  const site = `site: clinic\nledger: [assets.csv]\n${device}`

  test('are read as Chinese spreadsheets write them, and what is no device is kept', async () => {
    const table =
      '设备,设备名称,品牌/制造厂家,出厂年月,过保日期,备件状况\none,传感器,某厂,2021/6,2026年5月1日,2\n碎纸机,碎纸机,,2020.1,,\n'
    const loaded = await load(site, { 'assets.csv': table })
    expect(told(loaded)).toEqual([])
    expect(fieldsOf(loaded, 'one')).toEqual({
      ...{ title: '传感器', maker: '某厂', made: '2021-06', warranty_end: '2026-05-01', spares: '2' },
    })
    expect(loaded.site?.unpolled.map(({ name, asset }) => ({ name, fields: asset?.fields }))).toEqual([
      { name: '碎纸机', fields: { title: '碎纸机', made: '2020-01' } },
    ])
  })

  test('in GBK, as they are saved where nobody asks for UTF-8', async () => {
    // "设备,型号\none,空调\n"
    const gbk = Uint8Array.from(Buffer.from('c9e8b1b82cd0cdbac50a6f6e652cbfd5b5f70a', 'hex'))
    const loaded = await load(site, { 'assets.csv': gbk })
    expect(told(loaded)).toEqual([])
    expect(fieldsOf(loaded, 'one')).toEqual({ model: '空调' })
  })

  test("the device's own word stands before the table's", async () => {
    const loaded = await load(
      'site: clinic\nledger: [assets.csv]\ndevices: [{ name: one, address: 192.0.2.1, probes: [room], asset: { model: B } }]\n',
      { 'assets.csv': 'device,model,serial\none,A,1\n' },
    )
    expect(fieldsOf(loaded, 'one')).toEqual({ model: 'B', serial: '1' })
  })

  test('every mistake is told at its cell, and a column that nobody knows is passed over', async () => {
    const table = 'device,model,colour,warranty_end,spares\none,A,red,soon,many\none,B,,,\n,C,,,\n'
    const loaded = await load(site, { 'assets.csv': table })
    const place = (line: number, column: number): string => formatPlace({ file: `${folder}/assets.csv`, line, column })
    expect(told(loaded)).toEqual([
      `${place(1, 14)}: the ledger has no field "colour" (its column is passed over)`,
      `${place(2, 11)}: soon is no day or month, as 2026-05-31 or 2026-05`,
      `${place(2, 16)}: many is no number`,
      `${place(3, 1)}: one stands in the ledger twice (first on line 2)`,
      `${place(4, 1)}: the row has no device`,
    ])
  })

  test('a table that does not say which device it is about', async () => {
    expect(told(await load(site, { 'assets.csv': 'model\nA\n' }))).toEqual([
      `${folder}/assets.csv:1:1: no column names the device (name one device)`,
    ])
  })
})
