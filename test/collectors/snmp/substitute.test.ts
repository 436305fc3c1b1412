import { afterEach, describe, expect, test } from 'vitest'
import type { Job } from '../../../collectors/collector.ts'
import { contentFor } from '../../../collectors/snmp/codec.ts'
import { parseRecording } from '../../../collectors/snmp/recording.ts'
import { type SnmpSimulator, startSnmpSimulator } from '../../../collectors/snmp/simulator.ts'
import type { Outcome } from '../../../src/model/aim.ts'
import type { Raw } from '../../../src/model/conversion.ts'
import type { Witnessed } from '../../../src/model/harvest.ts'
import { Secret } from '../../../src/model/secret.ts'
import { context } from '../prepared.ts'
import { at, prepare, values } from './poll-snmp.ts'

let simulator: SnmpSimulator | undefined
let job: Job | undefined

afterEach(async () => {
  await job?.close()
  await simulator?.close()
  job = undefined
  simulator = undefined
})

const base = '1.3.6.1.4.1.99999'
const text = `${base}.2.1.0|2|291
${base}.2.2.0|4|23.5 C
${base}.2.3.0|66|4294967168
${base}.2.4.0|68x|9f780442280000
${base}.2.5.0|70|5000000000
${base}.2.6.0|65|7
${base}.2.7.0|65|1
${base}.2.8.0|6|1.3.6.1.4.1.99999.9.1
${base}.3.1.1|2|40
${base}.3.1.2|2|41
${base}.3.2.1|4|left
${base}.3.2.2|4|right
${base}.3.3.1|2|10
${base}.3.3.2|2|10
${base}.4.1.1|66|300
${base}.4.2.1|66|700
`
const points = [
  at('plain', { oid: `${base}.2.1.0` }),
  at('text', { oid: `${base}.2.2.0` }),
  at('signed', { oid: `${base}.2.3.0`, as: 'int32' }),
  at('float', { oid: `${base}.2.4.0` }),
  at('long', { oid: `${base}.2.5.0` }),
  at('words', { oid: `${base}.2.6.0`, high_word: `${base}.2.7.0` }),
  at('either', { oid: [`${base}.2.99.0`, { oid: `${base}.2.1.0`, scale: 0.1 }] }),
  at('column', { column: `${base}.3.1`, labels: { side: { column: `${base}.3.2` } }, divide_by: `${base}.3.3` }),
  at('share', { column: `${base}.4.1`, divide_by: [`${base}.4.1`, `${base}.4.2`] }),
  at('rows', { rows: `${base}.3.1` }),
]
const before = {
  plain: 291,
  text: 23.5,
  signed: -128,
  float: 42,
  long: 5e9,
  words: 2 ** 32 + 7,
  either: 29.1,
  'column left': 4,
  'column right': 4.1,
  share: 0.3,
  rows: 2,
}

async function begin(credential?: object, list = points): Promise<readonly Witnessed[]> {
  const recording = parseRecording(text, 'sample.snmprec')
  if (!recording.ok) throw new Error(JSON.stringify(recording.problems))
  const users = [{ name: 'duty', auth: { protocol: 'sha', secret: 'long enough' } }]
  simulator = await startSnmpSimulator({ recording: recording.value, users })
  job = prepare(simulator.port, list, credential)
  const seen: Witnessed[] = []
  await job.poll(context(5000, { witness: (one) => seen.push(one) }))
  return seen
}

async function put(was: Witnessed | undefined, raw: Raw) {
  if (was === undefined || job?.pollWith === undefined) throw new Error('nothing was read')
  const told: Outcome<string>[] = []
  const result = await job.pollWith({ was, raw, placed: (one) => told.push(one) }, context())
  // A variable may come more than once: a walk reads beyond the end of its column.
  return { told: [...new Map(told.map((one) => [JSON.stringify(one), one])).values()], read: values(result) }
}

describe.each([
  ['v2c', undefined],
  ['v3', { version: 3, user: 'duty', auth: { protocol: 'sha', secret: new Secret('long enough') } }],
])('%s', (_version, credential) => {
  test.each<[string, Raw, string, Partial<typeof before>]>([
    ['plain', 350, `${base}.2.1.0 = INTEGER 350`, { plain: 350, either: 35 }],
    ['text', '35 C', `${base}.2.2.0 = OCTET STRING 35 C`, { text: 35 }],
    ['signed', -5, `${base}.2.3.0 = Gauge32 4294967291`, { signed: -5 }],
    ['float', 43.5, `${base}.2.4.0 = Opaque 43.5`, { float: 43.5 }],
    ['long', 6e9, `${base}.2.5.0 = Counter64 6000000000`, { long: 6e9 }],
    ['column left', 950, `${base}.3.1.1 = INTEGER 950`, { 'column left': 95 }],
    // 6300 used beside 700 free.
    ['share', 900, `${base}.4.1.1 = Gauge32 6300`, { share: 0.9 }],
  ])('%s', async (name, raw, sent, changed) => {
    const was = (await begin(credential)).find(
      ({ point, series }) => [point.metric.name, series.labels['side']].join(' ').trim() === name,
    )
    expect(await put(was, raw)).toEqual({ told: [{ ok: true, value: sent }], read: { ...before, ...changed } })
  })
})

test('v1, which has no numbers of 64 bits', async () => {
  const seen = await begin(
    { version: 1, community: new Secret('public') },
    points.filter(({ metric }) => metric.name !== 'long'),
  )
  expect((await put(seen[0], 350)).read).toMatchObject({ plain: 350, text: 23.5 })
  const right = seen.find(({ series }) => series.labels['side'] === 'right')
  expect((await put(right, 950)).read).toMatchObject({ 'column left': 4, 'column right': 95 })
})

test('both halves of a number are sent', async () => {
  const was = (await begin()).find(({ point }) => point.metric.name === 'words')
  expect(await put(was, 3 * 2 ** 32 + 9)).toEqual({
    told: [
      { ok: true, value: `${base}.2.6.0 = Counter32 9` },
      { ok: true, value: `${base}.2.7.0 = Counter32 3` },
    ],
    read: { ...before, words: 3 * 2 ** 32 + 9 },
  })
})

test('a number of rows is told by no variable', async () => {
  const was = (await begin()).find(({ point }) => point.metric.name === 'rows')
  expect(await put(was, 1)).toMatchObject({ told: [{ ok: false }], read: before })
})

test.each<[string, number, number | string]>([
  ['an INTEGER', 2, 2 ** 31],
  ['a Gauge32', 66, -1],
  ['a number', 2, 'left'],
  ['an OID', 6, 'left'],
  ['an address', 64, '10.0.0.1'],
])('%s that cannot be is not sent', (_what, type, raw) => {
  expect(contentFor(type, raw, Buffer.alloc(0))).toBeUndefined()
})
