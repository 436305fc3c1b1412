import { describe, expect, test } from 'vitest'
import type { Collector } from '../../collectors/collector.ts'
import type { Request, Route } from '../../src/expose/route.ts'
import { RequestError } from '../../src/expose/route.ts'
import { parseRange } from '../../src/model/address-range.ts'
import type { Device } from '../../src/model/device.ts'
import { silent } from '../../src/model/log.ts'
import type { Probing } from '../../src/model/probing.ts'
import type { PollResult } from '../../src/model/reading.ts'
import { bad, good } from '../../src/model/result.ts'
import { probeRoutes } from '../../src/probing/probe-routes.ts'
import { Schedule } from '../../src/schedule/schedule.ts'
import { ManualClock } from '../manual-clock.ts'
import { makeDevice, makeProbe, makeSite, nowhere, temperature } from '../samples.ts'

/** What a target answers, and when; what it was asked with. */
interface Asked {
  readonly device: Device
  readonly answer: (result?: Partial<PollResult>) => void
  isAborted: boolean
}

function setUp(changed: Partial<Probing> = {}) {
  const clock = new ManualClock()
  const asked: Asked[] = []
  const closed: string[] = []
  const collector: Collector = {
    protocol: 'fake',
    schemas: { point: {}, settings: {}, options: {}, credential: {} } as never,
    prepare(_use, device, scope) {
      if (device.credentials['fake'] === undefined) return bad({ place: nowhere, message: 'it needs credentials' })
      return good({
        ...{ endpoint: device.address, session: device.address, parallel: 1, cost: 0 },
        poll: ({ signal }) =>
          new Promise((resolve) => {
            const one: Asked = {
              device,
              isAborted: false,
              answer: (result = {}) => {
                const series = scope.series(temperature, { sensor: 'in' })
                const readings = series === undefined ? [] : [{ series, value: 22 }]
                resolve({ readings, faults: [], requests: 1, doubts: [], ...result })
              },
            }
            signal.addEventListener('abort', () => {
              one.isAborted = true
              one.answer({ readings: [], faults: [{ kind: 'timeout', detail: 'no answer', points: 1 }] })
            })
            asked.push(one)
          }),
        close: async () => void closed.push(device.address),
      })
    },
  }
  const template = makeDevice({
    name: 'room',
    probes: [{ probe: makeProbe('fake', [], {}), interval: 60_000, timeout: 5000 }],
  })
  const probing: Probing = {
    targets: ['10.0.0.0/24'].flatMap((text) => parseRange(text) ?? []),
    parallel: 2,
    probes: new Map([['room', template]]),
    credentials: new Map([['plain', { fake: {} }]]),
    ...changed,
  }
  const site = makeSite({ probing })
  const schedule = new Schedule(clock, () => 0.5, 100, { started: () => {}, skipped: () => {} })
  const [route] = probeRoutes({
    clock,
    log: silent,
    collectors: new Map([['fake', collector]]),
    polls: schedule,
    bug: (error) => {
      throw error
    },
    site: () => site,
    mayPoll: () => true,
    resolve: async (name) => ({ 'ups.example': '10.0.0.9', 'away.example': '192.0.2.1' })[name],
  })
  /** Status and text of an answer, as the server would send them. */
  const get = async (query: string, headers: Request['headers'] = {}) => {
    const request = { params: {}, query: new URLSearchParams(query), headers, caller: '', body: undefined }
    try {
      const reply = await (route as Route & { method: 'GET' }).handle({
        ...request,
        signal: new AbortController().signal,
      })
      return { status: reply.status, text: String(reply.body) }
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      return { status: error.status, text: error.message }
    }
  }
  return { clock, asked, closed, get, schedule }
}

describe('/probe', () => {
  test('asks a target once, and answers as the exporters of Prometheus do', async () => {
    const { clock, asked, closed, get } = setUp()
    const reply = get('target=10.0.0.5:161&probe=room&credentials=plain')
    await clock.pass(100)
    expect(asked[0]?.device).toMatchObject({ address: '10.0.0.5:161', credentials: { fake: {} } })
    await clock.pass(150)
    asked[0]?.answer()
    await clock.pass(0)
    const { status, text } = await reply
    expect(status).toBe(200)
    expect(text).toContain('room_temperature_celsius{site="hospital",device="10.0.0.5:161",sensor="in"} 22\n')
    expect(text).toContain('\nsiteward_probe_success 1\n')
    expect(text).toMatch(/\nsiteward_probe_duration_seconds 0\.25\n/)
    expect(closed).toEqual(['10.0.0.5:161'])
    await clock.pass(200_000_000)
    expect(asked).toHaveLength(1)
    expect(clock.waiting).toBe(0)
  })

  test('a name is looked up here, and its address is what is allowed and asked', async () => {
    const { clock, asked, get } = setUp()
    const reply = get('target=ups.example&probe=room&credentials=plain')
    await clock.pass(100)
    expect(asked[0]?.device.address).toBe('10.0.0.9')
    asked[0]?.answer()
    await clock.pass(0)
    expect((await reply).status).toBe(200)
    expect(await get('target=away.example&probe=room&credentials=plain')).toMatchObject({ status: 403 })
  })

  test.each([
    ['probe=room', 400, "'target' parameter must be specified once"],
    ['target=10.0.0.1&target=10.0.0.2&probe=room', 400, "'target' parameter must be specified once"],
    ['target=10.0.0.1', 400, "'probe' parameter must be specified"],
    ['target=10.0.0.1&probe=other', 400, "Unknown probe 'other'"],
    ['target=10.0.0.1&probe=room&credentials=root', 400, "Unknown credentials 'root'"],
    ['target=10.0.0.1&probe=room', 400, 'it needs credentials'],
    ['target=10.0.1.1&probe=room', 403, 'outside of what may be probed'],
    ['target=none.example&probe=room', 400, 'no IPv4 address'],
    ['target=http://10.0.0.1/&probe=room', 400, 'no HOST'],
    ['target=::1&probe=room', 400, 'no HOST'],
  ])('%s is refused with %i', async (query, status, text) => {
    const { asked, get } = setUp()
    expect(await get(query)).toEqual({ status, text: expect.stringContaining(text) })
    expect(asked).toEqual([])
  })

  test('what a target does not answer is no success, within the time that Prometheus has', async () => {
    const { clock, asked, get } = setUp()
    const reply = get('target=10.0.0.5&probe=room&credentials=plain', { 'x-prometheus-scrape-timeout-seconds': '3' })
    await clock.pass(2400)
    expect(asked[0]?.isAborted).toBe(false)
    await clock.pass(200)
    expect(asked[0]?.isAborted).toBe(true)
    const { status, text } = await reply
    expect(status).toBe(200)
    expect(text).toContain('siteward_probe_success 0\n')
    expect(text).toContain('siteward_probe_fault{probe="sample",kind="timeout"} 1\n')
    expect(text).not.toContain('room_temperature_celsius{')
  })

  test('one that waits for its turn at a bus is told so at the end of its time', async () => {
    const { clock, asked, get } = setUp()
    const query = 'target=10.0.0.5&probe=room&credentials=plain'
    const first = get(query, { 'x-prometheus-scrape-timeout-seconds': '10' })
    await clock.pass(100)
    const second = get(query, { 'x-prometheus-scrape-timeout-seconds': '2' })
    await clock.pass(1600)
    expect((await second).text).toContain('kind="busy"} 1\n')
    asked[0]?.answer()
    await clock.pass(0)
    expect((await first).text).toContain('siteward_probe_success 1\n')
    expect(asked).toHaveLength(1)
  })

  test('so many at once and no more', async () => {
    const { clock, asked, get } = setUp()
    const replies = [1, 2].map((n) => get(`target=10.0.0.${n}&probe=room&credentials=plain`))
    await clock.pass(100)
    expect(await get('target=10.0.0.3&probe=room&credentials=plain')).toMatchObject({ status: 503 })
    for (const one of asked) one.answer()
    await clock.pass(0)
    for (const reply of replies) expect((await reply).status).toBe(200)
    const third = get('target=10.0.0.3&probe=room&credentials=plain')
    await clock.pass(100)
    asked[2]?.answer()
    await clock.pass(0)
    expect((await third).status).toBe(200)
  })
})
