import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { diskFiles, type Files } from './config/files.ts'
import type { Packed } from './config/packed.ts'
import { home, shipped } from './home.ts'

/** Where the build leaves what it has made of a YAML file; undefined where it does not ship. */
export function packedFile(file: string): string | undefined {
  const path = relative(home, file)
  return path.startsWith('..') ? undefined : shipped('dist', 'shipped', `${path}.json`)
}

/** The machine's own files, those that ship packed by the build where it has run. */
export const files: Files = { ...diskFiles, packed }

function packed(file: string, text: string): Packed | undefined {
  const json = packedFile(file)
  if (json === undefined) return undefined
  try {
    const made: Packed = JSON.parse(readFileSync(json, 'utf8'))
    return made.text === text ? made : undefined
  } catch {
    return undefined
  }
}
