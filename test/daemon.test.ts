import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Collector, Job } from '../collectors/collector.ts'
import { judgePast } from '../src/backtest/judge-past.ts'
import { sitewardPast } from '../src/backtest/siteward-past.ts'
import { Daemon } from '../src/daemon.ts'
import type { Alert } from '../src/model/alert.ts'
import type { Device } from '../src/model/device.ts'
import { silent } from '../src/model/log.ts'
import type { NumberMetric, Vocabulary } from '../src/model/metric.ts'
import type { PollResult } from '../src/model/reading.ts'
import { good } from '../src/model/result.ts'
import type { Rule } from '../src/model/rule.ts'
import type { SeriesScope } from '../src/model/series.ts'
import type { Site } from '../src/model/site.ts'
import type { AlertmanagerClient } from '../src/notify/sender.ts'
import type { Listed } from '../src/record/listing.ts'
import { type Journal, type JournalChanges, noJournal, openJournal, viewJournal } from '../src/store/journal.ts'
import { openWeb } from '../src/web/web-file.ts'
import { ManualClock } from './manual-clock.ts'
import { makeDevice, makeProbe, makeRule, makeSite, temperature } from './samples.ts'

const minute = 60_000
const ownNames = [
  'siteward_device_up',
  'siteward_poll_duration_seconds',
  'siteward_poll_faults_total',
  'siteward_last_success_timestamp_seconds',
  'siteward_readings_unavailable',
  'siteward_alarms',
  'siteward_threshold',
  'siteward_device_info',
  'siteward_record_up',
]
const own: readonly NumberMetric[] = ownNames.map((name) => ({
  ...temperature,
  name,
  unit: 'none',
  range: { low: 0, high: 1e12 },
}))
const vocabulary: Vocabulary = new Map([temperature, ...own].map((metric) => [metric.name, metric]))
const up = own[0] ?? temperature

const hot = makeRule({ for: 2 * minute, severity: 'critical' })
const down = makeRule({
  alarm: 'DeviceDown',
  metric: up,
  condition: { kind: 'below', limit: { kind: 'fixed', value: 1 }, hysteresis: 0 },
  for: 2 * minute,
})

/** What the fake device answers: a temperature, nothing at all, or an exception. */
type Answer = number | 'silent' | 'throws'

class World {
  readonly clock = new ManualClock()
  readonly alerts: Alert[] = []
  readonly folder = mkdtempSync(join(tmpdir(), 'siteward-daemon-'))
  answer: Answer = 22
  rules: readonly Rule[] = [hot, down]
  /** The devices that another siteward watches. */
  elsewhere: readonly string[] = []
  /** What of the site is not as usual. */
  changed: Partial<Site> = {}
  ownRules: readonly Rule[] = []
  isFull = false
  daemon: Daemon | undefined

  async start(): Promise<Daemon> {
    const daemon = new Daemon({
      site: this.site(),
      version: '0',
      collectors: new Map([['fake', this.collector()]]),
      journal: this.journal(),
      client: () => this.client(),
      clock: this.clock,
      random: () => 0.5,
      log: silent,
      web: () => openWeb,
      ...(this.elsewhere.length === 0 ? {} : { part: { shard: '1/2', elsewhere: new Set(this.elsewhere) } }),
    })
    this.daemon = daemon
    await daemon.start()
    return daemon
  }

  /** The real one, on a disk that may be full. */
  journal(): Journal {
    const journal = openJournal(this.folder, 1, () => {})
    const write = (changes: JournalChanges): void => {
      if (this.isFull) throw new Error('SQLITE_FULL')
      journal.write(changes)
    }
    return { ...journal, write }
  }

  site(): Site {
    const probe = makeProbe('fake', [], {})
    const device: Device = makeDevice({
      labels: { room: 'main' },
      rules: this.rules,
      probes: [{ probe, interval: minute, timeout: 5000 }],
    })
    return makeSite({
      language: 'zh',
      alertmanagers: [new URL('http://peer')],
      stateDirectory: this.folder,
      itself: makeDevice({ name: 'siteward', rules: this.ownRules }),
      devices: this.elsewhere.includes(device.name) ? [] : [device],
      vocabulary,
      ...this.changed,
    })
  }

  collector(): Collector {
    const job = (scope: SeriesScope): Job => ({
      endpoint: 'e',
      session: 'e',
      parallel: 1,
      cost: 0,
      poll: async () => this.poll(scope),
      close: async () => {},
    })
    const empty = { type: 'object' } as never
    return {
      protocol: 'fake',
      schemas: { point: empty, settings: empty, options: empty, credential: empty },
      prepare: (_use, _device, scope) => good(job(scope)),
    }
  }

  poll(scope: SeriesScope): PollResult {
    const series = scope.series(temperature, {})
    if (this.answer === 'throws' || series === undefined) throw new Error('secret-of-a-library')
    if (this.answer === 'silent') {
      return { readings: [], faults: [{ kind: 'timeout', detail: 'no answer', points: 1 }], requests: 1, doubts: [] }
    }
    return { readings: [{ series, value: this.answer }], faults: [], requests: 1, doubts: [] }
  }

  client(): AlertmanagerClient {
    return {
      url: 'http://peer',
      post: async (alerts) => {
        this.alerts.push(...alerts)
        return { kind: 'taken' }
      },
      look: async () => ({ kind: 'closed' }),
      close: () => {},
    }
  }

  /** As kill -9 leaves it: nothing is flushed, sent or closed but what the journal has. */
  async kill(): Promise<void> {
    const clients = this.alerts.length
    await this.daemon?.stop()
    this.alerts.length = clients
    this.daemon = undefined
  }

  named(alertname: string): readonly Alert[] {
    return this.alerts.filter(({ labels }) => labels['alertname'] === alertname)
  }

  isOver(alert: Alert | undefined): boolean {
    return (alert?.endsAt ?? Number.POSITIVE_INFINITY) <= this.clock.now().wall
  }

  async scrape(): Promise<string> {
    return (await fetch(`${this.daemon?.url}/metrics`)).text()
  }
}

let world: World

afterEach(async () => {
  await world.daemon?.stop()
})

describe('from a poll to an alert', () => {
  test('a threshold crossed for long enough pages once, and resolves', async () => {
    world = new World()
    await world.start()
    await world.clock.pass(3 * minute)
    expect(await world.scrape()).toContain('room_temperature_celsius{site="hospital",device="crac-1"} 22\n')
    expect(world.alerts).toEqual([])
    world.answer = 29.5
    await world.clock.pass(minute)
    expect(await world.scrape()).toContain(
      'siteward_alarms{site="hospital",device="crac-1",alarm="RoomTemperature",severity="critical",state="pending"} 1\n',
    )
    await world.clock.pass(2 * minute)
    const alert = world.named('RoomTemperature')[0]
    expect(alert?.labels).toEqual({
      alertname: 'RoomTemperature',
      severity: 'critical',
      site: 'hospital',
      device: 'crac-1',
      room: 'main',
    })
    expect(alert?.annotations).toMatchObject({
      summary: 'crac-1：29.5 °C，限值 不高于 28 °C',
      summary_en: 'crac-1: 29.5 °C, limit at most 28 °C',
      value: '29.5 °C',
    })
    world.answer = 22
    await world.clock.pass(2 * minute)
    expect(world.isOver(world.named('RoomTemperature').at(-1))).toBe(true)
    expect(new Set(world.named('RoomTemperature').map(({ startsAt }) => startsAt)).size).toBe(1)
  })

  test('the first polls go ahead of all else, and what they bring is judged by what the journal remembers', async () => {
    const here = new World()
    world = here
    here.answer = 29.5
    await here.start()
    await here.clock.pass(5 * minute)
    await here.kill()
    const order: string[] = []
    here.answer = 22
    here.poll = (scope) => {
      order.push('poll')
      return World.prototype.poll.call(here, scope)
    }
    here.journal = () => {
      const journal = World.prototype.journal.call(here)
      const load = (): ReturnType<Journal['load']> => {
        order.push('journal')
        return journal.load()
      }
      return { ...journal, load }
    }
    const started = here.start()
    await here.clock.pass(100)
    expect(here.daemon?.watches.map(({ polled }) => polled)).toEqual([undefined])
    await started
    expect(order).toEqual(['poll', 'journal'])
    await here.clock.pass(minute)
    expect(here.isOver(here.named('RoomTemperature').at(-1))).toBe(true)
    expect(await here.scrape()).toContain('room_temperature_celsius{site="hospital",device="crac-1"} 22\n')
  })

  test('a siteward that cannot start gives up its first polls', async () => {
    world = new World()
    const load = (): never => {
      throw new Error('in use')
    }
    world.journal = () => ({ ...noJournal(), load })
    const started = world.start()
    await world.clock.pass(100)
    await expect(started).rejects.toThrow('in use')
    await world.daemon?.stop()
    expect(world.clock.waiting).toBe(0)
  })

  test("the dead man's switch is told again and again, and outlives siteward by minutes only", async () => {
    world = new World()
    world.changed = { watchdog: 'Watchdog' }
    await world.start()
    await world.clock.pass(10 * minute)
    const told = world.named('Watchdog')
    expect(told.length).toBeGreaterThanOrEqual(10)
    expect(told[0]?.labels).toEqual({ alertname: 'Watchdog', severity: 'none', site: 'hospital' })
    expect((told.at(-1)?.endsAt ?? 0) - world.clock.now().wall).toBeLessThanOrEqual(4 * minute)
  })

  test('where Prometheus judges, siteward judges too, and tells nobody', async () => {
    world = new World()
    world.changed = { judge: 'prometheus' }
    world.answer = 29.5
    await world.start()
    await world.clock.pass(5 * minute)
    expect(await world.scrape()).toContain('severity="critical",state="firing"} 1\n')
    await world.daemon?.stop()
    await world.start()
    await world.clock.pass(5 * minute)
    expect(world.alerts).toEqual([])
  })

  test('the readings of the last day are there to be asked for', async () => {
    world = new World()
    const daemon = await world.start()
    await world.clock.pass(3 * minute)
    world.answer = 'silent'
    await world.clock.pass(minute)
    const ask = async (query: string) => {
      const reply = await fetch(`${daemon.url}/api/v1/history?${query}`)
      return { status: reply.status, body: await reply.text() }
    }
    const { series } = JSON.parse((await ask('metric=room_temperature_celsius&device=crac-1')).body)
    expect(series).toMatchObject([
      { metric: 'room_temperature_celsius', unit: 'celsius', labels: { device: 'crac-1' } },
    ])
    const values = series[0].points.map(([, value]: [number, number | null]) => value)
    expect([values[0], values.at(-1)]).toEqual([22, null])
    expect(JSON.parse((await ask('metric=siteward_device_up')).body).series[0].points.at(-1)[1]).toBe(0)
    expect(JSON.parse((await ask('metric=room_temperature_celsius&device=other')).body)).toEqual({ series: [] })
    const thrice = 'metric=room_temperature_celsius&'.repeat(3)
    expect(JSON.parse((await ask(`${thrice}device=crac-1`)).body).series).toHaveLength(1)
    expect((await ask('')).status).toBe(400)
    expect((await ask('metric=room_temperature_celsius&from=yesterday')).status).toBe(400)
  })

  test('the last day can be judged by other rules', async () => {
    const here = new World()
    world = here
    const daemon = await here.start()
    const from = here.clock.now().wall
    await here.clock.pass(3 * minute)
    here.answer = 27
    await here.clock.pass(5 * minute)
    here.answer = 'silent'
    await here.clock.pass(3 * minute)
    here.answer = 22
    await here.clock.pass(3 * minute)
    const to = here.clock.now().wall
    const past = sitewardPast(daemon.url, async (path) => (await fetch(`${daemon.url}${path}`)).json())
    const judged = (limit: number) => {
      const condition = { kind: 'above', limit: { kind: 'fixed', value: limit }, hysteresis: 0 } as const
      const site = {
        ...here.site(),
        devices: [makeDevice({ rules: [makeRule({ condition, for: 2 * minute }), down] })],
      }
      return judgePast(site, past, from, to)
    }
    const { fired, unread } = await judged(26)
    expect(fired.map(({ alarm }) => alarm).sort()).toEqual(['DeviceDown', 'RoomTemperature'])
    // A silent device ends nothing: the alarm goes on until a reading shows that it is over.
    const room = fired.find(({ alarm }) => alarm === 'RoomTemperature')
    expect((room?.to ?? 0) - (room?.from ?? 0)).toBeGreaterThan(5 * minute)
    expect(unread).toEqual([])
    expect((await judged(28)).fired.map(({ alarm }) => alarm)).toEqual(['DeviceDown'])
  })

  test('a silent device leaves /metrics at once, resolves nothing, and is itself an alarm', async () => {
    world = new World()
    world.answer = 29.5
    await world.start()
    await world.clock.pass(5 * minute)
    expect(world.named('RoomTemperature').length).toBeGreaterThan(0)
    world.answer = 'silent'
    await world.clock.pass(minute)
    const text = await world.scrape()
    expect(text).not.toMatch(/^room_temperature_celsius/m)
    expect(text).toContain('siteward_device_up{site="hospital",device="crac-1",probe="sample"} 0\n')
    expect(text).toMatch(/siteward_poll_faults_total\{[^}]*fault="timeout"\} [1-9]/)
    await world.clock.pass(3 * minute)
    expect(world.named('DeviceDown').length).toBeGreaterThan(0)
    await world.clock.pass(30 * minute)
    expect(world.isOver(world.named('RoomTemperature').at(-1))).toBe(false)
    world.answer = 22
    await world.clock.pass(10 * minute)
    expect(world.isOver(world.named('RoomTemperature').at(-1))).toBe(true)
    expect(world.isOver(world.named('DeviceDown').at(-1))).toBe(true)
  })

  test('a device down fires after its for, not at the next poll of a device that is asked ever less', async () => {
    world = new World()
    world.answer = 'silent'
    await world.start()
    await world.clock.pass(2 * minute + 5000)
    expect(world.named('DeviceDown')).toHaveLength(1)
  })

  test('an exception is counted as a bug, and the daemon goes on', async () => {
    world = new World()
    world.answer = 'throws'
    await world.start()
    await world.clock.pass(2 * minute)
    expect(await world.scrape()).toMatch(/siteward_bugs_total [1-9]/)
    world.answer = 22
    await world.clock.pass(5 * minute)
    expect(await world.scrape()).toContain('room_temperature_celsius{site="hospital",device="crac-1"} 22\n')
  })
})

describe('a restart', () => {
  test('while firing: told again with the same start, and not resolved in between', async () => {
    world = new World()
    world.answer = 29.5
    await world.start()
    await world.clock.pass(4 * minute)
    const before = world.named('RoomTemperature')[0]
    await world.kill()
    world.alerts.length = 0
    await world.clock.pass(2 * minute)
    await world.start()
    await world.clock.pass(minute)
    const after = world.named('RoomTemperature')
    expect(await world.scrape()).toContain('alarm="RoomTemperature",severity="critical",state="firing"} 1\n')
    expect(after.length).toBeGreaterThan(0)
    for (const alert of after) {
      expect(alert.labels).toEqual(before?.labels)
      expect(alert.startsAt).toBe(before?.startsAt)
      expect(world.isOver(alert)).toBe(false)
    }
    world.answer = 22
    await world.clock.pass(2 * minute)
    expect(world.isOver(world.named('RoomTemperature').at(-1))).toBe(true)
  })

  test('while pending: for goes on from where it began', async () => {
    world = new World()
    world.answer = 29.5
    await world.start()
    await world.clock.pass(minute)
    await world.kill()
    await world.clock.pass(2 * minute)
    await world.start()
    await world.clock.pass(5000)
    expect(world.named('RoomTemperature').length).toBeGreaterThan(0)
  })

  test('while pending, but good afterwards: nobody is paged', async () => {
    world = new World()
    world.answer = 29.5
    await world.start()
    await world.clock.pass(minute)
    await world.kill()
    await world.clock.pass(2 * minute)
    world.answer = 22
    await world.start()
    await world.clock.pass(10 * minute)
    expect(world.alerts).toEqual([])
  })

  test('with its rule gone: the alert is resolved, and told so', async () => {
    world = new World()
    world.answer = 29.5
    await world.start()
    await world.clock.pass(4 * minute)
    await world.kill()
    world.alerts.length = 0
    world.rules = [down]
    await world.start()
    await world.clock.pass(minute)
    expect(world.named('RoomTemperature').length).toBeGreaterThan(0)
    for (const alert of world.named('RoomTemperature')) expect(world.isOver(alert)).toBe(true)
  })

  test('with its device in the hands of another siteward: nothing is told, and nothing is remembered', async () => {
    world = new World()
    world.answer = 29.5
    await world.start()
    await world.clock.pass(4 * minute)
    expect(world.named('RoomTemperature').length).toBeGreaterThan(0)
    await world.kill()
    world.alerts.length = 0
    world.elsewhere = ['crac-1']
    await world.start()
    await world.clock.pass(10 * minute)
    expect(world.named('RoomTemperature')).toEqual([])
    await world.kill()
    world.elsewhere = []
    world.answer = 22
    await world.start()
    await world.clock.pass(10 * minute)
    expect(world.named('RoomTemperature')).toEqual([])
  })

  test('after the system clock was set back by a year: the start is no later than now', async () => {
    world = new World()
    world.answer = 29.5
    await world.start()
    await world.clock.pass(4 * minute)
    await world.kill()
    world.alerts.length = 0
    world.clock.step(-365 * 86_400_000)
    await world.start()
    await world.clock.pass(minute)
    expect(world.named('RoomTemperature').length).toBeGreaterThan(0)
    for (const alert of world.alerts) expect(alert.startsAt).toBeLessThanOrEqual(world.clock.now().wall)
    expect(world.isOver(world.named('RoomTemperature').at(-1))).toBe(false)
  })
})

test('a step of the wall clock fires nothing and resolves nothing', async () => {
  world = new World()
  world.answer = 29.5
  await world.start()
  await world.clock.pass(minute)
  world.clock.step(3_600_000)
  await world.clock.pass(30_000)
  expect(world.alerts).toEqual([])
  await world.clock.pass(2 * minute)
  expect(world.named('RoomTemperature').length).toBeGreaterThan(0)
  world.clock.step(-7_200_000)
  await world.clock.pass(3 * minute)
  expect(world.isOver(world.named('RoomTemperature').at(-1))).toBe(false)
})

describe('the record', () => {
  const asJson = { 'content-type': 'application/json' }

  async function list(): Promise<readonly Listed[]> {
    const reply = await fetch(`${world.daemon?.url}/api/v1/alarms`)
    return ((await reply.json()) as { alarms: readonly Listed[] }).alarms
  }

  async function say(step: string, id: string, note = ''): Promise<Response> {
    const token = readFileSync(join(world.folder, 'operator-token'), 'utf8').trim()
    return fetch(`${world.daemon?.url}/api/v1/alarms/${id}/attendance`, {
      method: 'POST',
      headers: { ...asJson, authorization: `Bearer ${token}` },
      body: JSON.stringify({ step, by: 'the desk', note }),
    })
  }

  async function fire(): Promise<string> {
    world = new World()
    await world.start()
    world.answer = 29.5
    await world.clock.pass(3 * minute)
    const [only] = await list()
    expect(only).toMatchObject({ state: 'firing', alarm: 'RoomTemperature', taken: null })
    expect(world.named('RoomTemperature').at(-1)?.annotations['alarm_id']).toBe(only?.id)
    return only?.id ?? ''
  }

  test('an alarm that has fired for eight days is in the list of the last seven, also after a restart', async () => {
    const id = await fire()
    world.clock.step(8 * 86_400_000)
    await world.clock.pass(minute)
    expect(await list()).toMatchObject([{ id, state: 'firing' }])
    await world.daemon?.stop()
    await world.start()
    await world.clock.pass(2 * minute)
    expect(await list()).toMatchObject([{ id, state: 'firing' }])
  })

  test('an alarm that nobody takes is called louder, by an alert of its own, until somebody does', async () => {
    const id = await fire()
    await world.clock.pass(13 * minute)
    expect(world.named('AlarmUnacknowledged')).toEqual([])
    await world.clock.pass(3 * minute)
    const louder = { alarm: 'RoomTemperature', alarm_id: id, escalation: 'response', device: 'crac-1', room: 'main' }
    expect(world.named('AlarmUnacknowledged').at(-1)?.labels).toMatchObject(louder)
    const first = world.named('RoomTemperature')
    expect(new Set(first.map(({ labels }) => JSON.stringify(labels))).size).toBe(1)
    expect((await say('taken', id.slice(0, 5), 'on my way')).status).toBe(200)
    await world.clock.pass(2 * minute)
    expect(world.isOver(world.named('AlarmUnacknowledged').at(-1))).toBe(true)
    expect(world.isOver(world.named('RoomTemperature').at(-1))).toBe(false)
    expect(world.named('RoomTemperature').at(-1)?.annotations['acknowledged']).toMatch(/^the desk, .*Z: on my way$/)
    expect(await world.scrape()).toContain('siteward_service_level_alarms_total{level="response",result="missed"} 1\n')
  })

  test('who has taken an alarm is known after kill -9, and an alert that nobody has goes on', async () => {
    const id = await fire()
    await world.clock.pass(16 * minute)
    const startsAt = world.named('AlarmUnacknowledged')[0]?.startsAt
    await world.kill()
    world.alerts.length = 0
    await world.start()
    await world.clock.pass(2 * minute)
    expect(world.named('AlarmUnacknowledged').at(-1)).toMatchObject({ startsAt })
    expect(world.named('AlarmUnacknowledged').every((alert) => !world.isOver(alert))).toBe(true)
    await say('on_site', id)
    await world.kill()
    world.alerts.length = 0
    await world.start()
    await world.clock.pass(30 * minute)
    expect(world.named('AlarmUnacknowledged').every((alert) => world.isOver(alert))).toBe(true)
    expect(world.named('RoomTemperature').length).toBeGreaterThan(0)
    world.answer = 22
    await world.clock.pass(2 * minute)
    expect(await list()).toMatchObject([{ id, state: 'resolved', on_site: { by: 'the desk' } }])
    expect((await say('repaired', id, 'a new filter')).status).toBe(200)
    expect(await list()).toMatchObject([{ id, repaired: { note: 'a new filter' } }])
  })

  test('a word about an alarm that there is not is refused', async () => {
    await fire()
    expect((await say('taken', 'zzzz')).status).toBe(404)
    expect((await say('sleeping', 'zzzz')).status).toBe(400)
    expect((await list())[0]).toMatchObject({ taken: null })
  })

  test('on a full disk alarms go on, the fault is an alarm, and the record catches up', async () => {
    world = new World()
    const low = { kind: 'below', limit: { kind: 'fixed', value: 1 }, hysteresis: 0 } as const
    const metric = vocabulary.get('siteward_record_up') ?? temperature
    world.ownRules = [makeRule({ alarm: 'RecordNotWritten', metric, condition: low, for: minute })]
    await world.start()
    await world.clock.pass(minute)
    world.isFull = true
    world.answer = 29.5
    await world.clock.pass(4 * minute)
    expect(world.named('RoomTemperature').length).toBeGreaterThan(0)
    expect(world.named('RecordNotWritten').at(-1)).toMatchObject({ labels: { device: 'siteward' } })
    const hot = (await list()).find(({ alarm }) => alarm === 'RoomTemperature')
    const reply = await say('taken', hot?.id ?? '')
    expect(await reply.json()).toMatchObject({ written: false })
    expect(await world.scrape()).toContain('siteward_record_up{site="hospital",device="siteward"} 0\n')
    world.isFull = false
    await world.clock.pass(2 * minute)
    expect(world.isOver(world.named('RecordNotWritten').at(-1))).toBe(true)
    await world.daemon?.stop()
    const view = viewJournal(world.folder)
    const kinds = view.episode(hot?.id ?? '', Date.parse(hot?.active_at ?? '')).map(({ kind }) => kind)
    expect(kinds).toEqual(['pending', 'firing', 'taken'])
    view.close()
  })
})
