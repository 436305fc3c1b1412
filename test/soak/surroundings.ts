import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Link } from '../chaos/link.ts'
import { type Page, Pager } from '../chaos/pager.ts'
import { freePort, type Started, start } from '../peers/process.ts'

const host = '127.0.0.1'

/** A real Alertmanager behind a wire that can be cut, and the pager that it pages. */
export class Paging {
  readonly #folder = mkdtempSync(join(tmpdir(), 'siteward-soak-'))
  readonly #pager = new Pager()
  readonly #port: number
  readonly #link: Link
  #program: Started | undefined

  private constructor(port: number) {
    this.#port = port
    this.#link = new Link(() => port)
  }

  /** Starts both; resolves to it and to where siteward reaches Alertmanager. */
  static async start(): Promise<{ readonly paging: Paging; readonly url: string }> {
    const paging = new Paging(await freePort())
    const pager = await paging.#pager.listen()
    writeFileSync(
      join(paging.#folder, 'alertmanager.yml'),
      `route:
  receiver: pager
  group_by: [alertname, device, severity]
  group_wait: 1s
  group_interval: 2s
  repeat_interval: 24h
  routes: [{ matchers: [alertname = SitewardWatchdog], receiver: nobody }]
receivers:
  - name: nobody
  - name: pager
    webhook_configs: [{ url: 'http://${host}:${pager}/', send_resolved: true }]
`,
    )
    paging.revive()
    return { paging, url: `http://${host}:${await paging.#link.listen()}` }
  }

  /** What was paged, in order; `at` on the monotonic clock. */
  get pages(): readonly Page[] {
    return this.#pager.pages
  }

  cut(): void {
    this.#link.reset()
  }

  mend(): void {
    this.#link.mend()
  }

  /** Ends Alertmanager; one that is killed forgets what it has paged, and who is well again is never told of. */
  stop(): void {
    void this.#program?.stop('SIGTERM')
  }

  /** Starts Alertmanager on what it had kept. */
  revive(): void {
    this.#program = start('prometheus-alertmanager', [
      `--config.file=${join(this.#folder, 'alertmanager.yml')}`,
      `--storage.path=${join(this.#folder, 'data')}`,
      `--web.listen-address=${host}:${this.#port}`,
      '--cluster.listen-address=',
    ])
  }

  async close(): Promise<void> {
    await this.#program?.stop('SIGKILL')
    this.#link.close()
    this.#pager.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const clients = 60

/** HTTP clients that begin a request and never end it, and others that never read what they asked for. */
export class SlowClients {
  readonly #sockets: Socket[] = []

  come(port: number): void {
    for (let i = 0; i < clients; i++) {
      const socket = connect(port, host)
      socket.on('error', () => {})
      socket.pause()
      socket.write(
        i % 2 === 0 ? 'GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: ' : 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n',
      )
      this.#sockets.push(socket)
    }
  }

  go(): void {
    for (const socket of this.#sockets.splice(0)) socket.destroy()
  }
}
