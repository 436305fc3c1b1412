import { decide } from '../hold/decide.ts'
import { type FiringAlarm, type Hold, holdReasons } from '../hold/hold.ts'
import { isUnder, type Occurrence, occurrenceAt } from '../hold/quiet.ts'
import { type Children, childrenOf, type DeviceState, followersOf } from '../hold/reach.ts'
import type { Clock, Milliseconds, Moment } from '../model/clock.ts'
import type { Device } from '../model/device.ts'
import type { Labels } from '../model/labels.ts'
import type { Log } from '../model/log.ts'
import type { QuietWindow } from '../model/quiet.ts'
import type { Site, SiteNow } from '../model/site.ts'

/** The annotation of an alarm in the journal that says why nobody was told of it. */
export const heldAnnotation = 'held'
/** The annotation of an alert that names the devices which its alarm explains. */
const affectedAnnotation = 'affected'
/** Names in it at most. */
const mostNames = 20

/** What the keeper of holds is wired to. */
export interface HoldParts {
  readonly site: SiteNow
  readonly clock: Clock
  readonly log: Log
  /** Whether an alarm of a device says that it is down, pending or firing. */
  isAlarmed(device: string): boolean
  /** Quiet times that were added while siteward runs. */
  added(): readonly QuietWindow[]
  /** One of those has ended early. */
  ended(name: string): void
}

/** An alarm that is pending or fires, for those who look. */
export interface KeptAlarm {
  readonly alarm: FiringAlarm
  readonly isFiring: boolean
  /** Why nobody was told of it; undefined for one that was told, or that is pending. */
  readonly hold: Hold | undefined
}

interface Kept extends KeptAlarm {
  hold: Hold | undefined
  /** Tells everybody, with the hold gone. */
  readonly tell: () => void
}

/** What is looked up in the site again and again. */
interface Index {
  readonly site: Site
  readonly devices: ReadonlyMap<string, Device>
  readonly children: Children
  readonly followers: Map<string, ReadonlySet<string>>
}

interface Polled {
  readonly isUp: boolean
  readonly at: Milliseconds
  readonly upSince: Milliseconds | undefined
  readonly lastUp: Milliseconds | undefined
  readonly interval: Milliseconds
  readonly timeout: Milliseconds
}

/** Between judge and notify: which alarms that fire are told, which are held back and why, and when those are told. */
export class HoldKeeper {
  readonly #parts: HoldParts
  readonly #startedAt: Milliseconds
  readonly #kept = new Map<string, Kept>()
  readonly #polled = new Map<string, Map<string, Polled>>()
  #index: Index
  readonly #quiet = new QuietWatch()
  #explains: ReadonlyMap<string, readonly FiringAlarm[]> = new Map()

  constructor(parts: HoldParts) {
    this.#parts = parts
    this.#startedAt = parts.clock.now().mono
    this.#index = indexOf(parts.site())
  }

  /** How many alarms are held back, by reason. */
  get counts(): Readonly<Record<Hold['reason'], number>> {
    const counts = { quiet: 0, parent: 0, inhibited: 0, settling: 0 }
    for (const { hold } of this.#kept.values()) if (hold !== undefined) counts[hold.reason]++
    return counts
  }

  /** Every alarm that is pending or fires; drills are none. */
  get kept(): readonly KeptAlarm[] {
    return [...this.#kept.values()]
  }

  /** Whether an alert of this key fires, and nobody was told of it. */
  isHeld(key: string): boolean {
    return this.#kept.get(key)?.hold !== undefined
  }

  /** A poll of a device's probe has ended. */
  polled(
    device: string,
    probe: string,
    isUp: boolean,
    { interval, timeout }: { readonly interval: Milliseconds; readonly timeout: Milliseconds },
  ): void {
    const at = this.#parts.clock.now().mono
    const probes = this.#polled.get(device) ?? new Map<string, Polled>()
    this.#polled.set(device, probes)
    const before = probes.get(probe)
    probes.set(probe, {
      isUp,
      at,
      upSince: isUp ? (before?.isUp === true ? before.upSince : at) : undefined,
      lastUp: isUp ? at : before?.lastUp,
      interval,
      timeout,
    })
  }

  pending(alarm: FiringAlarm): void {
    this.#kept.set(alarm.key, { alarm, isFiring: false, hold: undefined, tell: () => {} })
  }

  /** An alarm begins to fire. Returns why it is held back; undefined where everybody is to be told now. */
  began(alarm: FiringAlarm, tell: () => void): Hold | undefined {
    // By itself: what it explains, and what explains others, is looked at with the next sweep.
    const hold = this.#decide([alarm], this.#parts.clock.now()).holds.get(alarm.key)
    this.#kept.set(alarm.key, { alarm, isFiring: true, hold, tell })
    if (hold !== undefined) this.#say(alarm, hold, 'alarm held back')
    return hold
  }

  /** An alarm that fired before a restart, and that was told or held back then. */
  restore(alarm: FiringAlarm, hold: Hold | undefined, tell: () => void): void {
    this.#kept.set(alarm.key, { alarm, isFiring: true, hold, tell })
  }

  /** An alarm is over. Returns whether it was held back: then nobody knows of it, and nobody need be told. */
  over(key: string): boolean {
    const hold = this.#kept.get(key)?.hold
    this.#kept.delete(key)
    return hold !== undefined
  }

  /** Lets time pass: what nothing holds back any more is told. */
  sweep(now: Moment): void {
    this.#endEarly(now)
    const untold = this.#alarms((kept) => kept.hold !== undefined)
    if (untold.length === 0 && this.#explains.size === 0) return
    const { holds, explains } = this.#decide(untold, now)
    this.#explains = explains
    for (const { key } of untold) this.#settle(key, holds.get(key))
  }

  /** What an alert says of those that its alarm explains: devices behind a dead one, and alarms that it inhibits. */
  words(key: string): Labels {
    const alarm = this.#kept.get(key)?.alarm
    const behind = alarm?.isSilence === true ? this.#silentBehind(alarm.device) : []
    const explained = (this.#explains.get(key) ?? []).map(({ device }) => device)
    const names = [...new Set([...behind, ...explained])].sort()
    if (names.length === 0) return {}
    const more = names.length > mostNames ? ' …' : ''
    return { [affectedAnnotation]: `${names.slice(0, mostNames).join(', ')}${more} (${names.length})` }
  }

  #silentBehind(device: string): readonly string[] {
    if (this.#stateOf(device)?.state !== 'down') return []
    return [...this.#followersOf(device)].filter((name) => this.#stateOf(name)?.state === 'down')
  }

  /** The quiet times of now, each with its end. */
  quietNow(now: Moment): readonly (Occurrence & { readonly window: QuietWindow })[] {
    const { added } = this.#parts
    const site = this.#parts.site()
    return [...site.quiet, ...added()].flatMap((window) => {
      const found = occurrenceAt(window.time, now.wall, site.timeZone())
      return found === undefined || this.#quiet.isOver(window.name, found) ? [] : [{ ...found, window }]
    })
  }

  /** Whether a quiet time of now is about an alarm, told or not. */
  isQuiet(alarm: Pick<FiringAlarm, 'device' | 'alarm' | 'labels'>, now: Moment): boolean {
    return this.quietNow(now).some(({ window }) => isUnder(window.scope, alarm))
  }

  /** Alarms under a quiet time that are not well: pending or firing, told or not. */
  unwell(window: QuietWindow): readonly FiringAlarm[] {
    return this.#alarms(() => true).filter((alarm) => isUnder(window.scope, alarm))
  }

  #settle(key: string, hold: Hold | undefined): void {
    const kept = this.#kept.get(key)
    if (kept === undefined) return
    kept.hold = hold
    if (hold !== undefined) return
    this.#say(kept.alarm, undefined, 'alarm no longer held back')
    kept.tell()
  }

  #decide(untold: readonly FiringAlarm[], now: Moment) {
    const isSource = ({ isFiring, hold }: Kept): boolean => isFiring && hold === undefined
    const { inhibit } = this.#parts.site()
    const told = inhibit.length === 0 ? [] : this.#alarms(isSource)
    const states = new Map<string, DeviceState | undefined>()
    return decide(untold, told, {
      now: now.mono,
      startedAt: this.#startedAt,
      stateOf: (device) => {
        if (!states.has(device)) states.set(device, this.#stateOf(device))
        return states.get(device)
      },
      quiet: this.quietNow(now).map(({ window }) => window),
      inhibit,
      followers: (device) => this.#followersOf(device),
    })
  }

  #stateOf(name: string): DeviceState | undefined {
    const device = this.#indexNow().devices.get(name)
    if (device === undefined) return undefined
    const polls = [...(this.#polled.get(name)?.values() ?? [])]
    const latest = (times: readonly (Milliseconds | undefined)[]): Milliseconds | undefined =>
      times.reduce((most, time) => (time === undefined || (most ?? time) > time ? most : time), undefined)
    const isKnown = polls.length === device.probes.length
    return {
      dependsOn: device.dependsOn,
      state: polls.some(({ isUp }) => isUp) ? 'up' : isKnown && polls.length > 0 ? 'down' : 'unknown',
      isAlarmed: this.#parts.isAlarmed(name),
      lastUp: latest(polls.map(({ lastUp }) => lastUp)),
      upSince: latest(polls.map(({ upSince }) => upSince)),
      lastTried: isKnown ? Math.min(...polls.map(({ at }) => at)) : undefined,
      interval: Math.max(0, ...device.probes.map(({ interval }) => interval)),
      timeout: Math.max(0, ...device.probes.map(({ timeout }) => timeout)),
    }
  }

  #followersOf(device: string): ReadonlySet<string> {
    const { followers, children } = this.#indexNow()
    const known = followers.get(device) ?? followersOf(device, children)
    followers.set(device, known)
    return known
  }

  /** The index of the site as it is now; of what has left it nothing is kept. */
  #indexNow(): Index {
    const site = this.#parts.site()
    if (site === this.#index.site) return this.#index
    this.#index = indexOf(site)
    for (const [name, probes] of this.#polled) {
      const uses = this.#index.devices.get(name)?.probes ?? []
      for (const probe of probes.keys()) if (!uses.some((use) => use.probe.name === probe)) probes.delete(probe)
      if (probes.size === 0) this.#polled.delete(name)
    }
    this.#quiet.keep(new Set([...site.quiet, ...this.#parts.added()].map((window) => window.name)))
    return this.#index
  }

  #endEarly(now: Moment): void {
    for (const { window, from, to } of this.quietNow(now)) {
      if (window.endsWhenWell === undefined) continue
      const isWell = this.unwell(window).length === 0
      if (!this.#quiet.hasBeenWell(window.name, { from, to }, isWell, window.endsWhenWell, now)) continue
      this.#parts.log.info({ quiet: window.name }, 'quiet time ends early: all under it is well')
      if (window.author !== '') this.#parts.ended(window.name)
    }
  }

  #alarms(wanted: (kept: Kept) => boolean): readonly FiringAlarm[] {
    return [...this.#kept.values()].filter(wanted).map(({ alarm }) => alarm)
  }

  #say({ device, alarm }: FiringAlarm, hold: Hold | undefined, message: string): void {
    const why = hold === undefined ? {} : { reason: hold.reason, by: hold.by }
    this.#parts.log.info({ device, alarm, ...why }, message)
  }
}

function indexOf(site: Site): Index {
  const devices = new Map(site.devices.map((device) => [device.name, device]))
  return { site, devices, children: childrenOf(site.devices), followers: new Map() }
}

/** Which occurrences of quiet times are over before their end. */
class QuietWatch {
  readonly #seen = new Map<
    string,
    { readonly from: Milliseconds; wasBad: boolean; wellSince: Moment | undefined; isOver: boolean }
  >()

  /** Forgets all others. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#seen.keys()) if (!names.has(name)) this.#seen.delete(name)
  }

  isOver(name: string, { from }: Occurrence): boolean {
    const seen = this.#seen.get(name)
    return seen !== undefined && seen.from === from && seen.isOver
  }

  /** Notes how things stand under an occurrence; returns whether it has just ended early. */
  hasBeenWell(name: string, { from }: Occurrence, isWell: boolean, patience: Milliseconds, now: Moment): boolean {
    const known = this.#seen.get(name)
    const seen = known?.from === from ? known : { from, wasBad: false, wellSince: undefined, isOver: false }
    this.#seen.set(name, seen)
    seen.wasBad ||= !isWell
    seen.wellSince = isWell ? (seen.wellSince ?? now) : undefined
    seen.isOver = seen.wasBad && seen.wellSince !== undefined && now.mono - seen.wellSince.mono >= patience
    return seen.isOver
  }
}

/** A hold as the journal keeps it, and back. */
export function holdText({ reason, by }: Hold): string {
  return `${reason}: ${by}`
}

/** The hold that an alarm's annotations in the journal tell of. */
export function holdIn(annotations: Labels): Hold | undefined {
  const text = annotations[heldAnnotation]
  if (text === undefined) return undefined
  const reason = holdReasons.find((one) => text.startsWith(`${one}: `)) ?? 'settling'
  return { reason, by: text.slice(reason.length + 2) }
}
