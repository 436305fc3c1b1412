import { readFile, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { shipped } from '../home.ts'
import { devicesPage, metricsPage } from '../library/pages.ts'
import { commandsPage } from '../reference/commands.ts'
import { configurationPage } from '../reference/configuration.ts'
import type { Command, Io, Listed } from './command.ts'
import { readLibrary } from './library.ts'
import { shippedSchemas } from './schema.ts'
import { printProblems } from './site-file.ts'

const usage = `Usage: siteward docs [--write]

Checks every probe in probes/ and the vocabulary config/metrics.yaml, and compares the documents that are made of them, of
the schemas and of the commands' help with what they should be: metrics.md, devices.md, configuration.md and commands.md in
docs/. --write writes the four.

Exit status: 0 when the probes are without a problem and the documents up to date, 1 when not, 2 for a wrong command line.
`

/** `siteward docs`: the documents that are made of the vocabulary, the probes, the schemas and the commands in this list. */
export function docsOf(listed: readonly Listed[]): Command {
  return {
    name: 'docs',
    summary: 'check the probes that ship, and the documents that are made of them',
    usage,
    async run(args, io) {
      const { values } = parseArgs({ args: [...args], options: { write: { type: 'boolean', default: false } } })
      const { vocabulary, probes, problems } = await readLibrary()
      printProblems(problems, io)
      if (problems.length > 0) return 1
      const shelved = [...probes.values()].map((probe) => ({ probe, kind: basename(dirname(probe.place.file)) }))
      const pages = new Map([
        ['metrics.md', metricsPage(vocabulary, await readFile(shipped('config', 'metrics.yaml'), 'utf8'))],
        ['devices.md', devicesPage(shelved)],
        ['configuration.md', configurationPage(shippedSchemas())],
        ['commands.md', commandsPage(await Promise.all(listed.map(({ load }) => load())))],
      ])
      return values.write ? write(pages, io) : compare(pages, io)
    },
  }
}

async function compare(pages: ReadonlyMap<string, string>, io: Io): Promise<number> {
  let old = 0
  for (const [name, text] of pages) {
    const kept = await readFile(shipped('docs', name), 'utf8').catch(() => '')
    if (linesOf(kept) === linesOf(text)) continue
    io.err.write(`docs/${name} is out of date: run npm run docs\n`)
    old++
  }
  return old === 0 ? 0 : 1
}

/** In one order: git merges the rows that two changes have added in either. */
function linesOf(text: string): string {
  return text.split('\n').sort().join('\n')
}

async function write(pages: ReadonlyMap<string, string>, io: Io): Promise<number> {
  for (const [name, text] of pages) {
    await writeFile(shipped('docs', name), text)
    io.out.write(`docs/${name}\n`)
  }
  return 0
}
