import { readFile } from 'node:fs/promises'
import type { Config, NodeSSH } from 'node-ssh'
import type { Algorithms, Client, ClientChannel, ServerHostKeyAlgorithm } from 'ssh2'
import type { FaultKind } from '../../src/model/fault.ts'
import type { Tap } from '../collector.ts'
import { dial } from '../names.ts'
import type { Login, SshPlan } from './compile.ts'
import type { Dialog } from './dialog.ts'
import { judgeKey, parseKnownHosts, type Trust, wantedKeyTypes } from './host-keys.ts'

/** What became of a command. Without an exit status the connection was lost: that is never taken for an empty output. */
export type Ending =
  | { readonly kind: 'ended'; readonly code: number }
  | { readonly kind: 'fault'; readonly fault: FaultKind; readonly detail: string }

/** The wire to one host, in the protocol's words. */
export interface SshTransport {
  /**
   * Runs a command, connecting first where there is no connection; `take` gets its
   * output as it comes, and an empty piece first, when it has begun. Never rejects.
   */
  run(command: string, take: (data: Buffer) => void, signal: AbortSignal): Promise<Ending>
  /**
   * Opens the device's command line and goes on as long as the dialog does; `begun` is told of each word that is
   * sent. Never rejects.
   */
  talk(dialog: Dialog, begun: () => void, signal: AbortSignal): Promise<Ending>
  /** Ends the connection at once: the only thing that surely ends a command too. What runs ends with a fault. */
  drop(): void
}

const readyTimeout = 15_000
const keepaliveInterval = 10_000
const keepaliveCount = 3

/** Broken today, and all that some old devices have; only where the operator asks for it. */
const legacyAlgorithms: Algorithms = {
  kex: {
    append: ['diffie-hellman-group14-sha1', 'diffie-hellman-group-exchange-sha1', 'diffie-hellman-group1-sha1'],
    prepend: [],
    remove: [],
  },
  serverHostKey: { append: ['ssh-rsa', 'ssh-dss'], prepend: [], remove: [] },
  cipher: { append: ['aes128-cbc', 'aes256-cbc', '3des-cbc'], prepend: [], remove: [] },
  hmac: { append: ['hmac-md5'], prepend: [], remove: [] },
}

/** A connection that failed; the words are ours. */
class Refused extends Error {
  readonly fault: FaultKind

  constructor(fault: FaultKind, detail: string) {
    super(detail)
    this.fault = fault
  }
}

/** Opens nothing yet: the connection is made at the first command and kept. */
export function sshTransport(plan: SshPlan, tap?: Tap): SshTransport {
  let open: NodeSSH[] = []
  const drop = (): void => {
    // Not node-ssh's dispose: it waits for the host's goodbye, and one that is gone never says it.
    for (const { connection } of open.reverse()) connection?.destroy()
    open = []
  }
  const live = async (signal: AbortSignal): Promise<Client> => {
    const last = open.at(-1)
    if (last?.isConnected() === true && last.connection !== null) return last.connection
    drop()
    return connect(plan, open, signal)
  }
  const connected = async (work: (client: Client) => Promise<Ending>, signal: AbortSignal): Promise<Ending> => {
    const abort = (): void => drop()
    signal.addEventListener('abort', abort, { once: true })
    try {
      if (signal.aborted) throw new Refused('timeout', 'no time was left')
      return await work(await live(signal))
    } catch (error) {
      drop()
      return faultOf(error, plan.login, signal.aborted)
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }
  return {
    drop,
    run: (command, take, signal) =>
      connected((client) => {
        tap?.({ way: 'sent', bytes: Buffer.from(command) })
        return execute(client, command, tap === undefined ? take : telling(tap, take))
      }, signal),
    talk: (dialog, begun, signal) => connected((client) => converse(client, dialog, begun, tap), signal),
  }
}

function telling(tap: Tap, take: (data: Buffer) => void): (data: Buffer) => void {
  return (data) => {
    if (data.length > 0) tap({ way: 'received', bytes: data })
    take(data)
  }
}

/** Connects, over the jump host where there is one; every connection made is put into `open`, for whoever drops them. */
async function connect(plan: SshPlan, open: NodeSSH[], signal: AbortSignal): Promise<Client> {
  const { login, jump, isLegacy } = plan
  if (jump === undefined) return logIn(login, isLegacy, undefined, open, signal)
  const first = await logIn(jump, isLegacy, undefined, open, signal)
  const tunnel = new Promise<ClientChannel>((resolve, reject) => {
    first.forwardOut('127.0.0.1', 0, login.host, login.port, (error, channel) => {
      if (error === undefined) resolve(channel)
      else reject(new Refused('refused', `the jump host ${jump.host} does not reach ${login.host}:${login.port}`))
    })
  })
  return logIn(login, isLegacy, await abortable(tunnel, signal), open, signal)
}

async function logIn(
  login: Login,
  isLegacy: boolean,
  tunnel: ClientChannel | undefined,
  open: NodeSSH[],
  signal: AbortSignal,
): Promise<Client> {
  const trust = await trustOf(login)
  // Loaded at the first login only: it takes 50 ms and 15 MB.
  const library = await import('node-ssh')
  const ssh = new library.NodeSSH()
  open.push(ssh)
  const verdict: { why: string | undefined } = { why: undefined }
  const connecting = ssh.connect(settings(login, isLegacy, tunnel, trust, verdict))
  // node-ssh takes its own listener away once connected, and an error nobody listens to ends the process.
  ssh.connection?.on('error', () => {})
  try {
    await abortable(connecting, signal)
  } catch (error) {
    if (verdict.why !== undefined) throw new Refused('hostkey', verdict.why)
    throw error
  }
  const { connection } = ssh
  if (connection === null) throw new Refused('refused', `${login.host} closed the connection`)
  connection.on('error', () => {})
  // Without it each command waits about 50 ms for Nagle's algorithm and the other side's delayed acknowledgement.
  connection.setNoDelay(true)
  return connection
}

/** node-ssh's promise may never settle once the connection is disposed of. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new Refused('timeout', 'the connection was not made in time'))
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

async function trustOf({ hostKey, knownHosts }: Login): Promise<Trust> {
  if (hostKey === 'accept-any') return { kind: 'any' }
  if (hostKey !== undefined) return { kind: 'pinned', fingerprints: typeof hostKey === 'string' ? [hostKey] : hostKey }
  const file = knownHosts ?? ''
  try {
    return { kind: 'known', entries: parseKnownHosts(await readFile(file, 'utf8')), file }
  } catch {
    throw new Refused('config', `known_hosts ${file} cannot be read`)
  }
}

function settings(
  login: Login,
  isLegacy: boolean,
  tunnel: ClientChannel | undefined,
  trust: Trust,
  verdict: { why: string | undefined },
): Config {
  const { host, port, credential } = login
  const { user, password, key, passphrase, agent } = credential
  const types = wantedKeyTypes(trust, host, port)
  const algorithms: Algorithms = {
    ...(isLegacy ? legacyAlgorithms : {}),
    ...(types === undefined ? {} : { serverHostKey: types.filter(isKeyType) }),
  }
  return {
    host,
    port,
    username: user,
    ...(password === undefined ? {} : { password: password.reveal() }),
    ...(key === undefined ? {} : { privateKey: key.reveal() }),
    ...(passphrase === undefined ? {} : { passphrase: passphrase.reveal() }),
    ...(agent === true && process.env['SSH_AUTH_SOCK'] !== undefined ? { agent: process.env['SSH_AUTH_SOCK'] } : {}),
    sock: tunnel ?? dial(host, port),
    algorithms,
    readyTimeout,
    keepaliveInterval,
    keepaliveCountMax: keepaliveCount,
    tryKeyboard: false,
    // Synchronous: of an asynchronous verifier the library takes the promise itself for a yes.
    hostVerifier: (shown: Buffer) => {
      const { trusted, why } = judgeKey(trust, shown, host, port)
      if (!trusted) verdict.why = why
      return trusted
    },
  }
}

/** The key types that the library knows; a host that is known by another cannot be asked for it. */
const keyTypes: readonly string[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
  'ssh-dss',
]

function isKeyType(type: string): type is ServerHostKeyAlgorithm {
  return keyTypes.includes(type)
}

function execute(client: Client, command: string, take: (data: Buffer) => void): Promise<Ending> {
  return new Promise((resolve) => {
    const lost = (): void =>
      resolve({ kind: 'fault', fault: 'refused', detail: 'the connection was lost during a command' })
    client.once('close', lost)
    const end = (ending: Ending): void => {
      client.off('close', lost)
      resolve(ending)
    }
    client.exec(command, (error, channel) => {
      if (error !== undefined) {
        end({ kind: 'fault', fault: 'busy', detail: 'the host opens no channel; it may allow no more sessions' })
        return
      }
      let code: number | undefined
      take(Buffer.alloc(0))
      channel.on('error', () => {})
      channel.on('data', take)
      channel.stderr.on('data', () => {})
      channel.on('exit', (status: number | null) => {
        code = status ?? undefined
      })
      channel.on('close', () => (code === undefined ? lost() : end({ kind: 'ended', code })))
    })
  })
}

/** As wide and high as devices take it, so that few pages and line breaks come in between. */
const terminal = { term: 'vt100', cols: 511, rows: 511, width: 0, height: 0 }

function converse(client: Client, dialog: Dialog, begun: () => void, tap: Tap | undefined): Promise<Ending> {
  return new Promise((resolve) => {
    const lost = (): void =>
      resolve({ kind: 'fault', fault: 'refused', detail: 'the device closed its command line before all was read' })
    client.once('close', lost)
    const end = (ending: Ending): void => {
      client.off('close', lost)
      resolve(ending)
    }
    client.shell(terminal, (error, channel) => {
      if (error !== undefined) {
        end({ kind: 'fault', fault: 'busy', detail: 'the device opens no command line; it may allow no more sessions' })
        return
      }
      begun()
      channel.on('error', () => {})
      channel.stderr.on('data', () => {})
      channel.on('close', lost)
      channel.on('data', (data: Buffer) => {
        tap?.({ way: 'received', bytes: data })
        const words = dialog.take(data)
        if (dialog.isOver) {
          channel.off('close', lost)
          channel.end()
          end({ kind: 'ended', code: 0 })
        } else if (words !== undefined) {
          tap?.({ way: 'sent', bytes: Buffer.from(words) })
          channel.write(words)
          if (words !== ' ') begun()
        }
      })
    })
  })
}

const codes: Readonly<Record<string, readonly [FaultKind, string]>> = {
  ECONNREFUSED: ['refused', 'nothing listens there'],
  ECONNRESET: ['refused', 'it closed the connection'],
  EHOSTUNREACH: ['refused', 'there is no route to it'],
  ENETUNREACH: ['refused', 'there is no route to it'],
  ETIMEDOUT: ['timeout', 'it does not answer'],
  ENOTFOUND: ['dns', 'its name is not known'],
  EAI_AGAIN: ['dns', 'the name server does not answer'],
}

/** A library's error in our words: its own may carry what was sent. */
function faultOf(error: unknown, { host, port, credential }: Login, isAborted: boolean): Ending {
  const where = `${host}:${port}`
  const fault = (kind: FaultKind, detail: string): Ending => ({ kind: 'fault', fault: kind, detail })
  if (error instanceof Refused) return fault(error.fault, `${where}: ${error.message}`)
  if (isAborted) return fault('timeout', `${where} did not answer in time`)
  const { code, level, message } = Object(error)
  const known = codes[String(code)]
  if (known !== undefined) return fault(known[0], `${where}: ${known[1]}`)
  if (level === 'client-timeout') return fault('timeout', `${where} did not finish its greeting in time`)
  if (level === 'client-authentication') {
    return fault('auth', `${where} refuses ${credential.user}: check the user, the key or the password`)
  }
  if (/before handshake/.test(String(message))) {
    const why = 'is that the port of SSH? It may have too many connections, or let this machine not in'
    return fault('refused', `${where} ends the connection without a greeting; ${why}`)
  }
  if (/privateKey|passphrase|key format/i.test(String(message))) {
    return fault('config', `the private key for ${where} cannot be used: check its form and passphrase`)
  }
  return fault('protocol', `${where} does not speak SSH as expected; an old device may need legacy: true`)
}
