import { ssh } from '../../collectors/ssh/collector.ts'
import type { SshSpec } from '../../collectors/ssh/schema.ts'
import { type Printed, startSshSimulator } from '../../collectors/ssh/simulator.ts'
import { plainConversion } from '../../src/model/conversion.ts'
import { seededRandom } from '../../src/model/random.ts'
import type { PollResult, Reading } from '../../src/model/reading.ts'
import { Secret } from '../../src/model/secret.ts'
import { SeriesTable } from '../../src/model/series.ts'
import { at } from '../collectors/snmp/poll-snmp.ts'
import { makeDevice, makePoint, makeProbe } from '../samples.ts'
import { below, type Random, spoil } from './spoil.ts'
import { type FuzzedDevice, pollUntil, type Tally } from './tally.ts'
import { isSame, leadingNumber, shown } from './texts.ts'

/** A row as the reference reads it: what it is called, and its value. */
interface Row {
  readonly name: string
  readonly value: number
}

/** A command: how it is declared, what it prints while it is well, and what the reference reads of any print. */
interface Declared {
  readonly parse: unknown
  readonly point: Omit<SshSpec, 'command'>
  readonly print: string
  rows(text: string, code: number): readonly Row[]
}

const alone = (value: number): readonly Row[] => [{ name: '', value }]
const lines = (text: string): readonly string[] => text.split('\n').map((line) => line.replace(/\r$/, ''))
const words = (line: string): readonly string[] => line.split(/\s+/).filter((word) => word !== '')

/** The part of a line behind a separator, and that before it. */
function pair(line: string, separator: string): readonly [string, string] | undefined {
  const [first = '', ...rest] = line.split(separator)
  return rest.length === 0 ? undefined : [first.trim(), rest.join(separator).trim()]
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What a JSON value counts as: numbers, texts with numbers, and truth. */
function numberOf(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'string' ? leadingNumber(value) : Number.NaN
}

const items = (list: unknown): readonly Row[] =>
  (Array.isArray(list) ? list : []).map((item: unknown) => {
    // What is no object is a value by itself.
    if (typeof item !== 'object' || item === null) return { name: '', value: numberOf(item) }
    const { name, value } = Object(item)
    return { name: typeof name === 'object' ? JSON.stringify(name) : String(name ?? ''), value: numberOf(value) }
  })

const declared: readonly Declared[] = [
  { parse: 'text', point: {}, print: ' 23.75 C\n', rows: (text) => alone(leadingNumber(text)) },
  {
    parse: 'lines',
    point: {},
    print: 'a\nb\n\nc\n  \nd\n',
    rows: (text) => alone(lines(text).filter((line) => line.trim() !== '').length),
  },
  { parse: 'exit_status', point: {}, print: '', rows: (_text, code) => alone(code) },
  {
    parse: { key_value: { separator: ':' } },
    point: { value: 'load' },
    print: 'load: 0.42\nusers : 17\nname: x\n',
    rows: (text) =>
      lines(text).flatMap((line) =>
        pair(line, ':')?.[0] === 'load' ? alone(leadingNumber(pair(line, ':')?.[1] ?? '')) : [],
      ),
  },
  {
    parse: { table: { columns: ['name', 'value', 'rest'] } },
    point: { value: 'value', labels: { name: 'name' } },
    print: 'eth0 100 up\neth1 250.5 down for maintenance\nlo 3 up\n',
    rows: (text) =>
      lines(text)
        .map(words)
        .filter(({ length }) => length > 2)
        .map(([name = '', value = '']) => ({ name, value: leadingNumber(value) })),
  },
  {
    parse: { table: { columns: ['name', 'value'], separator: ',', skip: 1 } },
    point: { value: 'value', labels: { name: 'name' } },
    print: 'name,value\ninlet,23\noutlet,-7.5\nexhaust , 41 \n',
    rows: (text) =>
      lines(text).flatMap((line) => {
        const [name, value] = pair(line, ',') ?? []
        return name === undefined ? [] : [{ name, value: leadingNumber(value ?? '') }]
      }),
  },
  {
    parse: { regex: '^(?P<name>[a-z0-9]+)=(?P<value>\\d+);$' },
    point: { value: 'value', labels: { name: 'name' } },
    print: 'cpu0=17;\ncpu1=18;\nsomething else\ncpu2=19;\n',
    rows: (text) =>
      text.split('\n').flatMap((line) => {
        const [name = '', value = ''] = line.split('=')
        return line.endsWith(';') ? [{ name, value: leadingNumber(value) }] : []
      }),
  },
  {
    parse: 'json',
    point: { select: 'room.temperature' },
    print: '{"room":{"temperature":21.5,"humidity":55},"list":[1,2,3]}',
    rows: (text) => {
      const found: unknown = Object(Object(parsed(text)).room).temperature
      return Array.isArray(found) ? found.map((one) => ({ name: '', value: numberOf(one) })) : alone(numberOf(found))
    },
  },
  {
    parse: 'json',
    point: { select: 'list', value: 'value', labels: { name: 'name' } },
    print: '{"list":[{"name":"a","value":1},{"name":"b","value":2.5},{"name":"c","value":"7"}]}',
    rows: (text) => items(Object(parsed(text)).list),
  },
  {
    parse: 'json_lines',
    point: { select: '@', value: 'value', labels: { name: 'name' } },
    print: '{"name":"a","value":1}\n{"name":"b","value":-2}\n',
    rows: (text) =>
      items(
        parsed(
          `[${lines(text)
            .filter((line) => line.trim() !== '')
            .join(',')}]`,
        ),
      ),
  },
]

const commands = Object.fromEntries(
  declared.map(({ parse }, i) => [`c${i}`, { run: `print ${i}`, parse, exit: 'any', timeout: '10s' }]),
)

const points = declared.map(({ point }, i) => {
  const { metric } = at(`value_${i}`, {})
  return makePoint<SshSpec>({ ...point, command: `c${i}` }, { metric, conversion: plainConversion })
})

/** A host whose commands print what is spoilt, most of them. */
class SpoilingHost implements FuzzedDevice {
  readonly job
  /** What each command has printed in this poll. */
  #printed: { readonly stdout: string; readonly code: number }[] = []
  readonly #random: Random
  readonly #tally: Tally

  constructor(random: Random, tally: Tally, simulator: { readonly port: number; readonly fingerprint: string }) {
    this.#random = random
    this.#tally = tally
    const device = makeDevice({
      address: `127.0.0.1:${simulator.port}`,
      options: { ssh: { host_key: simulator.fingerprint } },
      credentials: { ssh: { user: 'siteward', password: new Secret('canary-of-the-host') } },
    })
    const table = new SeriesTable('hospital')
    const use = { probe: makeProbe('ssh', points, { commands }), interval: 60_000, timeout: 20_000 }
    const job = ssh.prepare(use, device, table.scope(table.source('d', 'p')))
    if (!job.ok) throw new Error(JSON.stringify(job.problems))
    this.job = job.value
  }

  print(run: string): Printed | undefined {
    const index = Number(run.slice('print '.length))
    const good = declared[index]?.print
    if (good === undefined) return undefined
    const stdout = this.#random() < 0.8 ? spoil(Buffer.from(good), this.#random).toString('latin1') : good
    const printed = { stdout, code: below(256, this.#random) }
    this.#printed[index] = printed
    this.#tally.replies++
    return printed
  }

  readonly judge = (result: PollResult): void => {
    const printed = this.#printed
    this.#printed = []
    this.#tally.take(
      result,
      (reading) => isRight(reading, printed),
      () => JSON.stringify(printed),
    )
  }
}

function isRight({ series: { metric, labels }, value }: Reading, printed: readonly Printed[]): boolean {
  const index = Number(metric.name.slice('value_'.length))
  const { stdout = '', code = 0 } = printed[index] ?? {}
  const { name = '' } = labels
  // The second row of one name has a number behind it.
  const names = [name, name.replace(/#\d+$/, '')]
  const rows = declared[index]?.rows(stdout, code) ?? []
  return rows.some((row) => names.includes(shown(row.name)) && isSame(row.value, value))
}

const hosts = 8

/** What commands print, over real connections. */
export async function fuzzSsh(count: number, seed: number, tally: Tally): Promise<void> {
  const simulators = await Promise.all(
    Array.from({ length: hosts }, async (_, i) => {
      let host: SpoilingHost | undefined
      const simulator = await startSshSimulator({
        user: 'siteward',
        password: 'canary-of-the-host',
        command: (run) => host?.print(run),
      })
      host = new SpoilingHost(seededRandom(seed + i), tally, simulator)
      return { simulator, host }
    }),
  )
  await pollUntil(
    count,
    tally,
    simulators.map(({ host }) => host),
  )
  await Promise.all(simulators.map(({ simulator }) => simulator.close()))
}
