import { connect, createServer, type Server, type Socket } from 'node:net'

/** A wire between two programs that can be cut: packets wait until it is whole again, or connections are reset. */
export class Link {
  readonly #server: Server
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  #state: 'whole' | 'cut' | 'reset' = 'whole'
  #waiting: (() => void)[] = []

  constructor(target: () => number) {
    this.#server = createServer((near) => {
      near.on('error', () => {})
      if (this.#state === 'reset') {
        near.resetAndDestroy()
        return
      }
      const join = (): void => this.#join(near, target())
      if (this.#state === 'cut') this.#waiting.push(join)
      else join()
    })
  }

  /** Listens on 127.0.0.1; resolves to the port. */
  listen(port = 0): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, '127.0.0.1', () => {
        const address = this.#server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
  }

  cut(): void {
    this.#state = 'cut'
    for (const [near, far] of this.#pairs) for (const one of [near, far]) one.unpipe().pause()
  }

  reset(): void {
    this.#state = 'reset'
    for (const [near, far] of this.#pairs) for (const one of [near, far]) one.resetAndDestroy()
  }

  mend(): void {
    this.#state = 'whole'
    for (const [near, far] of this.#pairs) {
      near.pipe(far)
      far.pipe(near)
    }
    const waiting = this.#waiting
    this.#waiting = []
    for (const join of waiting) join()
  }

  close(): void {
    this.#server.close()
    for (const [near, far] of this.#pairs) for (const one of [near, far]) one.destroy()
  }

  #join(near: Socket, port: number): void {
    const far = connect(port, '127.0.0.1')
    const pair = [near, far] as const
    this.#pairs.add(pair)
    for (const one of pair) {
      one.on('error', () => {})
      one.on('close', () => {
        this.#pairs.delete(pair)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far)
    far.pipe(near)
  }
}
