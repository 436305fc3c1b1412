import http from 'node:http'
import https from 'node:https'
import net, { type Server } from 'node:net'
import tls from 'node:tls'

/** How a simulated device behaves; it can be changed while it runs. */
export interface Behaviour {
  /** `hang` takes the connection and never answers; `reset` breaks it off; `drip` sends a page that never ends. */
  manner: 'answer' | 'hang' | 'reset' | 'drip'
  status: number
  headers: Readonly<Record<string, string>>
  body: string
}

/** A key and its certificate, PEM. */
export interface Identity {
  readonly key: string
  readonly cert: string
}

/** What a simulated device serves: bare connections, or a web page, with or without TLS. */
export interface Simulation {
  readonly kind: 'tcp' | 'tls' | 'http' | 'https'
  readonly identity?: Identity
  readonly behaviour?: Partial<Behaviour>
}

export interface SimulatedDevice {
  readonly port: number
  readonly behaviour: Behaviour
  /** Request lines that came, oldest first. */
  readonly requests: readonly string[]
  close(): Promise<void>
}

/** Serves a simulated device on a free port of 127.0.0.1. */
export function simulate({
  kind,
  identity = { key: '', cert: '' },
  behaviour = {},
}: Simulation): Promise<SimulatedDevice> {
  const manners: Behaviour = { manner: 'answer', status: 200, headers: {}, body: '', ...behaviour }
  const requests: string[] = []
  const connections = new Set<net.Socket>()
  const page = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    requests.push(`${request.method} ${request.url} ${request.headers.host}`)
    serve(response, manners)
  }
  const server = serverOf(kind, identity, page)
  server.on('connection', (socket: net.Socket) => {
    connections.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => connections.delete(socket))
    if (manners.manner === 'reset') socket.resetAndDestroy()
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      const close = (): Promise<void> =>
        new Promise((done) => {
          server.close(() => done())
          for (const socket of connections) socket.destroy()
        })
      resolve({ port, behaviour: manners, requests, close })
    })
  })
}

function serverOf(kind: Simulation['kind'], identity: Identity, page: http.RequestListener): Server {
  switch (kind) {
    case 'tcp':
      return net.createServer()
    case 'tls':
      return tls.createServer(identity, (socket) => socket.on('error', () => {}))
    case 'http':
      return http.createServer(page)
    case 'https':
      return https.createServer(identity, page)
  }
}

function serve(response: http.ServerResponse, { manner, status, headers, body }: Behaviour): void {
  if (manner === 'hang') return
  response.writeHead(status, headers)
  if (manner === 'answer') {
    response.end(body)
    return
  }
  const more = (): void => {
    if (response.writable && response.write('x'.repeat(16_384))) setImmediate(more)
  }
  response.on('drain', more)
  more()
}
