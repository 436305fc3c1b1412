import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  decodeHeader,
  decodeVarbinds,
  encodeRequest,
  oidOf,
  requestPdus,
  sliceOf,
  type Varbind,
  type Varbinds,
  varbindsOf,
  variableAt,
} from '../../../collectors/snmp/codec.ts'
import { mayGoOut } from '../../../collectors/snmp/guard.ts'
import { variablesOf } from '../../../collectors/snmp/message.ts'
import { parseRecording, type Recording } from '../../../collectors/snmp/recording.ts'
import { startSnmpSimulator } from '../../../collectors/snmp/simulator.ts'
import { snmpTransport } from '../../../collectors/snmp/transport.ts'
import { Turn } from '../../../collectors/snmp/turn.ts'
import { opaqueNumber } from '../../../collectors/snmp/value.ts'
import { home, shipped } from '../../../src/home.ts'
import { systemClock } from '../../../src/model/clock.ts'
import { seededRandom } from '../../../src/model/random.ts'
import { Secret } from '../../../src/model/secret.ts'
import { Library } from './library.ts'

const community = Buffer.from('public')

describe('a request', () => {
  test.each([
    [1, requestPdus.get],
    [2, requestPdus.next],
    [2, requestPdus.bulk],
  ] as const)('of version %i, PDU %i, says what was asked and may go out', (version, pdu) => {
    const names = ['1.3.6.1.2.1.1.3.0', '1.0.8802.1.1.2', '2.999.3', '1.3.6.1.4.1.4294967295.128.16384']
    const oids = Array.from({ length: 30 }, () => names.map(sliceOf)).flat()
    const message = encodeRequest({ version, community, pdu, id: 2 ** 31 - 1, repetitions: 200, oids })
    expect(mayGoOut(message)).toBe(true)
    expect(decodeHeader(message)).toMatchObject({ version, pdu, id: 2 ** 31 - 1, status: 0 })
    const variables = variablesOf(message)
    expect(variables === 'encrypted' ? [] : variables.map(({ oid }) => oid)).toEqual(oids.map(oidOf))
  })
})

/** A response of v2c that holds these variables, each a sequence in hexadecimal. */
function response(...variables: readonly string[]): Buffer {
  const wrap = (tag: string, content: string): string => {
    const length = content.length / 2
    return `${tag}${length < 0x80 ? '' : '82'}${length.toString(16).padStart(length < 0x80 ? 2 : 4, '0')}${content}`
  }
  const pdu = wrap('a2', `0204123456780201000201 00${wrap('30', variables.join(''))}`.replaceAll(' ', ''))
  return Buffer.from(wrap('30', `02010104067075626c6963${pdu}`), 'hex')
}

function decoded(message: Buffer): Varbinds | undefined {
  const header = decodeHeader(message)
  return header === undefined ? undefined : decodeVarbinds(message, header.begin, header.end)
}

describe('a reply', () => {
  test.each([
    ['an integer', '300802042b06010102010a'.replace('0204', '0604').replace('3008', '3009'), [10]],
    ['a negative integer', '3009060 42b060101 0201ff', [-1]],
    ['a counter with a sign', '300c06042b060101 4104ffffff80', [4294967168]],
    ['a counter with a leading zero', '300d06042b060101410500ffffff80', [4294967168]],
    ['a short negative gauge', '300906042b0601014201ff', [4294967295]],
    ['a Counter64 of 9 bytes', '301106042b060101460900ffffffffffffffff', [2 ** 53 - 1]],
    ['an address', '300c06042b06010140040a000001', ['10.0.0.1']],
    ['an OID', '300c06042b06010106042b06010a', ['1.3.6.1.10']],
    ['an empty OID', '300806042b0601010600', ['']],
    ['Null', '300806042b0601010500', [null]],
    ['an opaque float', '300f06042b06010144079f780442280000', [42]],
    ['the end', '300806042b0601018200', [null]],
    ['lengths in more bytes than needed', '308200 0a 0681042b060101 0201 0a'.replace('0a 06', '0a06'), [10]],
  ])('with %s', (_, variable, values) => {
    expect(decoded(response(variable.replaceAll(' ', '')))?.values).toEqual(values)
  })

  test.each([
    ['an integer of no bytes', '300806042b0601010200'],
    ['an integer of ten bytes', '301206042b060101020a01010101010101010101'],
    ['an address of three bytes', '300b06042b06010140030a0000'],
    ['an OID that has no end', '300906042b0601810201 0a'],
    ['no OID', '30050600020101'],
    ['an arc of six bytes', '300b06068181818181010201'],
    ['a type that SNMP has not', '300906042b06010109010a'],
    ['a value that is longer than its variable', '300906042b060101020a0a'],
    ['something behind the value', '300a06042b06010102010a00'],
    ['an indefinite length', '308006042b06010102010a'],
    ['no sequence', '310906042b06010102010a'],
  ])('with %s is none', (_, variable) => {
    expect(decoded(response('300906042b06010102010a', variable.replaceAll(' ', '')))).toBeUndefined()
  })

  test('cut at any byte is none', () => {
    const whole = response('300906042b06010102010a', '300c06042b0601014104ffffff80')
    expect(decoded(whole)?.values).toHaveLength(2)
    for (let length = 0; length < whole.length; length++) expect(decoded(whole.subarray(0, length))).toBeUndefined()
  })

  test('of the library comes in the same form', () => {
    const list: Varbind[] = [
      { oid: '1.3.6.1.2.1', type: 2, value: -5 },
      { oid: '1.3.6.1.2.2', type: 65, value: 4294967295 },
      { oid: '1.3.6.1.2.3', type: 70, value: Buffer.from('00ffffffffffffffff', 'hex') },
      { oid: '1.3.6.1.2.4', type: 4, value: Buffer.from('机房') },
      { oid: '1.3.6.1.2.5', type: 6, value: '1.3.6.1.4.1' },
      { oid: '1.3.6.1.2.6', type: 64, value: '10.0.0.1' },
      { oid: '1.3.6.1.2.7', type: 130, value: null },
    ]
    const varbinds = varbindsOf(list)
    expect(varbinds.values).toEqual([-5, 4294967295, 2 ** 53 - 1, Buffer.from('机房'), '1.3.6.1.4.1', '10.0.0.1', null])
    expect(list.map((_, i) => variableAt(varbinds, i).oid)).toEqual(list.map(({ oid }) => oid))
  })
})

/** The library's value in our terms, by other means than ours. */
function plain({ type, value }: Varbind): unknown {
  if (!Buffer.isBuffer(value)) return value
  if (type === 70) return Number(BigInt.asUintN(53, BigInt(`0x0${value.subarray(-8).toString('hex')}`)))
  return type === 68 ? opaqueNumber(value) : value.toString('hex')
}

function ours(varbinds: Varbinds): readonly (readonly [string, number, unknown])[] {
  return varbinds.types.map((type, i) => {
    const value = varbinds.values[i]
    return [variableAt(varbinds, i).oid, type, Buffer.isBuffer(value) ? value.toString('hex') : value]
  })
}

/** How many variables can be compared: behind a Null that has a content the library is lost. */
function comparable({ types, contents, stops }: Varbinds): number {
  const odd = types.findIndex((type, i) => [5, 128, 129, 130].includes(type) && contents[i] !== stops[i])
  return odd < 0 ? types.length : odd
}

/** The library divides the first number of an OID by 40 whatever it is, and cuts arcs to 32 bits. */
function asLibrary([oid, type, value]: readonly [string, number, unknown]): readonly unknown[] {
  const arcs = (text: string): string => {
    const [first = 0, second = 0, ...others] = text.split('.').map(Number)
    return [first * 40 + second, ...others].map((arc) => arc >>> 0).join('.')
  }
  return [arcs(oid), type, type === 6 ? arcs(String(value)) : value]
}

/** Replies of an agent that serves a recording, as they came off the wire, with their requests' ids. */
async function repliesOf(recording: Recording, most: number): Promise<readonly { id: number; message: Buffer }[]> {
  const simulator = await startSnmpSimulator({ recording })
  const replies: { id: number; message: Buffer }[] = []
  const credential = { version: '2c' as const, community: new Secret('public') }
  const agent = { host: '127.0.0.1', port: simulator.port, credential, timeout: 5000, retries: 2 }
  const transport = snmpTransport(agent, ({ way, bytes }) => {
    const message = Buffer.from(bytes)
    if (way === 'received') replies.push({ id: decodeHeader(message)?.id ?? 0, message })
  })
  const turn = new Turn({ clock: systemClock, signal: AbortSignal.timeout(20_000) })
  let last = sliceOf('1.3')
  for (let i = 0; i < most; i++) {
    const reply = await transport.bulk([last], 40, turn)
    if (reply.kind !== 'varbinds') break
    const { bytes, begins, ends, types } = reply.varbinds
    const end = types.length - 1
    if (types[end] === 130) break
    last = { bytes, begin: begins[end] ?? 0, end: ends[end] ?? 0 }
  }
  turn.end()
  transport.close()
  await simulator.close()
  return replies
}

/** A reply with something wrong in it. */
function spoil(message: Buffer, random: () => number): Buffer {
  const at = Math.floor(random() * message.length)
  const copy = Buffer.from(message)
  switch (Math.floor(random() * 5)) {
    case 0:
      copy[at] = Math.floor(random() * 256)
      return copy
    case 1:
      copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(random() * 8))
      return copy
    case 2:
      return copy.subarray(0, at)
    case 3:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1 + Math.floor(random() * 4))])
    default:
      return Buffer.concat([copy.subarray(0, at), Buffer.from([Math.floor(random() * 256)]), copy.subarray(at)])
  }
}

/** Recordings of real devices, which are not ours to ship: beside the checkout, or where the variable says. */
const recorded = process.env['SITEWARD_RECORDINGS'] ?? join(home, '..', 'shared', 'recordings')
const files = [shipped('config', 'demo'), recorded]
  .filter(existsSync)
  .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
  .filter((name) => name.endsWith('.snmprec'))

describe.each(files.map((file) => [basename(file), file]))('%s', (_, file) => {
  const recording = parseRecording(readFileSync(file, 'utf8'), file)
  const library = new Library()

  test('is read as the library reads it, spoilt or not, and nothing throws', async () => {
    if (!recording.ok) throw new Error(JSON.stringify(recording.problems))
    const replies = await repliesOf(recording.value, 60)
    expect(replies.length).toBeGreaterThan(0)
    const random = seededRandom(1)
    let both = 0
    for (const [i, { id, message }] of replies.entries()) {
      const mine = decoded(message)
      expect(mine === undefined ? undefined : ours(mine)).toEqual(
        library.decode(message, id)?.map((one) => [one.oid, one.type, plain(one)]),
      )
      for (let round = 0; round < (i < 10 ? 40 : 4); round++) {
        const spoilt = spoil(message, random)
        const header = decodeHeader(spoilt)
        const found = header === undefined ? undefined : decodeVarbinds(spoilt, header.begin, header.end)
        const theirs = header?.pdu === 0xa2 && header.status === 0 ? library.decode(spoilt, header.id) : undefined
        if (found === undefined || theirs === undefined) continue
        both++
        const count = Math.min(theirs.length, comparable(found))
        expect(ours(found).slice(0, count).map(asLibrary)).toEqual(
          theirs.slice(0, count).map((one) => asLibrary([one.oid, one.type, plain(one)])),
        )
      }
    }
    expect(both).toBeGreaterThan(0)
  })
})
