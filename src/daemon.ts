import { hostname } from 'node:os'
import type { Collector } from '../collectors/collector.ts'
import { AlarmKeeper, lifetimeOf, type Remembered, remember, rememberedAlarm } from './alarms/alarm-keeper.ts'
import { alarmRoutes } from './alarms/alarm-routes.ts'
import { Attendance } from './alarms/attendance.ts'
import { isEscalation } from './alarms/escalation.ts'
import { HoldKeeper, heldAnnotation, holdIn } from './alarms/hold-keeper.ts'
import { QuietList } from './alarms/quiet-list.ts'
import { quietRoutes } from './alarms/quiet-routes.ts'
import { countSettled, lateByLevel, startCounting } from './alarms/service-metrics.ts'
import { Drilling } from './drilling/drilling.ts'
import { devicePages } from './expose/device-pages.ts'
import { Exposition } from './expose/exposition.ts'
import { Gate } from './expose/gate.ts'
import { type OwnMetrics, ownMetrics } from './expose/own-metrics.ts'
import { pages } from './expose/pages.ts'
import type { Route } from './expose/route.ts'
import { Scrapes } from './expose/scrapes.ts'
import { type ExposeServer, startServer } from './expose/server.ts'
import { History } from './history/history.ts'
import { type Cell, phase, type Transition } from './judge/cell.ts'
import { Judge } from './judge/judge.ts'
import { annotations } from './judge/text.ts'
import type { Access, Operator } from './model/access.ts'
import { bugOf } from './model/bug.ts'
import { type Cancel, type Clock, type Milliseconds, type Moment, momentOf } from './model/clock.ts'
import { eventMetric } from './model/event.ts'
import type { Labels } from './model/labels.ts'
import type { Log } from './model/log.ts'
import type { Problem } from './model/problem.ts'
import { aboutNoAlarm } from './model/record.ts'
import { SeriesTable } from './model/series.ts'
import type { Site, SiteNow } from './model/site.ts'
import type { WebConfig } from './model/web.ts'
import type { Firing } from './notify/book.ts'
import { Clients } from './notify/clients.ts'
import { Notifier } from './notify/notifier.ts'
import type { AlertmanagerClient } from './notify/sender.ts'
import { Watchdog } from './notify/watchdog.ts'
import { probeRoutes } from './probing/probe-routes.ts'
import { addressOfHost } from './probing/resolve.ts'
import { postOtlp } from './push/otlp-client.ts'
import { Pushing } from './push/pushing.ts'
import { breather } from './reload/breath.ts'
import { endingsOf } from './reload/plan.ts'
import { Reloading } from './reload/reloading.ts'
import { changesBetween, mergedSite, type SiteChanges, stepTo } from './reload/site-changes.ts'
import type { SiteSource } from './reload/site-source.ts'
import { Schedule } from './schedule/schedule.ts'
import { statusRoutes } from './status/status-routes.ts'
import type { Journal, JournalEntry } from './store/journal.ts'
import { ownMetricsOf } from './store/own-series.ts'
import { Store } from './store/store.ts'
import type { WriteReport } from './upkeep/report-keeper.ts'
import { Upkeep } from './upkeep/upkeep.ts'
import { EventDesk } from './watch/event-desk.ts'
import { type Prepared, prepareJobs } from './watch/jobs.ts'
import { LinkSeries } from './watch/link-series.ts'
import { Listening } from './watch/listening.ts'
import type { Watch } from './watch/watch.ts'
import type { Surroundings } from './watch/watched-device.ts'
import { WatchedSite } from './watch/watched-site.ts'
import { httpWatch, localOperator } from './web/access.ts'
import { historyRoutes } from './web/history-routes.ts'

const sweeping: Milliseconds = 1000
/** What the record has kept for long enough goes in small steps. */
const pruning: Milliseconds = 300_000
/** A step of the wall clock that is worth a line in the log. */
const clockStep: Milliseconds = 30_000
/** Beyond the deadline of the slowest poll: what a loaded machine may be late by, and more. */
const stallMargin: Milliseconds = 15_000

/** Everything that the daemon takes from outside. */
export interface DaemonParts {
  readonly site: Site
  readonly version: string
  readonly collectors: ReadonlyMap<string, Collector>
  readonly journal: Journal
  /** The wire to one Alertmanager. */
  client(url: URL): AlertmanagerClient
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  /** How often lines of the log could not be written. */
  logFailures?(): number
  /** The web configuration as it is now. */
  web(): WebConfig
  /** Writes planned reports, in a process of its own; absent where nobody can. */
  readonly writeReport?: WriteReport
  /** Of a siteward that shares the site with others: which part it is, as `2/5`, and the devices that are theirs. */
  readonly part?: { readonly shard: string; readonly elsewhere: ReadonlySet<string> }
  /** Where the site is read again; absent where it stays as it is. */
  readonly source?: SiteSource
  /** Who is told that the site is read again, and that it was. */
  readonly reloads?: { began(): void; ended(devices: number): void }
  /** Of one that polls only while it holds a lease: whether it does. */
  readonly mayPoll?: () => boolean
}

/** A daemon that could not be made tells why; nothing was started. */
export type Made =
  | { readonly ok: true; readonly daemon: Daemon }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** Compiles the site and wires the rooms together; nothing runs before `start`. */
export function makeDaemon(parts: DaemonParts): Made {
  const daemon = new Daemon(parts)
  return daemon.problems.length === 0 ? { ok: true, daemon } : { ok: false, problems: daemon.problems }
}

/** The rooms, wired: poll -> store -> judge -> journal -> notify, and expose beside them. */
export class Daemon {
  readonly problems: readonly Problem[]
  readonly #parts: DaemonParts
  #site: Site
  readonly #store = new Store()
  readonly #history: History
  readonly #events: EventDesk
  readonly #listening: Listening
  readonly #table: SeriesTable
  readonly #judge: Judge
  readonly #links: LinkSeries
  readonly #notifier: Notifier
  readonly #clients: Clients
  readonly #watchdog: Watchdog
  readonly #gate: Gate
  readonly #keeper: AlarmKeeper
  readonly #attendance: Attendance
  readonly #drilling: Drilling
  readonly #holds: HoldKeeper
  readonly #upkeep: Upkeep
  readonly #quiet: QuietList
  readonly #schedule: Schedule
  readonly #prepared: readonly Prepared[]
  readonly #watched: WatchedSite
  readonly #pushing: Pushing
  readonly #reloading: Reloading | undefined
  /** Resolved when all is set up that the outcome of a poll needs. */
  readonly #ready: Promise<void>
  #beReady: () => void = () => {}
  #wasReady = false
  #madeMetrics: OwnMetrics | undefined
  #local: readonly Operator[] = []
  #server: ExposeServer | undefined
  #sweep: Cancel | undefined
  #prune: Cancel | undefined
  /** Wall minus monotonic time when last looked at: it changes only when the system's clock is set. */
  #skew = 0

  constructor(parts: DaemonParts) {
    const { site, clock, random, log } = parts
    this.#parts = parts
    this.#site = site
    const siteNow: SiteNow = () => this.#site
    this.#history = new History(site.historyBytes)
    this.#ready = new Promise((resolve) => {
      this.#beReady = resolve
    })
    this.#judge = new Judge(site, this.#store)
    this.#table = new SeriesTable(site.name, (series) => {
      this.#store.add(series)
      this.#judge.addSeries(series)
      this.#links.added(series)
    })
    this.#links = new LinkSeries(site.vocabulary, this.#table, this.#store)
    this.#gate = new Gate(site.access, parts.web, () => clock.now().mono)
    this.#notifier = this.#makeNotifier()
    this.#clients = new Clients(
      this.#notifier,
      (url) => parts.client(url),
      (url) => this.#forgetPeer(url),
    )
    this.#watchdog = new Watchdog(this.#notifier, parts.part?.shard)
    this.#quiet = new QuietList(site.stateDirectory, clock, log)
    this.#holds = new HoldKeeper({
      site: siteNow,
      clock,
      log,
      isAlarmed: (device) => saysItIsDown(this.#judge.cellsOfDevice(device)),
      added: () => this.#quiet.windows,
      ended: (name) => this.#quiet.end(name),
    })
    this.#keeper = new AlarmKeeper({
      holds: this.#holds,
      site: siteNow,
      journal: parts.journal,
      notifier: this.#notifier,
      clock,
      log,
      journalFailed: () => this.#metrics.journalErrors.inc(),
      eventsLost: (count) => this.#metrics.recordEventsLost.inc(count),
      attendance: {
        began: (entry, toldAt) => this.#attendance.began(entry, toldAt),
        held: (entry, why, at) => this.#attendance.held(entry, why, at),
        told: (entry, toldAt) => this.#attendance.told(entry, toldAt),
        ended: (key, at) => this.#attendance.ended(key, at),
        left: (key) => this.#attendance.left(key),
        words: (key) => ({ ...this.#attendance.words(key), ...this.#drilling.drills.words(key) }),
      },
    })
    this.#attendance = new Attendance({
      site: siteNow,
      journal: parts.journal,
      keeper: this.#keeper,
      isQuiet: (entry, now) => this.#holds.isQuiet(entry, now),
      settled: (time) => countSettled(time, this.#metrics),
    })
    this.#drilling = new Drilling({
      ...parts,
      site: siteNow,
      keeper: this.#keeper,
      table: this.#table,
      store: this.#store,
      polls: {
        add: (task, soon) => this.#schedule.add(task, soon),
        remove: (key) => this.#schedule.remove(key),
      },
      bug: (error) => this.#bug(error, { drill: 'true' }),
    })
    this.#upkeep = new Upkeep({
      ...parts,
      site: siteNow,
      ...{ table: this.#table, store: this.#store, judge: this.#judge },
      record: (event) => this.#keeper.record(event),
      remember: (series, value, { wall }) => this.#history.record(series, value, wall),
      take: (transitions) => this.#take(transitions),
      flush: () => {
        this.#keeper.flush()
        return this.#keeper.isWriting
      },
      forget: (gone) => this.#watched.forget(gone),
    })
    this.#events = new EventDesk({
      clock,
      store: this.#store,
      judge: this.#judge,
      metric: site.vocabulary.get(eventMetric),
      hurry: (device) => this.#watched.hurry(device),
      take: (transitions) => this.#take(transitions),
    })
    this.#schedule = new Schedule(clock, random, site.parallelPolls, {
      started: (lateness) => void this.#ready.then(() => this.#metrics.lateness.observe(lateness / 1000)),
      skipped: () => this.#metrics.skipped.inc(),
    })
    this.#listening = new Listening({
      ...parts,
      events: this.#events,
      counted: (outcome) => this.#metrics.traps.inc({ outcome }),
    })
    this.#watched = new WatchedSite(this.#surroundings())
    this.#pushing = this.#makePushing()
    this.#reloading = parts.source === undefined ? undefined : this.#makeReloading(parts.source)
    for (const device of [...site.devices, ...site.unpolled, site.itself]) this.#judge.addDevice(device)
    for (const group of site.groups) this.#judge.addGroup(group)
    const { prepared, problems } = prepareJobs(site, this.#table, parts.collectors, site.stateDirectory)
    this.#prepared = prepared
    this.problems = problems
  }

  /** Made when something is first counted. */
  get #metrics(): OwnMetrics {
    this.#madeMetrics ??= this.#makeMetrics()
    return this.#madeMetrics
  }

  get watches(): readonly Watch[] {
    return this.#watched.watches
  }

  get judge(): Judge {
    return this.#judge
  }

  get store(): Store {
    return this.#store
  }

  /** Where /metrics is. */
  get url(): string {
    return this.#server?.url ?? ''
  }

  /** Whether polls go on: nothing that is due, or under way, has stood still for longer than the slowest poll may take. */
  get isAdvancing(): boolean {
    const timeouts = this.#site.devices.flatMap(({ probes }) => probes.map(({ timeout }) => timeout))
    return this.#schedule.stalledFor < timeouts.reduce((most, one) => Math.max(most, one), 0) + stallMargin
  }

  /** Begins to watch. Rejects with the system's error when it cannot listen. */
  async start(): Promise<void> {
    const { site, clock } = this.#parts
    // The first polls are on their way before the rest is made ready: what they bring waits for it.
    this.#watched.start(site, this.#prepared)
    await new Promise<void>((resolve) => setImmediate(resolve))
    const remembered = this.#remember()
    this.#server = await this.#serve()
    this.#clients.follow(site)
    this.#notifier.start()
    this.#watchdog.follow(site, clock.now())
    this.#tell(remembered)
    this.#beReady()
    this.#drilling.start(clock.now())
    this.#upkeep.start()
    const { wall, mono } = clock.now()
    this.#skew = wall - mono
    this.#sweepLater()
    this.#pruneLater()
    this.#reloading?.start()
    this.#pushing.follow()
    await this.#listening.start(site)
  }

  /**
   * Goes on with another site, whole and proved to compile; resolves when all of it is under watch. What is as it was goes
   * on and notices nothing; what only a restart brings in stays as it is. One at a time.
   */
  async reload(next: Site, elsewhere: ReadonlySet<string> = new Set()): Promise<SiteChanges> {
    const before = this.#site
    const changes = await changesBetween(before, next, breather(this.#parts.clock))
    const site = mergedSite(before, next, changes)
    const step = stepTo(site, changes, elsewhere)
    await this.#drilling.drills.withdrawOf(new Set([...step.devices.removed, ...step.devices.changed]))
    this.#site = site
    this.#follow(before)
    await this.#watched.change(step)
    const now = this.#parts.clock.now()
    this.#upkeep.follow()
    this.#reloading?.follow()
    this.#pushing.follow()
    this.#take(this.#upkeep.tick(now))
    this.#sayOfItself(now)
    this.#keeper.flush()
    return changes
  }

  /** Reads the site again, as somebody has asked for by a signal; what came of it is in the log. */
  async reread(): Promise<void> {
    await this.#reloading?.reloader.reload('signal').catch(() => {})
  }

  /** All that is no device's does as the site says now. */
  #follow(before: Site): void {
    const site = this.#site
    const now = this.#parts.clock.now()
    this.#judge.label(site)
    this.#schedule.limit(site.parallelPolls)
    this.#gate.admits(this.#access())
    this.#listening.change(before, site)
    this.#clients.follow(site)
    this.#watchdog.follow(site, now)
    this.#drilling.follow(now)
  }

  /** Stops polling, writes and tells what is waiting, closes everything. */
  async stop(): Promise<void> {
    this.#sweep?.()
    await this.#reloading?.stop()
    this.#pushing.stop()
    await this.#drilling.drills.stop()
    this.#prune?.()
    this.#events.stop()
    await this.#listening.close()
    const ended = this.#schedule.stop()
    this.#beReady()
    await ended
    this.#upkeep.stop()
    this.#keeper.flush()
    await this.#notifier.stop()
    await this.#watched.close()
    await this.#server?.close()
    this.#keeper.stop()
    this.#parts.journal.close()
  }

  /** Everything that is answered over HTTP: each feature's routes, one list after the other. */
  #routes(): readonly Route[] {
    const { clock } = this.#parts
    return [
      ...historyRoutes(this.#history, this.#parts.clock),
      ...pages({
        scrapes: new Scrapes(new Exposition(this.#store, clock), this.#metrics, clock),
        isReady: () => this.#isReady(),
      }),
      ...probeRoutes({
        ...this.#parts,
        site: () => this.#site,
        polls: this.#schedule,
        mayPoll: () => this.#parts.mayPoll?.() !== false,
        resolve: addressOfHost,
        bug: (error) => this.#bug(error, { probe: 'true' }),
      }),
      ...devicePages({
        readings: this.#store,
        clock,
        site: () => this.#site,
        isFresh: (device) => this.watches.some(({ isFresh, parts }) => isFresh && parts.device.name === device),
      }),
      ...alarmRoutes({
        site: () => this.#site,
        clock: this.#parts.clock,
        journal: this.#parts.journal,
        attendance: this.#attendance,
        waiting: () => this.#keeper.waiting,
        isHeld: (key) => this.#holds.isHeld(key),
      }),
      ...this.#drilling.routes,
      ...(this.#reloading?.routes ?? []),
      ...this.#upkeep.routes,
      ...quietRoutes({
        site: () => this.#site,
        clock: this.#parts.clock,
        holds: this.#holds,
        list: this.#quiet,
      }),
      ...statusRoutes({
        ...this.#parts,
        site: () => this.#site,
        store: this.#store,
        judge: this.#judge,
        holds: this.#holds,
        attendance: this.#attendance,
        watches: () => this.watches,
        isRecording: () => this.#parts.journal.isKept && this.#keeper.isWriting,
      }),
    ]
  }

  /** Once all was polled siteward is ready, and stays so when devices come. */
  #isReady(): boolean {
    this.#wasReady ||= this.watches.every((watch) => watch.polled !== undefined)
    return this.#wasReady
  }

  /** Who may do what now. */
  #access(): Access {
    const { access } = this.#site
    return { ...access, operators: [...access.operators, ...this.#local] }
  }

  #serve(): Promise<ExposeServer> {
    const { site, clock, log, web } = this.#parts
    this.#local = localOperator(site.stateDirectory, log)
    this.#gate.admits(this.#access())
    return startServer(site.listen, {
      routes: this.#routes(),
      gate: this.#gate,
      web,
      clock,
      watch: httpWatch({ metrics: this.#metrics, clock, log, record: (event) => this.#keeper.record(event) }),
    })
  }

  /** What the site under watch is wired to. */
  #surroundings(): Surroundings {
    const { site, clock, log, collectors, mayPoll } = this.#parts
    return {
      table: this.#table,
      store: this.#store,
      judge: this.#judge,
      history: this.#history,
      links: this.#links,
      events: this.#events,
      schedule: this.#schedule,
      collectors,
      stateDirectory: site.stateDirectory,
      vocabulary: site.vocabulary,
      itself: site.itself.name,
      metrics: ownMetricsOf(site.vocabulary),
      clock,
      log,
      mayPoll: () => mayPoll?.() !== false,
      ready: this.#ready,
      polled: ({ name }, use, outcome) => {
        this.#metrics.polls.inc({ outcome })
        if (outcome !== 'cancelled') this.#holds.polled(name, use.probe.name, outcome !== 'failed', use)
      },
      take: (transitions) => this.#take(transitions),
      replaced: (replaced) => this.#keeper.replace(replaced, clock.now(), this.#judge),
      moved: (cells) =>
        this.#keeper.leave(cells.flatMap(({ key, alarm }) => (phase(alarm) === 'inactive' ? [] : [key]))),
      breathe: breather(clock),
      bug: (error, device, use) => this.#bug(error, { device: device.name, probe: use.probe.name }),
    }
  }

  #makePushing(): Pushing {
    const { clock, random, log, version, site } = this.#parts
    return new Pushing({
      ...{ clock, random, log },
      site: () => this.#site,
      readings: this.#store,
      sender: { version, instance: `${hostname()}:${site.listen.port}` },
      post: postOtlp,
      counted: (result, points, receiver) => this.#metrics.otlpPoints.inc({ receiver, result }, points),
      breathe: breather(clock),
      bug: (error) => this.#bug(error, { otlp: 'true' }),
    })
  }

  #makeReloading(source: SiteSource): Reloading {
    const { clock, log, reloads } = this.#parts
    return new Reloading({
      ...{ source, clock, log },
      site: () => this.#site,
      go: (site, elsewhere) => this.reload(site, elsewhere),
      plan: async (site, elsewhere) => ({
        changes: await changesBetween(this.#site, site, breather(clock)),
        endings: endingsOf(this.#judge.cells(), site, elsewhere),
      }),
      began: () => reloads?.began(),
      ended: () => {
        this.#sayOfItself(clock.now())
        reloads?.ended(this.#site.devices.length)
      },
      record: (cause, summary) => {
        const note = `reload (${cause}): ${summary}`
        this.#keeper.record({ ...aboutNoAlarm, kind: 'operation', at: clock.now().wall, by: '', note })
      },
      bug: (error) => this.#bug(error, { reload: 'true' }),
    })
  }

  #makeMetrics(): OwnMetrics {
    const { version, mayPoll, clock } = this.#parts
    const metrics = ownMetrics({
      version,
      devices: () => this.#site.devices.length,
      pollsRunning: () => this.#schedule.running,
      series: () => this.#table.size,
      alerts: () => this.#notifier.alerts,
      late: () => lateByLevel(this.#attendance, clock.now()),
      ...(mayPoll === undefined ? {} : { holdsLease: mayPoll }),
      logFailures: () => this.#parts.logFailures?.() ?? 0,
      history: () => this.#history,
      held: () => this.#holds.counts,
    })
    startCounting(metrics)
    return metrics
  }

  #makeNotifier(): Notifier {
    const { site, clock, random, log } = this.#parts
    const watch = {
      delivered: (alertmanager: string, alerts: number) => this.#metrics.alertsSent.inc({ alertmanager }, alerts),
      failed: (alertmanager: string) => this.#metrics.sendFailures.inc({ alertmanager }),
      refused: (alertmanager: string) => this.#metrics.alertsRefused.inc({ alertmanager }),
      up: (alertmanager: string, isUp: boolean) => this.#metrics.alertmanagerUp.set({ alertmanager }, isUp ? 1 : 0),
      reached: (alertmanager: string, at: Milliseconds) =>
        this.#metrics.alertmanagerReached.set({ site: site.name, alertmanager }, at / 1000),
    }
    return new Notifier([], site.resend, { clock, random, log, watch }, (keys) => this.#keeper.forget(keys))
  }

  /** An Alertmanager that the site names no more is neither up nor down. */
  #forgetPeer(alertmanager: string): void {
    this.#metrics.alertmanagerUp.remove({ alertmanager })
    this.#metrics.alertmanagerReached.remove({ site: this.#site.name, alertmanager })
  }

  /** Takes up the alarms that the journal knows. */
  #remember(): Remembered {
    const { journal, part, site, clock } = this.#parts
    // Of what moved to another siteward nothing is told here: it is judged anew there, and nobody has seen it end.
    const isElsewhere = ({ device }: JournalEntry): boolean => part?.elsewhere.has(device) === true
    const entries = journal.load()
    const moved = entries.filter(isElsewhere).map(({ key }) => key)
    if (moved.length > 0) this.#keeper.forget(moved)
    const remembered = remember(
      entries.filter((entry) => !isElsewhere(entry)),
      site,
      clock.now(),
    )
    this.#judge.restore(remembered.alarms)
    for (const name of new Set(remembered.alarms.map(({ device }) => device))) this.#watched.count(name)
    return remembered
  }

  /** What was firing before the restart is told again, with the start it had; what lost its rule is resolved. */
  #tell({ firing, resolved, orphans }: Remembered): void {
    const now = this.#parts.clock.now()
    const told = firing.filter(({ annotations: said }) => holdIn(said) === undefined)
    this.#attendance.restore(told, now)
    for (const entry of firing) this.#restore(entry, now)
    for (const entry of resolved) this.#tellAgain(entry, momentOf(entry.resolvedAt ?? now.wall, now))
    for (const entry of orphans) {
      if (entry.state === 'firing' && holdIn(entry.annotations) === undefined) this.#tellAgain(entry, now)
    }
    this.#keeper.orphaned(orphans, now)
  }

  /** What was held back is held back still, until it is clear that nothing holds it. */
  #restore(entry: JournalEntry, now: Moment): void {
    const { [heldAnnotation]: _, ...said } = entry.annotations
    const told = { ...entry, annotations: said }
    const tell = (): void => {
      this.#attendance.told(told, this.#parts.clock.now())
      this.#keeper.keep(told, (notifier) => notifier.fire(this.#firingOf(told)))
    }
    const hold = holdIn(entry.annotations)
    this.#holds.restore(rememberedAlarm(entry, this.#parts.site, now), hold, tell)
    if (hold === undefined) this.#tellAgain(entry, undefined)
  }

  #tellAgain(entry: JournalEntry, resolvedAt: Moment | undefined): void {
    if (this.#parts.site.judge === 'prometheus') return
    this.#notifier.remember(this.#firingOf(entry), resolvedAt)
  }

  /** An alert that the journal knows, with the newest words that there are. */
  #firingOf(entry: JournalEntry): Firing {
    const { site, clock } = this.#parts
    const { key, labels } = entry
    const cell = (): Cell | undefined => this.#judge.cell(entry.device, key)
    const words = (): Labels => {
      const known = cell()
      const isRead = known !== undefined && !Number.isNaN(known.value)
      const said = isRead
        ? annotations(known, this.#judge.bounds(known), { ...site, now: clock.now().wall })
        : entry.annotations
      return isEscalation(entry) ? said : { ...said, ...this.#attendance.words(key), ...this.#holds.words(key) }
    }
    // A clock that was ahead when it was written must not let it begin in the future.
    const startsAt = Math.min(entry.firedAt ?? entry.activeAt, clock.now().wall)
    const confirmedAt = (): Milliseconds => cell()?.brokenAt ?? 0
    return { key, labels, annotations: words, startsAt, lifetime: () => lifetimeOf(this.#site), confirmedAt }
  }

  #sayOfItself(now: Moment): void {
    const canWrite = this.#parts.journal.isKept && this.#keeper.isWriting
    const recordUp = { metric: 'siteward_record_up', labels: {}, value: canWrite ? 1 : 0 }
    this.#watched.say([recordUp, ...this.#drilling.sayings(now), ...(this.#reloading?.sayings ?? [])], now)
  }

  #take(transitions: readonly Transition[]): void {
    if (transitions.length === 0) return
    this.#keeper.take(transitions, this.#judge)
    for (const device of new Set(transitions.map(({ cell }) => cell.device.name))) this.#watched.count(device)
  }

  #bug(error: unknown, where: Labels): void {
    this.#metrics.bugs.inc()
    this.#parts.log.error({ ...where, ...bugOf(error) }, 'bug: an exception that nobody expected')
  }

  #sweepLater(): void {
    this.#sweep = this.#parts.clock.after(sweeping, () => {
      const now = this.#parts.clock.now()
      this.#noticeClockStep(now)
      this.#take(this.#judge.sweep(now))
      this.#take(this.#upkeep.tick(now))
      this.#sayOfItself(now)
      this.#attendance.sweep(now)
      this.#drilling.tick(now)
      this.#watched.expireSilent(now)
      this.#holds.sweep(now)
      this.#sweepLater()
    })
  }

  #pruneLater(): void {
    this.#prune = this.#parts.clock.after(pruning, () => {
      this.#keeper.prune(this.#parts.clock.now().wall - this.#parts.site.keepRecord)
      this.#pruneLater()
    })
  }

  #noticeClockStep({ wall, mono }: Moment): void {
    const step = wall - mono - this.#skew
    this.#skew = wall - mono
    if (Math.abs(step) < clockStep) return
    this.#parts.log.warn({ seconds: Math.round(step / 1000) }, "the system's clock was set; no alarm moves by it")
  }
}

/** Whether an alarm of a device says that it does not answer, pending or firing. */
function saysItIsDown(cells: Iterable<Cell>): boolean {
  for (const { rule, alarm } of cells) {
    if (rule.metric.name === 'siteward_device_up' && phase(alarm) !== 'inactive') return true
  }
  return false
}
