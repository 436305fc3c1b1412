import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { elapsed, type Milliseconds } from '../../src/model/clock.ts'
import { untilAborted } from '../../src/model/deadline.ts'
import { formatDuration } from '../../src/model/duration.ts'
import type { FaultKind } from '../../src/model/fault.ts'
import type { Secret } from '../../src/model/secret.ts'
import { type Ended, run, type Spawn } from '../child.ts'
import type { PollContext, Tap } from '../collector.ts'
import {
  type Ask,
  type Files,
  freeipmiCommand,
  freeipmiConfiguration,
  ipmitoolCommand,
  type Target,
  type Tool,
} from './commands.ts'
import { classify } from './failure.ts'

/** What came of asking the BMC for one thing. */
export type Answer =
  | { readonly kind: 'text'; readonly tool: Tool; readonly text: string }
  | { readonly kind: 'unsupported' }
  | Refusal

interface Refusal {
  readonly kind: 'fault'
  readonly fault: FaultKind
  readonly detail: string
}

/** No session is asked for until then: BMCs lock accounts, and a BMC out of sessions only gets worse. */
interface Hold {
  readonly until: Milliseconds
  readonly refusal: Refusal
}

/** BMCs lock an account after 3 to 10 wrong passwords, mostly for 5 minutes or less. */
const authHold = 600_000

/** Sessions that were left open end by themselves after about a minute (IPMI v2.0, 6.11.8: 60 s +- 3 s). */
const busyHold = 60_000

/** Reading the list of sensors takes minutes on slow BMCs with some hundreds of them. */
const listTime = 300_000

/** How long the system takes, at the most, to end a process that is killed and in no driver. */
const dying = 1000

/** 2000 sensors of `ipmitool -v` are about 2 MB. */
const mostOutput = 4 * 2 ** 20

/** Every kind of answer that makes further questions of the same poll useless. */
const fatal: readonly FaultKind[] = ['timeout', 'refused', 'auth', 'dns', 'busy', 'config', 'cancelled']

/** Whether the BMC would fail the next question in the same way. */
export function isOver(fault: FaultKind): boolean {
  return fatal.includes(fault)
}

/** Something that is asked as a BMC is. */
export type BmcReader = Pick<Bmc, 'read' | 'requests' | 'close'>

/** One BMC and its credential, asked by one child process at a time. */
export class Bmc {
  readonly #target: Target
  readonly #password: Secret | undefined
  readonly #spawn: Spawn
  readonly #tap: Tap | undefined
  #isClosed = false
  /** The child that runs: there is never more than one. */
  #running: AbortController | undefined
  #tool: Tool | undefined
  readonly #mayFallBack: boolean
  #files: Promise<Files> | undefined
  #hold: Hold | undefined
  #hasNoDcmi = false
  #list: Promise<Refusal | undefined> | undefined
  #isListed = false
  /** Children that were killed, until the system has taken them away. */
  readonly #lingering = new Set<Promise<void>>()
  #requests = 0

  constructor(target: Target, password: Secret | undefined, tool: Tool | undefined, spawn: Spawn, tap?: Tap) {
    this.#target = target
    this.#password = password
    this.#spawn = spawn
    this.#tap = tap
    this.#tool = tool
    this.#mayFallBack = tool === undefined
  }

  /** How many children were ever started. */
  get requests(): number {
    return this.#requests
  }

  /** Asks for one thing; `patience` is how long the tool itself waits for a silent BMC. Never rejects. */
  async read(ask: Exclude<Ask, 'sensor list'>, patience: Milliseconds, context: PollContext): Promise<Answer> {
    const now = context.clock.now().mono
    if (this.#hold !== undefined && now < this.#hold.until) return this.#heldBack(this.#hold, now)
    if (ask === 'dcmi' && this.#hasNoDcmi) return { kind: 'unsupported' }
    if (!(await this.#isFree(context)))
      return fault('busy', 'an earlier process that was killed is still there; the driver may hang')
    const refusal = await this.#listSensors(ask, patience, context)
    if (refusal !== undefined) return refusal
    const answer = await this.#ask(ask, patience, context, context.signal)
    if (readsSensors(ask) && answer.kind === 'fault') this.#isListed = false
    if (answer.kind === 'unsupported') this.#hasNoDcmi = true
    return answer
  }

  /** Kills what still runs and removes the files with the password. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#running?.abort()
    const files = await this.#files?.catch(() => undefined)
    if (files !== undefined) await rm(files.folder, { recursive: true, force: true })
  }

  /**
   * FreeIPMI keeps the BMC's list of sensors. Reading it first may take longer than any poll, so it goes on from poll to
   * poll; until it is there nothing else is asked, since a BMC takes one at a time.
   */
  async #listSensors(ask: Ask, patience: Milliseconds, context: PollContext): Promise<Refusal | undefined> {
    const isNeeded = readsSensors(ask) && this.#tool !== 'ipmitool' && !this.#isListed
    if (this.#list === undefined && !isNeeded) return undefined
    this.#list ??= this.#startList(patience, context).finally(() => {
      this.#list = undefined
    })
    try {
      return await untilAborted(this.#list, context.signal)
    } catch {
      return fault('timeout', 'the list of sensors is still being read for the first time; that goes on')
    }
  }

  /** Whether no child is left; what was killed a moment ago is given the time to go. */
  async #isFree({ clock, signal }: PollContext): Promise<boolean> {
    if (this.#lingering.size === 0) return true
    const over = new AbortController()
    const cancel = clock.after(dying, () => over.abort())
    const all = Promise.all(this.#lingering)
    const isFree = await untilAborted(all, AbortSignal.any([signal, over.signal])).then(
      () => true,
      () => false,
    )
    cancel()
    return isFree
  }

  async #startList(patience: Milliseconds, context: PollContext): Promise<Refusal | undefined> {
    const over = new AbortController()
    const cancel = context.clock.after(listTime, () => over.abort())
    const answer = await this.#ask('sensor list', patience, context, over.signal)
    cancel()
    this.#isListed = answer.kind === 'text'
    return answer.kind === 'fault' ? answer : undefined
  }

  async #ask(ask: Ask, patience: Milliseconds, context: PollContext, signal: AbortSignal): Promise<Answer> {
    const files = await this.#filesReady()
    if (files === undefined) return fault('config', 'no folder for the BMC password can be made; check TMPDIR')
    const begun = context.clock.now()
    const tool = this.#tool ?? 'freeipmi'
    // ipmitool has no list of its own to read.
    if (ask === 'sensor list' && tool === 'ipmitool') return { kind: 'text', tool, text: '' }
    const command =
      tool === 'ipmitool' && ask !== 'sensor list'
        ? ipmitoolCommand(ask, this.#target, files, patience)
        : freeipmiCommand(ask, this.#target, files, patience)
    const ended = await this.#run(command, files, signal)
    if (ended.kind === 'missing' && this.#mayFallBack && tool === 'freeipmi') {
      this.#tool = 'ipmitool'
      return this.#ask(ask, patience, context, signal)
    }
    this.#tool ??= ended.kind === 'done' ? tool : undefined
    const answer = this.#answerOf(ended, ask, tool, elapsed(begun, context.clock.now()))
    this.#holdBack(answer, context)
    return answer
  }

  async #run(command: readonly string[], files: Files, signal: AbortSignal): Promise<Ended> {
    this.#requests++
    const over = new AbortController()
    const abort = (): void => over.abort()
    if (signal.aborted || this.#isClosed) abort()
    signal.addEventListener('abort', abort, { once: true })
    this.#running = over
    const order = { signal: over.signal, spawn: this.#spawn, most: mostOutput, env: { HOME: files.folder } }
    this.#tap?.({ way: 'sent', bytes: Buffer.from(command.join(' ')) })
    const ended = await run(command, order)
    if (ended.kind === 'done') this.#tap?.({ way: 'received', bytes: Buffer.from(ended.out) })
    signal.removeEventListener('abort', abort)
    this.#running = undefined
    if (ended.kind !== 'killed' && ended.kind !== 'too-much') return ended
    const { gone } = ended
    this.#lingering.add(gone)
    gone.then(() => this.#lingering.delete(gone)).catch(() => {})
    return ended
  }

  #answerOf(ended: Ended, ask: Ask, tool: Tool, took: Milliseconds): Answer {
    switch (ended.kind) {
      case 'done':
        if (ended.code === 0) return { kind: 'text', tool, text: ended.out }
        return classify({ tool, ask, code: ended.code, err: ended.err, took }, this.#target)
      case 'missing': {
        const wanted = this.#mayFallBack ? 'freeipmi-tools or ipmitool' : tool === 'freeipmi' ? 'freeipmi-tools' : tool
        return fault('config', `the tool to speak IPMI is not installed; install Debian's package ${wanted}`)
      }
      case 'killed':
        return this.#isClosed
          ? fault('cancelled', 'siteward is closing')
          : fault('timeout', `${tool} was not done with reading ${ask} in time; give this probe a longer timeout:`)
      case 'too-much':
        return fault('limit', `${tool} wrote more than ${mostOutput} bytes for ${ask}`)
      case 'no-room':
        return fault('busy', 'this machine cannot start another process; check its limits of processes and open files')
    }
  }

  #holdBack(answer: Answer, { clock }: PollContext): void {
    if (answer.kind !== 'fault') {
      this.#hold = undefined
      return
    }
    const wait = answer.fault === 'auth' ? authHold : answer.fault === 'busy' ? busyHold : 0
    if (wait > 0) this.#hold = { until: clock.now().mono + wait, refusal: answer }
  }

  #heldBack({ until, refusal }: Hold, now: Milliseconds): Refusal {
    const left = formatDuration(Math.ceil((until - now) / 1000) * 1000)
    return { ...refusal, detail: `${refusal.detail}; not asked again for ${left}` }
  }

  async #filesReady(): Promise<Files | undefined> {
    this.#files ??= this.#writeFiles()
    try {
      return await this.#files
    } catch {
      this.#files = undefined
      return undefined
    }
  }

  async #writeFiles(): Promise<Files> {
    const folder = await ownFolder()
    const file = (name: string): string => join(folder, name)
    const files = {
      folder,
      configuration: file('freeipmi.conf'),
      states: file('states.conf'),
      password: file('password'),
    }
    const password = this.#password?.reveal() ?? ''
    await writeFile(files.states, '', { mode: 0o600 })
    await writeFile(files.configuration, freeipmiConfiguration(this.#target, password), { mode: 0o600 })
    await writeFile(files.password, password, { mode: 0o600 })
    return files
  }
}

function readsSensors(ask: Ask): boolean {
  return ask === 'sensors' || ask === 'readings'
}

/** In memory where the system has such a place for this user, since the password will stand in it. */
async function ownFolder(): Promise<string> {
  const name = 'siteward-ipmi-'
  const runtime = process.env['XDG_RUNTIME_DIR']
  if (runtime !== undefined) {
    try {
      return await mkdtemp(join(runtime, name))
    } catch {
      // A service started for another user has the variable without the folder.
    }
  }
  return mkdtemp(join(tmpdir(), name))
}

function fault(kind: FaultKind, detail: string): Refusal {
  return { kind: 'fault', fault: kind, detail }
}
