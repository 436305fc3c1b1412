import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { startResponder } from '../../bench/responder.ts'
import { shipped } from '../../src/home.ts'
import { seededRandom } from '../../src/model/random.ts'
import { type JournalEntry, JournalError, openJournal } from '../../src/store/journal.ts'
import { describeUnless } from '../peers/peer.ts'
import { pause, type Started, start, until } from '../peers/process.ts'
import { isOver } from './alertmanager.ts'
import { House } from './house.ts'
import { cold, hot, Scene, type SceneOrder } from './scene.ts'

/** Rows of the process and its host. */

vi.setConfig({ testTimeout: 300_000 })

const second = 1000

let scene: Scene
const closing: (() => Promise<unknown> | unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function build(order: SceneOrder = {}): Promise<Scene> {
  scene = await Scene.build(order)
  closing.push(() => scene.close())
  return scene
}

async function begin(order: SceneOrder = {}): Promise<Scene> {
  await build(order)
  await scene.house.start()
  await scene.until(() => scene.isRead())
  return scene
}

/** The first room gets hot, is told, and is well again, and that is told: the whole path lives. */
async function expectAlarms(): Promise<void> {
  const from = scene.told(0).length
  const told = () => scene.told(0).slice(from)
  scene.set(0, hot)
  await scene.until(() => told().some((one) => !isOver(one)))
  scene.set(0, cold)
  await scene.until(() => told().some(isOver))
  const page = await scene.house.page()
  expect(page.value('siteward_bugs_total')).toBe(0)
}

/** Waits until the daemon has polled a few times more. */
async function expectPolls(): Promise<void> {
  const polls = async (): Promise<number> => (await scene.house.page()).value('siteward_polls_total') ?? 0
  const before = await polls()
  await scene.until(async () => (await polls()) >= before + 3)
}

/** Makes a file system of its own for the state folder, seen by this daemon alone; the site file is the last word. */
const onTmpfs = `for site; do :; done
state=$(dirname "$site")/state
mkdir -p "$state" && mount -t tmpfs -o size=1m none "$state" && exec "$@"`

describeUnless(mayMount(), 'P1: the disk of the state folder is full', () => {
  test('P1: what is on it stays whole, polls and alarms go on, the fault is an alarm, and it is made good', async () => {
    await begin({ under: ['unshare', '--mount', 'sh', '-c', onTmpfs, 'sh'], more: '  RecordNotWritten: { for: 2s }' })
    const within = join(`/proc/${scene.house.pid}/root`, scene.house.folder, 'state')
    await expectAlarms()
    const before = readFileSync(join(within, 'alarms.db'))
    fill(join(within, 'filler'))
    await expectAlarms()
    await expectPolls()
    const page = await scene.house.page()
    expect(page.value('siteward_journal_errors_total')).toBeGreaterThan(0)
    expect(readFileSync(join(within, 'alarms.db')).subarray(0, 16)).toEqual(before.subarray(0, 16))
    await scene.until(() => scene.alertmanager.of('siteward', 'RecordNotWritten').length > 0, 120)

    rmSync(join(within, 'filler'))
    await scene.until(() => scene.house.output.includes('the alarm journal can be written again'))
    await scene.until(() => scene.alertmanager.of('siteward', 'RecordNotWritten').some(isOver))
    scene.set(0, hot)
    await scene.until(() => scene.isIn(0, 'firing'))
    await pause(second)
    const copy = mkdtempSync(join(tmpdir(), 'siteward-copy-'))
    closing.push(() => rmSync(copy, { recursive: true, force: true }))
    for (const name of readdirSync(within)) cpSync(join(within, name), join(copy, name))
    rmSync(join(copy, 'lock'), { force: true })
    const journal = openJournal(copy, 1, () => {
      throw new Error('it is spoilt')
    })
    expect(journal.load().some(({ state }) => state === 'firing')).toBe(true)
    journal.close()
  }, 300_000)
})

/** What keeps this user from mounting; undefined where nothing does. */
function mayMount(): string | undefined {
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'this user may not mount: root is needed'
  }
}

/** Writes until there is no more room. */
function fill(file: string): void {
  for (let size = 65_536; size >= 512; size /= 2) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size), { flag: 'a' })
    } catch {
      // A smaller piece may still find room.
    }
  }
}

describe('P3: what is in the state folder is no journal', () => {
  const file = (): string => join(scene.house.folder, 'state', 'alarms.db')

  /** A folder with a journal, as a daemon leaves it that was killed. */
  async function killed(): Promise<void> {
    await build()
    const journal = openJournal(join(scene.house.folder, 'state'), 1, () => {})
    const entry: JournalEntry = {
      ...{
        key: 'k',
        state: 'firing' as const,
        device: 'room-9',
        alarm: 'RoomTemperature',
        severity: 'critical',
        own: {},
      },
      ...{ labels: { alertname: 'RoomTemperature' }, annotations: { summary: 'hot' }, activeAt: 1000, firedAt: 2000 },
      resolvedAt: undefined,
    }
    journal.write({ put: Array.from({ length: 200 }, (_, i) => ({ ...entry, key: `k${i}` })), drop: [] })
    journal.close()
  }

  test.each<[string, () => void, 'put aside' | 'left' | 'without']>([
    [
      'random bytes',
      () => writeFileSync(file(), Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 256))),
      'put aside',
    ],
    ['empty', () => truncateSync(file(), 0), 'left'],
    ['of a gigabyte, and nothing in it', () => truncateSync(file(), 2 ** 30), 'left'],
    [
      'a folder in which quiet times are none',
      () => writeFileSync(join(scene.house.folder, 'state', 'quiet.json'), '{"'),
      'left',
    ],
  ])('P3: %s: the daemon watches and alarms all the same', async (_, spoil, becomes) => {
    await killed()
    for (const part of ['-wal', '-shm']) rmSync(`${file()}${part}`, { force: true })
    spoil()
    await scene.house.start()
    await scene.until(() => scene.isRead())
    await expectAlarms()
    const kept = readdirSync(join(scene.house.folder, 'state')).filter((name) => name.includes('.corrupt-'))
    expect(kept.length > 0).toBe(becomes === 'put aside')
    expect(scene.house.output.includes('without its alarm journal')).toBe(becomes === 'without')
    expect(await scene.house.stop()).toBe(0)
  })

  test('P3: a journal cut anywhere, or with a bit flipped anywhere, is read or put aside, and taken on', async () => {
    await killed()
    const whole = readFileSync(file())
    const random = seededRandom(3)
    const spoilt: Buffer[] = []
    for (let length = 0; length < whole.length; length += 509) spoilt.push(whole.subarray(0, length))
    for (let flips = 0; flips < 300; flips++) {
      const copy = Buffer.from(whole)
      const at = Math.floor(random() * copy.length)
      copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(random() * 8))
      spoilt.push(copy)
    }
    const folder = mkdtempSync(join(tmpdir(), 'siteward-spoilt-'))
    closing.push(() => rmSync(folder, { recursive: true, force: true }))
    for (const [index, bytes] of spoilt.entries()) {
      const where = join(folder, String(index))
      mkdirSync(where)
      writeFileSync(join(where, 'alarms.db'), bytes)
      expect(() => useJournal(where), `number ${index}`).not.toThrow()
    }
  }, 120_000)

  /** All that a daemon does with a journal; one that is of a newer siteward is refused in our own words. */
  function useJournal(folder: string): void {
    try {
      const journal = openJournal(folder, 1, () => {})
      const entries = journal.load()
      journal.since({ since: 0 })
      journal.write({ put: entries, drop: [] })
      journal.close()
    } catch (error) {
      if (!(error instanceof JournalError)) throw error
    }
  }

  test.each([
    ['may not be written', (state: string) => chmodSync(state, 0o500)],
    ['is a file', (state: string) => inPlaceOf(state, (path) => writeFileSync(path, ''))],
  ])('P3: the folder %s: the daemon watches without it, and says so', async (name, spoil) => {
    await build(process.getuid?.() === 0 && name === 'may not be written' ? { under: asNobody } : {})
    const state = join(scene.house.folder, 'state')
    mkdirSync(state)
    chmodSync(scene.house.folder, 0o755)
    chmodSync(join(scene.house.folder, 'site.yaml'), 0o644)
    spoil(state)
    await scene.house.start()
    await scene.until(() => scene.isRead())
    await expectAlarms()
    expect(scene.house.output).toContain('without its alarm journal')
    expect((await scene.house.page()).value('siteward_record_up')).toBe(0)
  })
})

function inPlaceOf(path: string, make: (path: string) => void): void {
  rmSync(path, { recursive: true })
  make(path)
}

/** Root may write everywhere. */
const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']

describe('P4: the process stands still', () => {
  /** What stands in for systemd-notify(1): notes the time of each message. */
  async function watched(): Promise<() => readonly string[]> {
    const folder = mkdtempSync(join(tmpdir(), 'siteward-notify-'))
    closing.push(() => rmSync(folder, { recursive: true, force: true }))
    const notes = join(folder, 'notes')
    writeFileSync(join(folder, 'systemd-notify'), `#!/bin/sh\necho "$*" >> ${notes}\n`, { mode: 0o755 })
    await begin({
      env: { PATH: `${folder}:${process.env['PATH']}`, NOTIFY_SOCKET: join(folder, 'none'), WATCHDOG_USEC: '3000000' },
    })
    return () => (existsSync(notes) ? readFileSync(notes, 'utf8').split('\n') : [])
  }

  const beats = (notes: readonly string[]): number => notes.filter((line) => line === 'WATCHDOG=1').length

  test('P4: while it is stopped systemd hears nothing, and would start it anew; afterwards it goes on', async () => {
    const notes = await watched()
    await scene.until(() => beats(notes()) > 1)
    await scene.house.suspend(5 * second)
    const during = beats(notes())
    await scene.until(() => beats(notes()) > during + 1)
    await expectAlarms()
  })

  test('P4: a stall of the event loop is no beat, and shows on /metrics', async () => {
    const notes = await watched()
    await scene.until(() => beats(notes()) > 1)
    scene.house.inflict({ do: 'block', by: 4 * second })
    await pause(second)
    const before = beats(notes())
    await pause(2 * second)
    expect(beats(notes())).toBe(before)
    const page = await scene.house.page()
    expect(page.value('nodejs_eventloop_lag_max_seconds')).toBeGreaterThan(1)
    await scene.until(() => beats(notes()) > before + 1)
    await expectAlarms()
  })
})

describe('P5: many polls', () => {
  /** `POLLS=1000000 npm run test:faults -- -t P5` is the full size. */
  const most = Number(process.env['POLLS'] ?? 6000)

  test(`P5: from ${most / 10} to ${most} polls no more is held in memory`, async () => {
    const devices = most > 100_000 ? 2000 : 200
    const responder = await startResponder(1)
    closing.push(() => responder.stop())
    const entries = Array.from(
      { length: devices },
      (_, i) =>
        `  - { name: d${i}, address: '127.1.${i >> 8}.${i & 255}:${responder.port}', probes: [one], credentials: lan }`,
    )
    const house = await House.build({
      site: `defaults: { interval: 1s, timeout: 1s }\nhistory_megabytes: 1\ncredentials: { lan: { snmp: { version: 2c, community: public } } }\ndevices:\n${entries.join('\n')}\n`,
      files: {
        'probes/one.yaml':
          'probe: one\ntitle: One scalar\ncollector: snmp\nproof: register-map\npoints: [{ metric: device_uptime_seconds, oid: 1.3.6.1.2.1.1.3.0, scale: 0.01 }]\n',
      },
    })
    closing.push(() => house.remove())
    await house.start()
    const polls = async (): Promise<number> => (await house.page()).value('siteward_polls_total') ?? 0
    const reached = (count: number): Promise<void> =>
      until(
        async () => (await polls()) >= count,
        60 + (10 * count) / devices,
        () => house.output.slice(-2000),
      )
    await reached(most / 10)
    const before = await house.vitals()
    await reached(most)
    const after = await house.vitals()
    const page = await house.page()
    process.stderr.write(
      `P5: ${most / 10} polls: ${before.heap} bytes, ${before.files} files; ${await polls()} polls: ${after.heap} bytes, ${after.files} files\n`,
    )
    expect(after.heap - before.heap).toBeLessThan(5 * 2 ** 20)
    expect(after.files - before.files).toBeLessThanOrEqual(2)
    expect(page.value('siteward_polls_total', { outcome: 'good' })).toBeGreaterThan(0.95 * most)
    expect(page.value('siteward_bugs_total')).toBe(0)
  }, 3_600_000)
})

describe('P9: told to stop while Alertmanager hangs', () => {
  test('P9: a second signal ends it at once', async () => {
    await begin()
    // The last word to an Alertmanager that hangs is what takes time.
    scene.alertmanager.manner = () => {}
    scene.set(0, hot)
    await scene.until(() => scene.isIn(0, 'firing'))
    const ended = scene.house.stop()
    await pause(second)
    expect(scene.house.isAlive).toBe(true)
    const asked = performance.now()
    void scene.house.stop()
    expect(await ended).toBe('SIGTERM')
    expect(performance.now() - asked).toBeLessThan(2 * second)
  })
})

describe('P10: clients that are slow, or never read', () => {
  test('P10: they are cut off, scrapes go on, and nothing of them is kept', async () => {
    const rooms = 40
    await begin({ rooms })
    await pause(3 * second)
    const { port } = scene.house
    const before = await scene.house.vitals()
    const open = (): Socket => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      closing.push(() => void socket.destroy())
      return socket
    }
    const slow = Array.from({ length: 30 }, () => {
      const socket = open()
      socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n')
      const drip = setInterval(() => socket.write('x'), 500)
      socket.on('close', () => clearInterval(drip))
      return socket
    })
    const deaf = Array.from({ length: 20 }, () => {
      const socket = open()
      socket.pause()
      for (let i = 0; i < 20; i++) socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n')
      return socket
    })
    const times: number[] = []
    for (let i = 0; i < 10; i++) {
      const asked = performance.now()
      expect((await scene.house.page()).all('room_temperature_celsius')).toHaveLength(rooms)
      times.push(performance.now() - asked)
      await pause(200)
    }
    // The middle one: this machine has its own delays.
    expect(times.sort((a, b) => a - b)[5]).toBeLessThan(second)
    await scene.until(() => slow.every((socket) => socket.closed), 30)
    for (const socket of deaf) socket.destroy()
    await expectAlarms()
    let after = await scene.house.vitals()
    await scene.until(async () => {
      after = await scene.house.vitals()
      return after.files <= before.files + 2 && after.heap <= before.heap + 5 * 2 ** 20
    })
  }, 120_000)
})

describe('P11: an exception that nobody expected', () => {
  test.each(['throw', 'reject'] as const)(
    'P11: %s: it ends, tells where and no secrets; the next start goes on',
    async (kind) => {
      await begin()
      scene.set(0, hot)
      await scene.until(() => scene.told(0).length > 0)
      scene.house.inflict({ do: kind, message: 'canary-of-the-key' })
      expect(await scene.house.ended).toBe(1)
      expect(scene.house.output).toContain('siteward run: bug: Error')
      expect(scene.house.output).toContain('vitals.cjs')
      expect(scene.house.output).not.toContain('canary')
      const before = scene.told(0).length
      await scene.house.start()
      await scene.until(() => scene.told(0).length > before + 1)
      expect(new Set(scene.told(0).map(({ startsAt }) => startsAt)).size).toBe(1)
      expect(scene.told(0).some(isOver)).toBe(false)
    },
  )
})

describe('P12: two daemons on one state folder', () => {
  test('P12: the second refuses, and says who holds it; the first goes on', async () => {
    await begin()
    const second: Started = start(process.execPath, [
      shipped('dist', 'siteward.cjs'),
      ...['run', '--config', join(scene.house.folder, 'site.yaml'), '--listen', '127.0.0.1:0'],
    ])
    closing.push(() => second.stop('SIGKILL'))
    const status = await new Promise((resolve) => second.child.once('close', resolve))
    expect(status).toBe(1)
    expect(second.output()).toContain(`is in use by another siteward (process ${scene.house.pid})`)
    await expectAlarms()
    expect(await scene.house.stop()).toBe(0)
  })
})

describe('P13: nobody reads what it prints', () => {
  test('P13: it goes on', async () => {
    await begin()
    scene.house.stopListening()
    await expectAlarms()
    await expectPolls()
    expect(await scene.house.stop()).toBe(0)
  })
})
