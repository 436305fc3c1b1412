import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { collectors } from '../../collectors/registry.ts'
import { renderSchemas } from '../config/schema.ts'
import { shipped } from '../home.ts'
import type { Schemas } from '../model/protocol.ts'
import type { Command, Io } from './command.ts'

const usage = `Usage: siteward schema [--write]

Compares the JSON Schemas in config/schema/, which editors read, with what the loader checks. --write writes them.

Exit status: 0 when they are up to date or were written, 1 when one is out of date, 2 for a wrong command line.
`

/** `siteward schema`: the JSON Schemas that editors read, made of what the loader checks. */
export const schema: Command = {
  name: 'schema',
  summary: 'compare config/schema/ with what the loader checks, or write it',
  usage,
  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options: { write: { type: 'boolean' } } })
    return values.write === true ? write(io) : compare(io)
  },
}

/** The schemas of siteward's own protocols, by file name. */
export function shippedSchemas(): ReadonlyMap<string, string> {
  const list: ReadonlyArray<{ readonly protocol: string; readonly schemas: Schemas }> = Object.values(collectors)
  return renderSchemas(new Map(list.map(({ protocol, schemas }) => [protocol, schemas])))
}

async function compare(io: Io): Promise<number> {
  const old: string[] = []
  for (const [file, text] of shippedSchemas()) {
    const path = shipped('config', 'schema', file)
    if ((await readFile(path, 'utf8').catch(() => '')) !== text) old.push(path)
  }
  for (const path of old) io.out.write(`${path} is out of date: run siteward schema --write\n`)
  return old.length === 0 ? 0 : 1
}

async function write(io: Io): Promise<number> {
  await mkdir(shipped('config', 'schema'), { recursive: true })
  for (const [file, text] of shippedSchemas()) {
    const path = shipped('config', 'schema', file)
    await writeFile(path, text)
    io.out.write(`${path}\n`)
  }
  return 0
}
