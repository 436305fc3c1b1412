/** What can happen to an agent: what comes back from it over UDP is lost, spoilt, cut short or late. */
export const agentFaults = ['silent', 'garbled', 'truncated', 'late'] as const
/** What can happen to a device behind TCP. */
export const doorFaults = ['hangs', 'resets', 'refuses', 'garbles', 'floods'] as const
/** What can happen to siteward, and to what it leans on. */
export const houseFaults = [
  'killed',
  'stopped',
  'paused',
  'reloaded',
  'misconfigured',
  'alertmanager-cut',
  'alertmanager-restarted',
  'slow-clients',
] as const

export type AgentFault = (typeof agentFaults)[number]
export type DoorFault = (typeof doorFaults)[number] | 'hot'
export type HouseFault = (typeof houseFaults)[number]

/** One thing that goes wrong, from `at` on, for `lasts`: milliseconds since the begin of the soak. */
export type Fault = { readonly at: number; readonly lasts: number } & (
  | { readonly kind: AgentFault | DoorFault; readonly device: string }
  | { readonly kind: HouseFault }
)

/** What can fall ill. */
export interface Patient {
  readonly device: string
  readonly by: 'udp' | 'tcp'
  /** A sensor of the room, which can also tell that the room is hot. */
  readonly isSensor: boolean
}

const second = 1000
/** At first and in the end nothing is wrong. */
export const rest = 60 * second
const illness = { least: 25 * second, most: 45 * second }
const health = { least: 60 * second, most: 240 * second }
const betweenHouseFaults = { least: 25 * second, most: 45 * second }
const houseFaultLasts = { least: 8 * second, most: 15 * second }
/** From then on the process is left alive, so that a leak has the time to show. */
const lastKill = 0.6

/** The faults of a soak of `minutes`, in the order of their begin: the same for the same chance. */
export function plannedFaults(minutes: number, patients: readonly Patient[], random: () => number): readonly Fault[] {
  const end = minutes * 60 * second - rest
  const faults = patients.flatMap((patient) => faultsOf(patient, end, random))
  return [...faults, ...faultsOfHouse(end, random)].sort((a, b) => a.at - b.at)
}

function faultsOf({ device, by, isSensor }: Patient, end: number, random: () => number): readonly Fault[] {
  const kinds = by === 'udp' ? agentFaults : isSensor ? [...doorFaults, 'hot' as const] : doorFaults
  const faults: Fault[] = []
  for (let at = rest + between(health, random) - health.least; ; ) {
    const lasts = between(illness, random)
    if (at + lasts > end) return faults
    faults.push({ at, lasts, kind: chosen(kinds, random), device })
    at += lasts + between(health, random)
  }
}

/** Each kind once before any comes twice. */
function faultsOfHouse(end: number, random: () => number): readonly Fault[] {
  const faults: Fault[] = []
  let left: HouseFault[] = []
  for (let at = rest; ; ) {
    const lasts = between(houseFaultLasts, random)
    if (at + lasts > end) return faults
    if (left.length === 0) left = [...houseFaults]
    const kind = left.splice(Math.floor(random() * left.length), 1)[0] ?? 'reloaded'
    const endsProcess = kind === 'killed' || kind === 'stopped'
    if (!endsProcess || at < rest + (end - rest) * lastKill) faults.push({ at, lasts, kind })
    at += lasts + between(betweenHouseFaults, random)
  }
}

function between({ least, most }: { readonly least: number; readonly most: number }, random: () => number): number {
  return Math.round(least + random() * (most - least))
}

function chosen<T>(from: readonly T[], random: () => number): T {
  const one = from[Math.floor(random() * from.length)]
  if (one === undefined) throw new Error('nothing to choose from')
  return one
}
