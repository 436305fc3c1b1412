import type { KeptAlarm } from '../alarms/hold-keeper.ts'
import type { Cell } from '../judge/cell.ts'
import type { Judge } from '../judge/judge.ts'
import { annotations, placeOf } from '../judge/text.ts'
import type { Moment } from '../model/clock.ts'
import type { Labels } from '../model/labels.ts'
import { alarmId } from '../model/record.ts'
import type { Site } from '../model/site.ts'
import type { Attended, Episode } from '../record/episodes.ts'
import { bothTexts } from './reading-status.ts'
import type { AlarmStatus, BothTexts, StepStatus } from './shape.ts'

/** What an alarm's texts are made from. */
export interface AlarmSources {
  readonly site: Pick<Site, 'timeZone'>
  readonly judge: Judge
  /** What people have said of the alarms that fire. */
  readonly episodes: readonly Episode[]
  readonly now: Moment
}

/** Pure: every alarm that fires or is about to, the gravest first, and of those the newest. */
export function alarmStatuses(kept: readonly KeptAlarm[], sources: AlarmSources): readonly AlarmStatus[] {
  const episodes = new Map(sources.episodes.map((episode) => [episode.id, episode]))
  return kept
    .map((one) => alarmStatus(one, episodes.get(alarmId(one.alarm.key)), sources))
    .sort((a, b) => rank(a) - rank(b) || (a.since < b.since ? 1 : a.since > b.since ? -1 : 0))
}

/** Firing before pending, what was told before what is held back, critical before all else. */
function rank({ state, severity, held }: AlarmStatus): number {
  return (state === 'firing' ? 0 : 4) + (held === null ? 0 : 2) + (severity === 'critical' ? 0 : 1)
}

function alarmStatus(kept: KeptAlarm, episode: Episode | undefined, sources: AlarmSources): AlarmStatus {
  const { alarm, isFiring, hold } = kept
  const { judge, now } = sources
  const cell = judge.cell(alarm.device, alarm.key)
  const steps = episode?.attended ?? {}
  return {
    id: alarmId(alarm.key),
    state: isFiring ? 'firing' : 'pending',
    severity: alarm.labels['severity'] ?? '',
    alarm: alarm.alarm,
    device: alarm.device,
    labels: cell?.own ?? episode?.own ?? {},
    ...texts(cell, episode?.summary ?? alarm.alarm, sources),
    place: placeOf(alarm.labels),
    since: new Date(now.wall - (now.mono - alarm.activeAt)).toISOString(),
    stale: cell === undefined || cell.alarm.state === 'unknown',
    held: hold === undefined ? null : { reason: hold.reason, by: hold.by },
    taken: stepStatus(steps.taken),
    on_site: stepStatus(steps.on_site),
    repaired: stepStatus(steps.repaired),
    escalated_at: episode?.escalatedAt === undefined ? null : new Date(episode.escalatedAt).toISOString(),
  }
}

/** After a restart an alarm is known before its reading is: then only what was said of it. */
function texts(
  cell: Cell | undefined,
  otherwise: string,
  { judge, site, now }: AlarmSources,
): Pick<AlarmStatus, 'summary' | 'check' | 'value' | 'limit'> {
  if (cell === undefined) return { summary: { en: otherwise, zh: otherwise }, check: null, value: null, limit: null }
  const bounds = judge.bounds(cell)
  const wordsIn = (language: 'en' | 'zh'): Labels =>
    annotations(cell, bounds, { language, timeZone: site.timeZone, now: now.wall })
  const both = { en: wordsIn('en'), zh: wordsIn('zh') }
  const text = (name: string): BothTexts | null =>
    both.en[name] === undefined ? null : bothTexts((language) => both[language][name] ?? '')
  return {
    summary: text('summary') ?? { en: otherwise, zh: otherwise },
    check: text('check'),
    value: text('value'),
    limit: text('limit'),
  }
}

function stepStatus(done: Attended | undefined): StepStatus | null {
  return done === undefined ? null : { at: new Date(done.at).toISOString(), by: done.by, note: done.note }
}
