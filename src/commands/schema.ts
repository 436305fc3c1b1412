import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { collectors } from '../../collectors/registry.ts'
import { renderSchemas } from '../config/schema.ts'
import { shipped } from '../home.ts'
import type { Schemas } from '../model/protocol.ts'
import { type Command, type Io, UsageError } from './command.ts'

/** `siteward schema`: the JSON Schemas that editors read, made of what the loader checks. */
export const schema: Command = {
  name: 'schema',
  summary: 'compare config/schema/ with what the loader checks, or write it',
  usage: 'siteward schema [--write]',
  async run(args, io) {
    const [flag, ...more] = args
    if (more.length > 0 || (flag !== undefined && flag !== '--write')) throw new UsageError(`unknown argument ${flag}`)
    return flag === undefined ? compare(io) : write(io)
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
