import { createHash } from 'node:crypto'
import type { AddressInfo, Socket } from 'node:net'
import ssh2, { type AuthContext, type Connection, type ServerChannel } from 'ssh2'

/** What a simulated command prints; undefined when there is no such command. */
export interface Printed {
  readonly stdout: string
  readonly code?: number
}

/** What a simulated command does in place of printing: never ends, never stops, cuts the connection, ends without a status. */
export type Misdeed = 'hang' | 'flood' | 'reset' | 'vanish'

/** A simulated host. */
export interface SimulatedHost {
  readonly user: string
  readonly password?: string
  /** Public keys that may log in, in OpenSSH's form. */
  readonly keys?: readonly string[]
  /** A command as declared, to what it prints or does. */
  command(run: string): Printed | Misdeed | undefined
  /** Has a command line of its own in place of single commands, as switches do: what it prints when it waits. */
  readonly prompt?: string
  readonly host?: string
  readonly port?: number
}

/** A simulated host at work. */
export interface SshSimulator {
  readonly host: string
  readonly port: number
  /** Of its host key, as a credential's host_key takes it. */
  readonly fingerprint: string
  /** Every command line that came. */
  readonly requested: readonly string[]
  /** Logins that were tried, successful or not. */
  logins(): number
  /** Cuts every connection, as a host that loses its power. */
  cut(): void
  close(): Promise<void>
}

/** The form of collectors/ssh/script.ts, which is what a POSIX shell would be sent. */
const joined = /^\{ ([\s\S]*?)\n\} <\/dev\/null 2>\/dev\/null; printf '\\n%s %d %d\\n' (\S+) (\d+) \$\?$/gm

/** Serves a host over SSH: no shell stands behind it, only a table of commands. */
export async function startSshSimulator(simulated: SimulatedHost): Promise<SshSimulator> {
  const { private: hostKey, public: publicKey } = makeHostKey()
  const requested: string[] = []
  const connections = new Set<Connection>()
  let logins = 0
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
    connections.add(connection)
    connection.on('error', () => {})
    connection.on('close', () => connections.delete(connection))
    connection.on('authentication', (context) => {
      logins++
      if (isWelcome(context, simulated)) context.accept()
      else context.reject(['password', 'publickey'])
    })
    connection.on('ready', () => serve(connection, simulated, requested))
  })
  server.on('error', () => {})
  const host = simulated.host ?? '127.0.0.1'
  await new Promise<void>((resolve) => server.listen(simulated.port ?? 0, host, resolve))
  const address: AddressInfo | string | null = server.address() as AddressInfo | string | null
  const cut = (): void => {
    for (const connection of connections) socketOf(connection)?.destroy()
  }
  return {
    host,
    port: typeof address === 'object' && address !== null ? address.port : 0,
    fingerprint: fingerprintOf(publicKey),
    requested,
    logins: () => logins,
    cut,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const connection of connections) connection.end()
        cut()
      }),
  }
}

/** About one in some hundreds of the keys that the library makes it cannot read itself. */
function makeHostKey(): { readonly private: string; readonly public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519')
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair
  }
}

function fingerprintOf(publicKey: string): string {
  const bytes = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64')
  return `SHA256:${createHash('sha256').update(bytes).digest('base64').replace(/=+$/, '')}`
}

function socketOf(connection: Connection): Socket | undefined {
  const socket: unknown = Reflect.get(connection, '_sock')
  return typeof socket === 'object' && socket !== null && 'destroy' in socket ? (socket as Socket) : undefined
}

function isWelcome(context: AuthContext, { user, password, keys = [] }: SimulatedHost): boolean {
  if (context.username !== user) return false
  if (context.method === 'password') return context.password === password
  if (context.method !== 'publickey') return false
  const shown = context.key.data
  return keys.some((key) => {
    const parsed = ssh2.utils.parseKey(key)
    if (parsed instanceof Error || !parsed.getPublicSSH().equals(shown)) return false
    return context.signature === undefined || parsed.verify(context.blob ?? Buffer.alloc(0), context.signature) === true
  })
}

function serve(connection: Connection, simulated: SimulatedHost, requested: string[]): void {
  connection.on('session', (accept) => {
    const session = accept()
    const { prompt } = simulated
    if (prompt !== undefined) {
      session.on('pty', (accepted) => accepted?.())
      session.on('shell', (accepted) => serveLines(connection, accepted(), { ...simulated, prompt }, requested))
      return
    }
    session.on('exec', (accepted, _reject, { command }) => {
      requested.push(command)
      const channel = accepted()
      channel.on('error', () => {})
      const steps = [...command.matchAll(joined)]
      if (steps.length === 0) runOne(connection, channel, simulated.command(command))
      else runScript(connection, channel, simulated, steps)
    })
  })
}

function runOne(connection: Connection, channel: ServerChannel, printed: ReturnType<SimulatedHost['command']>): void {
  if (misbehave(connection, channel, printed)) return
  const { stdout, code = 0 } = typeof printed === 'object' ? printed : { stdout: '', code: 127 }
  channel.write(stdout)
  channel.exit(code)
  channel.end()
}

function runScript(
  connection: Connection,
  channel: ServerChannel,
  simulated: SimulatedHost,
  steps: readonly RegExpMatchArray[],
): void {
  for (const [, run = '', mark, index] of steps) {
    const printed = simulated.command(run)
    if (misbehave(connection, channel, printed)) return
    const { stdout, code = 0 } = typeof printed === 'object' ? printed : { stdout: '', code: 127 }
    channel.write(`${stdout}\n${mark} ${index} ${code}\n`)
  }
  channel.exit(0)
  channel.end()
}

const pageLength = 24
const pageEnd = '  ---- More ----'

/** A command line like a switch's: echoes, pages of 24 lines until a blank comes, each page's end wiped out. */
function serveLines(
  connection: Connection,
  channel: ServerChannel,
  simulated: SimulatedHost & { readonly prompt: string },
  requested: string[],
): void {
  let typed = ''
  let waiting: readonly string[] = []
  const page = (): void => {
    channel.write(waiting.slice(0, pageLength).join('\r\n'))
    waiting = waiting.slice(pageLength)
    channel.write(waiting.length > 0 ? `\r\n${pageEnd}` : simulated.prompt)
  }
  const obey = (run: string): void => {
    requested.push(run)
    channel.write(`${run}\r\n`)
    const printed = simulated.command(run)
    if (misbehave(connection, channel, printed)) return
    const { stdout } = typeof printed === 'object' ? printed : { stdout: 'Error: Unrecognized command' }
    waiting = stdout.replace(/\n*$/, '\n').split('\n')
    page()
  }
  channel.on('error', () => {})
  channel.on('data', (data: Buffer) => {
    for (const key of data.toString('utf8')) {
      if (waiting.length > 0) {
        if (key !== ' ') continue
        channel.write(`\u001b[${pageEnd.length}D${' '.repeat(pageEnd.length)}\u001b[${pageEnd.length}D`)
        page()
      } else if (key === '\n') {
        const run = typed
        typed = ''
        obey(run)
      } else typed += key
    }
  })
  channel.write(`\r\nThe maximum number of lines is 5.\r\n${simulated.prompt}`)
}

function misbehave(
  connection: Connection,
  channel: ServerChannel,
  printed: ReturnType<SimulatedHost['command']>,
): boolean {
  if (printed === 'reset') socketOf(connection)?.destroy()
  if (printed === 'flood') flood(channel)
  if (printed === 'vanish') channel.end()
  return typeof printed === 'string'
}

function flood(channel: ServerChannel): void {
  if (channel.destroyed || !channel.writable) return
  channel.write('x'.repeat(65_536), () => flood(channel))
}
