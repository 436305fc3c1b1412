import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

/** A real program that a test has started. */
export interface Started {
  readonly child: ChildProcess
  /** What it has printed so far, both streams. */
  output(): string
  /** Ends it with a signal and waits until it is gone; resolves to its exit status, or the signal that ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | string>
}

/** Starts a program; its output is kept for the message of a failed test. */
export function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Started {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  const keep = (data: Buffer): void => {
    text = (text + data.toString()).slice(-200_000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const ended = new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'gone'))
  })
  return {
    child,
    output: () => text,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal)
      return ended
    },
  }
}

/** Waits until `condition` holds, looking every 50 ms; fails with what `why` says. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  seconds: number,
  why: () => string,
): Promise<void> {
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    try {
      if (await condition()) return
    } catch {
      // Not there yet.
    }
    await pause(50)
  }
  throw new Error(`not within ${seconds} s: ${why()}`)
}

/** Real time, for tests with real peers only. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** A port that is free now: by TCP on 127.0.0.1, and by UDP on every address. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await freeTcpPort()
    if (await isFreeByUdp(port)) return port
  }
}

function freeTcpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

function isFreeByUdp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.once('error', () => socket.close(() => resolve(false)))
    socket.bind(port, '0.0.0.0', () => socket.close(() => resolve(true)))
  })
}
