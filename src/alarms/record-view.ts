import { alarmId, type RecordEvent } from '../model/record.ts'
import { type Episode, episodesOf } from '../record/episodes.ts'
import type { JournalEntry, JournalView } from '../store/journal.ts'
import type { RecordQuery } from '../store/record.ts'
import { eventOf } from './alarm-keeper.ts'
import { isEscalation } from './escalation.ts'

/** Past episodes, and those that fire by the journal, whether a siteward runs or not. */
export function episodesIn(view: JournalView, query: RecordQuery): readonly Episode[] {
  const firing = view.load().filter((entry) => entry.state === 'firing' && !isEscalation(entry))
  const mine = firing.filter(({ device }) => query.device === undefined || device === query.device)
  return withFiring(
    episodesOf(view.since(query)),
    mine.flatMap((entry) => firingEpisode(entry, view.episode(alarmId(entry.key), entry.activeAt)) ?? []),
  )
}

/** The episode of an alarm that fires, by the journal and the record; one from before there was a record has only its beginning. */
export function firingEpisode(entry: JournalEntry, events: readonly RecordEvent[]): Episode | undefined {
  const [known] = episodesOf(events)
  return known ?? episodesOf([eventOf(entry, 'firing', entry.firedAt ?? entry.activeAt)])[0]
}

/** Past episodes, and those that fire now, as they stand now. */
export function withFiring(past: readonly Episode[], firing: readonly Episode[]): readonly Episode[] {
  const key = ({ id, activeAt }: Episode): string => `${id} ${Math.round(activeAt)}`
  const now = new Map(firing.map((episode) => [key(episode), episode]))
  const ended = past.filter((episode) => !now.has(key(episode)))
  return [...ended, ...firing].sort((a, b) => a.firedAt - b.firedAt)
}
