import { createServer, type IncomingMessage, type Server } from 'node:http'

/** One alert of one delivery, as the on-call engineer gets it. */
export interface Page {
  /** Milliseconds on the monotonic clock. */
  readonly at: number
  readonly status: 'firing' | 'resolved'
  readonly device: string
  readonly alertname: string
  readonly startsAt: string
  /** Which Alertmanager delivered it. */
  readonly from: string
}

/** The far end of the path: a webhook that keeps what it is told. */
export class Pager {
  readonly pages: Page[] = []
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => {
      void bodyOf(request).then((body) => {
        this.#take(body, (request.url ?? '').slice(1))
        response.end()
      })
    })
  }

  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => {
        const address = this.#server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #take(body: string, from: string): void {
    const { alerts } = JSON.parse(body) as {
      alerts: { status: 'firing' | 'resolved'; labels: Record<string, string>; startsAt: string }[]
    }
    for (const { status, labels, startsAt } of alerts) {
      const { device = '', alertname = '' } = labels
      this.pages.push({ at: performance.now(), status, device, alertname, startsAt, from })
    }
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}
