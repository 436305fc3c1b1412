import type { Milliseconds } from '../../src/model/clock.ts'
import type { Harvest } from '../../src/model/harvest.ts'
import { labelValue, markedValue } from '../../src/model/labels.ts'
import type { PlannedCommand, PlannedPoint } from './compile.ts'
import type { Memory } from './memory.ts'
import { type Parsed, parseOutput, type Row, selectRows } from './parse.ts'
import type { SshSpec } from './schema.ts'
import type { Section } from './script.ts'

/** What texts are compared with, and when: wall clock. */
export interface Compared {
  readonly memory: Memory
  readonly wall: Milliseconds
}

/** The output of one command to readings; what is wrong with it is a fault that names the command. */
export function decode(command: PlannedCommand, section: Section, harvest: Harvest, compared?: Compared): void {
  const { name, exit, points, most } = command
  if (section.refusal !== undefined) {
    const said = labelValue(section.refusal).slice(0, 80)
    harvest.fault('config', `command ${name}: the device does not take it ("${said}")`, points.length)
    return
  }
  if (section.isCut) {
    harvest.fault(
      'limit',
      `command ${name} printed more than ${most} bytes; raise most_output or print less`,
      points.length,
    )
    return
  }
  if (exit !== undefined && !exit.includes(section.code)) {
    harvest.fault('config', `command ${name} ended with status ${section.code}${meaning(section.code)}`, points.length)
    return
  }
  if (points.length === 0) {
    compared?.memory.note(name, section.output)
    return
  }
  const parsed = parse(command, section, compared)
  if (parsed.kind === 'unreadable') {
    harvest.fault('protocol', `command ${name}: ${parsed.why}`, points.length)
    return
  }
  for (const planned of points) {
    const rows = parsed.kind === 'rows' ? parsed.rows : selectRows(parsed.data, planned.point.spec.select ?? '@')
    if (rows === undefined) harvest.fault('protocol', `command ${name}: select does not fit its output`, 1)
    else read(planned, rows, harvest)
  }
}

function parse({ name, parser }: PlannedCommand, section: Section, compared: Compared | undefined): Parsed {
  if (parser.kind !== 'digest') return parseOutput(parser, section)
  const row = compared?.memory.row(name, section.output, parser, compared.wall)
  return row === undefined ? { kind: 'unreadable', why: 'it printed no text' } : { kind: 'rows', rows: [row] }
}

/** What a POSIX shell means by a status of its own (POSIX.1-2017, Shell, 2.8.2). */
export function meaning(code: number): string {
  if (code === 127) return ': no such command on the device'
  return code === 126 ? ': the user may not run it' : ''
}

function read({ point, value, constants, columns }: PlannedPoint, rows: readonly Row[], harvest: Harvest): void {
  const seen = new Map<string, number>()
  for (const row of rows) {
    if (!isWanted(row, point.spec.only)) continue
    const raw = row[value]
    // A key that this device does not print is no reading, and no mistake either.
    if (raw === undefined) continue
    const own = Object.entries(columns).map(
      ([label, column]) => [label, labelValue(String(row[column] ?? ''))] as const,
    )
    const key = JSON.stringify(own)
    const count = (seen.get(key) ?? 0) + 1
    seen.set(key, count)
    const [first, ...others] = own
    const told =
      first === undefined || count === 1 ? own : [[first[0], markedValue(first[1], `#${count}`)] as const, ...others]
    harvest.labelled(point, { ...constants, ...Object.fromEntries(told) }, raw)
  }
}

function isWanted(row: Row, only: SshSpec['only']): boolean {
  return Object.entries(only ?? {}).every(([column, { is, not }]) => {
    const text = String(row[column] ?? '')
    return (is === undefined || is.includes(text)) && not?.includes(text) !== true
  })
}
