import type { Milliseconds } from '../model/clock.ts'
import { csvText } from '../model/csv.ts'
import type { Labels } from '../model/labels.ts'
import { steps } from '../model/record.ts'
import type { ServiceLevels } from '../model/service-level.ts'
import { type Episode, levelNames, stepTimes } from './episodes.ts'

/** An episode as it is listed and answered over HTTP: times as ISO 8601, lengths in seconds. */
export interface Listed {
  readonly id: string
  readonly state: 'firing' | 'resolved'
  readonly severity: string
  readonly alarm: string
  readonly device: string
  readonly labels: Labels
  readonly summary: string
  readonly active_at: string
  readonly fired_at: string
  /** null for one that was, or is, held back. */
  readonly told_at: string | null
  readonly resolved_at: string | null
  readonly lasted_seconds: number
  readonly escalated_at: string | null
  readonly taken: ListedStep | null
  readonly on_site: ListedStep | null
  readonly repaired: ListedStep | null
  readonly service_levels: readonly ListedLevel[]
}

interface ListedStep {
  readonly at: string
  readonly by: string
  readonly note: string
}

interface ListedLevel {
  readonly level: string
  readonly took_seconds: number
  readonly limit_seconds: number
  readonly state: string
}

/** Pure: an episode for people and programs, as of now. */
export function listed(episode: Episode, levels: ServiceLevels, now: Milliseconds): Listed {
  const { endedAt, escalatedAt, toldAt } = episode
  const [taken, onSite, repaired] = steps.map((step) => {
    const done = episode.attended[step]
    return done === undefined ? null : { at: stamp(done.at), by: done.by, note: done.note }
  })
  return {
    id: episode.id,
    state: endedAt === undefined ? 'firing' : 'resolved',
    severity: episode.severity,
    alarm: episode.alarm,
    device: episode.device,
    labels: episode.own,
    summary: episode.summary,
    active_at: stamp(episode.activeAt),
    fired_at: stamp(episode.firedAt),
    told_at: toldAt === undefined ? null : stamp(toldAt),
    resolved_at: endedAt === undefined ? null : stamp(endedAt),
    lasted_seconds: seconds((endedAt ?? now) - episode.firedAt),
    escalated_at: escalatedAt === undefined ? null : stamp(escalatedAt),
    taken: taken ?? null,
    on_site: onSite ?? null,
    repaired: repaired ?? null,
    service_levels: stepTimes(episode, levels, now).map(({ step, took, limit, state }) => ({
      level: levelNames[step],
      took_seconds: seconds(took),
      limit_seconds: seconds(limit),
      state,
    })),
  }
}

function stamp(at: Milliseconds): string {
  return new Date(at).toISOString()
}

function seconds(length: Milliseconds): number {
  return Math.max(0, Math.round(length / 1000))
}

const columns = [
  'id',
  'state',
  'severity',
  'alarm',
  'device',
  'labels',
  'fired_at',
  'told_at',
  'resolved_at',
  'lasted_seconds',
  'taken_at',
  'taken_by',
  'on_site_at',
  'repaired_at',
  'response',
  'on_site',
  'repair',
  'summary',
  'note',
] as const

/** Episodes as CSV (RFC 4180) with a line of names. */
export function asCsv(list: readonly Listed[]): string {
  return csvText([columns, ...list.map(csvFields)])
}

function csvFields(one: Listed): readonly (string | number)[] {
  const state = (name: string): string => one.service_levels.find(({ level }) => level === name)?.state ?? ''
  return [
    one.id,
    one.state,
    one.severity,
    one.alarm,
    one.device,
    whereText(one.labels),
    one.fired_at,
    one.told_at ?? '',
    one.resolved_at ?? '',
    one.lasted_seconds,
    one.taken?.at ?? '',
    one.taken?.by ?? '',
    one.on_site?.at ?? '',
    one.repaired?.at ?? '',
    state('response'),
    state('on_site'),
    state('repair'),
    one.summary,
    one.taken?.note ?? '',
  ]
}

/** The labels of a series as people read them: `sensor=return phase=2`. */
export function whereText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}
