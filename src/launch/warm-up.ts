import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../model/clock.ts'
import { Chunks } from './chunks.ts'

/*
 * `node warm-up.cjs MILLISECONDS CHUNK,CHUNK... COMMAND...`, by build.ts: runs siteward with the command for so long, loads
 * the other chunks, and writes V8's cache of each: what was compiled until then, which is what a start needs.
 */

const [node = '', program = '', milliseconds, others = '', ...command] = process.argv
const folder = import.meta.dirname
const chunks = new Chunks(folder)
process.argv = [node, program, ...command]
chunks.load('cli')
systemClock.after(Number(milliseconds), () => {
  for (const name of others.split(',')) chunks.load(name)
  for (const [name, cache] of chunks.caches()) writeFileSync(join(folder, `${name}.cache`), cache)
  process.exit()
})
