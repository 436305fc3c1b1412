import { createServer, type Server } from 'node:http'
import { portOf } from './doors.ts'

/** An alert as it is posted. */
export interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** One POST: when it came, its very bytes, and what they say. */
export interface Posted {
  readonly at: number
  readonly body: Buffer
  readonly alerts: readonly PostedAlert[]
}

/** Stands in for an Alertmanager: takes whatever it is told and keeps it. Asked what it holds, it holds nothing. */
export class Receiver {
  readonly posts: Posted[] = []
  /** The most requests that it had at once. */
  atOnce = 0
  #open = 0
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      this.atOnce = Math.max(this.atOnce, ++this.#open)
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => pieces.push(piece))
      request.on('end', () => {
        this.#open--
        if (request.method === 'POST') this.#take(Buffer.concat(pieces))
        response.setHeader('content-type', 'application/json').end('[]')
      })
    })
  }

  static async open(): Promise<Receiver> {
    const receiver = new Receiver()
    await new Promise<void>((done) => receiver.#server.listen(0, '127.0.0.1', done))
    return receiver
  }

  get port(): number {
    return portOf(this.#server)
  }

  /** All that it was told of, by every POST. */
  get alerts(): readonly PostedAlert[] {
    return this.posts.flatMap(({ alerts }) => alerts)
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #take(body: Buffer): void {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body)
    this.posts.push({ at: Date.now(), body, alerts: JSON.parse(text) })
  }
}
