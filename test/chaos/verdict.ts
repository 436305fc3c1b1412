import type { Page } from './pager.ts'
import { type ChaosSchedule, peerTimeout } from './schedule.ts'

/** What the on-call engineer got in one run, against what was so. */
export interface Verdict {
  /** Rooms that were too hot for long enough and that nobody was paged for. */
  readonly missed: readonly number[]
  /** Rooms whose page was never taken back. */
  readonly unresolved: readonly number[]
  /** Rooms whose page was taken back while they were too hot. */
  readonly falselyResolved: readonly number[]
  /** Rooms that somebody was paged for though they were not too hot for long enough. */
  readonly false: readonly number[]
  /** Rooms that somebody was paged for more than once, but for those that were raced. */
  readonly repeated: readonly number[]
  /**
   * Rooms whose page one Alertmanager repeated right after the other had taken it back. The second decides on what fired
   * before it waited for the first (dispatch.go takes the alerts, notify.go then waits): whoever tells them, two
   * Alertmanagers out of step do that. So do two that page in the same moment after one was cut off: the other has waited
   * for it long enough, and it has nobody to wait for.
   */
  readonly raced: readonly number[]
  /** Pages that something fires. */
  readonly pages: number
}

/** Pure: judges pages (`began`: the schedule's beginning on their clock) by the schedule. */
export function verdictOf({ heats, faults }: ChaosSchedule, pages: readonly Page[], began: number): Verdict {
  const of = (room: number, status: Page['status']): readonly Page[] =>
    pages.filter((page) => page.device === `room-${room}` && page.status === status)
  const roomsWhere = (holds: (room: number, lasts: boolean, from: number, to: number) => boolean): readonly number[] =>
    heats.flatMap(({ room, lasts, from, to }) => (holds(room, lasts, from, to) ? [room] : []))
  /** Whether an Alertmanager has come back shortly before. */
  const isBack = (at: number): boolean =>
    faults.some(({ member, to }) => {
      const since = at - began - 1000 * to
      return member.startsWith('alertmanager-') && since > 0 && since < justBack
    })
  return {
    missed: roomsWhere((room, lasts) => lasts && of(room, 'firing').length === 0),
    unresolved: roomsWhere((room) => {
      const last = (of(room, 'firing').at(-1)?.at ?? 0) > (of(room, 'resolved').at(-1)?.at ?? 0)
      return last
    }),
    falselyResolved: roomsWhere((room, _, from, to) =>
      of(room, 'resolved').some(({ at }) => at > began + from * 1000 && at < began + to * 1000),
    ),
    false: roomsWhere((room, lasts) => !lasts && of(room, 'firing').length > 0),
    repeated: roomsWhere(
      (room) =>
        of(room, 'firing').filter((page) => !isRaced(page, of(room, 'resolved'), of(room, 'firing'), isBack)).length >
        1,
    ),
    raced: roomsWhere((room) =>
      of(room, 'firing').some((page) => isRaced(page, of(room, 'resolved'), of(room, 'firing'), isBack)),
    ),
    pages: heats.reduce((sum, { room }) => sum + of(room, 'firing').length, 0),
  }
}

/** Half a second more for a machine under load. */
const slowest = 1000 * peerTimeout + 500

/** Milliseconds within which neither Alertmanager can have heard of the other's page on a machine under load. */
const sameMoment = 500

/** Milliseconds within which one that is reached again is told, and tells. */
const justBack = 2000

function isRaced(
  page: Page,
  resolved: readonly Page[],
  firing: readonly Page[],
  isBack: (at: number) => boolean,
): boolean {
  const { at, from } = page
  const isRepeated = resolved.some((other) => other.from !== from && at > other.at && at - other.at < slowest)
  const earlier = firing.slice(0, firing.indexOf(page))
  return isRepeated || (isBack(at) && earlier.some((other) => other.from !== from && at - other.at < sameMoment))
}
