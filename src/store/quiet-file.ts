import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import Type, { type Static } from 'typebox'
import Value from 'typebox/value'
import type { QuietWindow } from '../model/quiet.ts'

const fileName = 'quiet.json'

/** A quiet time that was added while siteward ran; stamps are wall clock. */
const stored = Type.Object({
  name: Type.String(),
  author: Type.String(),
  note: Type.String(),
  devices: Type.Array(Type.String()),
  alarms: Type.Array(Type.String()),
  match: Type.Record(Type.String(), Type.String()),
  from: Type.Number(),
  to: Type.Number(),
  ends_when_well: Type.Optional(Type.Number()),
})

/** The quiet times kept in a state folder; none where there is no file, or none that can be read (`broken` is told why). */
export function loadQuiet(folder: string, broken: (why: string) => void): readonly QuietWindow[] {
  let text: string
  try {
    text = readFileSync(join(folder, fileName), 'utf8')
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') broken(codeOf(error))
    return []
  }
  try {
    const list: unknown = JSON.parse(text)
    if (Value.Check(Type.Array(stored), list)) return list.map(windowOf)
    broken('it does not hold a list of quiet times')
  } catch {
    broken('it is no JSON')
  }
  return []
}

/** Keeps quiet times: on disk before it returns, and never half. Throws the system's error when it could not. */
export function saveQuiet(folder: string, windows: readonly QuietWindow[]): void {
  const file = join(folder, fileName)
  const handle = openSync(`${file}.new`, 'w', 0o640)
  try {
    writeSync(handle, `${JSON.stringify(windows.flatMap(textOf), undefined, 2)}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(`${file}.new`, file)
}

function windowOf(text: Static<typeof stored>): QuietWindow {
  const { name, author, note, devices, alarms, match, from, to, ends_when_well: endsWhenWell } = text
  return { name, author, note, scope: { devices, alarms, match }, time: { kind: 'once', from, to }, endsWhenWell }
}

function textOf({ name, author, note, scope, time, endsWhenWell }: QuietWindow): readonly Static<typeof stored>[] {
  if (time.kind !== 'once') return []
  const { devices, alarms, match } = scope
  const rest = endsWhenWell === undefined ? {} : { ends_when_well: endsWhenWell }
  return [
    { name, author, note, devices: [...devices], alarms: [...alarms], match, from: time.from, to: time.to, ...rest },
  ]
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}
