import { describe, expect, test } from 'vitest'
import { parseCsv } from '../../src/config/csv.ts'
import type { FetchList } from '../../src/config/device-sources.ts'
import type { Files } from '../../src/config/files.ts'
import { type Loaded, loadSite } from '../../src/config/load.ts'
import { formatPlace } from '../../src/model/place.ts'
import { formatProblem } from '../../src/model/problem.ts'
import { filesWith, fixtures, sampleDeps, secretFiles } from '../config-samples.ts'

const folder = `${fixtures}/good`

async function load(site: string, others: Readonly<Record<string, string>>, fetchList?: FetchList): Promise<Loaded> {
  const held = Object.fromEntries(
    Object.entries({ 'test.yaml': site, ...others }).map(([name, text]) => [name, { text }]),
  )
  const files: Files = {
    ...filesWith({ ...secretFiles, ...held }),
    list: async (path) =>
      path.endsWith('shipped/probes')
        ? filesWith({}).list(path)
        : Object.keys(others).map((name) => `${folder}/${name}`),
  }
  const deps = sampleDeps(files)
  return loadSite(`${folder}/test.yaml`, fetchList === undefined ? deps : { ...deps, fetchList })
}

const told = ({ problems }: Loaded): readonly string[] => problems.map(formatProblem)

const devicesOf = ({ site }: Loaded): unknown =>
  site?.devices.map(({ name, address, labels, probes, dependsOn, options }) => ({
    name,
    address,
    labels,
    probes: probes.map(({ probe }) => probe.name),
    dependsOn,
    options,
  }))

describe('device files', () => {
  const site = 'site: clinic\ndevice_sources: [{ files: more.d/*.yaml, device: { labels: { floor: "1" } } }]\n'

  test('stand beside those of the site file, and may depend on them', async () => {
    const loaded = await load(`${site}devices: [{ name: one, address: 192.0.2.1, probes: [room] }]\n`, {
      'more.d/b.yaml':
        'devices: [{ name: two, address: 192.0.2.2, probes: [fans], depends_on: one, labels: { a: b } }]\n',
      'more.d/note.txt': 'nothing of ours',
    })
    expect(told(loaded)).toEqual([])
    expect(devicesOf(loaded)).toMatchObject([
      { name: 'one', labels: {} },
      { name: 'two', labels: { floor: '1', a: 'b' }, probes: ['fans'], dependsOn: [{ kind: 'any', devices: ['one'] }] },
    ])
    expect(formatPlace(loaded.site?.devices[1]?.at('address') ?? { file: '', line: 0, column: 0 })).toBe(
      `${folder}/more.d/b.yaml:1:33`,
    )
  })

  test('every mistake is told with the file in which it stands', async () => {
    const loaded = await load(`${site}devices: [{ name: one, address: 192.0.2.1, probes: [room] }]\n`, {
      'more.d/a.yaml': 'devices: [{ name: one, address: 192.0.2.2, probes: [fns] }]\n',
      'more.d/b.yaml': 'device: []\n',
    })
    expect(told(loaded)).toEqual([
      expect.stringMatching(/more\.d\/b\.yaml:1:1: unknown key "device" \(did you mean "devices"\?\)/),
      expect.stringMatching(/more\.d\/a\.yaml:1:19: the device at \S+test\.yaml:3:19 has this name already/),
      expect.stringMatching(/more\.d\/a\.yaml:1:53: there is no probe "fns" \(did you mean "fans"\?\)/),
    ])
  })
})

describe('a table', () => {
  const site = 'site: clinic\ndevice_sources: [{ csv: devices.csv, device: { probes: [room] } }]\n'

  test('has a row a device; columns are its keys', async () => {
    const table =
      'name,address,probes,labels.floor,fake.unit,depends_on\r\none,192.0.2.1,,2,,\r\n"two",192.0.2.2,fans room,"3, east",7,one\r\n'
    const loaded = await load(site, { 'devices.csv': table })
    expect(told(loaded)).toEqual([])
    expect(devicesOf(loaded)).toEqual([
      {
        name: 'one',
        address: '192.0.2.1',
        labels: { floor: '2' },
        probes: ['room'],
        dependsOn: [],
        options: { fake: { unit: 1 } },
      },
      {
        name: 'two',
        address: '192.0.2.2',
        labels: { floor: '3, east' },
        probes: ['fans', 'room'],
        dependsOn: [{ kind: 'any', devices: ['one'] }],
        options: { fake: { unit: 7 }, snmp: { port: 161 } },
      },
    ])
  })

  test('tells line and column of a wrong cell, and where a key of the site file is wrong', async () => {
    const loaded = await load(site.replace('[room]', '[rom]'), {
      'devices.csv': 'name;address;adress\n\none;192.0.2.1;\ntwo;;x\n',
    })
    expect(told(loaded)).toEqual([
      expect.stringMatching(/devices\.csv:4:6: unknown key "adress" \(did you mean "address"\?\)/),
      expect.stringMatching(/test\.yaml:2:57: there is no probe "rom"/),
    ])
  })

  test.each([
    ['a,b\n"x', { line: 2, column: 1 }, 'the quote is not closed'],
    ['a,b\n"x"y,z', { line: 2, column: 4 }, 'a separator is needed behind the closing quote'],
    ['a,b\n1,2,3', { line: 2, column: 5 }, 'the row has more cells than the first row (2)'],
    ['\n\n', { line: 1, column: 1 }, 'the file is empty'],
  ])('that is none: %j', (text, place, message) => {
    expect(parseCsv(text, 'x.csv')).toEqual({ ok: false, place: { file: 'x.csv', ...place }, message })
  })

  test('quotes in quotes, lines in cells', () => {
    const csv = parseCsv('a\tb\n"say ""hi""\nthere"\tc\n\td\n', 'x.csv')
    const rows = csv.ok
      ? csv.rows.map(({ cells }) => [...cells].map(([name, { text, place }]) => [name, text, place.line]))
      : []
    expect(rows).toEqual([
      [
        ['a', 'say "hi"\nthere', 2],
        ['b', 'c', 3],
      ],
      [['b', 'd', 4]],
    ])
  })
})

describe('service discovery', () => {
  const groups = '[{"targets": ["192.0.2.1:161", "sw-2"], "labels": {"building": "b", "__meta_x": "y"}}]'

  test.each(['file_sd: sd/*.json', 'http_sd: "http://127.0.0.1/sd"'])('targets are devices: %s', async (source) => {
    const site = `site: clinic\ndevice_sources: [{ ${source}, device: { probes: [room] } }]\n`
    const loaded = await load(site, { 'sd/a.json': groups }, async () => ({ text: groups, old: undefined }))
    expect(told(loaded)).toEqual([])
    expect(devicesOf(loaded)).toMatchObject([
      { name: '192.0.2.1-161', address: '192.0.2.1:161', labels: { building: 'b' } },
      { name: 'sw-2', address: 'sw-2', labels: { building: 'b' } },
    ])
  })

  test('a list in YAML, with the place of a target', async () => {
    const site = 'site: clinic\ndevice_sources: [{ file_sd: sd/a.yml, device: { probes: [room] } }]\n'
    const loaded = await load(site, {
      'sd/a.yml': '- targets: [one]\n  labels: { device: first }\n- targets: [two, "t wo"]\n',
    })
    expect(told(loaded)).toEqual([expect.stringMatching(/sd\/a\.yml:3:18: "t wo" is not an address/)])
  })

  test('a server that gives no list is told, and its last one is used', async () => {
    const site = 'site: clinic\ndevice_sources: [{ http_sd: "http://127.0.0.1/sd", device: { probes: [room] } }]\n'
    const old = await load(site, {}, async () => ({ text: groups, old: 'does not answer' }))
    expect(told(old)).toEqual([expect.stringContaining('http://127.0.0.1/sd does not answer (its last list is used)')])
    expect(old.site?.devices).toHaveLength(2)
    expect(told(await load(site, {}))).toContainEqual(expect.stringContaining('has given no list of devices yet'))
  })

  test('an address with a password is refused, and the password is not told', async () => {
    const site = 'site: clinic\ndevice_sources: [{ http_sd: "http://me:hush-hush@127.0.0.1/sd" }]\n'
    const found = told(await load(site, {}, async () => ({ text: groups, old: undefined })))
    expect(found).toEqual([expect.stringMatching(/test\.yaml:2:29: an address may hold no user and password/)])
    expect(found.join()).not.toContain('hush-hush')
  })

  test('what is no list of targets is a problem with its place', async () => {
    const site = 'site: clinic\ndevice_sources: [{ file_sd: sd/a.json, device: { probes: [room] } }]\n'
    expect(told(await load(site, { 'sd/a.json': '[{"targets": "one"}]' }))).toEqual([
      expect.stringMatching(/sd\/a\.json:1:14: a list is needed here/),
    ])
  })
})

test('a source is of one kind', async () => {
  const site = 'site: clinic\ndevice_sources:\n  - { csv: a.csv, files: b.yaml }\n  - { device: {} }\n'
  expect(told(await load(site, {}))).toEqual([
    expect.stringMatching(/test\.yaml:3:5: a source has one of files, csv, file_sd, http_sd/),
    expect.stringMatching(/test\.yaml:4:5: a source has one of files, csv, file_sd, http_sd/),
  ])
})
