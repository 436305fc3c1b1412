import type { Fingerprint, Probe } from '../model/probe.ts'

/** What a device has told of itself; undefined where it does not say. */
export interface Told {
  readonly objectId: string | undefined
  readonly description: string | undefined
  /** Of the identifiers that probes are known by, those under which it answers. */
  readonly answers: ReadonlySet<string>
}

/** What came when a probe was tried on a device. */
export interface Trial {
  readonly points: number
  /** Points with at least one reading. */
  readonly matched: number
  /** Values that cannot be. */
  readonly doubts: number
  /** Every series that it gave a reading of, as text. */
  readonly series: ReadonlySet<string>
  /** Whether what came says what the device is, and is not bare numbers. */
  readonly telling: boolean
}

/** A probe that may fit a device. */
export interface Proposal {
  readonly probe: string
  /** 0 to 100. */
  readonly score: number
  readonly why: string
}

/** A ground for a probe, and what it weighs. */
interface Ground {
  readonly weight: number
  readonly why: string
}

/** IANA's private enterprise numbers lie below it: what answers there is one vendor's. */
const enterprises = '1.3.6.1.4.1.'
/** The arcs of a vendor's own number: what follows tells its models apart. */
const vendorArcs = 7

/** Why a probe fits what a device tells of itself; undefined where a part of its fingerprint does not hold. */
export function groundsOf(match: Fingerprint, told: Told): readonly Ground[] | undefined {
  const grounds: Ground[] = []
  const { objectIds, description, answers, common } = match
  if (objectIds.length > 0) {
    const fitting = objectIds.filter((id) => isBelow(told.objectId, id)).sort((a, b) => b.length - a.length)
    const [id] = fitting
    if (id === undefined) return undefined
    const depth = Math.max(0, id.split('.').length - vendorArcs)
    // Many makers leave net-snmp's own identifier in their agents: it names none of them.
    const weight = isBelow(id, netSnmp) ? 5 : 40 + Math.min(10, 2 * depth)
    grounds.push({ weight, why: `sysObjectID ${told.objectId} is below ${id}` })
  }
  if (description !== undefined) {
    if (told.description === undefined || description.first(told.description) === undefined) return undefined
    grounds.push({ weight: 15, why: `its description fits: ${oneLine(told.description)}` })
  }
  if (answers.length > 0) {
    const found = answers.find((id) => told.answers.has(id))
    if (found === undefined) return undefined
    const isVendors = found.startsWith(enterprises)
    grounds.push({ weight: common ? 5 : isVendors ? 40 : 25, why: `it answers below ${found}` })
  }
  return grounds.length === 0 ? undefined : grounds
}

const netSnmp = '1.3.6.1.4.1.8072'

/** Whether the first identifier is the second or lies below it. */
function isBelow(id: string | undefined, above: string): boolean {
  return id === above || id?.startsWith(`${above}.`) === true
}

/** A probe's score by what the device told and by what came when it was tried; undefined where nothing came. */
export function proposalOf({ name, match }: Probe, grounds: readonly Ground[], trial: Trial): Proposal | undefined {
  const { points, matched, doubts } = trial
  if (matched === 0 || (grounds.length === 0 && matched < points / 2)) return undefined
  const told = Math.min(
    70,
    grounds.reduce((sum, { weight }) => sum + weight, 0),
  )
  // Without a word of the device itself, all speaks by what came, and how much; what every device answers speaks least.
  const most = grounds.length === 0 ? 60 : match?.common === true ? 15 : 30
  const many = grounds.length === 0 ? Math.min(30, 2 * matched) : 0
  const score = told + (most * matched) / points + many - Math.min(20, 3 * doubts)
  const why = [
    ...grounds.map((ground) => ground.why),
    `${matched} of ${points} points read`,
    ...(doubts === 0 ? [] : [`${doubts} values cannot be: another scale, or another model`]),
  ]
  return { probe: name, score: Math.max(1, Math.round(score)), why: why.join('; ') }
}

/** The best first; of equal ones the name decides, so that the order is always the same. */
export function ranked(proposals: readonly Proposal[]): readonly Proposal[] {
  return [...proposals].sort((a, b) => b.score - a.score || (a.probe < b.probe ? -1 : 1))
}

/**
 * The probes to write into the device's entry, of ranked ones: each that reads something which none before it reads, and
 * no series twice, since a series has one source.
 */
export function chosen(
  proposals: readonly Proposal[],
  trials: ReadonlyMap<string, Pick<Trial, 'series' | 'doubts' | 'telling'>>,
): readonly string[] {
  const taken = new Set<string>()
  const names: string[] = []
  for (const { probe } of proposals) {
    const { series = new Set<string>(), doubts = 0, telling = true } = trials.get(probe) ?? {}
    const isTwice = [...series].some((one) => taken.has(one))
    // A second probe whose values cannot be, or are bare numbers, is of another model.
    if (isTwice || ((doubts > 0 || !telling) && names.length > 0)) continue
    names.push(probe)
    for (const one of series) taken.add(one)
  }
  return names
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 60 ? `${line.slice(0, 60)}...` : line
}
