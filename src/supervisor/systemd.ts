import { run, type Spawn } from '../../collectors/child.ts'
import type { Cancel, Clock, Milliseconds } from '../model/clock.ts'
import type { Log } from '../model/log.ts'
import { noSupervisor, type Supervisor } from './supervisor.ts'

/** systemd-notify waits until systemd has read the message, up to 5 s by itself. */
const slowestMessage: Milliseconds = 6_000
/** It prints nothing but what went wrong. */
const mostOutput = 4096
/** sd_watchdog_enabled(3) asks for half the time; a third leaves room for one message that is lost. */
const beatsWithin = 3

/** What is needed to speak with systemd. */
export interface SystemdParts {
  readonly env: Readonly<Record<string, string | undefined>>
  /** siteward's own process id: variables that are meant for another process are passed over. */
  readonly pid: number
  readonly clock: Clock
  readonly spawn: Spawn
  readonly log: Log
}

/**
 * systemd, where it has started siteward as a service of Type=notify; nobody otherwise. Node has no datagram sockets of
 * the unix domain, which the protocol of sd_notify(3) needs, so each message is one short child: systemd-notify(1), a part
 * of systemd itself. The unit must say NotifyAccess=all, since the message is the child's.
 */
export function supervisorOf(parts: SystemdParts): Supervisor {
  const socket = parts.env['NOTIFY_SOCKET']
  return socket === undefined || socket === '' ? noSupervisor : new Systemd(socket, parts)
}

/** How often systemd must hear, by its WATCHDOG_USEC; undefined where it does not ask. */
function patienceOf({ env, pid }: SystemdParts): Milliseconds | undefined {
  const microseconds = Number(env['WATCHDOG_USEC'] ?? 0)
  const isOurs = env['WATCHDOG_PID'] === undefined || env['WATCHDOG_PID'] === String(pid)
  return isOurs && microseconds > 0 ? microseconds / 1000 : undefined
}

class Systemd implements Supervisor {
  readonly #socket: string
  readonly #parts: SystemdParts
  readonly #patience: Milliseconds | undefined
  #last: Promise<void> = Promise.resolve()
  #isTold = false
  #isAdvancing: (() => boolean) | undefined
  #cancel: Cancel | undefined
  #isStopping = false

  constructor(socket: string, parts: SystemdParts) {
    this.#socket = socket
    this.#parts = parts
    this.#patience = patienceOf(parts)
  }

  ready(status: string): void {
    this.#send('READY=1', `STATUS=${status}`)
  }

  /** With the time that sd_notify(3) asks of Type=notify-reload: CLOCK_MONOTONIC in microseconds. */
  reloading(): void {
    this.#send('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`, 'STATUS=reads the site again')
  }

  stopping(): void {
    if (this.#isStopping) return
    this.#isStopping = true
    this.#cancel?.()
    this.#send('STOPPING=1', 'STATUS=stopping')
  }

  keepAlive(isAdvancing: () => boolean): void {
    const isBeating = this.#isAdvancing !== undefined
    this.#isAdvancing = isAdvancing
    if (this.#patience !== undefined && !isBeating) this.#beat(this.#patience)
  }

  #beat(patience: Milliseconds): void {
    if (this.#isAdvancing?.() === true) this.#send('WATCHDOG=1')
    else this.#parts.log.error({ seconds: patience / 1000 }, 'polls make no progress: systemd will start siteward anew')
    this.#cancel = this.#parts.clock.after(patience / beatsWithin, () => this.#beat(patience))
  }

  /** One message after the other, in the order in which things happened. */
  #send(...assignments: readonly string[]): void {
    this.#last = this.#last.then(() => this.#notify(assignments))
  }

  async #notify(assignments: readonly string[]): Promise<void> {
    const { clock, spawn, log } = this.#parts
    const deadline = new AbortController()
    const cancel = clock.after(slowestMessage, () => deadline.abort())
    const env = { NOTIFY_SOCKET: this.#socket }
    const ended = await run(['systemd-notify', ...assignments], {
      signal: deadline.signal,
      spawn,
      most: mostOutput,
      env,
    })
    cancel()
    if (ended.kind === 'done' && ended.code === 0) {
      this.#isTold = false
      return
    }
    if (this.#isTold) return
    this.#isTold = true
    const why = ended.kind === 'done' ? `status ${ended.code}` : ended.kind
    log.error({ command: 'systemd-notify', why }, 'systemd cannot be told that siteward lives, and may end it')
  }
}
