import type { Milliseconds, Moment } from '../model/clock.ts'
import { Comparison } from '../model/same.ts'
import type { Site } from '../model/site.ts'
import type { Firing } from './book.ts'
import type { Notifier } from './notifier.ts'

/** Missed tellings after which it runs out; Prometheus: rules/alerting.go, 4 x resend. */
const tellings = 4

/** What the alert is made of. */
type Words = Pick<Site, 'name' | 'labels' | 'language' | 'resend' | 'watchdog'>

/** Keeps the dead man's switch of a site told, as the site has it now. */
export class Watchdog {
  readonly #notifier: Pick<Notifier, 'fire' | 'resolve'>
  readonly #shard: string | undefined
  #told: { readonly words: Words; readonly firing: Firing } | undefined

  /** Each of several sitewards of a site has a watchdog of its own: the others' must not hide that it is dead. */
  constructor(notifier: Pick<Notifier, 'fire' | 'resolve'>, shard: string | undefined) {
    this.#notifier = notifier
    this.#shard = shard
  }

  /** The site is this now. */
  follow({ name, labels, language, resend, watchdog }: Words, now: Moment): void {
    const words = {
      name,
      labels: this.#shard === undefined ? labels : { ...labels, shard: this.#shard },
      language,
      resend,
      watchdog,
    }
    const before = this.#told
    if (new Comparison().same(before?.words, words)) return
    const startsAt = before?.words.watchdog === watchdog ? before?.firing.startsAt : undefined
    const firing = watchdog === undefined ? undefined : watchdogOf(words, watchdog, startsAt ?? now.wall)
    this.#told = firing === undefined ? undefined : { words, firing }
    if (before !== undefined && before.firing.key !== firing?.key) this.#notifier.resolve(before.firing.key, now)
    if (firing !== undefined) this.#notifier.fire(firing)
  }
}

/**
 * The dead man's switch: an alert that always fires, so that its absence at the far end of the path tells that the path,
 * or every siteward of the site, is dead. Unlike all others it runs out soon after the last word.
 */
function watchdogOf(
  site: Pick<Site, 'name' | 'labels' | 'language' | 'resend'>,
  name: string,
  now: Milliseconds,
): Firing {
  const texts = {
    en: `siteward watches ${site.name}; this alert always fires, and its end is the alarm`,
    zh: `siteward 正在监控 ${site.name}；本告警应始终触发，一旦中断即为故障`,
  }
  const labels = { ...site.labels, alertname: name, severity: 'none', site: site.name }
  return {
    key: JSON.stringify(['watchdog', name]),
    labels,
    annotations: () => ({ summary: texts[site.language], summary_en: texts.en, summary_zh: texts.zh }),
    startsAt: now,
    lifetime: () => tellings * site.resend,
    confirmedAt: () => Number.POSITIVE_INFINITY,
  }
}
