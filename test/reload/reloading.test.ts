import { describe, expect, test } from 'vitest'
import type { DeviceList } from '../../src/model/device-list.ts'
import { silent } from '../../src/model/log.ts'
import type { Site } from '../../src/model/site.ts'
import { FileWatch } from '../../src/reload/file-watch.ts'
import { ListRefresh } from '../../src/reload/list-refresh.ts'
import { Reloader } from '../../src/reload/reloader.ts'
import type { SiteChanges } from '../../src/reload/site-changes.ts'
import type { Extent, SiteReading } from '../../src/reload/site-source.ts'
import { summaryOf } from '../../src/reload/summary.ts'
import { ManualClock } from '../manual-clock.ts'
import { makeSite, nowhere } from '../samples.ts'

const none = { added: [], removed: [], changed: [], kept: 0 }
const nothing: SiteChanges = { devices: none, groups: none, unpolled: none, rules: [], settings: [], restart: [] }

/** A reloader whose readings the test hands out. */
function setUp() {
  const clock = new ManualClock()
  const asked: { readonly extent: Extent; readonly give: (reading: Partial<SiteReading>) => void }[] = []
  const gone: Site[] = []
  const lines: string[] = []
  const log = { ...silent, error: (_: unknown, message: string) => void lines.push(message) }
  const reloader = new Reloader({
    clock,
    log,
    source: {
      read: (extent) =>
        new Promise((resolve) => {
          const give = (reading: Partial<SiteReading>): void =>
            resolve({ site: makeSite(), elsewhere: new Set(), problems: [], ...reading })
          asked.push({ extent, give })
        }),
    },
    go: async (site) => {
      gone.push(site)
      return nothing
    },
    began: () => {},
    ended: () => {},
    record: () => {},
    bug: () => void lines.push('bug'),
  })
  const said = (): readonly number[] => reloader.sayings.map(({ value }) => value)
  return { clock, reloader, asked, gone, lines, said }
}

describe('reloads', () => {
  test('run one after the other, and all who ask while one runs share the next', async () => {
    const { clock, reloader, asked, gone } = setUp()
    const outcomes = [
      reloader.reload('http'),
      reloader.reload('signal'),
      reloader.reload('list'),
      reloader.reload('files'),
    ]
    await clock.pass(0)
    expect(asked.map(({ extent }) => extent)).toEqual(['all'])
    expect(outcomes[1]).toBe(outcomes[0])
    const later = reloader.reload('signal')
    expect(reloader.reload('http')).toBe(later)
    asked[0]?.give({})
    await clock.pass(0)
    asked[1]?.give({})
    expect((await later).ok).toBe(true)
    expect(gone).toHaveLength(2)
  })

  test('a list that changes waits for no site file, and whoever wants all gets all', async () => {
    const { clock, reloader, asked } = setUp()
    const list = reloader.reload('list')
    const all = reloader.reload('http')
    expect(all).not.toBe(list)
    await clock.pass(0)
    asked[0]?.give({})
    await list
    await clock.pass(0)
    expect(asked.map(({ extent }) => extent)).toEqual(['lists', 'all'])
  })

  test('a wrong site changes nothing; the metrics say since when', async () => {
    const { clock, reloader, asked, gone, lines, said } = setUp()
    const start = clock.now().wall / 1000
    expect(said()).toEqual([1, start])
    await clock.pass(60_000)
    const wrong = reloader.reload('signal')
    await clock.pass(0)
    const problems = [
      { place: { file: 'site.yaml', line: 3, column: 5 }, message: 'no such key' },
      { place: nowhere, message: 'odd', level: 'warning' as const },
    ]
    asked[0]?.give({ site: undefined, problems })
    expect(await wrong).toEqual({ ok: false, problems })
    expect(gone).toEqual([])
    expect(said()).toEqual([0, start])
    expect(lines).toEqual(['site.yaml:3:5: no such key', expect.stringContaining('goes on with the old one')])
    const right = reloader.reload('signal')
    await clock.pass(0)
    asked[1]?.give({})
    await right
    expect(said()).toEqual([1, start + 60])
  })

  test('nothing is changed any more once siteward stops', async () => {
    const { clock, reloader, asked, gone } = setUp()
    const reload = reloader.reload('signal')
    await clock.pass(0)
    await reloader.stop()
    asked[0]?.give({})
    expect((await reload).ok).toBe(false)
    expect(gone).toEqual([])
  })
})

describe('files that change', () => {
  function watchOf(files: Map<string, string>) {
    const clock = new ManualClock()
    let read = new Map(files)
    const times: number[] = []
    const watch = new FileWatch(
      { marks: () => read, mark: async (path) => files.get(path) ?? '-' },
      clock,
      async () => {
        times.push(clock.now().mono)
        read = new Map([...read.keys()].map((path) => [path, files.get(path) ?? '-']))
      },
    )
    watch.start()
    return { clock, watch, times, begin: clock.now().mono }
  }

  test('are read again when nobody has written for two seconds, once', async () => {
    const files = new Map([['site.yaml', '1']])
    const { clock, times, begin } = watchOf(files)
    await clock.pass(10_000)
    expect(times).toEqual([])
    for (let i = 2; i <= 4; i++) {
      files.set('site.yaml', String(i))
      await clock.pass(2000)
    }
    expect(times).toEqual([])
    await clock.pass(60_000)
    expect(times.map((at) => at - begin)).toEqual([18_000])
  })

  test('also where one is gone, and not where it is as it was', async () => {
    const files = new Map([['site.yaml', '1']])
    const { clock, times, watch } = watchOf(files)
    files.delete('site.yaml')
    await clock.pass(2000)
    files.set('site.yaml', '1')
    await clock.pass(10_000)
    expect(times).toEqual([])
    files.delete('site.yaml')
    await clock.pass(10_000)
    expect(times).toHaveLength(1)
    watch.stop()
    expect(clock.waiting).toBe(0)
  })
})

test('lists are asked for at their intervals, and a site that keeps one keeps its time', async () => {
  const clock = new ManualClock()
  const asked: string[] = []
  let changes = 0
  const refresh = new ListRefresh({
    clock,
    source: {
      hasChanged: async (url) => {
        asked.push(`${new URL(url).pathname} ${clock.now().mono}`)
        return url.endsWith('b')
      },
    },
    changed: async () => {
      changes++
    },
  })
  const list = (name: string, interval: number): DeviceList => ({ kind: 'http', url: `http://x/${name}`, interval })
  const at = (seconds: number): number => 1_000_000 + seconds * 1000
  refresh.follow([list('a', 60_000)])
  await clock.pass(40_000)
  refresh.follow([list('a', 60_000), list('b', 30_000), { kind: 'files', folder: 'sd', name: '*.json' }])
  await clock.pass(80_000)
  expect(asked).toEqual([`/a ${at(60)}`, `/b ${at(70)}`, `/b ${at(100)}`, `/a ${at(120)}`])
  expect(changes).toBe(2)
  refresh.stop()
  await clock.pass(600_000)
  expect(asked).toHaveLength(4)
  expect(clock.waiting).toBe(0)
})

test('a reload in one line', () => {
  expect(summaryOf(nothing)).toBe('')
  expect(
    summaryOf({
      ...nothing,
      devices: { added: ['a', 'b'], removed: [], changed: [{ name: 'c', keys: ['address'] }], kept: 4 },
      rules: [{ kind: 'changed', alarm: 'RoomTemperature', severity: 'warning', metric: 'x', devices: ['c'] }],
      settings: ['resend'],
      restart: ['listen'],
    }),
  ).toBe('devices: 2 added, 1 changed; rules: 1 changed; settings: resend; only with a restart: listen')
})
