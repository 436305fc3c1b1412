import type { Milliseconds } from '../model/clock.ts'
import type { Site } from '../model/site.ts'
import type { Firing } from './book.ts'

/** Missed tellings after which it runs out; Prometheus: rules/alerting.go, 4 x resend. */
const tellings = 4

/**
 * The dead man's switch: an alert that always fires, so that its absence at the far end of the path tells that the path,
 * or every siteward of the site, is dead. Unlike all others it runs out soon after the last word.
 */
export function watchdogOf(
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
