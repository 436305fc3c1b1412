import type { Fault } from './faults.ts'
import { grown, type Look } from './looks.ts'
import { guests, roomOf } from './rooms.ts'

/** One alert of one page; `at` and `since` (its startsAt) in milliseconds on the clock of the looks. */
export interface SoakPage {
  readonly at: number
  readonly since: number
  readonly status: 'firing' | 'resolved'
  readonly device: string
  readonly alertname: string
}

/** What a soak has shown, against what was done to it. */
export interface Verdict {
  /** Faults that left neither an alarm nor a counter. */
  readonly unseen: readonly Fault[]
  /** Devices that were ill for long enough, with siteward at work all the time, and that nobody was paged for. */
  readonly unpaged: readonly Fault[]
  /** Pages that nothing stands behind. */
  readonly unfounded: readonly SoakPage[]
  /** Pages that were taken back while their device was still ill. */
  readonly falselyResolved: readonly SoakPage[]
  /** Pages that were not taken back by the end. */
  readonly unresolved: readonly SoakPage[]
  /** Exceptions that siteward did not expect. */
  readonly bugs: number
}

const second = 1000
/** A poll that has begun before a fault ends may end so much later; looks are some seconds apart. */
const aftermath = 12 * second
/** DeviceDown's for, two intervals of polling, the wait between polls of a dead device, a resend and Alertmanager's group. */
const pageable = 40 * second
/** Until an alert is resolved, and its page taken back. */
const recovery = 60 * second

/**
 * Alarms of the demonstration's room itself, whose second air conditioner fails every five minutes: nobody has to have
 * caused them.
 */
const ownAlarms = /^(AirConditioner|Room|ServiceLevel)/

/** Pure: judges a soak by its plan. */
export function verdictOf(faults: readonly Fault[], looks: readonly Look[], pages: readonly SoakPage[]): Verdict {
  const downs = pages.filter(({ alertname, status }) => alertname === 'DeviceDown' && status === 'firing')
  const illnesses = faults.filter((fault) => 'device' in fault)
  const ofHouse = faults.filter((fault) => !('device' in fault))
  const isUndisturbed = ({ at, lasts }: Fault): boolean =>
    ofHouse.every((other) => other.at > at + lasts || other.at + other.lasts + aftermath < at)
  const isPaged = (fault: Fault): boolean =>
    'device' in fault &&
    downs.some(({ device, at }) => device === fault.device && at > fault.at && at < fault.at + fault.lasts + pageable)
  return {
    unseen: faults.filter((fault) => !isSeen(fault, looks, pages)),
    unpaged: illnesses.filter(
      (fault) => fault.kind !== 'hot' && fault.lasts >= pageable && isUndisturbed(fault) && !isPaged(fault),
    ),
    unfounded: pages.filter((page) => page.status === 'firing' && !isFounded(page, faults)),
    falselyResolved: pages.filter(
      ({ status, alertname, device, at, since }) =>
        status === 'resolved' &&
        alertname === 'DeviceDown' &&
        illnesses.some(
          (ill) => ill.device === device && ill.kind !== 'hot' && since >= ill.at && at < ill.at + ill.lasts,
        ),
    ),
    unresolved: unresolvedOf(pages),
    bugs: grown(looks, 0, Number.POSITIVE_INFINITY, ({ bugs }) => bugs),
  }
}

/** Whether a fault has left its mark: an alarm of it, or a counter that has grown meanwhile. */
function isSeen(fault: Fault, looks: readonly Look[], pages: readonly SoakPage[]): boolean {
  const { at, lasts } = fault
  const to = at + lasts + aftermath
  const meanwhile = looks.filter((look) => look.at >= at && look.at <= to)
  const before = looks.findLast((look) => look.at < at)
  switch (fault.kind) {
    case 'hot':
      return hasFired(pages, 'RoomTemperature', fault.device, at, to)
    case 'killed':
    case 'stopped':
      return meanwhile.some(({ process }) => process !== before?.process)
    case 'paused':
      return grown(looks, at, to, ({ late }) => late) > 0
    case 'reloaded':
      return meanwhile.some(({ lastReload }) => lastReload !== before?.lastReload)
    case 'misconfigured':
      return meanwhile.some(({ isReloaded }) => !isReloaded)
    case 'alertmanager-cut':
    case 'alertmanager-restarted':
      return grown(looks, at, to, ({ sendFailures }) => sendFailures) > 0
    case 'slow-clients':
      // They must not be noticed: /metrics went on being answered.
      return meanwhile.length > 0 && meanwhile.every(({ took }) => took < 2 * second)
    default:
      return grown(looks, at, to, (look) => look.faults.get(fault.device) ?? 0) > 0
  }
}

/** Whether an alarm was told of in that time, or had been before and was not taken back. */
function hasFired(pages: readonly SoakPage[], alarm: string, device: string, from: number, to: number): boolean {
  const own = pages.filter((page) => page.alertname === alarm && page.device === device)
  const before = own.findLast((page) => page.at <= from)
  return before?.status === 'firing' || own.some(({ status, at }) => status === 'firing' && at > from && at < to)
}

/** Whether something stands behind a page: its device's illness, something in its room, or what was done to siteward. */
function isFounded({ alertname, device, at }: SoakPage, faults: readonly Fault[]): boolean {
  if (ownAlarms.test(alertname) || device === guests.hot) return true
  return faults.some((fault) => {
    const within = at > fault.at && at < fault.at + fault.lasts + recovery
    if (!within) return false
    if (!('device' in fault)) return alertname.startsWith('Siteward')
    return alertname === 'DeviceDown' ? fault.device === device : roomOf(fault.device) === roomOf(device)
  })
}

/** What was told last of each device and alarm, where that is that it fires; but for the room's own. */
function unresolvedOf(pages: readonly SoakPage[]): readonly SoakPage[] {
  const last = new Map<string, SoakPage>()
  for (const page of pages) last.set(`${page.alertname} ${page.device}`, page)
  return [...last.values()].filter(({ status, alertname }) => status === 'firing' && !ownAlarms.test(alertname))
}
