import { createServer, type IncomingMessage, type Server } from 'node:http'

/** One alert of a page. */
export interface Page {
  readonly status: string
  readonly labels: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly annotations: Readonly<Record<string, string>>
}

/**
 * What Alertmanager's webhook has delivered: the pages that the on-call engineer would have got. Whoever asks for them
 * (GET) gets them all as JSON: a receipt.
 */
export class Pager {
  readonly pages: Page[] = []
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => {
      if (request.method === 'GET') {
        response.end(JSON.stringify(this.pages))
        return
      }
      void bodyOf(request).then((body) => {
        const { alerts } = JSON.parse(body) as { alerts: Page[] }
        this.pages.push(...alerts)
        response.end()
      })
    })
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve) => this.#server.listen(port, '127.0.0.1', resolve))
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  of(alertname: string, status: string): readonly Page[] {
    return this.pages.filter((page) => page.labels['alertname'] === alertname && page.status === status)
  }
}

/** The whole body of a request as text. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}
