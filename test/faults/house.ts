import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { shipped } from '../../src/home.ts'
import { type Sample, samplesOf } from '../peers/exposed.ts'
import { freePort, pause, until } from '../peers/process.ts'

/** What the daemon's process holds, after a garbage collection. */
export interface Vitals {
  /** Bytes of JavaScript's heap, and of what it holds outside of it. */
  readonly heap: number
  /** Open descriptors. */
  readonly files: number
}

/** What can be done to the daemon's process from within (vitals.cjs); times in ms. */
export type Infliction =
  | { readonly do: 'step' | 'block'; readonly by: number }
  | { readonly do: 'throw' | 'reject'; readonly message: string }

/** One look at /metrics. */
export class Page {
  /** When it was asked for. */
  readonly at: number
  readonly samples: readonly Sample[]

  constructor(at: number, text: string) {
    this.at = at
    this.samples = samplesOf(text)
  }

  /** Every sample of a metric with these labels. */
  all(name: string, labels: Readonly<Record<string, string>> = {}): readonly Sample[] {
    const wanted = Object.entries(labels)
    return this.samples.filter(
      (one) => one.name === name && wanted.every(([label, text]) => one.labels[label] === text),
    )
  }

  /** The sum of these samples' values; undefined where there are none. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const found = this.all(name, labels)
    return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0)
  }
}

/** What a house is built of. */
export interface HouseOrder {
  /** The site file but for site, listen, state_directory and probe_directories; `{folder}` stands for the house's own. */
  readonly site: string
  /** Files beside the site file, by their name in the house's folder; what lies in probes/ is a probe. */
  readonly files?: Readonly<Record<string, string>>
  readonly env?: NodeJS.ProcessEnv
  readonly args?: readonly string[]
  /** Modules of this folder that are loaded into the daemon before its own code. */
  readonly preloads?: readonly string[]
  /** What starts the daemon, in front of its own command: `prlimit --nofile=64`; it must become it, not its parent. */
  readonly under?: readonly string[]
  /** Where its standard output goes; kept in `output` otherwise. */
  readonly stdout?: number
}

/**
 * The daemon as it is installed, a process of its own, in a folder of its own: what it exposes, prints and holds. It can
 * be killed and started again in the same folder.
 */
export class House {
  readonly folder = mkdtempSync(join(tmpdir(), 'siteward-faults-'))
  readonly port: number
  #order: HouseOrder
  #child: ChildProcess | undefined
  #ended: Promise<number | string> = Promise.resolve('never started')
  #output = ''

  private constructor(order: HouseOrder, port: number) {
    this.#order = order
    this.port = port
  }

  /** Writes the folder; nothing runs yet. */
  static async build(order: HouseOrder): Promise<House> {
    const house = new House(order, await freePort())
    mkdirSync(join(house.folder, 'probes'))
    for (const [name, text] of Object.entries(order.files ?? {})) house.write(name, text)
    house.writeSite(order.site)
    return house
  }

  /** Writes the site file anew, of the parts that `HouseOrder.site` has. */
  writeSite(parts: string): void {
    this.write(
      'site.yaml',
      `site: house
listen: 127.0.0.1:${this.port}
state_directory: state
probe_directories: [probes]
${parts.replaceAll('{folder}', this.folder)}`,
    )
  }

  /** Changes the environment of its next start. */
  outfit(env: NodeJS.ProcessEnv): void {
    this.#order = { ...this.#order, env: { ...this.#order.env, ...env } }
  }

  /** Writes a file of the folder, for its owner only. */
  write(name: string, text: string): void {
    const path = join(this.folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { mode: 0o600 })
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** What it has printed since it was built, both streams. */
  get output(): string {
    return this.#output
  }

  /** Whether it runs. */
  get isAlive(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null
  }

  /** Starts the daemon and waits until it answers, for so many seconds at most. */
  async start(patience = 60): Promise<void> {
    this.launch()
    const isUp = async (): Promise<boolean> => !this.isAlive || (await this.page()).samples.length > 0
    await until(isUp, patience, () => this.output)
    if (!this.isAlive) throw new Error(`it did not start: ${this.output}`)
  }

  /** Starts the daemon and waits for nothing. */
  launch(): void {
    const daemon = [shipped('dist', 'siteward.cjs'), 'run', '--config', join(this.folder, 'site.yaml')]
    const { under = [], args = [], env, stdout = 'pipe', preloads = [] } = this.#order
    const own = ['vitals.cjs', ...preloads].flatMap((name) => ['--require', new URL(name, import.meta.url).pathname])
    const [command = '', ...rest] = [...under, process.execPath, '--expose-gc', ...own, ...daemon, ...args]
    const child = spawn(command, rest, {
      env: { ...process.env, ...env },
      stdio: ['ignore', stdout, 'pipe', 'ipc'],
    })
    this.#child = child
    const keep = (data: Buffer): void => {
      this.#output = (this.#output + data.toString()).slice(-1_000_000)
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message))
      child.once('exit', (code, signal) => resolve(code ?? signal ?? 'gone'))
    })
  }

  /** Resolves when it has ended: to its exit status, or the signal that ended it. */
  get ended(): Promise<number | string> {
    return this.#ended
  }

  /** Nobody reads what it prints any more. */
  stopListening(): void {
    this.#child?.stdout?.destroy()
  }

  /** Ends it with a signal; resolves to its exit status, or the signal that ended it. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
    this.#child?.kill(signal)
    return this.#ended
  }

  /** Stops its process for so many ms, as a machine that is suspended. */
  async suspend(length: number): Promise<void> {
    this.#child?.kill('SIGSTOP')
    await pause(length)
    this.#child?.kill('SIGCONT')
  }

  /** Ends what still runs, and removes the folder. */
  async remove(): Promise<void> {
    await this.stop('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }

  async page(): Promise<Page> {
    const at = Date.now()
    return new Page(at, await this.text())
  }

  /** What /metrics says. */
  async text(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.port}/metrics`)).text()
  }

  /** What its process holds now, after a garbage collection. */
  vitals(): Promise<Vitals> {
    return new Promise((resolve, reject) => {
      this.#child?.once('message', (message) => resolve(message as Vitals))
      this.#child?.send({ do: 'vitals' }, (error) => {
        if (error !== null) reject(error)
      })
    })
  }

  /** Does something to its process from within. */
  inflict(what: Infliction): void {
    this.#child?.send(what)
  }
}
