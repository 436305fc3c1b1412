import type { Milliseconds } from '../model/clock.ts'
import { isDrill } from '../model/drill.ts'
import { type Step, steps } from '../model/record.ts'
import { isWorkingTime, type ServiceLevels } from '../model/service-level.ts'
import { type Episode, type StepTime, stepTimes } from '../record/episodes.ts'

/** How one service level was kept over a period. */
export interface LevelTally {
  readonly step: Step
  readonly limit: Milliseconds
  /** Alarms that asked for it: what was no longer needed before its time was up is not among them. */
  readonly asked: number
  readonly met: number
  readonly missed: number
  /** Not done yet, and beyond its time. */
  readonly late: number
  /** Not done yet, and in time. */
  readonly open: number
  /** Of those that were done; NaN where none was. */
  readonly average: Milliseconds
  /** The same of alarms that were told of outside working time. */
  readonly outsideWork: { readonly asked: number; readonly met: number }
}

/** An alarm with its times. */
export interface ServedEpisode {
  readonly episode: Episode
  readonly times: readonly StepTime[]
  /** Whether somebody was told of it in working time; undefined where nobody was told. */
  readonly isInWork: boolean | undefined
}

/** Pure: alarms with how their steps stand to their times. Drills are none. */
export function served(
  episodes: readonly Episode[],
  levels: ServiceLevels,
  asOf: Milliseconds,
): readonly ServedEpisode[] {
  return episodes
    .filter(({ own }) => !isDrill(own))
    .map((episode) => ({
      episode,
      times: stepTimes(episode, levels, asOf),
      isInWork: episode.toldAt === undefined ? undefined : isWorkingTime(episode.toldAt, levels.working),
    }))
}

/** Pure: how each level was kept. */
export function tallied(all: readonly ServedEpisode[], levels: ServiceLevels): readonly LevelTally[] {
  return steps.map((step) => {
    const times = all.flatMap(({ times: own, isInWork }) =>
      own.filter((time) => time.step === step && time.state !== 'void').map((time) => ({ ...time, isInWork })),
    )
    const count = (state: StepTime['state']): number => times.filter((time) => time.state === state).length
    const done = times.filter(({ state }) => state === 'met' || state === 'missed')
    const free = times.filter(({ isInWork }) => isInWork === false)
    return {
      step,
      limit: levels[step],
      asked: times.length,
      met: count('met'),
      missed: count('missed'),
      late: count('late'),
      open: count('open'),
      average: done.length === 0 ? Number.NaN : done.reduce((sum, { took }) => sum + took, 0) / done.length,
      outsideWork: { asked: free.length, met: free.filter(({ state }) => state === 'met').length },
    }
  })
}
