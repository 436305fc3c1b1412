import type { DrillReport } from '../drill/report.ts'
import type { Milliseconds, Moment } from '../model/clock.ts'
import { aboutNoAlarm, type RecordEvent } from '../model/record.ts'
import type { PlannedDrill } from '../model/site.ts'
import type { Saying } from '../watch/self-series.ts'
import type { DrillOrder } from './drill.ts'
import type { Drills } from './drills.ts'

const day: Milliseconds = 86_400_000
/** A drill begins within an hour of its time of day, or waits for the next. */
const window: Milliseconds = 3_600_000
/** One that cannot begin is tried again after this, until that hour is over: a device may not have been read yet. */
const nextTry: Milliseconds = 10_000
/** A plan may be a day late before that is an alarm: its time of day may just have passed. */
const grace: Milliseconds = day
const author = (name: string): string => `schedule: ${name}`

/** What is known of a plan, from the record (wall clock). */
interface Known {
  readonly plannedAt: Milliseconds
  readonly triedAt: Milliseconds | undefined
  /** Its last ends; one that was withdrawn, or that siteward did not live to see, has none. */
  readonly passedAt: Milliseconds | undefined
  readonly failedAt: Milliseconds | undefined
}

/** Drills that siteward begins by itself, and the alarms about those that failed or are overdue. */
export class DrillSchedule {
  #plans: readonly PlannedDrill[] = []
  readonly #drills: Pick<Drills, 'start'>
  readonly #record: (event: RecordEvent) => void
  readonly #known = new Map<string, Known>()
  /** When a plan could last not begin (wall clock). */
  readonly #refused = new Map<string, Milliseconds>()

  /** `past` is what the record knows of drills. A plan that is new to it counts from now on. */
  constructor(
    plans: readonly PlannedDrill[],
    drills: Pick<Drills, 'start'>,
    past: readonly RecordEvent[],
    now: Moment,
    record: (event: RecordEvent) => void,
  ) {
    this.#drills = drills
    this.#record = record
    this.follow(plans, past, now)
  }

  /** From now on these are the plans; what is known of those that there were before goes on. */
  follow(plans: readonly PlannedDrill[], past: readonly RecordEvent[], now: Moment): void {
    this.#plans = plans
    for (const name of this.#known.keys()) if (!plans.some((plan) => plan.name === name)) this.#known.delete(name)
    for (const plan of plans) {
      if (!this.#known.has(plan.name)) this.#known.set(plan.name, knownOf(plan, past) ?? this.#planned(plan, now))
    }
  }

  /** Begins what is due. */
  tick(now: Moment): void {
    const due = this.#plans.find((plan) => this.#isDue(plan, now.wall))
    if (due === undefined) return
    const started = this.#drills.start(orderOf(due))
    if (started.ok) this.#put(due.name, { triedAt: now.wall })
    else if (isOver(due, now.wall + nextTry)) this.#failed(due, started.why, now)
    else this.#refused.set(due.name, now.wall)
  }

  /** A drill has ended. */
  ended({ by, state, startedAt }: DrillReport): void {
    const plan = this.#plans.find(({ name }) => author(name) === by)
    if (plan === undefined) return
    if (state === 'passed') this.#put(plan.name, { passedAt: startedAt })
    else if (state === 'failed') this.#put(plan.name, { failedAt: startedAt })
  }

  /** What siteward says of its plans. */
  sayings({ wall }: Moment): readonly Saying[] {
    return this.#plans.flatMap(({ name, every }) => {
      const known = this.#known.get(name)
      if (known === undefined) return []
      const { plannedAt, passedAt, failedAt } = known
      const labels = { plan: name }
      const isOverdue = wall > (passedAt ?? plannedAt) + every + grace
      const overdue = { metric: 'siteward_drill_overdue', labels, value: isOverdue ? 1 : 0 }
      if (passedAt === undefined && failedAt === undefined) return [overdue]
      // While one runs, what the last one proved still holds.
      const isPassed = (passedAt ?? Number.NEGATIVE_INFINITY) > (failedAt ?? Number.NEGATIVE_INFINITY)
      return [overdue, { metric: 'siteward_drill_passed', labels, value: isPassed ? 1 : 0 }]
    })
  }

  /** One that failed is tried again the next day. */
  #isDue(plan: PlannedDrill, wall: Milliseconds): boolean {
    const { name, every } = plan
    const known = this.#known.get(name)
    if (known === undefined || isOver(plan, wall)) return false
    if (wall - (this.#refused.get(name) ?? Number.NEGATIVE_INFINITY) < nextTry) return false
    const { triedAt, passedAt } = known
    if (triedAt === undefined) return true
    const isPassed = passedAt !== undefined && passedAt >= triedAt - 1000
    return wall - triedAt >= (isPassed ? every : day) - window
  }

  #planned({ name }: PlannedDrill, { wall }: Moment): Known {
    this.#record({ ...aboutNoAlarm, kind: 'drill', at: wall, by: author(name), note: 'planned' })
    return { plannedAt: wall, triedAt: undefined, passedAt: undefined, failedAt: undefined }
  }

  #failed(plan: PlannedDrill, why: string, { wall }: Moment): void {
    this.#put(plan.name, { triedAt: wall, failedAt: wall })
    const note = `failed: ${plan.aim}: ${why}`
    this.#record({ ...aboutNoAlarm, kind: 'drill', at: wall, device: plan.device, by: author(plan.name), note })
  }

  #put(name: string, changed: Partial<Known>): void {
    const known = this.#known.get(name)
    if (known !== undefined) this.#known.set(name, { ...known, ...changed })
  }
}

function orderOf({ name, device, aim, hold }: PlannedDrill): DrillOrder {
  return { device, aim, hold, by: author(name) }
}

/** What the record says of a plan; undefined where it has never heard of it. */
function knownOf({ name }: PlannedDrill, past: readonly RecordEvent[]): Known | undefined {
  const mine = past.filter(({ by }) => by === author(name))
  const [first] = mine
  if (first === undefined) return undefined
  const begun = mine.findLast(({ note }) => note.startsWith('begun') || note.startsWith('failed'))
  const passed = mine.findLast(({ note }) => note.startsWith('passed'))
  const failed = mine.findLast(({ note }) => note.startsWith('failed'))
  return { plannedAt: first.at, triedAt: begun?.at, passedAt: passed?.at, failedAt: failed?.at }
}

/** Whether it is another time of day than that at which a drill may begin; the hour may go beyond midnight. */
function isOver({ at }: PlannedDrill, wall: Milliseconds): boolean {
  return (timeOfDay(wall) - at + day) % day >= window
}

/** Since midnight, in the time zone of the process. */
function timeOfDay(wall: Milliseconds): Milliseconds {
  const date = new Date(wall)
  return date.getHours() * 3_600_000 + date.getMinutes() * 60_000 + date.getSeconds() * 1000
}
