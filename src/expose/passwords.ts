import { createHmac, randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import type { Secret } from '../model/secret.ts'

/** Passwords that wait to be compared, in all and from one address; beyond it somebody tries them out. */
const mostWaiting = 64
const mostOfAddress = 4
/** Wrong passwords that are remembered: a reader with an old one asks every few seconds. */
const mostWrong = 256

/** bcrypt takes 70 ms and more of pure work: on a thread of its own, no poll waits for it. */
const work = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { compareSync } = require(workerData)
  parentPort.on('message', ({ password, hash }) => parentPort.postMessage(compareSync(password, hash)))
`

/** What became of a password. */
export type PasswordVerdict = 'right' | 'wrong' | 'busy' | 'failed'

/** What somebody shows, and from where. */
export interface Shown {
  readonly user: string
  readonly password: string
  readonly address: string
}

/**
 * Compares passwords with bcrypt hashes, one at a time. What was right is remembered, so that a scrape every few seconds
 * costs one comparison in all, and goes on while others try passwords out.
 */
export class Passwords {
  /** The last right one of each user. */
  readonly #right = new Map<string, string>()
  readonly #wrong = new Set<string>()
  /** Of each address, how many wait. */
  readonly #waiting = new Map<string, number>()
  readonly #pepper = randomBytes(16)
  #worker: Worker | undefined
  #last: Promise<unknown> = Promise.resolve()

  /** Whether the password is that of the user, whose hash is among those of all users. */
  async check(shown: Shown, users: ReadonlyMap<string, Secret>): Promise<PasswordVerdict> {
    const { user, password, address } = shown
    const hash = users.get(user)?.reveal()
    const text = hash ?? this.#nobody(user, users)
    // With the user's name: a password that was tried for one must not be answered sooner for another.
    const key = this.#digest(JSON.stringify([user, text, password])).toString('hex')
    if (hash !== undefined && this.#right.get(user) === key) return 'right'
    if (this.#wrong.has(key)) return 'wrong'
    if (!this.#hasRoom(address)) return 'busy'
    const compared = await this.#inTurn(address, () => this.#compare(password, text))
    if (compared === undefined) return 'failed'
    const isRight = hash !== undefined && compared
    if (isRight) this.#right.set(user, key)
    else this.#rememberWrong(key)
    return isRight ? 'right' : 'wrong'
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
  }

  #hasRoom(address: string): boolean {
    const all = [...this.#waiting.values()].reduce((sum, count) => sum + count, 0)
    return all < mostWaiting && (this.#waiting.get(address) ?? 0) < mostOfAddress
  }

  async #inTurn(address: string, compare: () => Promise<boolean | undefined>): Promise<boolean | undefined> {
    this.#waiting.set(address, (this.#waiting.get(address) ?? 0) + 1)
    const turn = this.#last.then(compare)
    this.#last = turn
    const result = await turn
    const left = (this.#waiting.get(address) ?? 1) - 1
    if (left > 0) this.#waiting.set(address, left)
    else this.#waiting.delete(address)
    return result
  }

  #rememberWrong(key: string): void {
    const [oldest] = this.#wrong
    if (this.#wrong.size >= mostWrong && oldest !== undefined) this.#wrong.delete(oldest)
    this.#wrong.add(key)
  }

  /**
   * A hash that no password has, for whoever names a user that there is not: it costs as much as that of some user, always
   * the same for one name, so that time does not tell who is known (exporter-toolkit's fake password, with its cost).
   */
  #nobody(user: string, users: ReadonlyMap<string, Secret>): string {
    const hashes = [...users.values()]
    const hash = hashes[this.#digest(user).readUInt32BE() % Math.max(hashes.length, 1)]
    const cost = hash?.reveal().slice(4, 6) ?? '10'
    return `$2b$${cost}$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi`
  }

  #digest(text: string): Buffer {
    return createHmac('sha256', this.#pepper).update(text).digest()
  }

  /** Undefined where the thread has ended before it could tell. */
  #compare(password: string, hash: string): Promise<boolean | undefined> {
    this.#worker ??= this.#start()
    const worker = this.#worker
    return new Promise((resolve) => {
      const done = (isRight: boolean | undefined): void => {
        worker.off('message', done)
        worker.off('exit', fail)
        resolve(isRight)
      }
      const fail = (): void => done(undefined)
      worker.on('message', done)
      worker.on('exit', fail)
      worker.postMessage({ password, hash })
    })
  }

  #start(): Worker {
    const worker = new Worker(work, {
      eval: true,
      execArgv: [],
      workerData: createRequire(import.meta.url).resolve('bcryptjs'),
    })
    worker.unref()
    worker.on('error', () => {})
    worker.on('exit', () => {
      this.#worker = undefined
    })
    return worker
  }
}
