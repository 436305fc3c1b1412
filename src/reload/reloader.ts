import type { Clock, Milliseconds } from '../model/clock.ts'
import type { Log } from '../model/log.ts'
import { formatProblem, type Problem } from '../model/problem.ts'
import type { Site } from '../model/site.ts'
import type { Saying } from '../watch/self-series.ts'
import type { SiteChanges } from './site-changes.ts'
import type { Extent, SiteSource } from './site-source.ts'
import { summaryOf } from './summary.ts'

/** Who wants the site to be read again. */
export type Cause = 'signal' | 'http' | 'files' | 'list'

/** What became of it: what is different now, or why nothing is. */
export type Reloaded =
  | { readonly ok: true; readonly changes: SiteChanges; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** What a reload is wired to. */
export interface ReloaderParts {
  readonly source: Pick<SiteSource, 'read'>
  readonly clock: Clock
  readonly log: Log
  /** Goes on with another site. */
  go(site: Site, elsewhere: ReadonlySet<string>): Promise<SiteChanges>
  /** A reload begins, and has ended. */
  began(): void
  ended(): void
  /** What was changed, for the record. */
  record(cause: Cause, summary: string): void
  bug(error: unknown): void
}

/** Of a file with a thousand mistakes, so many are in the log; all are in the reply. */
const mostLines = 20

interface Waiting {
  readonly extent: Extent
  readonly outcome: Promise<Reloaded>
}

/** Reads the site again, one time after the other; whoever asks while one waits gets what becomes of that. */
export class Reloader {
  readonly #parts: ReloaderParts
  #last: Promise<unknown> = Promise.resolve()
  #waiting: Waiting | undefined
  #going: Promise<unknown> = Promise.resolve()
  #isStopped = false
  #isGood = true
  #goodAt: Milliseconds

  constructor(parts: ReloaderParts) {
    this.#parts = parts
    this.#goodAt = parts.clock.now().wall
  }

  /** What siteward says of it, named as Prometheus names its own. */
  get sayings(): readonly Saying[] {
    return [
      { metric: 'siteward_config_last_reload_successful', labels: {}, value: this.#isGood ? 1 : 0 },
      { metric: 'siteward_config_last_reload_success_timestamp_seconds', labels: {}, value: this.#goodAt / 1000 },
    ]
  }

  /** Reads the site and goes on with it. Rejects only for what nobody expected. */
  reload(cause: Cause): Promise<Reloaded> {
    const extent: Extent = cause === 'list' ? 'lists' : 'all'
    const before = this.#waiting
    if (before !== undefined && (before.extent === 'all' || extent === 'lists')) return before.outcome
    const outcome = this.#last.then(() => {
      if (this.#waiting === waiting) this.#waiting = undefined
      return this.#reload(cause, extent)
    })
    const waiting = { extent, outcome }
    this.#waiting = waiting
    this.#last = outcome.catch(() => {})
    return outcome
  }

  /** Nothing is changed any more; resolves when no change is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#going
  }

  async #reload(cause: Cause, extent: Extent): Promise<Reloaded> {
    const { source, clock, go } = this.#parts
    this.#parts.began()
    try {
      const { site, elsewhere, problems } = await source.read(extent)
      if (this.#isStopped) return { ok: false, problems: [] }
      if (site === undefined) return this.#refuse(cause, problems)
      const going = go(site, elsewhere)
      this.#going = going.catch(() => {})
      const changes = await going
      this.#isGood = true
      this.#goodAt = clock.now().wall
      this.#tell(cause, changes, problems)
      return { ok: true, changes, warnings: problems }
    } catch (error) {
      this.#isGood = false
      this.#parts.bug(error)
      throw error
    } finally {
      this.#parts.ended()
    }
  }

  #refuse(cause: Cause, problems: readonly Problem[]): Reloaded {
    const mistakes = problems.filter(({ level }) => level !== 'warning')
    const { log } = this.#parts
    this.#isGood = false
    for (const problem of mistakes.slice(0, mostLines)) log.error({ reload: cause }, formatProblem(problem))
    log.error({ reload: cause, mistakes: mistakes.length }, 'the site has mistakes; siteward goes on with the old one')
    return { ok: false, problems }
  }

  #tell(cause: Cause, changes: SiteChanges, warnings: readonly Problem[]): void {
    const { log } = this.#parts
    const summary = summaryOf(changes)
    for (const warning of warnings.slice(0, mostLines)) log.warn({ reload: cause }, formatProblem(warning))
    log.info({ reload: cause, changes: summary }, 'the site was read again')
    if (changes.restart.length > 0)
      log.warn({ reload: cause, settings: changes.restart.join(', ') }, 'these only change with a restart')
    if (summary !== '') this.#parts.record(cause, summary)
  }
}
