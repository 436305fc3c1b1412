import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseRecording } from '../../collectors/snmp/recording.ts'
import { type SnmpSimulator, startSnmpSimulator } from '../../collectors/snmp/simulator.ts'
import { seededRandom } from '../../src/model/random.ts'
import { describeWith, peer } from '../peers/peer.ts'
import { until } from '../peers/process.ts'
import { House } from './house.ts'
import { type PostedAlert, Receiver } from './receiver.ts'

/** What a port of a switch may be called: octets, of whatever device. */
const spiteful: readonly Buffer[] = [
  Buffer.from('plain'),
  Buffer.from('a"b'),
  Buffer.from('a\\b'),
  Buffer.from('a\\'),
  Buffer.from('a\\"} 1\nforged_metric{x="'),
  Buffer.from('one\ntwo'),
  Buffer.from('one\r\ntwo'),
  Buffer.from('a\0b'),
  Buffer.from('\x1b[31mred\x07'),
  Buffer.from('c\u0085d\u009fe'),
  Buffer.from('\u2028\u2029\u202e\ufeff'),
  Buffer.from('端口一'),
  // 端口 in GBK; a surrogate by itself as CESU-8 writes it; overlong and cut UTF-8.
  Buffer.from([0xb6, 0xcb, 0xbf, 0xda]),
  Buffer.from([0x61, 0xed, 0xa0, 0x80, 0x62]),
  Buffer.from([0xc0, 0xaf]),
  Buffer.from([0xf0, 0x9f, 0x98]),
  Buffer.from('😀'.repeat(200)),
  Buffer.from('x'.repeat(1200)),
  Buffer.from('   '),
  Buffer.alloc(0),
  Buffer.from('{}[]=,#!$ \t'),
  Buffer.from('NaN'),
]

/** As many again by chance, of what makes trouble. */
function byChance(count: number): readonly Buffer[] {
  const random = seededRandom(21)
  const pieces = [
    ...spiteful,
    Buffer.from('"'),
    Buffer.from('\\'),
    Buffer.from('\n'),
    Buffer.from([0xff]),
    Buffer.from('é'),
  ]
  return Array.from({ length: count }, () => {
    const parts = Array.from({ length: 1 + Math.floor(random() * 5) }, () => {
      const piece = pieces[Math.floor(random() * pieces.length)] ?? Buffer.alloc(0)
      return random() < 0.3 ? Buffer.from([Math.floor(random() * 256)]) : piece
    })
    return Buffer.concat(parts).subarray(0, 1200)
  })
}

const texts = [...spiteful, ...byChance(200)]
const descriptions = '1.3.6.1.2.1.2.2.1.2'
const speeds = '1.3.6.1.2.1.2.2.1.5'

interface Sample {
  readonly name: string
  readonly labels: ReadonlyMap<string, string>
  readonly value: string
}

/** Reads the text format by its grammar (Prometheus' exposition formats, text format 0.0.4), and nothing besides. */
function strictly(page: string): readonly Sample[] {
  return page.split('\n').flatMap((line) => (line === '' || line.startsWith('#') ? [] : [sampleOf(line)]))
}

function sampleOf(line: string): Sample {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0]
  if (name === undefined) throw new Error(`no name: ${line}`)
  let rest = line.slice(name.length)
  const labels = new Map<string, string>()
  if (rest.startsWith('{')) {
    rest = rest.slice(1)
    while (!rest.startsWith('}')) {
      const [whole, label = '', text = ''] = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)",?/.exec(rest) ?? []
      if (whole === undefined || labels.has(label)) throw new Error(`no label: ${line}`)
      labels.set(
        label,
        text.replace(/\\(.)/g, (_, sign: string) => (sign === 'n' ? '\n' : sign)),
      )
      rest = rest.slice(whole.length)
    }
    rest = rest.slice(1)
  }
  const [, value] = /^ (NaN|[-+]?(?:Inf|\d[\d.]*(?:e[-+]?\d+)?))$/.exec(rest) ?? []
  if (value === undefined) throw new Error(`no value: ${line}`)
  return { name, labels, value }
}

let house: House
let agent: SnmpSimulator
let told: Receiver
let page: Buffer

beforeAll(async () => {
  const lines = [
    ...texts.map((text, i) => `${descriptions}.${i + 1}|4x|${text.toString('hex')}`),
    ...texts.map((_, i) => `${speeds}.${i + 1}|66|${1000 * (i + 1)}`),
  ]
  const recording = parseRecording(`${lines.join('\n')}\n`, 'spiteful.snmprec')
  if (!recording.ok) throw new Error(recording.problems.map(({ message }) => message).join())
  agent = await startSnmpSimulator({ recording: recording.value })
  told = await Receiver.open()
  house = await House.build({
    site: `alertmanagers: ['http://127.0.0.1:${told.port}']
credentials: { lan: { snmp: { version: 2c, community: public } } }
defaults: { interval: 2s, timeout: 2s }
devices:
  - { name: switch, address: '127.0.0.1:${agent.port}', probes: [fault-ports], credentials: lan }
`,
    files: {
      'probes/fault-ports.yaml': `probe: fault-ports
title: Ports of a switch
collector: snmp
proof: register-map
points:
  - metric: interface_speed_bytes_per_second
    column: ${speeds}
    labels: { interface: { column: ${descriptions} } }
rules:
  - alarm: PortHasSpeed
    when: interface_speed_bytes_per_second
    above: 1 bit/s
    summary: { en: 'port {interface} has {value}', zh: '端口 {interface}：{value}' }
`,
    },
  })
  await house.start()
  await until(
    async () => {
      page = Buffer.from(await (await fetch(`http://127.0.0.1:${house.port}/metrics`)).arrayBuffer())
      return page.includes('interface_speed_bytes_per_second{') && alerts().length >= texts.length
    },
    60,
    () => `${alerts().length} alerts\n${house.output}`,
  )
})

afterAll(async () => {
  await house.remove()
  await agent.close()
  told.close()
})

const decoder = new TextDecoder('utf-8', { fatal: true })

/** All alerts of ports that Alertmanager was told of, each once. */
function alerts(): readonly PostedAlert[] {
  const ports = told.alerts.filter(({ labels }) => labels['alertname'] === 'PortHasSpeed')
  return [...new Map(ports.map((alert) => [JSON.stringify(alert.labels), alert])).values()]
}

const speedsSeen = (): readonly Sample[] =>
  strictly(decoder.decode(page)).filter(({ name }) => name === 'interface_speed_bytes_per_second')

test('C1: whatever ports are called, /metrics is text by its grammar, with each port once and nothing forged', () => {
  const samples = strictly(decoder.decode(page))
  expect(samples.filter(({ name }) => name.startsWith('forged'))).toEqual([])
  const values = speedsSeen().map(({ value }) => Number(value))
  expect(values.sort((a, b) => a - b)).toEqual(texts.map((_, i) => 1000 * (i + 1)))
  expect(new Set(speedsSeen().map(({ labels }) => labels.get('interface'))).size).toBe(texts.length)
})

test('C1: a label has no control characters, no half characters and at most 256 of them', () => {
  for (const { labels } of speedsSeen()) {
    const text = labels.get('interface') ?? ''
    expect(text).toMatch(/^\P{Cc}{1,256}$/u)
    expect(text.length).toBeLessThanOrEqual(256)
    expect(text.isWellFormed()).toBe(true)
  }
})

test('C1: names are kept where they can be: Chinese, also in GBK, quotes and backslashes', () => {
  const names = speedsSeen().map(({ labels }) => labels.get('interface') ?? '')
  for (const name of ['plain', 'a"b', 'a\\b', 'a\\', '端口一', '端口']) expect(names).toContain(name)
})

test('C1: Alertmanager is told the same texts, in JSON that is UTF-8, and no empty label', () => {
  const told = alerts().map(({ labels }) => labels['interface'])
  const shown = speedsSeen().map(({ labels }) => labels.get('interface'))
  expect([...told].sort()).toEqual([...shown].sort())
  for (const { labels, annotations } of alerts()) {
    for (const [name, text] of Object.entries({ ...labels, ...annotations })) {
      expect(name).toMatch(/^[a-zA-Z_][a-zA-Z0-9_]*$/)
      expect(text.isWellFormed()).toBe(true)
      expect(text).not.toBe('')
    }
  }
})

describeWith(['promtool'], 'C1: Prometheus', () => {
  test('C1: promtool takes the page', () => {
    // It also finds fault with names and help texts, with exit status 3; what it cannot read is 1.
    const status = (): unknown => {
      try {
        execFileSync(peer('promtool') ?? '', ['check', 'metrics'], { input: page, stdio: 'pipe' })
        return 0
      } catch (error) {
        return Reflect.get(Object(error), 'status')
      }
    }
    expect([0, 3]).toContain(status())
  })
})
