import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { viewJournal } from '../../src/store/journal.ts'
import { pause } from '../peers/process.ts'
import { isOver } from './alertmanager.ts'
import { runKills } from './kills.ts'
import { alarm, cold, hot, Scene, type SceneOrder } from './scene.ts'

/** Rows of alerting in which the daemon's process dies, or its clock is set. */

vi.setConfig({ testTimeout: 120_000 })

const hour = 3_600_000
/** `KILLS=1000 KILLS_AT_ONCE=4 npm run test:faults -- -t A7` is the full size. */
const kills = Number(process.env['KILLS'] ?? 24)
const killsAtOnce = Number(process.env['KILLS_AT_ONCE'] ?? 2)
const seed = Number(process.env['SEED'] ?? 7)

let scene: Scene

afterEach(() => scene.close())

async function begin(order: SceneOrder = {}): Promise<void> {
  scene = await Scene.build(order)
  await scene.house.start()
  await scene.until(() => scene.isRead())
}

/** A room gets hot, and its alarm is in this state. */
async function heat(room: number, state: 'pending' | 'firing'): Promise<void> {
  scene.set(room, hot)
  await scene.until(() => scene.isIn(room, state))
  if (state === 'firing') await scene.until(() => scene.told(room).length > 0)
}

/** When the alarm's rule was first broken, as it stands on disk. */
function activeAt(): number {
  const view = viewJournal(join(scene.house.folder, 'state'))
  const entry = view.load().find((one) => one.alarm === alarm)
  view.close()
  if (entry === undefined) throw new Error('it is not on disk')
  return entry.activeAt
}

describe('A6: SIGKILL while an alarm is pending', () => {
  const patience = 8000
  const rule = `{ hysteresis: 0, for: ${patience / 1000}s, keep_firing_for: 0s, warning: off, critical: { within: 20..28 } }`

  async function killWhilePending(): Promise<number> {
    await begin({ rule })
    await heat(0, 'pending')
    const began = activeAt()
    await pause(2000)
    await scene.house.stop('SIGKILL')
    expect(scene.told(0)).toEqual([])
    return began
  }

  test('A6: after it the time goes on from when the rule was first broken', async () => {
    const began = await killWhilePending()
    await scene.house.start()
    await scene.until(() => scene.told(0).length > 0)
    const [first] = scene.told(0)
    expect(first?.annotations['since']).toBe(new Date(began).toISOString())
    expect((first?.startsAt ?? 0) - began).toBeGreaterThanOrEqual(patience)
  })

  test('A6: where the room is well by then, nobody is told', async () => {
    await killWhilePending()
    scene.set(0, cold)
    await pause(patience)
    await scene.house.start()
    await scene.until(() => scene.isRead())
    await scene.until(() => scene.isIn(0, 'inactive'))
    await pause(3000)
    expect(scene.told(0)).toEqual([])
  })

  test('A6: without a fresh bad reading it does not fire, however long ago it began', async () => {
    await killWhilePending()
    // Nobody answers there: discard (RFC 863) by TCP, closed.
    scene.furnish({ devices: "  - { name: room-0, address: '127.0.0.1:9', probes: [modbus-temperature-humidity] }" })
    await scene.house.start()
    await pause(patience + 4000)
    expect(scene.told(0)).toEqual([])
    expect(await scene.isIn(0, 'firing')).toBe(false)
  })
})

describe('A7: SIGKILL while an alarm fires', () => {
  test('A7: it is told again with the same labels and start, and not as over', async () => {
    await begin()
    await heat(0, 'firing')
    const [first] = scene.told(0)
    await scene.house.stop('SIGKILL')
    const before = scene.told(0).length
    await scene.house.start()
    await scene.until(() => scene.told(0).length > before + 1)
    for (const one of scene.told(0)) {
      expect([one.labels, one.startsAt, isOver(one)]).toEqual([first?.labels, first?.startsAt, false])
    }
    scene.set(0, cold)
    await scene.until(() => scene.told(0).some(isOver))
    expect(scene.alertmanager.active).toEqual([])
  })

  test('A7: what ended while it was dead is told as over once it is read again', async () => {
    await begin()
    await heat(0, 'firing')
    await scene.house.stop('SIGKILL')
    scene.set(0, cold)
    await scene.house.start()
    await scene.until(() => scene.told(0).some(isOver))
    expect(scene.told(0).at(-1)?.startsAt).toBe(scene.told(0)[0]?.startsAt)
  })

  test(`A7: ${kills} SIGKILLs at random moments: no alert lost, none ended falsely, each with one start`, async () => {
    // Its own scenes; this one is for the others.
    scene = await Scene.build()
    const verdict = await runKills(kills, killsAtOnce, seed)
    process.stderr.write(`A7: seed ${seed}: ${verdict.kills} kills, ${verdict.alarms} alarms told\n`)
    expect(verdict).toMatchObject({ lost: [], falseResolves: [], falseAlarms: [], changedStarts: [] })
    expect(verdict.kills).toBeGreaterThanOrEqual(kills)
    expect(verdict.alarms).toBeGreaterThan(0)
  }, 3_600_000)
})

describe('A9: between two starts the site file has changed', () => {
  test.each([
    ['its device is gone', (one: Scene) => ({ devices: one.entryOf(1) })],
    ['its rule is off', () => ({ rule: 'off' })],
  ])('A9: %s: what fired is told as over', async (_, change) => {
    await begin({ rooms: 2 })
    await heat(0, 'firing')
    await scene.house.stop('SIGKILL')
    scene.furnish(change(scene))
    await scene.house.start()
    await scene.until(() => scene.told(0).some(isOver))
    expect(scene.told(0).at(-1)?.startsAt).toBe(scene.told(0)[0]?.startsAt)
    expect(scene.alertmanager.active).toEqual([])
  })

  test('A9: a label has changed: the old alert is over, the new one fires', async () => {
    await begin()
    await heat(0, 'firing')
    await scene.house.stop('SIGKILL')
    scene.furnish({ devices: scene.entryOf(0, ", labels: { floor: '7' }") })
    await scene.house.start()
    await scene.until(() => scene.told(0).some(({ labels }) => labels['floor'] === '7'))
    await scene.until(() => scene.told(0).some((one) => isOver(one) && one.labels['floor'] === undefined))
    expect(scene.alertmanager.active.map(({ labels }) => labels['floor'])).toEqual(['7'])
  })
})

describe('A10: the system clock is set', () => {
  const told = () => scene.alertmanager.told

  function expectOneStart(): void {
    expect(new Set(scene.told(0).map(({ startsAt }) => startsAt)).size).toBe(1)
    for (const { startsAt, endsAt } of told()) expect(startsAt).toBeLessThanOrEqual(endsAt)
  }

  test('A10: a machine that believes it is 1970: its alarms stand at Alertmanager, whose clock is right', async () => {
    await begin({ env: { CLOCK_SKEW: String(-Date.now()) } })
    await heat(0, 'firing')
    expect(scene.alertmanager.active).toHaveLength(1)
    // The time server is reached.
    const before = scene.told(0).length
    scene.house.inflict({ do: 'step', by: Date.now() })
    await scene.until(() => scene.told(0).length > before + 2)
    expect(scene.alertmanager.active).toHaveLength(1)
    expectOneStart()
    scene.set(0, cold)
    await scene.until(() => scene.alertmanager.active.length === 0)
  })

  test('A10: a machine that is a day ahead: what ends is over for Alertmanager, too', async () => {
    await begin({ env: { CLOCK_SKEW: String(24 * hour) } })
    await heat(0, 'firing')
    scene.set(0, cold)
    await scene.until(() => scene.alertmanager.active.length === 0)
  })
})
