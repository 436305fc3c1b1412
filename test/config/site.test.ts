import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Files } from '../../src/config/files.ts'
import { loadSite } from '../../src/config/load.ts'
import type { Device } from '../../src/model/device.ts'
import { formatPlace } from '../../src/model/place.ts'
import { formatProblem } from '../../src/model/problem.ts'
import { Secret } from '../../src/model/secret.ts'
import type { Site } from '../../src/model/site.ts'
import { systemTimeZone } from '../../src/model/time-zone.ts'
import { authorized } from '../../src/notify/authorized.ts'
import { filesWith, fixtures, sampleDeps, secretFiles } from '../config-samples.ts'

const goodFile = (name: string): string => join(fixtures, 'good', `${name}.yaml`)

async function load(file: string, files?: Files): Promise<Site> {
  const { site, problems } = await loadSite(file, sampleDeps(files))
  if (site === undefined) throw new Error(problems.map(formatProblem).join('\n'))
  return site
}

/** A site of a text that stands beside the good fixtures. */
function textFiles(text: string, mode = 0o640): Files {
  return filesWith({ ...secretFiles, 'test.yaml': { text, mode } })
}

async function problemsOf(text: string, mode?: number): Promise<readonly string[]> {
  const { problems } = await loadSite(goodFile('test'), sampleDeps(textFiles(text, mode)))
  return problems.map(formatProblem)
}

function device(site: Site, name: string): Device {
  const found = site.devices.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no device ${name}`)
  return found
}

/** A device's rules as short lines. */
function rulesOf({ rules }: Device): readonly string[] {
  return rules
    .map(({ alarm, severity, condition, for: wait }) => `${alarm} ${severity} ${condition.kind} ${wait}`)
    .sort()
}

describe('a site', () => {
  it('has its defaults where nothing is said', async () => {
    const site = await load(goodFile('site-minimal'))
    const { vocabulary, devices, itself, ...rest } = site
    expect(rest).toEqual({
      name: 'clinic',
      labels: {},
      language: 'en',
      listen: { host: '127.0.0.1', port: 9879 },
      access: { operators: [], operateWithoutTls: false, webConfig: undefined },
      serviceLevels: {
        ...{ taken: 900_000, on_site: 3_600_000, repaired: 172_800_000, severities: ['critical'] },
        working: {
          ...{ hours: [[8 * 3_600_000, 17.5 * 3_600_000]], steps: [], holidays: { off: new Set(), work: new Set() } },
          timeZone: expect.any(Function),
        },
      },
      keepRecord: 156 * 7 * 86_400_000,
      rollUps: {
        keep: {
          hour: 13 * 7 * 86_400_000,
          day: 160 * 7 * 86_400_000,
          xun: 520 * 7 * 86_400_000,
          month: 520 * 7 * 86_400_000,
        },
        bytes: 2 ** 30,
      },
      drills: { schedule: [] },
      alertmanagers: [],
      sitewards: [],
      resend: 60_000,
      runOut: 7_200_000,
      unpolled: [],
      duties: [],
      holidays: { off: new Set(), work: new Set() },
      watchdog: 'SitewardWatchdog',
      judge: 'siteward',
      historyBytes: 128 * 2 ** 20,
      traps: undefined,
      prometheus: undefined,
      stateDirectory: join(fixtures, 'good', 'siteward-state'),
      parallelPolls: 200,
      otlp: [],
      textfile: undefined,
      probing: undefined,
      deviceLists: [],
      reloadOnChange: false,
      discoveryRanges: [],
      groups: [],
      timeZone: systemTimeZone,
      quiet: [],
      inhibit: [],
    })
    expect(itself).toMatchObject({ name: 'siteward', probes: [] })
    expect(devices[0]?.probes).toMatchObject([{ interval: 60_000, timeout: 10_000 }])
    expect(devices[0]?.options).toEqual({ fake: { unit: 1 } })
    expect(vocabulary.has('room_humidity_ratio')).toBe(true)
  })

  it('keeps its state where systemd says', async () => {
    const deps = { ...sampleDeps(), env: { STATE_DIRECTORY: '/var/lib/siteward:/var/lib/other' } }
    expect((await loadSite(goodFile('site-minimal'), deps)).site?.stateDirectory).toBe('/var/lib/siteward')
  })

  it('has what is written', async () => {
    const site = await load(goodFile('site-full'))
    expect(site).toMatchObject({
      labels: { region: 'north' },
      language: 'zh',
      listen: { host: '::1', port: 9879 },
      resend: 120_000,
      runOut: 10_800_000,
      watchdog: 'ClinicWatchdog',
      judge: 'both',
      historyBytes: 64 * 2 ** 20,
      traps: { listen: { host: '0.0.0.0', port: 1162 } },
      prometheus: new URL('http://127.0.0.1:9090'),
      parallelPolls: 50,
      stateDirectory: join(fixtures, 'state'),
    })
    expect(site.alertmanagers.map(String)).toEqual(['http://127.0.0.1:9093/', 'https://alerts.example/base/'])
    const room = device(site, 'room-1')
    expect(room.probes.map(({ interval, timeout }) => [interval, timeout])).toEqual([
      [60_000, 15_000],
      [600_000, 20_000],
    ])
    expect(room).toMatchObject({ address: '10.0.0.1:502', labels: { row: 'A' }, options: { fake: { unit: 3 } } })
    expect(formatPlace(room.at('address'))).toBe(`${goodFile('site-full')}:20:14`)
    expect(device(site, 'box_3').dependsOn).toEqual([{ kind: 'any', devices: ['box.2'] }])
    expect(device(site, 'box.2').probes).toMatchObject([{ interval: 30_000, timeout: 5000 }])
  })

  it('merges what is shared, and what is written beside it stands before it', async () => {
    const site = await load(goodFile('site-anchors'))
    expect(site.devices.map(({ name, probes, labels }) => [name, probes[0]?.interval, labels])).toEqual([
      ['room-1', 30_000, { building: 'a' }],
      ['room-2', 60_000, { building: 'a' }],
      ['room-3', 300_000, { building: 'a' }],
    ])
  })

  it('may share one anchor among many devices', async () => {
    const devices = Array.from(
      { length: 300 },
      (_, i) => `  - { <<: *room, name: d${i}, address: 10.0.0.1, labels: *where }`,
    )
    const text = `site: s\nx-w: &where { floor: a }\nx-r: &room { probes: [room] }\ndevices:\n${devices.join('\n')}\n`
    expect(await problemsOf(text)).toEqual([])
  })

  it('reads its secrets and never shows them', async () => {
    const site = await load(goodFile('site-credentials'))
    const passwords = ['room-1', 'room-2', 'room-3', 'room-4', 'room-5'].map((name) =>
      Reflect.get(Object(device(site, name).credentials['fake']), 'password'),
    )
    expect(passwords.map((password) => password instanceof Secret && password.reveal())).toEqual(
      Array(5).fill('hush-hush'),
    )
    const community: unknown = Reflect.get(Object(device(site, 'room-3').credentials['snmp']), 'community')
    expect(community instanceof Secret && community.reveal()).toBe('0123')
    expect(device(site, 'box').credentials['snmp']).toMatchObject({
      version: '3',
      user: 'siteward',
      auth: { sha256: {} },
    })
    expect(JSON.stringify(site.devices) + inspect(site, { depth: 20 })).not.toContain('hush-hush')
  })

  it('takes a credential from the folder beside the file where systemd has handed on none', async () => {
    const text =
      'site: s\ncredentials: { a: { fake: { password: { credential: plain } } } }\ndevices: [{ name: a, address: b, probes: [room], credentials: a }]\n'
    const held = { 'good/credentials/plain': { text: 'hush-hush', mode: 0o600 }, 'test.yaml': { text } }
    const { site, problems } = await loadSite(goodFile('test'), { ...sampleDeps(filesWith(held)), env: {} })
    expect(problems).toEqual([])
    expect(Reflect.get(Object(site?.devices[0]?.credentials['fake']), 'password').reveal()).toBe('hush-hush')
  })

  it('reads no secret for those who contact nobody', async () => {
    const text =
      'site: s\noperators: [{ name: desk, token: { file: none } }]\ncredentials: { a: { fake: { password: { env: NONE } } } }\ndevices: [{ name: a, address: b, probes: [room], credentials: a }]\n'
    const loaded = await loadSite(goodFile('test'), { ...sampleDeps(textFiles(text)), withoutSecrets: true })
    expect(loaded.problems).toEqual([])
    expect(loaded.site?.access.operators[0]?.token.reveal()).toBe('')
    expect(await problemsOf(text)).toHaveLength(2)
  })

  it('takes the password of an Alertmanager from where secrets stand', async () => {
    const text = `site: s
alertmanagers: [{ url: 'http://127.0.0.1:9093/base', user: ops, password: 'a+/%&@:b' }, 'http://127.0.0.1:9094']
devices: [{ name: a, address: b, probes: [room] }]
`
    const { alertmanagers } = await load(goodFile('test'), textFiles(text))
    expect(alertmanagers.map(String)).toEqual([
      'http://ops:a%2B%2F%25%26%40%3Ab@127.0.0.1:9093/base',
      'http://127.0.0.1:9094/',
    ])
    const { url, headers, masked } = authorized(alertmanagers[0] ?? new URL('http://none'))
    expect([url.href, headers]).toEqual([
      'http://127.0.0.1:9093/base',
      { authorization: `Basic ${btoa('ops:a+/%&@:b')}` },
    ])
    expect(masked(`${JSON.stringify(headers)} a+/%&@:b`)).toBe('{"authorization":"Basic <secret>"} <secret>')
  })

  it('warns of a secret in a file that all may read', async () => {
    const text =
      'site: s\ncredentials: { a: { fake: { password: hush-hush } } }\ndevices: [{ name: a, address: b, probes: [room], credentials: a }]\n'
    expect(await problemsOf(text)).toEqual([])
    const [warning, ...more] = await problemsOf(text, 0o644)
    expect(warning).toContain('test.yaml:2:39: this secret stands in a file that every user may read')
    expect(warning).not.toContain('hush-hush')
    expect(more).toEqual([])
    expect((await loadSite(goodFile('test'), sampleDeps(textFiles(text, 0o644)))).site).toBeDefined()
  })
})

describe("a device's rules", () => {
  it("are its probes' and those for every device", async () => {
    expect(rulesOf(device(await load(goodFile('site-minimal')), 'room-1'))).toEqual([
      'DeviceDown critical below 120000',
      'RoomHumidity warning within 300000',
      'RoomTemperature critical within 0',
      'RoomTemperature warning within 120000',
    ])
  })

  it('are changed, added and taken away by name', async () => {
    const site = await load(goodFile('site-full'))
    const room = device(site, 'room-1')
    expect(rulesOf(room)).toEqual([
      'DeviceDown critical below 300000',
      'RoomTemperature warning above 300000',
      'Silent warning absent 0',
      'TooCold critical below 0',
      'TooDry warning below 0',
    ])
    const temperature = room.rules.find((rule) => rule.alarm === 'RoomTemperature')
    expect(temperature?.condition).toEqual({
      kind: 'above',
      limit: { kind: 'metric', metric: 'room_temperature_limit_celsius' },
      hysteresis: 0.5,
    })
    expect(room.rules.find((rule) => rule.alarm === 'TooDry')).toMatchObject({
      condition: { limit: { kind: 'fixed', value: 0.3 }, hysteresis: 0.02 },
      labels: { team: 'building' },
    })
    expect(rulesOf(device(site, 'box.2'))).toEqual(['DeviceDown critical below 300000', 'FanFailed critical not 60000'])
    expect(rulesOf(device(site, 'box_3'))).toEqual(['DeviceDown critical below 300000'])
  })

  it('have a text in both languages where none is written', async () => {
    const { rules } = device(await load(goodFile('site-minimal')), 'room-1')
    expect(rules.find((rule) => rule.alarm === 'RoomTemperature')?.summary).toEqual({
      en: '{device}: room temperature {sensor} is {value}, allowed: {limit}',
      zh: '{device}：机房温度 {sensor} 为 {value}，允许：{limit}',
    })
  })
})

describe("a device's points", () => {
  it('have its own scale, offset and unavailable values', async () => {
    const [use] = device(await load(goodFile('site-full')), 'room-1').probes
    const conversions = use?.probe.points.map(({ metric, conversion }) => [metric.name, conversion])
    expect(conversions).toMatchObject([
      [
        'room_temperature_celsius',
        {
          scale: 1,
          offset: -0.5,
          unavailable: [
            { kind: 'value', raw: -9999 },
            { kind: 'range', low: 100, high: Number.POSITIVE_INFINITY },
          ],
        },
      ],
      ['room_humidity_ratio', { scale: 0.01, offset: 0, unavailable: [] }],
    ])
  })
})

describe('mistakes', () => {
  it('are all told in one run, in the order of the file', async () => {
    const text = `site: clinic
langage: zh
resend: 60
devices:
  - { name: a, address: 10.0.0.1, probes: [roon] }
  - { name: b, adress: 10.0.0.1, probes: [room] }
  - { name: c, address: 10.0.0.1, probes: [room], depends_on: d, rules: { RoomHumidity: { within: 20..28 } } }
`
    const found = await problemsOf(text)
    const places = found.map((line) => line.replace(/^.*test\.yaml:(\d+:\d+): .*/, '$1'))
    expect(places).toEqual(['2:1', '3:9', '5:44', '6:16', '7:63', '7:99', '7:99'])
  })

  it('are told up to fifty, and then counted', async () => {
    const devices = Array.from({ length: 80 }, (_, i) => `  - { name: d${i}, address: 10.0.0.1, probes: [roon] }`)
    const found = await problemsOf(`site: s\ndevices:\n${devices.join('\n')}\n`)
    expect(found).toHaveLength(51)
    expect(found.at(-1)).toContain('and 30 more')
  })

  it('of a file that is not there, or is too large, are problems too', async () => {
    const missing = await loadSite('nowhere/site.yaml', sampleDeps())
    expect(missing.problems.map(formatProblem)).toEqual(['nowhere/site.yaml:1:1: nowhere/site.yaml does not exist'])
    const [large] = await problemsOf(`site: s\ndevices: []\n${'#'.repeat(2 * 2 ** 20)}`)
    expect(large).toContain('test.yaml:1:1: the file is larger than 2 MiB')
  })
})

/** Texts that mean something to YAML, to JavaScript or to the loader. */
const odd = [
  ': ',
  '\n',
  '- ',
  '{',
  '}',
  '[',
  ',',
  '*a',
  '&a',
  '<<',
  '!!x',
  '"',
  '..',
  '%',
  '~',
  '\t',
  '#',
  '|',
  '?',
  '-1',
  '1e999',
  'null',
  'off',
  '{}',
  '[]',
  'toString',
  '__proto__',
  '💧',
]

describe('a text with damage', () => {
  it.each(['site-full', 'site-anchors', 'site-credentials'])(
    'of %s gives a site or a problem with its place, never a bug',
    async (name) => {
      const text = new TextDecoder().decode(await sampleDeps().files.read(goodFile(name)))
      let state = 7
      // Numerical Recipes' generator: the same damage in every run.
      const below = (most: number): number => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
        return Math.floor((state / 2 ** 32) * most)
      }
      for (let run = 0; run < 150; run++) {
        const at = below(text.length)
        const damaged = `${text.slice(0, at)}${odd[below(odd.length)]}${text.slice(at + below(8))}`
        const { site, problems } = await loadSite(goodFile('test'), sampleDeps(textFiles(damaged)))
        const mistakes = problems.filter((problem) => problem.level === undefined)
        expect([site === undefined, damaged]).toEqual([mistakes.length > 0, damaged])
        for (const { place } of problems) expect(Math.min(place.line, place.column)).toBeGreaterThan(0)
      }
    },
  )
})

it('loads 2,000 devices quickly', async () => {
  const devices = Array.from(
    { length: 2000 },
    (_, i) =>
      `  - name: d${i}\n    address: 10.0.${i >> 8}.${i & 255}\n    probes: [room, fans]\n    labels: { rack: r${i % 40} }\n    credentials: all\n    rules: { RoomHumidity: { within: 40%..60% } }`,
  )
  const text = `site: s\ncredentials: { all: { snmp: { community: x } } }\ndevices:\n${devices.join('\n')}\n`
  const began = process.cpuUsage()
  const site = await load(goodFile('test'), textFiles(text))
  const { user } = process.cpuUsage(began)
  expect(site.devices).toHaveLength(2000)
  // About 1 s of work on a laptop of 2024, however long it waits for others; a slip to quadratic work takes minutes.
  expect(user / 1e6).toBeLessThan(10)
})
