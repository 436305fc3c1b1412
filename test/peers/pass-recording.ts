import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseRecording, type Recording, tags, type Variable } from '../../collectors/snmp/recording.ts'

/**
 * Serves a recording to Debian's snmpd, by its pass_persist (snmpd.conf(5)): an OID in, an OID with type and value out.
 * What that protocol cannot say (Null, Opaque) is left out. Argument: the recording.
 */
const types: Readonly<Partial<Record<number, string>>> = {
  [tags.integer]: 'integer',
  [tags.octets]: 'octet',
  [tags.oid]: 'objectid',
  [tags.address]: 'ipaddress',
  [tags.counter]: 'counter',
  [tags.gauge]: 'gauge',
  [tags.ticks]: 'timeticks',
  [tags.counter64]: 'counter64',
}

const [, , file = ''] = process.argv
const parsed = parseRecording(readFileSync(file, 'utf8'), file)
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
const recording = parsed.value
let order: 'get' | 'getnext' | undefined

createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'PING') process.stdout.write('PONG\n')
  else if (line === 'get' || line === 'getnext') order = line
  else if (order !== undefined) {
    const oid = line.replace(/^\./, '')
    process.stdout.write(told(order === 'get' ? recording.get(oid) : next(recording, oid)))
    order = undefined
  }
})

function next(from: Recording, oid: string): Variable | undefined {
  let found = from.next(oid)
  while (found !== undefined && types[found.tag] === undefined) found = from.next(found.oid)
  return found
}

function told(variable: Variable | undefined): string {
  const type = variable === undefined ? undefined : types[variable.tag]
  if (variable === undefined || type === undefined) return 'NONE\n'
  return `.${variable.oid}\n${type}\n${shown(variable)}\n`
}

function shown({ tag, value }: Variable): string {
  if (!Buffer.isBuffer(value)) return tag === tags.oid ? `.${value}` : String(value)
  return tag === tags.counter64
    ? String(value.readBigUInt64BE())
    : [...value].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
}
