import Type from 'typebox'
import { json, operation, type Reply, RequestError, type Route } from '../expose/route.ts'
import { formatProblem, type Problem } from '../model/problem.ts'
import type { Site, SiteNow } from '../model/site.ts'
import type { Saying } from '../watch/self-series.ts'
import { FileWatch } from './file-watch.ts'
import { ListRefresh } from './list-refresh.ts'
import type { Plan } from './plan.ts'
import { type Reloaded, Reloader, type ReloaderParts } from './reloader.ts'
import type { SiteSource } from './site-source.ts'

/** What reloading is wired to. */
export interface ReloadingParts extends ReloaderParts {
  readonly source: SiteSource
  readonly site: SiteNow
  /** What would be if another site were gone on with. */
  plan(site: Site, elsewhere: ReadonlySet<string>): Promise<Plan>
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
    this.routes = [
      operation('POST', '/-/reload', nothing, async () => replyOf(await this.reloader.reload('http'))),
      operation('POST', '/api/v1/plan', draft, ({ body }) => this.#plan(body.file)),
    ]
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

  async #plan(file: string): Promise<Reply> {
    const { source, plan } = this.#parts
    const reading = await source.draft(file)
    if (reading === undefined)
      throw new RequestError(
        403,
        'only YAML files in the folder of the site file are looked at; others: --from OLDFILE',
      )
    const { site, elsewhere, problems } = reading
    if (site === undefined) return wrong(400, 'the file has mistakes', problems)
    return json(200, { ...(await plan(site, elsewhere)), warnings: problems.map(formatProblem) })
  }

  /** What went wrong is told already. */
  async #again(cause: 'files' | 'list'): Promise<void> {
    await this.reloader.reload(cause).catch(() => {})
  }
}

const draft = Type.Object({ file: Type.String({ minLength: 1, maxLength: 4096 }) }, { additionalProperties: false })
const nothing = Type.Object({}, { additionalProperties: false })

/** 500 for a wrong site, as Prometheus and its exporters answer. */
function replyOf(reloaded: Reloaded): Reply {
  if (reloaded.ok) return json(200, { changes: reloaded.changes, warnings: reloaded.warnings.map(formatProblem) })
  return wrong(500, 'the site has mistakes, and siteward goes on with the old one', reloaded.problems)
}

function wrong(status: number, what: string, problems: readonly Problem[]): Reply {
  const mistakes = problems.filter(({ level }) => level !== 'warning').map(formatProblem)
  return json(status, { error: `${what}: ${mistakes[0] ?? ''}`, problems: mistakes })
}
