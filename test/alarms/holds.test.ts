import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Collector } from '../../collectors/collector.ts'
import { diskFiles } from '../../src/config/files.ts'
import { loadVocabulary } from '../../src/config/vocabulary.ts'
import { Daemon } from '../../src/daemon.ts'
import { shipped } from '../../src/home.ts'
import type { Alert } from '../../src/model/alert.ts'
import type { Dependency } from '../../src/model/dependency.ts'
import { silent } from '../../src/model/log.ts'
import type { QuietWindow } from '../../src/model/quiet.ts'
import { good } from '../../src/model/result.ts'
import type { Site } from '../../src/model/site.ts'
import { openJournal, viewJournal } from '../../src/store/journal.ts'
import { localTokenFile } from '../../src/store/local-token.ts'
import { openWeb } from '../../src/web/web-file.ts'
import { ManualClock } from '../manual-clock.ts'
import { makeDevice, makeProbe, makeRule, makeSite } from '../samples.ts'

/** A switch, what is behind it, and a room sensor, watched by a whole daemon but for wires and time. */

const minute = 60_000
const { vocabulary } = await loadVocabulary(shipped('config', 'metrics.yaml'), diskFiles)

function metric(name: string) {
  const found = vocabulary.get(name)
  if (found === undefined) throw new Error(`no metric ${name}`)
  return found
}

const down = makeRule({
  alarm: 'DeviceDown',
  metric: metric('siteward_device_up'),
  condition: { kind: 'below', limit: { kind: 'fixed', value: 1 }, hysteresis: 0 },
  for: 2 * minute,
  severity: 'critical',
})
const hot = makeRule({ metric: metric('room_temperature_celsius'), for: minute })

type Answer = number | 'silent'

class Room {
  readonly clock = new ManualClock()
  readonly alerts: Alert[] = []
  readonly folder = mkdtempSync(join(tmpdir(), 'siteward-holds-'))
  readonly answers = new Map<string, Answer>()
  /** Of each device how often it is polled, and what it hangs on. */
  devices: Readonly<Record<string, { readonly interval: number; readonly dependsOn: readonly Dependency[] }>> = {}
  quiet: readonly QuietWindow[] = []
  inhibit: Site['inhibit'] = []
  /** Severities that somebody is to take in time. */
  escalated: Site['serviceLevels']['severities'] = []
  /** When within its interval each device is polled: another number, another place. */
  random = 0.5
  daemon: Daemon | undefined

  async start(): Promise<void> {
    this.daemon = new Daemon({
      site: this.site(),
      version: '0',
      collectors: new Map([['fake', this.collector()]]),
      journal: openJournal(this.folder, 1, () => {}),
      client: () => ({ url: 'http://peer', post: async (alerts) => this.post(alerts), look, close: () => {} }),
      clock: this.clock,
      random: () => this.random,
      web: () => openWeb,
      log: silent,
    })
    await this.daemon.start()
  }

  post(alerts: readonly Alert[]) {
    this.alerts.push(...alerts)
    return { kind: 'taken' } as const
  }

  site(): Site {
    const probe = makeProbe('fake', [], {})
    const devices = Object.entries(this.devices).map(([name, { interval, dependsOn }]) =>
      makeDevice({ name, dependsOn, rules: [down, hot], probes: [{ probe, interval, timeout: 1000 }] }),
    )
    const { quiet, inhibit } = this
    const serviceLevels = { ...makeSite().serviceLevels, severities: this.escalated }
    const alertmanagers = [new URL('http://peer')]
    return makeSite({ stateDirectory: this.folder, alertmanagers, quiet, inhibit, serviceLevels, devices, vocabulary })
  }

  collector(): Collector {
    const empty = { type: 'object' } as never
    return {
      protocol: 'fake',
      schemas: { point: empty, settings: empty, options: empty, credential: empty },
      prepare: (_use, device, scope) =>
        good({
          ...{ endpoint: device.name, session: device.name, parallel: 1, cost: 0, close: async () => {} },
          poll: async () => {
            const answer = this.answers.get(device.name) ?? 22
            const series = scope.series(metric('room_temperature_celsius'), {})
            const faults = [{ kind: 'timeout', detail: 'no answer', points: 1 } as const]
            if (answer === 'silent' || series === undefined) return { readings: [], faults, requests: 1, doubts: [] }
            return { readings: [{ series, value: answer }], faults: [], requests: 1, doubts: [] }
          },
        }),
    }
  }

  /** As kill -9 leaves it. */
  async kill(): Promise<void> {
    const told = this.alerts.length
    await this.daemon?.stop()
    this.alerts.length = told
  }

  /** Devices of whose alarms somebody was told, in the order of the first telling. */
  get told(): readonly string[] {
    return [...new Set(this.alerts.map(({ labels }) => `${labels['alertname']} ${labels['device']}`))]
  }

  get last(): Alert | undefined {
    return this.alerts.at(-1)
  }

  async ask(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
    const token = readFileSync(localTokenFile(this.folder), 'utf8').trim()
    const response = await fetch(`${this.daemon?.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, text: await response.text() }
  }

  /** Each alarm that fires, and what holds it back. */
  get holds(): Readonly<Record<string, string>> {
    const view = viewJournal(this.folder)
    const firing = view.load().filter(({ state }) => state === 'firing')
    view.close()
    return Object.fromEntries(firing.map((one) => [`${one.alarm} ${one.device}`, one.annotations['held'] ?? 'told']))
  }

  async held(): Promise<Readonly<Record<string, number>>> {
    const text = await (await fetch(`${this.daemon?.url}/metrics`)).text()
    const found = text.matchAll(/^siteward_alarms_held\{reason="(\w+)"\} ([1-9]\d*)/gm)
    return Object.fromEntries([...found].map(([, reason = '', count]) => [reason, Number(count)]))
  }
}

const look = async () => ({ kind: 'closed' }) as const

const behind = (device: string): readonly Dependency[] => [{ kind: 'any', devices: [device] }]

/** A core switch, an access switch behind it, two cameras behind that. */
const building = {
  core: { interval: minute, dependsOn: [] },
  access: { interval: minute, dependsOn: behind('core') },
  'camera-1': { interval: minute, dependsOn: behind('access') },
  'camera-2': { interval: 2 * minute, dependsOn: behind('access') },
}

let room = new Room()

async function begin(changed: Partial<Pick<Room, 'devices' | 'quiet' | 'inhibit' | 'escalated'>>): Promise<void> {
  room = Object.assign(new Room(), { devices: building }, changed)
  await room.start()
  await room.clock.pass(5 * minute)
  expect(room.alerts).toEqual([])
}

function fail(...names: readonly string[]): void {
  for (const name of names) room.answers.set(name, 'silent')
}

afterEach(async () => {
  await room.daemon?.stop()
})

describe('a switch that dies', () => {
  test('is one page, which lists what is behind it; all come back without another', async () => {
    await begin({})
    fail('core', 'access', 'camera-1', 'camera-2')
    await room.clock.pass(15 * minute)
    expect(room.told).toEqual(['DeviceDown core'])
    expect(room.last?.annotations['affected']).toBe('access, camera-1, camera-2 (3)')
    expect(await room.held()).toEqual({ parent: 3 })
    room.answers.clear()
    await room.clock.pass(20 * minute)
    expect(room.told).toEqual(['DeviceDown core'])
    expect(await room.held()).toEqual({})
  })

  test('and comes back without a camera: that one is told', async () => {
    await begin({})
    fail('core', 'access', 'camera-1', 'camera-2')
    await room.clock.pass(10 * minute)
    for (const name of ['core', 'access', 'camera-2']) room.answers.delete(name)
    await room.clock.pass(20 * minute)
    expect(room.told).toEqual(['DeviceDown core', 'DeviceDown camera-1'])
  })

  test('that is asked seldom: its camera is noticed first, and waits', async () => {
    await begin({ devices: { ...building, access: { interval: 5 * minute, dependsOn: behind('core') } } })
    fail('access', 'camera-1')
    await room.clock.pass(20 * minute)
    expect(room.told).toEqual(['DeviceDown access'])
  })

  test('what is read behind it is told all the same', async () => {
    await begin({})
    fail('core')
    room.answers.set('camera-1', 35)
    await room.clock.pass(5 * minute)
    expect([...room.told].sort()).toEqual(['DeviceDown core', 'RoomTemperature camera-1'])
  })

  test('a restart tells nobody more, and forgets nothing', async () => {
    await begin({})
    fail('core', 'access', 'camera-1')
    await room.clock.pass(10 * minute)
    await room.kill()
    await room.start()
    await room.clock.pass(15 * minute)
    expect(room.told).toEqual(['DeviceDown core'])
    expect(await room.held()).toEqual({ parent: 2 })
    for (const name of ['core', 'access']) room.answers.delete(name)
    await room.clock.pass(15 * minute)
    expect(room.told).toEqual(['DeviceDown core', 'DeviceDown camera-1'])
  })
})

describe('a quiet time', () => {
  /** From a moment on, for twenty minutes. */
  function quiet(at: number, changed: Partial<QuietWindow> = {}): QuietWindow {
    const scope = { devices: ['camera-1'], alarms: [], match: {} }
    const time = { kind: 'once', from: at, to: at + 20 * minute } as const
    return { name: 'works', author: '', note: '', scope, time, endsWhenWell: undefined, ...changed }
  }

  async function beginQuiet(changed: Partial<QuietWindow> = {}, others: Partial<Room> = {}): Promise<void> {
    const from = new ManualClock().now().wall + 10 * minute
    await begin({ quiet: [quiet(from, changed)], ...others })
    await room.clock.pass(6 * minute)
    fail('camera-1')
    await room.clock.pass(5 * minute)
  }

  test('holds back what begins in it; what still fires at its end is told', async () => {
    await beginQuiet()
    expect(room.told).toEqual([])
    expect(await room.held()).toEqual({ quiet: 1 })
    await room.clock.pass(15 * minute)
    expect(room.told).toEqual(['DeviceDown camera-1'])
  })

  test('the time to respond begins when somebody is told, also over a restart', async () => {
    await beginQuiet({}, { escalated: ['critical'] })
    await room.clock.pass(15 * minute)
    expect(room.told).toEqual(['DeviceDown camera-1'])
    await room.clock.pass(9 * minute)
    await room.kill()
    await room.start()
    await room.clock.pass(2 * minute)
    expect(room.told).toEqual(['DeviceDown camera-1'])
    const text = await (await fetch(`${room.daemon?.url}/metrics`)).text()
    expect(text).toContain('siteward_service_level_late_alarms{level="response"} 0\n')
    await room.clock.pass(10 * minute)
    expect(room.told).toEqual(['DeviceDown camera-1', 'AlarmUnacknowledged camera-1'])
  })

  test('what somebody has taken while it was held back is not called louder when it is told', async () => {
    await beginQuiet({}, { escalated: ['critical'] })
    const { alarms } = JSON.parse((await room.ask('GET', '/api/v1/alarms')).text)
    expect(alarms).toMatchObject([{ alarm: 'DeviceDown', state: 'firing', told_at: null, service_levels: [] }])
    const word = { step: 'taken', by: 'chief' }
    expect((await room.ask('POST', `/api/v1/alarms/${alarms[0].id}/attendance`, word)).status).toBe(200)
    await room.clock.pass(60 * minute)
    expect(room.told).toEqual(['DeviceDown camera-1'])
    expect(room.last?.annotations['acknowledged']).toContain('chief')
  })

  test('that begins after an alarm was told holds back its escalation until its end', async () => {
    const from = new ManualClock().now().wall + 20 * minute
    await begin({ quiet: [quiet(from)], escalated: ['critical'] })
    await room.clock.pass(4 * minute)
    fail('camera-1')
    await room.clock.pass(30 * minute)
    expect(room.told).toEqual(['DeviceDown camera-1'])
    await room.clock.pass(3 * minute)
    expect(room.told).toEqual(['DeviceDown camera-1', 'AlarmUnacknowledged camera-1'])
  })

  test('what is over before its end is never told', async () => {
    await beginQuiet()
    room.answers.clear()
    await room.clock.pass(30 * minute)
    expect(room.told).toEqual([])
  })

  test('what was told before it begins is told to its end: a resolution is never held back', async () => {
    const from = new ManualClock().now().wall + 10 * minute
    await begin({ quiet: [quiet(from)] })
    fail('camera-1')
    await room.clock.pass(6 * minute)
    expect(room.told).toEqual(['DeviceDown camera-1'])
    room.answers.clear()
    await room.clock.pass(10 * minute)
    expect(room.last?.endsAt ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(room.clock.now().wall)
  })

  test('ends early once all under it has been well, and not before', async () => {
    const from = new ManualClock().now().wall + 10 * minute
    await beginQuiet({ endsWhenWell: 2 * minute, time: { kind: 'once', from, to: from + 90 * minute } })
    room.answers.clear()
    await room.clock.pass(15 * minute)
    fail('camera-1')
    await room.clock.pass(5 * minute)
    expect(room.told).toEqual(['DeviceDown camera-1'])
  })
})

test('two sitewards that watch one site come to the same holds, whenever each of them polls', async () => {
  const from = new ManualClock().now().wall + 5 * minute
  const scope = { devices: ['lab'], alarms: [], match: {} }
  const time = { kind: 'once', from, to: from + 60 * minute } as const
  const alone = { interval: minute, dependsOn: [] }
  const source = { alertname: 'RoomTemperature', device: 'hall' }
  const site = {
    devices: { ...building, lab: alone, hall: alone, closet: { interval: minute, dependsOn: behind('hall') } },
    quiet: [{ name: 'works', author: '', note: '', scope, time, endsWhenWell: undefined }],
    inhibit: [{ source, target: {}, equal: [], followers: true }],
  }
  await begin(site)
  const other = Object.assign(new Room(), site, { random: 0.05 })
  await other.start()
  await other.clock.pass(5 * minute)
  const both = [room, other]
  const pass = async (minutes: number): Promise<void> => {
    for (const one of both) await one.clock.pass(minutes * minute)
  }
  const answer = (name: string, given: Answer | undefined): void => {
    for (const { answers } of both) given === undefined ? answers.delete(name) : answers.set(name, given)
  }
  try {
    for (const name of ['core', 'access', 'camera-1', 'camera-2', 'lab']) answer(name, 'silent')
    answer('hall', 40)
    await pass(3)
    answer('closet', 40)
    await pass(12)
    expect(room.holds).toEqual({
      'DeviceDown core': 'told',
      'DeviceDown access': 'parent: core',
      'DeviceDown camera-1': 'parent: access',
      'DeviceDown camera-2': 'parent: access',
      'DeviceDown lab': 'quiet: works',
      'RoomTemperature hall': 'told',
      'RoomTemperature closet': expect.stringMatching(/^inhibited: /),
    })
    expect(other.holds).toEqual(room.holds)
    for (const name of ['core', 'access', 'camera-2', 'hall']) answer(name, undefined)
    await pass(15)
    expect(room.holds).toEqual({
      'DeviceDown camera-1': 'told',
      'DeviceDown lab': 'quiet: works',
      'RoomTemperature closet': 'told',
    })
    expect(other.holds).toEqual(room.holds)
    expect([...other.told].sort()).toEqual([...room.told].sort())
  } finally {
    await other.daemon?.stop()
  }
})

test('an alarm that has been held back for eight days is in the list of the last seven', async () => {
  const from = new ManualClock().now().wall
  const scope = { devices: ['camera-1'], alarms: [], match: {} }
  const time = { kind: 'once', from, to: from + 30 * 1440 * minute } as const
  await begin({ quiet: [{ name: 'works', author: '', note: '', scope, time, endsWhenWell: undefined }] })
  fail('camera-1')
  await room.clock.pass(5 * minute)
  room.clock.step(8 * 1440 * minute)
  await room.clock.pass(minute)
  const { alarms } = JSON.parse((await room.ask('GET', '/api/v1/alarms')).text)
  expect(alarms).toMatchObject([{ alarm: 'DeviceDown', device: 'camera-1', state: 'firing', told_at: null }])
})

test('an alarm that explains another holds it back and lists it', async () => {
  const source = { alertname: 'RoomTemperature', device: 'core' }
  await begin({ inhibit: [{ source, target: {}, equal: [], followers: true }] })
  room.answers.set('core', 40)
  await room.clock.pass(3 * minute)
  room.answers.set('camera-1', 40)
  await room.clock.pass(5 * minute)
  expect(room.told).toEqual(['RoomTemperature core'])
  expect(room.last?.annotations['affected']).toBe('camera-1 (1)')
  room.answers.delete('core')
  await room.clock.pass(3 * minute)
  expect(room.told).toEqual(['RoomTemperature core', 'RoomTemperature camera-1'])
})

describe('a quiet time that somebody adds', () => {
  const add = { by: 'chief', devices: ['camera-1'], for: '1h' }

  test('holds, survives a restart, and ends early only when all under it is well, or by force', async () => {
    await begin({})
    expect((await room.ask('POST', '/api/v1/quiet', add)).status).toBe(201)
    fail('camera-1')
    await room.clock.pass(5 * minute)
    await room.kill()
    await room.start()
    await room.clock.pass(5 * minute)
    expect(room.told).toEqual([])
    expect(await room.held()).toEqual({ quiet: 1 })
    expect((await room.ask('GET', '/api/v1/quiet')).text).toContain('"unwell":["DeviceDown camera-1"]')
    const refused = await room.ask('DELETE', '/api/v1/quiet/quiet-1')
    expect(refused).toMatchObject({ status: 409, text: expect.stringContaining('DeviceDown camera-1') })
    expect((await room.ask('DELETE', '/api/v1/quiet/quiet-1?anyway=true')).status).toBe(200)
    await room.clock.pass(minute)
    expect(room.told).toEqual(['DeviceDown camera-1'])
  })

  test('ends at its end', async () => {
    await begin({})
    await room.ask('POST', '/api/v1/quiet', { ...add, for: '10m' })
    fail('camera-1')
    await room.clock.pass(9 * minute)
    expect(room.told).toEqual([])
    await room.clock.pass(2 * minute)
    expect(room.told).toEqual(['DeviceDown camera-1'])
  })

  test.each<[string, object, number, string]>([
    ['nobody', { ...add, by: ' ' }, 400, 'by'],
    ['no end', { by: 'chief', devices: ['camera-1'] }, 400, 'end'],
    ['two ends', { ...add, until: '2030-01-01 00:00' }, 400, 'end'],
    ['an end in the past', { by: 'chief', devices: ['camera-1'], until: '1970-01-01 00:00' }, 400, 'ended'],
    ['too long', { ...add, for: '5w' }, 400, '31 days'],
    ['about nothing', { by: 'chief', for: '1h' }, 400, 'which alerts'],
    ['of a device that is none', { ...add, devices: ['camera-9'] }, 400, 'no device camera-9'],
    ['a duration that is none', { ...add, for: 'long' }, 400, 'no duration'],
  ])('is refused: %s', async (_, body, status, why) => {
    await begin({})
    const reply = await room.ask('POST', '/api/v1/quiet', body)
    expect(reply.status).toBe(status)
    expect(reply.text).toContain(why)
  })
})
