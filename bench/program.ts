import { fork } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/**
 * What is measured runs in a program of its own (bench/programs/NAME.ts), so that its CPU and memory are its alone.
 * It is asked by messages and answers each with one.
 */
export interface Program<Order, Reply> {
  readonly pid: number
  ask(order: Order): Promise<Reply>
  stop(): Promise<void>
}

type Message<Reply> = { readonly reply: Reply } | { readonly failed: string }

/** Starts bench/programs/NAME and waits until it is ready. */
export async function startProgram<Order extends object, Reply>(
  name: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
): Promise<Program<Order, Reply>> {
  const file = new URL(`programs/${name}.js`, import.meta.url)
  const child = fork(file, [...args], { execArgv: [...flags] })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const next = (): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const hear = (message: Message<Reply>): void => {
        child.off('exit', lost)
        if ('failed' in message) reject(new Error(`${name}: ${message.failed}`))
        else resolve(message.reply)
      }
      const lost = (): void => {
        child.off('message', hear)
        reject(new Error(`bench/programs/${name} has ended`))
      }
      child.once('message', hear)
      child.once('exit', lost)
    })
  await next()
  return {
    pid: child.pid ?? 0,
    ask(order) {
      child.send(order)
      return next()
    },
    async stop() {
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** The program's side: says that it is ready, then answers every order; ends with the benchmark. */
export function answer<Order>(work: (order: Order) => Promise<unknown>): void {
  const send = (message: Message<unknown>): void => {
    process.send?.(message)
  }
  process.on('message', async (order: Order) => {
    try {
      send({ reply: await work(order) })
    } catch (error) {
      send({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  })
  process.on('disconnect', () => process.exit())
  send({ reply: 'ready' })
}

/** CPU milliseconds (user and system, all threads) of this process for `work`. */
export async function ownCpu(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/**
 * CPU milliseconds that another process has used so far, with the children it has waited for: fields 14-17 of
 * /proc/PID/stat, in hundredths of a second (proc(5)).
 */
export function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * 10, 0)
}

/** A line of /proc/PID/status in MB: VmRSS is the resident memory now, VmHWM its peak (proc(5)). */
export function memoryOf(pid: number | 'self', line: 'VmRSS' | 'VmHWM'): number {
  const found = new RegExp(`^${line}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(found?.[1]) / 1024
}

/** How many files and sockets a process has open. */
export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}
