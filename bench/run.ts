import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { arch, cpus, loadavg, release, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { shipped } from '../src/home.ts'
import type { Figure, Measured } from './figure.ts'
import { shortNumber } from './rounds.ts'

/**
 * `npm run bench [-- --only 1,5]`: measures siteward beside its peers, prints a table, and writes what was measured in
 * this run to bench/results.json. Figures are files of bench/figures/; each compares both sides in one run.
 */
type Result = Measured & Figure

/** Measures the figures with these ids, or all; the exit status: 1 when one could not be measured. */
async function bench(only: readonly number[] | undefined): Promise<number> {
  const figures = (await allFigures()).filter(({ id }) => only?.includes(id) ?? true)
  const results: Result[] = []
  for (const figure of figures) {
    process.stderr.write(`${figure.id}: ${figure.figure}\n`)
    const result = { ...figure, ...(await measure(figure)) }
    process.stderr.write(`   ${shown(result)}\n`)
    results.push(result)
  }
  process.stdout.write(`${machine()}\n\n${table(results)}\n`)
  const rows = results.map(({ id, figure, value, goal, met, spread }) => ({ id, figure, value, goal, met, spread }))
  writeFileSync(shipped('bench', 'results.json'), `${JSON.stringify(rows, null, 2)}\n`)
  return results.some(({ value }) => Number.isNaN(value)) ? 1 : 0
}

async function allFigures(): Promise<readonly Figure[]> {
  const folder = new URL('figures/', import.meta.url)
  const files = readdirSync(folder).filter((file) => file.endsWith('.js'))
  const loaded = files.map(async (file) => ((await import(new URL(file, folder).href)) as { figure: Figure }).figure)
  return (await Promise.all(loaded)).sort((a, b) => a.id - b.id)
}

/** A figure that cannot be measured here (a peer is not installed) is not met, and says why. */
async function measure(figure: Figure): Promise<Measured> {
  try {
    return await figure.run()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { value: Number.NaN, met: false, spread: `not measured: ${why} (see test/peers.sh)` }
  }
}

function table(results: readonly Result[]): string {
  const rows = results.map(
    ({ id, figure, goal, ...result }) =>
      `| ${id} | ${figure} | ${goal} | ${shortNumber(result.value)} | ${result.met ? 'yes' : 'NO'} | ${result.spread} | ${result.detail ?? ''} |`,
  )
  return ['| # | figure | goal | measured | met | spread | in detail |', '|---|---|---|---|---|---|---|', ...rows].join(
    '\n',
  )
}

function shown({ value, met, spread, detail = '' }: Measured): string {
  return `${shortNumber(value)} (${spread}) ${met ? 'met' : 'NOT MET'} ${detail}`
}

const libraries = ['net-snmp', 'prom-client', 'modbus-serial', 'node-ssh', 'ssh2', 'libsql']
const peers = [
  ['prometheus-snmp-exporter', '--version'],
  ['prometheus-ipmi-exporter', '--version'],
  ['ssh', '-V'],
  ['ipmi-sensors', '--version'],
] as const

/** The machine, and the versions of everything that was measured. */
function machine(): string {
  const [cpu] = cpus()
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  return [
    `${cpu?.model ?? arch()} x ${cpus().length}, ${memory}, Linux ${release()}, load ${shortNumber(loadavg()[0] ?? 0)}; Node ${process.version}`,
    libraries.map((name) => `${name} ${libraryVersion(name)}`).join(', '),
    peers.map(([command, option]) => peerVersion(command, option)).join(', '),
  ].join('\n')
}

function libraryVersion(name: string): string {
  const text = readFileSync(shipped('node_modules', name, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** The first line that a command says of itself. */
function peerVersion(command: string, option: string): string {
  try {
    const said = execFileSync('/bin/sh', ['-c', `${command} ${option} 2>&1`], { encoding: 'utf8' })
    return (said.split('\n')[0] ?? '').replace(/ \(branch.*/, '')
  } catch {
    return `no ${command}`
  }
}

const { values } = parseArgs({ options: { only: { type: 'string' } } })
process.exitCode = await bench(values.only?.split(',').map(Number))
