import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** An alert as it was told, with the time of that; all in milliseconds since 1970. */
export interface Told {
  readonly at: number
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: number
  readonly endsAt: number
}

/** Whether it was told as over. */
export function isOver({ at, endsAt }: Told): boolean {
  return endsAt <= at
}

/** A request, from when it came to when its connection was closed or its answer had gone. */
export interface Visit {
  readonly at: number
  readonly method: string
  /** Alerts in it. */
  readonly alerts: number
  ended: number | undefined
}

/** What an Alertmanager that is ill does with a request: `take` what it tells, `good` answers as a well one does. */
export type Manner = (asked: {
  readonly method: string
  readonly told: readonly Told[]
  readonly response: ServerResponse
  take(): void
  good(): void
}) => void

/**
 * An Alertmanager as siteward sees one: its API v2 (api/v2/openapi.yaml of prometheus/alertmanager), which says what it
 * holds; the newest word on an alert stands. It can fall ill, be closed, and be opened again.
 */
export class Alertmanager {
  /** What it has taken. */
  readonly told: Told[] = []
  readonly visits: Visit[] = []
  /** The most requests that were under way at once. */
  mostAtOnce = 0
  manner: Manner | undefined
  #server: Server | undefined
  #port = 0
  #underWay = 0
  readonly #sockets = new Set<Socket>()
  readonly #held = new Map<string, Told>()
  #started = new Date().toISOString()

  /** Listens, where it did before. */
  async open(): Promise<void> {
    const server = createServer((request, response) => void this.#hear(request, response))
    server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#sockets.delete(socket))
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#port, '127.0.0.1', resolve)
    })
    const address = server.address()
    this.#port = typeof address === 'object' && address !== null ? address.port : 0
    this.#server = server
  }

  /** Is gone from its port; what it holds stays. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    const server = this.#server
    this.#server = undefined
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())))
  }

  /** Has forgotten everything, as after a loss of its disk. */
  restart(): void {
    this.#held.clear()
    this.#started = new Date().toISOString()
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** The alerts that it holds as firing. */
  get active(): readonly Told[] {
    return [...this.#held.values()].filter(({ endsAt }) => endsAt > Date.now())
  }

  /** What it was told of an alarm of a device. */
  of(device: string, alertname: string): readonly Told[] {
    return this.told.filter(({ labels }) => labels['device'] === device && labels['alertname'] === alertname)
  }

  async #hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#underWay)
    const at = Date.now()
    const method = request.method ?? ''
    const body = await bodyOf(request)
    const told = method === 'POST' ? (JSON.parse(body) as readonly Wire[]).map((alert) => toldOf(alert, at)) : []
    const visit: Visit = { at, method, alerts: told.length, ended: undefined }
    this.visits.push(visit)
    response.on('error', () => {})
    response.on('close', () => {
      visit.ended = Date.now()
      this.#underWay--
    })
    const good = (): void => this.#answer(request, told, response)
    if (this.manner === undefined) good()
    else this.manner({ method, told, response, good, take: () => this.#take(told) })
  }

  #take(told: readonly Told[]): void {
    for (const one of told) {
      this.told.push(one)
      this.#held.set(JSON.stringify(Object.entries(one.labels).sort()), one)
    }
  }

  #answer(request: IncomingMessage, told: readonly Told[], response: ServerResponse): void {
    if (request.method === 'POST') {
      this.#take(told)
      response.end()
      return
    }
    response.setHeader('content-type', 'application/json')
    if (request.url === '/api/v2/status') response.end(JSON.stringify({ uptime: this.#started }))
    else
      response.end(
        JSON.stringify(
          this.active.map(({ labels, startsAt }) => ({ labels, startsAt: new Date(startsAt).toISOString() })),
        ),
      )
  }
}

interface Wire {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt?: string
}

function toldOf({ labels, annotations, startsAt, endsAt }: Wire, at: number): Told {
  return { at, labels, annotations, startsAt: Date.parse(startsAt), endsAt: Date.parse(endsAt ?? '') }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  try {
    for await (const part of request) parts.push(part as Buffer)
  } catch {
    // Whoever asked has gone.
    return '[]'
  }
  return Buffer.concat(parts).toString()
}
