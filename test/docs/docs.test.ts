import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isMap, parse, parseAllDocuments, parseDocument } from 'yaml'
import { shipped } from '../../src/home.ts'
import { peer } from '../peers/peer.ts'
import { pause } from '../peers/process.ts'
import { type Block, blocksOf, missing, unfenced } from './blocks.ts'
import { type StandIns, startStandIns } from './stand-ins.ts'
import { openTerminal, type Terminal } from './terminal.ts'

/*
 * Every command and every YAML of the documents is tried, in the order in which a reader meets them, each document in a
 * folder of its own. The words after the fence say what is done with a block:
 *
 *   yaml FILE, csv FILE  is written to the file
 *   yaml site            a part of a site file: checked, with devices of ours where it has none
 *   yaml prometheus      a whole configuration of Prometheus, checked by promtool; so alertmanager by amtool
 *   yaml kubernetes      is parsed
 *   sh                   is run; what it prints is seen
 *   sh elsewhere         is not run, since it needs root, another machine or hours; every siteward command in it exists
 *   text, json           was seen in what the last commands have printed; `...` stands for anything
 *   ini, promql          is shown
 *
 * Where a document writes no site.yaml, the one of the README is there. A line <!-- siteward runs --> starts it.
 */

const documents = ['README.md', 'README.zh.md', ...readdirSync(shipped('docs')).map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith('.md'),
)

let standIns: StandIns
beforeAll(async () => {
  standIns = await startStandIns()
})
afterAll(() => standIns.close())

function read(name: string): string {
  return readFileSync(shipped(...name.split('/')), 'utf8')
}

/** The site file that the README writes, for the documents that build on it. */
function readmeSite(): string {
  return blocksOf(read('README.md')).find(({ word }) => word === 'site.yaml')?.text ?? ''
}

class Reader {
  readonly #folder = mkdtempSync(join(tmpdir(), 'siteward-docs-'))
  readonly #terminal: Terminal
  readonly #document: string
  #seen = ''

  constructor(document: string, blocks: readonly Block[]) {
    this.#document = document
    this.#terminal = openTerminal(this.#folder, { SERVER_PASSWORD: 'of nobody', SERVER_COMMUNITY: 'public' })
    this.#write('secrets/community', 'public\n')
    if (!blocks.some(({ word }) => word === 'site.yaml')) this.#write('site.yaml', standIns.here(readmeSite()))
  }

  async follow(block: Block): Promise<void> {
    const { kind, word, text } = block
    if (['yaml', 'csv'].includes(kind) && word.includes('.')) this.#write(word, standIns.here(text))
    else if (kind === 'yaml') await this.#check(block)
    else if (kind === 'sh' && word === 'elsewhere') checkCommands(block, this.#document)
    else if (kind === 'sh') this.#seen = standIns.there(await this.#run(standIns.here(text)))
    else if (kind === 'text' || kind === 'json') expect(missing(text, this.#seen), this.#seen).toEqual([])
    else expect(['ini', 'promql'], `${this.#document}:${block.line}`).toContain(kind)
  }

  async close(): Promise<void> {
    await this.#terminal.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #run(script: string): Promise<string> {
    const printed = await this.#terminal.run(script)
    if (/^siteward run .*& *(#.*)?$/m.test(script)) await this.#untilReady()
    return printed
  }

  /** A reader's siteward has polled before the next command is typed. */
  async #untilReady(): Promise<void> {
    const address = standIns.here('http://127.0.0.1:9879/-/ready')
    for (let tries = 0; tries < 300; tries++) {
      const answer = await fetch(address).catch(() => undefined)
      if (answer?.ok === true) return
      await pause(100)
    }
    throw new Error(`${this.#document}: siteward does not run`)
  }

  async #check({ word, text, line }: Block): Promise<void> {
    const name = `part-${line}.yaml`
    const place = `${this.#document}:${line}`
    if (word === 'kubernetes') {
      expect(
        parseAllDocuments(text).flatMap(({ errors }) => errors),
        place,
      ).toEqual([])
      return
    }
    expect(['site', 'prometheus', 'alertmanager'], place).toContain(word)
    this.#write(name, word === 'site' ? standIns.here(wholeSite(text)) : text)
    if (word === 'site') await this.#terminal.run(`siteward check --config ${name}`)
    else checkByTool(word === 'prometheus' ? 'promtool' : 'amtool', join(this.#folder, name))
  }

  #write(name: string, text: string): void {
    const file = join(this.#folder, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text, { mode: 0o600 })
  }
}

/** A part of a site file with what every site file has. */
function wholeSite(text: string): string {
  const site = parseDocument(text)
  if (!isMap(site.contents)) throw new Error(`no part of a site file: ${text}`)
  const own = parse(readmeSite())
  const more = parse(readFileSync(shipped('fixtures', 'docs', 'devices.yaml'), 'utf8'))
  const whole = {
    site: own.site,
    credentials: { ...own.credentials, ...more.credentials },
    devices: [...own.devices, ...more.devices],
  }
  for (const [key, value] of Object.entries(whole)) if (!site.has(key)) site.set(key, value)
  return site.toString()
}

function checkByTool(tool: 'promtool' | 'amtool', file: string): void {
  const found = peer(tool)
  if (found === undefined) {
    if (process.env['CI'] === 'true') throw new Error(`${tool} is not installed here (see test/peers.sh)`)
    process.stderr.write(`skipped: ${file}: ${tool} is not installed here\n`)
    return
  }
  execFileSync(found, tool === 'promtool' ? ['check', 'config', '--syntax-only', file] : ['check-config', file])
}

/** What is not run is spelt right: the command exists, and has each option that is written. */
function checkCommands({ text, line }: Block, document: string): void {
  for (const [, command = '', rest = ''] of text.matchAll(/\bsiteward ([a-z]+)([^|&;\n]*)/g)) {
    const usage = execFileSync(process.execPath, [shipped('dist', 'siteward.cjs'), command, '--help'], {
      encoding: 'utf8',
    })
    for (const [option] of rest.matchAll(/(?<=\s)--[a-z.-]+/g)) {
      expect(usage, `${document}:${line}: siteward ${command} ${option}`).toContain(option)
    }
  }
}

describe('the documents, followed word by word', () => {
  test.each(documents)('%s', { timeout: 180_000 }, async (document) => {
    const text = read(document)
    // The house is drawn, not run.
    if (document !== 'docs/architecture.md') expect(unfenced(text), `${document}: lines without a fence`).toEqual([])
    const blocks = blocksOf(text)
    const reader = new Reader(document, blocks)
    try {
      for (const block of blocks) await reader.follow(block)
    } finally {
      await reader.close()
    }
  })
})
