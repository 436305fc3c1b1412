import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../peers/peer.ts'
import { type JudgeKind, Ports } from './rig.ts'
import { type Outcome, runSchedule } from './run.ts'
import { scheduleOf } from './schedule.ts'
import type { Verdict } from './verdict.ts'

/**
 * Two sitewards, two Alertmanagers in a cluster and a webhook that counts; each killed and cut off in turn, by schedules
 * that a seed makes. CHAOS=50 (npm run test:chaos) runs fifty; otherwise eight, one of each kind. Beside them, in the same
 * minutes and through the same faults, two Prometheus on the same rooms with the same rule: what they page is the measure.
 */
const count = Number(process.env['CHAOS'] ?? 8)
const atOnce = Number(process.env['CHAOS_AT_ONCE'] ?? 4)
const kinds: readonly JudgeKind[] = ['siteward', 'prometheus']
/** Ports of one schedule: twice two judges, two Alertmanagers and their gossip. */
const portsEach = 20
/** Two runs on one machine are not to meet. */
const firstPort = 10_000 + 1000 * (process.pid % 20)

describeWith(['prometheus', 'prometheus-alertmanager'], `${count} schedules of kills and cuts`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-chaos-'))
  const outcomes: Outcome[] = []

  beforeAll(
    async () => {
      const seeds = Array.from({ length: count }, (_, seed) => seed)
      const worker = async (): Promise<void> => {
        for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
          const ports = new Ports(firstPort + portsEach * seed)
          outcomes.push(await runSchedule(scheduleOf(seed), kinds, folder, ports))
        }
      }
      await Promise.all(Array.from({ length: atOnce }, worker))
      process.stderr.write(`${table(outcomes)}\n`)
      const report = process.env['CHAOS_REPORT']
      if (report !== undefined) writeFileSync(report, JSON.stringify(outcomes, null, 1))
    },
    Math.ceil(count / atOnce) * 150_000,
  )

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('every alarm that lasts is told, and its end', () => {
    expect(wrong(outcomes, ({ missed, unresolved }) => missed.length + unresolved.length > 0)).toEqual([])
  })

  test('none is resolved while it lasts, and none is told that did not last', () => {
    expect(wrong(outcomes, (verdict) => verdict.falselyResolved.length + verdict.false.length > 0)).toEqual([])
  })

  test('none is told twice while nothing was killed', () => {
    const unkilled = outcomes.filter(({ schedule }) => schedule.kind !== 'kill')
    expect(wrong(unkilled, ({ repeated }) => repeated.length > 0)).toEqual([])
  })

  test('none is told more often than two Prometheus tell it', () => {
    expect(total(outcomes, 'siteward')).toBeLessThanOrEqual(total(outcomes, 'prometheus'))
  })
})

function wrong(
  outcomes: readonly Outcome[],
  isWrong: (verdict: NonNullable<Outcome['verdicts']['siteward']>) => boolean,
): readonly string[] {
  return outcomes.flatMap(({ schedule, verdicts: { siteward }, said }) =>
    siteward !== undefined && isWrong(siteward)
      ? [`${JSON.stringify(schedule)}\n${JSON.stringify(siteward)}\n${said}`]
      : [],
  )
}

/** Pages, but for those that are the Alertmanagers' own race: whoever tells them has no part in those. */
function total(outcomes: readonly Outcome[], kind: JudgeKind): number {
  return outcomes.reduce((sum, { verdicts }) => sum + pagesOf(verdicts[kind]), 0)
}

function pagesOf(verdict: Verdict | undefined): number {
  return verdict === undefined ? 0 : verdict.pages - verdict.raced.length
}

/** What came of all schedules, a line a kind. */
function table(outcomes: readonly Outcome[]): string {
  const rows = new Map<string, { runs: number; sums: Record<string, number> }>()
  for (const { schedule, verdicts } of outcomes) {
    const lasting = schedule.heats.filter(({ lasts }) => lasts).length
    for (const kind of kinds) {
      const verdict = verdicts[kind]
      if (verdict === undefined) continue
      const key = `${schedule.kind} ${kind}`
      const row = rows.get(key) ?? { runs: 0, sums: {} }
      rows.set(key, row)
      row.runs++
      const sums = {
        lasting,
        pages: verdict.pages,
        missed: verdict.missed.length,
        unresolved: verdict.unresolved.length,
      }
      const more = {
        falselyResolved: verdict.falselyResolved.length,
        repeated: verdict.repeated.length,
        raced: verdict.raced.length,
        false: verdict.false.length,
      }
      for (const [name, value] of Object.entries({ ...sums, ...more })) row.sums[name] = (row.sums[name] ?? 0) + value
    }
  }
  return [...rows]
    .map(([key, { runs, sums }]) => `${key}: ${runs} runs ${JSON.stringify(sums)}`)
    .sort()
    .join('\n')
}
