import type { Witnessed } from '../../src/model/harvest.ts'
import type { Point } from '../../src/model/probe.ts'
import type { Series } from '../../src/model/series.ts'
import { hexText } from '../bytes.ts'
import type { Message, Step } from '../collector.ts'
import { typeNames, unsigned } from './codec.ts'
import type { SnmpPlan } from './compile.ts'
import { indexOfSeries } from './kept.ts'
import { gatesOf, readFrom } from './layout.ts'
import { pduBytes, variablesOf, type WireVariable } from './message.ts'
import type { SnmpSpec } from './schema.ts'
import { opaqueNumber, textOf } from './value.ts'

/** What a plan's messages hold, by OID, with the message that each came in. */
interface Heard {
  readonly variables: ReadonlyMap<string, WireVariable>
  readonly request: ReadonlyMap<string, Message>
  readonly isEncrypted: boolean
}

/** From the messages of a poll to the raw value of a point, or to why it has none. */
export function explain(
  plan: SnmpPlan,
  point: Point,
  value: Witnessed | undefined,
  messages: readonly Message[],
): readonly Step[] {
  const { spec } = point as Point<SnmpSpec>
  const heard = hear(messages)
  if (value === undefined) return [whyNot(spec, heard)]
  if (spec.rows !== undefined) return [{ name: 'rows', text: countText(spec, heard) }]
  const index = spec.oid === undefined ? indexIn(plan, value.series) : ''
  return stepsOf(spec, index, heard, (one) => valueText(one, plan.charset))
}

function indexIn({ tables }: SnmpPlan, series: Series): string {
  const keys = tables.map((table) => indexOfSeries(table, series))
  return String(keys.find((key) => key !== undefined) ?? '')
}

function hear(messages: readonly Message[]): Heard {
  const variables = new Map<string, WireVariable>()
  const request = new Map<string, Message>()
  let isEncrypted = false
  let asked: Message | undefined
  for (const message of messages) {
    if (message.way === 'sent') asked = message
    else {
      const found = variablesOf(Buffer.from(message.bytes))
      if (found === 'encrypted') isEncrypted = true
      else
        for (const one of found) {
          // The end of a column comes under the OID of its last row.
          if (one.tag >= 128 && variables.has(one.oid)) continue
          variables.set(one.oid, one)
          if (asked !== undefined) request.set(one.oid, asked)
        }
    }
  }
  return { variables, request, isEncrypted }
}

function stepsOf(
  spec: SnmpSpec,
  index: string,
  { variables, request, isEncrypted }: Heard,
  shown: (one: WireVariable) => string,
): readonly Step[] {
  const at = (column: string): string => (index === '' ? column : `${column}.${index}`)
  const from = readFrom(spec).find((column) => variables.has(at(column)))
  const variable = from === undefined ? undefined : variables.get(at(from))
  const secret = 'SNMPv3 with priv: the message is encrypted on the wire'
  if (variable === undefined) return [{ name: 'wire', text: isEncrypted ? secret : 'not seen in any message' }]
  // Without the header: the community stands there.
  const asked = pduBytes(Buffer.from(request.get(variable.oid)?.bytes ?? []))
  const beside = besideOf(spec)
    .map(([name, column]) => [name, variables.get(at(column))] as const)
    .flatMap(([name, one]) => (one === undefined ? [] : [{ name, text: shown(one) }]))
  return [
    ...(asked === undefined ? [] : [{ name: 'request', text: hexText(asked) }]),
    { name: 'reply', text: hexText(variable.bytes) },
    { name: 'variable', text: shown(variable) },
    ...(spec.as === undefined ? [] : [{ name: 'as', text: spec.as }]),
    ...beside,
  ]
}

/** The other columns of the row that the reading is made with. */
function besideOf(spec: SnmpSpec): readonly (readonly [name: string, oid: string])[] {
  const labels = Object.entries(spec.labels ?? {}).flatMap(([name, source]) => {
    if (typeof source === 'string' || !('column' in source) || source.by !== undefined) return []
    return [source.column].flat().map((oid) => [`label ${name}`, oid] as const)
  })
  const factors = (['multiply_by', 'divide_by', 'digits', 'si_prefix', 'high_word'] as const).flatMap((key) => {
    const oids = spec[key]
    return oids === undefined ? [] : [oids].flat().map((oid) => [key, oid] as const)
  })
  const gates = gatesOf(spec).flatMap(({ column }) => (column === undefined ? [] : [['only', column] as const]))
  return [...labels, ...gates, ...factors]
}

/** Why a point has no reading, as far as the messages tell. */
function whyNot(spec: SnmpSpec, { variables, isEncrypted }: Heard): Step {
  const [from, gates] = [readFrom(spec), gatesOf(spec)]
  const rows = rowsOf(from, variables)
  const all = from.join(', ')
  if (isEncrypted && variables.size === 0)
    return { name: 'wire', text: 'the messages are encrypted (SNMPv3 with priv)' }
  if (rows.length > 0 && gates.length > 0) {
    const asked = gates.map(({ column, index, is, not, matches }) => {
      const wanted = [
        ...(is === undefined ? [] : [is.join(', ')]),
        ...(not === undefined ? [] : [`not ${not.join(', ')}`]),
        ...(matches === undefined ? [] : [`like ${matches}`]),
      ].join(' and ')
      if (column === undefined) return `index ${[index].flat().join('..')} ${wanted}`
      const seen = [...new Set(rows.map((row) => shortText(variables.get(`${column}.${row}`))))].slice(0, 5)
      return `${column} ${wanted} (there: ${seen.join(', ')})`
    })
    return { name: 'only', text: `none of ${rows.length} rows of ${all} has ${asked.join(' and ')}` }
  }
  const kind = spec.oid === undefined ? 'no row of' : 'nothing at'
  return { name: 'absent', text: `the device has ${kind} ${all}` }
}

function rowsOf(from: readonly string[], variables: ReadonlyMap<string, WireVariable>): readonly string[] {
  const there = [...variables.values()].filter(({ tag }) => tag < 128).map(({ oid }) => oid)
  const rows = from.flatMap((column) =>
    there.filter((oid) => oid.startsWith(`${column}.`)).map((oid) => oid.slice(column.length + 1)),
  )
  return [...new Set(rows)]
}

function countText(spec: SnmpSpec, { variables }: Heard): string {
  const [from, gates] = [readFrom(spec), gatesOf(spec)]
  const counted = `${rowsOf(from, variables).length} rows of ${from.join(', ')}`
  return gates.length === 0 ? counted : `${counted}, of which those count for which only: holds`
}

function shortText(variable: WireVariable | undefined): string {
  return variable === undefined ? 'nothing' : contentText(variable, 'utf-8')
}

function valueText(variable: WireVariable, charset: 'utf-8' | 'gb18030'): string {
  const { oid, tag } = variable
  return `${oid} = ${typeNames[tag] ?? `type ${tag}`} ${contentText(variable, charset)}`.trim()
}

function contentText({ tag, value }: WireVariable, charset: 'utf-8' | 'gb18030'): string {
  switch (tag) {
    case 2:
      return value.length === 0 || value.length > 6 ? hexText(value) : String(value.readIntBE(0, value.length))
    case 4:
      return JSON.stringify(textOf(value, charset).slice(0, 120))
    case 64:
      return [...value].join('.')
    case 65:
    case 66:
    case 67:
    case 70:
      return String(unsigned(value, 0, value.length))
    case 68:
      return String(opaqueNumber(value) ?? hexText(value))
    default:
      return hexText(value)
  }
}
