import { seededRandom } from '../../src/model/random.ts'

/** Who can fall out: two that judge (siteward, or Prometheus in the comparison) and two Alertmanagers. */
export const members = ['judge-0', 'judge-1', 'alertmanager-0', 'alertmanager-1'] as const

export type Member = (typeof members)[number]

/**
 * `kill`: SIGKILL, and a new start at the end. `cut`: its packets are lost, and come through at the end. `reset`: its
 * connections are reset and refused. `blind`: a judge that loses its devices only. Seconds from the schedule's beginning.
 */
export interface Fault {
  readonly kind: 'kill' | 'cut' | 'reset' | 'blind'
  readonly member: Member
  readonly from: number
  readonly to: number
}

/** One room that is too hot from `from` to `to`; an alarm that lasts is one that must be told. */
export interface Heat {
  readonly room: number
  readonly from: number
  readonly to: number
  readonly lasts: boolean
}

/** What happens in one run. */
export interface ChaosSchedule {
  readonly seed: number
  readonly kind: ScheduleKind
  readonly faults: readonly Fault[]
  readonly heats: readonly Heat[]
  /** When nothing more happens, in seconds. */
  readonly end: number
}

/** `calm`: nothing falls out; `judges-cut`: no more than a judge's wires; `cut`: anybody's wires; `kill`: everything. */
export const scheduleKinds = ['calm', 'judges-cut', 'cut', 'kill'] as const

export type ScheduleKind = (typeof scheduleKinds)[number]

export const rooms = 4
/** How long a room must be too hot before the alarm fires. */
export const patience = 3
/** How long the second Alertmanager of the cluster waits for the first, in seconds. */
export const peerTimeout = 1
const faultsEnd = 34

/** The run of a seed, always the same: of eight, one is calm, one cuts off a judge, two cut off anybody, four kill too. */
export function scheduleOf(seed: number): ChaosSchedule {
  const random = seededRandom(seed * 7919)
  const between = (low: number, high: number): number => low + (high - low) * random()
  const kind = ([...scheduleKinds, 'kill', 'kill', 'cut', 'kill'] as const)[seed % 8] ?? 'kill'
  const heats = Array.from({ length: rooms }, (_, room): Heat => {
    const from = between(3, 18)
    const lasts = random() < 0.75
    return { room, from, to: from + (lasts ? between(12, 20) : between(0.2, 0.8)), lasts }
  })
  return { seed, kind, heats, faults: faultsOf(kind, random, between), end: 38 }
}

/** Each of the four in turn, in a random order; now and then a judge and an Alertmanager at once: the others still see. */
function faultsOf(
  kind: ScheduleKind,
  random: () => number,
  between: (low: number, high: number) => number,
): readonly Fault[] {
  if (kind === 'calm') return []
  const faults: Fault[] = []
  const kinds: readonly Fault['kind'][] =
    kind === 'kill' ? ['kill', 'kill', 'cut', 'reset', 'blind'] : ['cut', 'reset', 'blind']
  const add = (member: Member, from: number, to: number): void => {
    const found = kinds[Math.floor(random() * kinds.length)] ?? 'cut'
    const isJudge = member.startsWith('judge')
    faults.push({ kind: found === 'blind' && !isJudge ? 'cut' : found, member, from, to })
  }
  const turn = members.filter((member) => kind !== 'judges-cut' || member.startsWith('judge'))
  const order = turn.map((member) => ({ member, at: random() })).sort((a, b) => a.at - b.at)
  let at = between(2, 5)
  for (const { member } of order) {
    const to = at + between(3, 6)
    if (to > faultsEnd) break
    add(member, at, to)
    const other = member.startsWith('judge') ? members[2 + Math.floor(random() * 2)] : members[Math.floor(random() * 2)]
    if (kind !== 'judges-cut' && random() < 0.3 && other !== undefined) add(other, at, to)
    at = to + between(1, 3)
  }
  return faults
}
