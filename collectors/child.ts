import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { constants } from 'node:os'

/** `node:child_process`'s spawn, as far as it is used here: an argument, so that a test hands in its own. */
export type Spawn = (file: string, args: readonly string[], options: SpawnOptions) => ChildProcess

/** The system's own, for the daemon. */
export const systemSpawn: Spawn = spawn

/** How a child ended. `killed` is by our deadline; `gone` settles when the system has really taken it away. */
export type Ended =
  | { readonly kind: 'done'; readonly code: number; readonly out: string; readonly err: string }
  | { readonly kind: 'killed'; readonly gone: Promise<void> }
  | { readonly kind: 'too-much'; readonly gone: Promise<void> }
  | { readonly kind: 'missing' }
  | { readonly kind: 'no-room' }

export interface ChildOrder {
  /** Aborted at the deadline: the child and all that it started die at once. */
  readonly signal: AbortSignal
  readonly spawn: Spawn
  /** Bytes of standard output and error together; a child that writes more is killed. */
  readonly most: number
  /** Beside PATH and LC_ALL, which every child gets; nothing else of the daemon's own environment is handed on. */
  readonly env?: Readonly<Record<string, string>>
}

/** Daemons are often started without the sbin folders, where Debian keeps FreeIPMI. */
const folders = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** POSIX shells report a child that died of signal n as 128 + n. */
const signalled = 128

/**
 * Runs a command without a shell and gathers what it writes. Never rejects, and settles once: at the child's end, or at
 * the deadline, when its whole process group is killed with SIGKILL (a child may ignore SIGTERM, and its own children
 * may hold its pipes open).
 */
export function run(command: readonly string[], order: ChildOrder): Promise<Ended> {
  const [file = '', ...args] = command
  if (order.signal.aborted) return Promise.resolve({ kind: 'killed', gone: Promise.resolve() })
  let child: ChildProcess
  try {
    child = order.spawn(file, args, {
      detached: true,
      env: childEnvironment(order.env),
      shell: false,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    })
  } catch (error) {
    return Promise.resolve(notStarted(error))
  }
  return new Promise((resolve) => follow(child, order, resolve))
}

function follow(child: ChildProcess, { signal, most }: ChildOrder, resolve: (ended: Ended) => void): void {
  const out: Buffer[] = []
  const err: Buffer[] = []
  let bytes = 0
  const gone = new Promise<void>((settle) => child.once('exit', () => settle()))
  const end = (ended: Ended): void => {
    signal.removeEventListener('abort', abort)
    resolve(ended)
  }
  const kill = (kind: 'killed' | 'too-much'): void => {
    killGroup(child)
    child.stdout?.destroy()
    child.stderr?.destroy()
    end({ kind, gone })
  }
  const abort = (): void => kill('killed')
  const gather = (list: Buffer[]) => (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > most) kill('too-much')
    else list.push(chunk)
  }
  signal.addEventListener('abort', abort, { once: true })
  child.once('error', (error) => end(notStarted(error)))
  child.stdout?.on('data', gather(out)).on('error', () => {})
  child.stderr?.on('data', gather(err)).on('error', () => {})
  child.once('close', (code, died) => {
    end({ kind: 'done', code: code ?? codeOf(died), out: textOf(out), err: textOf(err) })
  })
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // Windows has no process groups; on POSIX the group has just ended by itself.
    child.kill('SIGKILL')
  }
}

function codeOf(died: NodeJS.Signals | null): number {
  return signalled + (died === null ? 0 : constants.signals[died])
}

function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8')
}

function notStarted(error: unknown): Ended {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR' ? { kind: 'missing' } : { kind: 'no-room' }
}

function childEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { PATH, SystemRoot } = process.env
  const path = process.platform === 'win32' ? PATH : [PATH, folders].filter(Boolean).join(':')
  return { PATH: path ?? '', LC_ALL: 'C', ...(SystemRoot === undefined ? {} : { SystemRoot }), ...more }
}
