import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import tls from 'node:tls'
import { type Clock, elapsed } from '../../src/model/clock.ts'
import { untilAborted } from '../../src/model/deadline.ts'
import { formatAddress } from '../address.ts'
import { run, type Spawn } from '../child.ts'
import type { Names } from '../names.ts'
import type { Check, Plan } from './compile.ts'
import type { Certificate, Outcome } from './decode.ts'
import { parsePing } from './ping-output.ts'

/** How the transport touches the world. */
export interface Means {
  readonly spawn: Spawn
  readonly names: Names
}

/** The most of a page that is read. */
const mostBody = 65_536

/** ping's output has a line for each packet. */
const mostPing = 65_536

/** A camera's TLS may be twenty years old; nothing secret is sent over it, and its certificate is what is looked at. */
const anyTls = { rejectUnauthorized: false, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const

/** What this machine, and not the device, is to blame for. */
const ownTrouble = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL'])

/** A check that found nothing in its time. */
const unreached = { kind: 'tried', isUp: false } as const

const unanswered = { ...unreached, loss: 1 } as const

/** The reason of an abort that is not the check's own deadline: then nothing is known of the device. */
export const pollEnded = 'the poll ended'

const cancelled: Outcome = { kind: 'fault', fault: 'cancelled', detail: 'the poll ended before this check did' }

/** One host, reached by ping, TCP, TLS and HTTP. */
export class Reach {
  readonly #means: Means
  readonly #sockets = new Set<{ destroy(): void }>()

  constructor(means: Means) {
    this.#means = means
  }

  /** The address of a host, or undefined where there is none before the deadline. */
  resolve(host: string, signal: AbortSignal): Promise<string | undefined> {
    const first = this.#means.names.resolve(host).then(([address]) => address?.address)
    return untilAborted(first, signal).catch(() => undefined)
  }

  /** Nothing answers there: the host may have another address by now. */
  doubt(host: string): void {
    this.#means.names.doubt(host)
  }

  /** Tries one check. Never rejects; settles when `signal` aborts: at the check's deadline, or with `pollEnded`. */
  async try(check: Check, plan: Plan, address: string, signal: AbortSignal, clock: Clock): Promise<Outcome> {
    const begun = clock.now()
    const duration = (): number => elapsed(begun, clock.now()) / 1000
    switch (check.kind) {
      case 'icmp':
        return this.#ping(plan, address, signal)
      case 'tcp':
        return this.#connect(net.connect({ host: address, port: check.port }), 'connect', signal, () => ({
          kind: 'tried',
          isUp: true,
          duration: duration(),
        }))
      case 'tls': {
        const socket = tls.connect({ host: address, port: check.port, ...serverName(plan), ...anyTls })
        return this.#connect(socket, 'secureConnect', signal, () => ({
          kind: 'tried',
          isUp: true,
          duration: duration(),
          certificate: certificateOf(socket),
        }))
      }
      case 'http':
      case 'https':
        return this.#request(check, plan, address, signal, duration)
    }
  }

  /** Ends what is still open. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async #ping({ packets, pingWait }: Plan, address: string, signal: AbortSignal): Promise<Outcome> {
    const command = ['ping', '-c', String(packets), '-W', String(pingWait), address]
    const ended = await run(command, { signal, spawn: this.#means.spawn, most: mostPing })
    switch (ended.kind) {
      case 'missing':
        return fault('config', "ping is not installed; install Debian's package iputils-ping")
      case 'no-room':
        return fault('busy', 'this machine cannot start another process; check its limits of processes and open files')
      case 'killed':
        return signal.reason === pollEnded ? cancelled : unanswered
      case 'too-much':
        return unanswered
      case 'done':
        return pingOutcome(ended.out, ended.err)
    }
  }

  #connect<Socket extends net.Socket>(
    socket: Socket,
    ready: string,
    signal: AbortSignal,
    outcome: () => Outcome,
  ): Promise<Outcome> {
    return this.#until(socket, signal, (resolve) => {
      socket.once(ready, () => resolve(outcome()))
      socket.on('error', (error) => resolve(failed(error)))
      socket.once('close', () => resolve(unreached))
    })
  }

  #request(check: Check, plan: Plan, address: string, signal: AbortSignal, duration: () => number): Promise<Outcome> {
    const { port, path } = check
    const headers = {
      Host: hostHeader(plan.serverName, check),
      Connection: 'close',
      'User-Agent': 'siteward',
      Accept: '*/*',
    }
    const common = { host: address, port, path, headers, agent: false, method: 'GET' } as const
    const request =
      check.kind === 'https' ? https.request({ ...common, ...serverName(plan), ...anyTls }) : http.request(common)
    return this.#until(request, signal, (resolve) => {
      let certificate: { readonly certificate?: Certificate } = {}
      request.once('socket', (socket) => {
        if (socket instanceof tls.TLSSocket)
          socket.once('secureConnect', () => {
            certificate = { certificate: certificateOf(socket) }
          })
      })
      request.on('error', (error) => resolve(withCertificate(failed(error), certificate)))
      request.once('close', () => resolve({ ...unreached, ...certificate }))
      request.once('response', (response) => {
        const { statusCode: status = 0 } = response
        const end = (isUp: boolean): void =>
          resolve({ kind: 'tried', isUp, duration: duration(), status, ...certificate })
        const isGood = check.status === undefined ? status >= 200 && status < 400 : check.status.includes(status)
        const { body } = check
        response.on('error', () => end(false))
        if (!isGood || body === undefined) end(isGood)
        else gather(response, (text) => end(body.first(text) !== undefined))
      })
      request.end()
    })
  }

  /** Settles with what `begin` finds, or at the abort, and leaves no socket behind. */
  #until(
    held: { destroy(): void },
    signal: AbortSignal,
    begin: (resolve: (outcome: Outcome) => void) => void,
  ): Promise<Outcome> {
    this.#sockets.add(held)
    return new Promise((resolve) => {
      const end = (outcome: Outcome): void => {
        signal.removeEventListener('abort', abort)
        this.#sockets.delete(held)
        held.destroy()
        resolve(outcome)
      }
      const abort = (): void => end(signal.reason === pollEnded ? cancelled : unreached)
      if (signal.aborted) abort()
      else signal.addEventListener('abort', abort, { once: true })
      begin(end)
    })
  }
}

function pingOutcome(out: string, err: string): Outcome {
  const summary = parsePing(out)
  if (summary !== undefined && summary.sent > 0) {
    const loss = 1 - summary.received / summary.sent
    return { kind: 'tried', isUp: summary.received > 0, loss, duration: summary.roundTrip }
  }
  if (/not permitted|permission denied|missing cap_net_raw/i.test(err))
    return fault('config', 'ping may not send; give it cap_net_raw or set net.ipv4.ping_group_range')
  if (/unreachable|no route/i.test(err)) return unanswered
  return fault('protocol', 'ping of this system says nothing that siteward can read; run it by hand')
}

function failed(error: Error): Outcome {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (ownTrouble.has(code)) return fault('busy', `this machine cannot open another connection (${code})`)
  return unreached
}

function withCertificate(outcome: Outcome, certificate: { readonly certificate?: Certificate }): Outcome {
  return outcome.kind === 'tried' ? { ...outcome, ...certificate } : outcome
}

function fault(kind: 'config' | 'busy' | 'protocol', detail: string): Outcome {
  return { kind: 'fault', fault: kind, detail }
}

/** TLS names hosts, never addresses (RFC 6066, 3). */
function serverName({ serverName: name }: Plan): { readonly servername?: string } {
  return net.isIP(name) === 0 ? { servername: name } : {}
}

function hostHeader(name: string, { kind, port }: Check): string {
  const usual = kind === 'https' ? 443 : 80
  if (port !== usual) return formatAddress(name, port)
  return name.includes(':') ? `[${name}]` : name
}

function certificateOf(socket: tls.TLSSocket): Certificate {
  const end = Date.parse(socket.getPeerCertificate().valid_to)
  return { expiry: Number.isFinite(end) ? end / 1000 : undefined, isValid: socket.authorized }
}

function gather(response: http.IncomingMessage, done: (text: string) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  const end = (): void => done(Buffer.concat(chunks).toString('utf8', 0, mostBody))
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    size += chunk.length
    if (size >= mostBody) end()
  })
  response.once('end', end)
}
