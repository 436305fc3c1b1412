import { lookup } from 'node:dns/promises'
import { connect, isIP, type LookupFunction, type Socket } from 'node:net'
import { type Clock, type Milliseconds, systemClock } from '../src/model/clock.ts'

/** An address of a host. */
export interface Address {
  readonly address: string
  readonly family: number
}

/** Asks for all addresses of a host, in the order in which they are to be tried; rejects with the system's error. */
export type Ask = (host: string) => Promise<readonly Address[]>

/** An address is taken as it is for so long before the host is asked for again, in the background. */
const fresh: Milliseconds = 300_000

/** A poll that needs an address waits for so long; the question goes on, and its answer is there for the next. */
const usualPatience: Milliseconds = 3000

/** The system's resolver has four threads for the whole process, files and Alertmanager's name among what waits for them. */
const atOnce = 2

interface Known {
  readonly addresses: readonly Address[]
  readonly at: Milliseconds
  isDoubted: boolean
}

/** A name that has no address now: `code` is the system's, EAI_AGAIN where no answer came in time. */
export class UnknownName extends Error {
  readonly code: string

  constructor(host: string, code: string) {
    super(`no address of ${host}`)
    this.code = code
  }
}

/**
 * The names of devices and their addresses, for all protocols. An address once known is used, without waiting, however
 * slow or dead the name servers are; it is asked for anew in the background, and at once where it is doubted, since the
 * device may have moved. At most two questions are under way, each name once, so that slow name servers block nobody.
 */
export class Names {
  readonly #ask: Ask
  readonly #clock: Clock
  readonly #known = new Map<string, Known>()
  readonly #asked = new Map<string, Promise<Known>>()
  readonly #waiting: (() => void)[] = []
  #underWay = 0

  constructor(ask: Ask, clock: Clock) {
    this.#ask = ask
    this.#clock = clock
  }

  /** All addresses of a host, at least one; an address is its own. Rejects with UnknownName, after `patience` at most. */
  async resolve(host: string, patience = usualPatience): Promise<readonly Address[]> {
    const family = isIP(host)
    if (family !== 0) return [{ address: host, family }]
    const known = this.#known.get(host)
    const isFresh = known !== undefined && this.#clock.now().mono - known.at < fresh
    if (isFresh && !known.isDoubted) return known.addresses
    const asking = this.#question(host)
    if (known !== undefined && !known.isDoubted) {
      // What it is worth is seen when it does not answer.
      asking.catch(() => {})
      return known.addresses
    }
    try {
      return (await this.#inTime(host, asking, patience)).addresses
    } catch (error) {
      if (known === undefined) throw error
      return known.addresses
    }
  }

  /** What is known of a host may be wrong, since nothing answers there: the next who needs it asks again. */
  doubt(host: string): void {
    const known = this.#known.get(host)
    if (known !== undefined) known.isDoubted = true
  }

  /** As node:net takes it. */
  readonly lookup: LookupFunction = (host, { all }, callback) => {
    this.resolve(host).then(
      (addresses) => {
        const [first] = addresses
        if (all === true) callback(null, [...addresses])
        else callback(null, first?.address ?? '', first?.family)
      },
      (error: NodeJS.ErrnoException) => callback(error, ''),
    )
  }

  #question(host: string): Promise<Known> {
    const asked = this.#asked.get(host) ?? this.#answer(host).finally(() => this.#asked.delete(host))
    this.#asked.set(host, asked)
    return asked
  }

  async #answer(host: string): Promise<Known> {
    if (this.#underWay >= atOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#underWay++
    try {
      const addresses = await this.#ask(host)
      if (addresses.length === 0) throw new UnknownName(host, 'ENOTFOUND')
      const known = { addresses, at: this.#clock.now().mono, isDoubted: false }
      this.#known.set(host, known)
      return known
    } catch (error) {
      throw new UnknownName(host, String(Object(error).code ?? 'ENOTFOUND'))
    } finally {
      // The place goes to the next who waits.
      const next = this.#waiting.shift()
      if (next === undefined) this.#underWay--
      else next()
    }
  }

  #inTime(host: string, asking: Promise<Known>, patience: Milliseconds): Promise<Known> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(patience, () => reject(new UnknownName(host, 'EAI_AGAIN')))
      asking.then(resolve, reject).finally(cancel)
    })
  }
}

/** The names of all devices, by the system's resolver: /etc/hosts, then the name servers, as the system is set up. */
export const names = new Names((host) => lookup(host, { all: true }), systemClock)

/** A TCP connection on its way to a host. Where none comes of it, the host's address is doubted. */
export function dial(host: string, port: number): Socket {
  const socket = connect({ host, port, noDelay: true, lookup: names.lookup })
  let isConnected = false
  // Whoever takes the socket may not listen yet, and an error that nobody hears ends the process.
  socket.on('error', () => {})
  socket.once('connect', () => {
    isConnected = true
  })
  socket.once('close', () => {
    if (!isConnected) names.doubt(host)
  })
  return socket
}
