import Type from 'typebox'
import { json, operation, type Reply, type Route } from '../expose/route.ts'
import { formatProblem } from '../model/problem.ts'
import type { SiteNow } from '../model/site.ts'
import type { Saying } from '../watch/self-series.ts'
import { FileWatch } from './file-watch.ts'
import { ListRefresh } from './list-refresh.ts'
import { type Reloaded, Reloader, type ReloaderParts } from './reloader.ts'
import type { SiteSource } from './site-source.ts'

/** What reloading is wired to. */
export interface ReloadingParts extends ReloaderParts {
  readonly source: SiteSource
  readonly site: SiteNow
}

/** Everything that makes siteward read its site again: a request, a signal, a file or a list that has changed. */
export class Reloading {
  readonly reloader: Reloader
  readonly routes: readonly Route[]
  readonly #parts: ReloadingParts
  readonly #files: FileWatch
  readonly #lists: ListRefresh

  constructor(parts: ReloadingParts) {
    this.#parts = parts
    const { source, clock, site } = parts
    this.reloader = new Reloader(parts)
    this.#files = new FileWatch(
      { marks: () => source.marks(site().reloadOnChange ? 'all' : 'lists'), mark: (path) => source.mark(path) },
      clock,
      () => this.#again(site().reloadOnChange ? 'files' : 'list'),
    )
    this.#lists = new ListRefresh({ source, clock, changed: () => this.#again('list') })
    this.routes = [operation('POST', '/-/reload', nothing, async () => replyOf(await this.reloader.reload('http')))]
  }

  start(): void {
    this.#files.start()
    this.follow()
  }

  /** The site is another now. */
  follow(): void {
    this.#lists.follow(this.#parts.site().deviceLists)
  }

  /** Resolves when no change is under way. */
  async stop(): Promise<void> {
    this.#files.stop()
    this.#lists.stop()
    await this.reloader.stop()
  }

  get sayings(): readonly Saying[] {
    return this.reloader.sayings
  }

  /** What went wrong is told already. */
  async #again(cause: 'files' | 'list'): Promise<void> {
    await this.reloader.reload(cause).catch(() => {})
  }
}

const nothing = Type.Object({}, { additionalProperties: false })

/** 500 for a wrong site, as Prometheus and its exporters answer. */
function replyOf(reloaded: Reloaded): Reply {
  if (reloaded.ok) return json(200, { changes: reloaded.changes, warnings: reloaded.warnings.map(formatProblem) })
  const mistakes = reloaded.problems.filter(({ level }) => level !== 'warning').map(formatProblem)
  return json(500, {
    error: `the site has mistakes, and siteward goes on with the old one: ${mistakes[0] ?? ''}`,
    problems: mistakes,
  })
}
