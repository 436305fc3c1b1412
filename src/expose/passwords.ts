import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import type { Secret } from '../model/secret.ts'

/** Passwords that wait to be compared; beyond it somebody tries them out. */
const mostWaiting = 16
/** Verdicts that are kept, so that a scrape every few seconds costs one comparison in all. */
const mostKnown = 256

/**
 * A hash that no password has, of the usual cost: whoever names a user that there is not waits as long as for one that
 * there is (exporter-toolkit: web/handler.go).
 */
const nobody = '$2b$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi'

/** bcrypt takes 70 ms and more of pure work: on a thread of its own, no poll waits for it. */
const work = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { compareSync } = require(workerData)
  parentPort.on('message', ({ password, hash }) => parentPort.postMessage(compareSync(password, hash)))
`

/** What became of a password. */
export type PasswordVerdict = 'right' | 'wrong' | 'busy'

/** Compares passwords with bcrypt hashes, one at a time. */
export class Passwords {
  readonly #known = new Map<string, boolean>()
  #worker: Worker | undefined
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  /** Whether the password is that of a user with this hash; undefined: there is no such user. */
  async check(password: string, hash: Secret | undefined): Promise<PasswordVerdict> {
    const text = hash?.reveal() ?? nobody
    const key = createHash('sha256')
      .update(JSON.stringify([text, password]))
      .digest('hex')
    const known = this.#known.get(key)
    if (known !== undefined) return hash !== undefined && known ? 'right' : 'wrong'
    if (this.#waiting >= mostWaiting) return 'busy'
    this.#waiting++
    const turn = this.#last.then(() => this.#compare(password, text))
    this.#last = turn
    const isRight = await turn
    this.#waiting--
    if (this.#known.size >= mostKnown) this.#known.clear()
    this.#known.set(key, isRight)
    return hash !== undefined && isRight ? 'right' : 'wrong'
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
  }

  #compare(password: string, hash: string): Promise<boolean> {
    this.#worker ??= this.#start()
    const worker = this.#worker
    return new Promise((resolve) => {
      const done = (isRight: boolean): void => {
        worker.off('message', done)
        worker.off('exit', fail)
        resolve(isRight)
      }
      const fail = (): void => done(false)
      worker.on('message', done)
      worker.on('exit', fail)
      worker.postMessage({ password, hash })
    })
  }

  #start(): Worker {
    const worker = new Worker(work, { eval: true, workerData: createRequire(import.meta.url).resolve('bcryptjs') })
    worker.unref()
    worker.on('error', () => {})
    worker.on('exit', () => {
      this.#worker = undefined
    })
    return worker
  }
}
