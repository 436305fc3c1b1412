import { Exposition, type Readings } from '../expose/exposition.ts'
import { Comparison } from '../model/same.ts'
import type { SiteNow } from '../model/site.ts'
import { OtlpPush, type OtlpPushParts } from './otlp-push.ts'
import { TextfileWriter } from './textfile.ts'

/** What pushing is wired to. */
export interface PushingParts extends OtlpPushParts {
  readonly site: SiteNow
  readonly readings: Readings
}

/** Everything that brings readings to others that do not scrape. */
export class Pushing {
  readonly #parts: PushingParts
  #otlp: readonly OtlpPush[] = []
  #textfile: TextfileWriter | undefined

  constructor(parts: PushingParts) {
    this.#parts = parts
  }

  /** As the site says now: what is as it was goes on, with what waits to be sent. */
  follow(): void {
    const { otlp, textfile } = this.#parts.site()
    const same = (a: unknown, b: unknown): boolean => new Comparison().same(a, b)
    const kept = this.#otlp.filter(({ target }) => otlp.some((next) => same(target, next)))
    for (const push of this.#otlp) if (!kept.includes(push)) push.stop()
    const fresh = otlp.filter((next) => !kept.some(({ target }) => same(target, next)))
    const made = fresh.map((target) => new OtlpPush(target, this.#parts))
    for (const push of made) push.start()
    this.#otlp = [...kept, ...made]
    if (same(this.#textfile?.file, textfile)) return
    this.#textfile?.stop()
    const { readings, clock, log, breathe } = this.#parts
    const exposition = new Exposition(readings, clock)
    const parts = { clock, log, breathe, pieces: () => exposition.chunks('text') }
    this.#textfile = textfile === undefined ? undefined : new TextfileWriter(textfile, parts)
    this.#textfile?.start()
  }

  stop(): void {
    for (const push of this.#otlp) push.stop()
    this.#textfile?.stop()
  }
}
