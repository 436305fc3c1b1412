import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Collector, Played, Recordings } from '../../collectors/collector.ts'
import { good, type Result } from '../model/result.ts'
import { byProtocol } from './site-file.ts'

/** A recording as it lies on the disk. */
export interface RecordingFile {
  readonly path: string
  readonly text: string
}

/** Reads a recording; a folder is one case of fixtures/probes/, whose recording has the name of its protocol. */
export async function readRecording(path: string, collector?: Collector): Promise<Result<RecordingFile>> {
  const candidates = (await isFolder(path)) ? fileNames(collector).map((name) => join(path, name)) : [path]
  for (const candidate of candidates) {
    const text = await readFile(candidate, 'utf8').catch(() => undefined)
    if (text !== undefined) return good({ path: candidate, text })
  }
  const message = candidates.length === 1 && candidates[0] === path ? 'cannot be read' : 'holds no recording'
  return { ok: false, problems: [{ place: { file: path, line: 1, column: 1 }, message }] }
}

/** The protocols of which a text can be a recording, the one with the most particular form first. */
export async function protocolsOf(text: string): Promise<readonly (readonly [Collector, Recordings])[]> {
  const found: (readonly [Collector, Recordings])[] = []
  for (const [collector, recordings] of recordable()) {
    if (await recordings.recognises(text)) found.push([collector, recordings])
  }
  return found
}

/** Plays a recording by a collector. */
export async function playBy(collector: Collector, { path, text }: RecordingFile): Promise<Result<Played>> {
  const { recordings, protocol } = collector
  if (recordings !== undefined) return recordings.play(text, path)
  const message = `${protocol} has no recordings: nothing can stand in for its devices`
  return { ok: false, problems: [{ place: { file: path, line: 1, column: 1 }, message }] }
}

function recordable(): readonly (readonly [Collector, Recordings])[] {
  return [...byProtocol.values()].flatMap((one) =>
    one.recordings === undefined ? [] : [[one, one.recordings] as const],
  )
}

function fileNames(collector: Collector | undefined): readonly string[] {
  const all = collector === undefined ? recordable().map(([one]) => one) : [collector]
  return all.flatMap(({ recordings }) => recordings?.fileName ?? [])
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
