import { loadavg, uptime } from 'node:os'
import { Aborted, untilAborted } from '../../src/model/deadline.ts'
import type { Call } from './schema.ts'

/** Everything that can be asked of the system: fixed calls, without arguments. */
export type System = Readonly<Record<Call, () => Promise<unknown>>>

/**
 * systeminformation, loaded at the first poll only: it takes 50 ms. It runs shell commands, so no text from outside is
 * ever handed to it.
 */
export async function loadSystem(): Promise<System> {
  const { default: library } = await import('systeminformation')
  return {
    // Windows keeps no load average and says 0.
    system: async () => ({ uptime: uptime(), loads: process.platform === 'win32' ? [] : loadavg() }),
    memory: () => library.mem(),
    cpu: () => library.currentLoad(),
    temperature: () => library.cpuTemperature(),
    network: () => library.networkStats('*'),
    'disk operations': () => library.disksIO(),
    'disk bytes': () => library.fsStats(),
    processes: () => library.processes(),
    disks: () => library.diskLayout(),
    'file systems': () => library.fsSize(),
  }
}

/** What came of a call: an answer, which may be empty, or why there is none. */
export type Told =
  | { readonly kind: 'answer'; readonly answer: unknown }
  | { readonly kind: 'late' | 'hanging' | 'failed' }

/** The machine itself. One call at a time; one that hangs (df on a dead NFS server) is not called again until it returns. */
export class Host {
  readonly #load: () => Promise<System>
  #system: Promise<System> | undefined
  readonly #hanging = new Set<Call>()
  #isPrimed = false

  constructor(load: () => Promise<System>) {
    this.#load = load
  }

  /** Makes one call. Never rejects; settles at the deadline at the latest. */
  async ask(call: Call, signal: AbortSignal): Promise<Told> {
    if (this.#hanging.has(call)) return { kind: 'hanging' }
    if (signal.aborted) return { kind: 'late' }
    this.#hanging.add(call)
    const work = this.#call(call).finally(() => this.#hanging.delete(call))
    try {
      const answer = await untilAborted(work, signal)
      return { kind: 'answer', answer: this.#isSinceStart(call) ? null : answer }
    } catch (error) {
      return { kind: error instanceof Aborted ? 'late' : 'failed' }
    }
  }

  async #call(call: Call): Promise<unknown> {
    this.#system ??= this.#load()
    const system = await this.#system
    return system[call]()
  }

  /** The first load of the processor is the mean since the machine was started: old news. */
  #isSinceStart(call: Call): boolean {
    if (call !== 'cpu' || this.#isPrimed) return false
    this.#isPrimed = true
    return true
  }
}
