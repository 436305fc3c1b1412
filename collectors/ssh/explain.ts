import type { Witnessed } from '../../src/model/harvest.ts'
import { labelValue } from '../../src/model/labels.ts'
import type { Point } from '../../src/model/probe.ts'
import type { Message, Step } from '../collector.ts'
import type { PlannedCommand, PlannedPoint, SshPlan } from './compile.ts'
import { meaning } from './decode.ts'
import { Dialog, type Manners } from './dialog.ts'
import { digest } from './digest.ts'
import { parseOutput, type Row, selectRows } from './parse.ts'
import { markOf, type Section, Sections } from './script.ts'

const mostShown = 400

/** From what a point's command printed to its raw value, or to why it has none. */
export function explain(
  plan: SshPlan,
  point: Point,
  value: Witnessed | undefined,
  messages: readonly Message[],
): readonly Step[] {
  for (const command of plan.commands) {
    const planned = command.points.find((one) => one.point === point)
    if (planned !== undefined) return stepsOf(command, planned, value, sectionOf(plan, command, messages))
  }
  return []
}

function stepsOf(
  { name, run, exit, parser }: PlannedCommand,
  planned: PlannedPoint,
  value: Witnessed | undefined,
  section: Section | undefined,
): readonly Step[] {
  const command = { name: 'command', text: run }
  if (section === undefined)
    return [command, { name: 'absent', text: `${name} printed nothing that was seen to its end` }]
  const { code, output } = section
  const status = { name: 'status', text: `${code}${meaning(code)}` }
  if (exit !== undefined && !exit.includes(code)) return [command, { ...status, name: 'absent' }]
  if (parser.kind === 'digest') {
    const text = `hash=${digest(output, parser).hash}`
    return [command, status, { name: 'parse', text: parser.kind }, { name: 'row', text }]
  }
  const parsed = parseOutput(parser, section)
  const printed = { name: 'output', text: cut(output) }
  if (parsed.kind === 'unreadable') return [command, status, printed, { name: 'absent', text: parsed.why }]
  const rows = parsed.kind === 'rows' ? parsed.rows : (selectRows(parsed.data, planned.point.spec.select ?? '@') ?? [])
  const how = {
    name: 'parse',
    text: parser.kind + (parsed.kind === 'json' ? ` ${planned.point.spec.select ?? '@'}` : ''),
  }
  if (value === undefined) return [command, status, printed, how, { name: 'absent', text: whyNot(planned, rows) }]
  const row = rows.find((one) => fits(planned, one, value))
  return [command, status, printed, how, { name: 'row', text: row === undefined ? 'not found again' : shown(row) }]
}

/** What a command printed in a joined script, or by itself. */
function sectionOf(plan: SshPlan, wanted: PlannedCommand, messages: readonly Message[]): Section | undefined {
  if (plan.manners !== undefined) return sectionOfDialog(plan, plan.manners, wanted, messages)
  let found: Section | undefined
  let take: (data: Buffer) => void = () => {}
  for (const { way, bytes } of messages) {
    const data = Buffer.from(bytes)
    if (way === 'received') take(data)
    else {
      const script = data.toString('utf8')
      const mark = markOf(script)
      const order = ordered(plan.commands, script)
      const sections = new Sections(order, mark ?? '', (index, section) => {
        if (order[index] === wanted) found = section
      })
      let alone = ''
      take = (part) => {
        if (mark !== undefined) sections.take(part)
        else if (script === wanted.run) {
          alone += part.toString('utf8')
          found = { output: alone, code: 0, isCut: false }
        }
      }
    }
  }
  return found
}

function sectionOfDialog(
  { commands }: SshPlan,
  manners: Manners,
  wanted: PlannedCommand,
  messages: readonly Message[],
): Section | undefined {
  let found: Section | undefined
  const dialog = new Dialog(manners, commands, (index, section) => {
    if (commands[index] === wanted) found = section
  })
  for (const { way, bytes } of messages) if (way === 'received') dialog.take(Buffer.from(bytes))
  return found
}

/** A script has slow commands last. */
function ordered(commands: readonly PlannedCommand[], script: string): readonly PlannedCommand[] {
  const place = ({ run }: PlannedCommand): number => script.indexOf(`{ ${run}\n}`)
  return [...commands].sort((a, b) => place(a) - place(b))
}

function fits({ value, columns }: PlannedPoint, row: Row, { raw, series }: Witnessed): boolean {
  return (
    row[value] === raw &&
    Object.entries(columns).every(([label, column]) => {
      const own = series.labels[label] ?? ''
      return own.replace(/#\d+$/, '') === labelValue(String(row[column] ?? ''))
    })
  )
}

function whyNot({ value, point }: PlannedPoint, rows: readonly Row[]): string {
  if (rows.length === 0) return 'it printed no row of the form that parse: asks for'
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  if (!names.includes(value)) return `no row has "${value}"; there are ${names.slice(0, 12).join(', ')}`
  return `only: ${JSON.stringify(point.spec.only ?? {})} holds for none of ${rows.length} rows`
}

function shown(row: Row): string {
  return cut(
    Object.entries(row)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
  )
}

function cut(text: string): string {
  const line = text.trimEnd()
  return line.length > mostShown ? `${line.slice(0, mostShown)} ... (${line.length} characters)` : line
}
