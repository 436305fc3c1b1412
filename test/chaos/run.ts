import { join } from 'node:path'
import { pause } from '../peers/process.ts'
import { type JudgeKind, type Ports, Rig, Rooms } from './rig.ts'
import type { ChaosSchedule } from './schedule.ts'
import { type Verdict, verdictOf } from './verdict.ts'

/** After the last fault and the last change: long enough for every retry, group interval and restart. */
const afterwards = 20_000

/** What came of one schedule: a verdict for each that judged, and what its programs said where something was wrong. */
export interface Outcome {
  readonly schedule: ChaosSchedule
  readonly verdicts: Readonly<Partial<Record<JudgeKind, Verdict>>>
  readonly said: string
}

/** Runs a schedule for real, with everything that judges side by side: the same rooms, faults and times for all. */
export async function runSchedule(
  schedule: ChaosSchedule,
  kinds: readonly JudgeKind[],
  folder: string,
  ports: Ports,
): Promise<Outcome> {
  const rooms = new Rooms()
  const { modbus, exporter } = await rooms.start()
  const rigs = new Map(kinds.map((kind) => [kind, new Rig(kind, join(folder, `${schedule.seed}-${kind}`), ports)]))
  try {
    await Promise.all([...rigs].map(([kind, rig]) => rig.start(kind === 'siteward' ? modbus : exporter)))
    // Both judges have been polled by then, and the cluster has settled.
    await pause(4000)
    const began = performance.now()
    for (const { at, run } of happenings(schedule, rooms, [...rigs.values()])) {
      await pause(Math.max(0, began + at * 1000 - performance.now()))
      run()
    }
    await pause(Math.max(0, began + schedule.end * 1000 - performance.now()) + afterwards)
    const verdicts = [...rigs].map(([kind, rig]) => [kind, verdictOf(schedule, rig.pager.pages, began)] as const)
    const log = [...rigs].map(([kind, rig]) => `=== ${kind}\n${pagesText(rig, began)}\n${rig.said()}`).join('\n')
    return { schedule, verdicts: Object.fromEntries(verdicts), said: log }
  } finally {
    await Promise.all([...rigs.values()].map((rig) => rig.stop()))
    await rooms.close()
  }
}

function pagesText({ pager }: Rig, began: number): string {
  return pager.pages
    .map(({ at, status, device, from }) => `${((at - began) / 1000).toFixed(1)} s ${device} ${status} by ${from}`)
    .join('\n')
}

interface Happening {
  readonly at: number
  run(): unknown
}

function happenings({ heats, faults }: ChaosSchedule, rooms: Rooms, rigs: readonly Rig[]): readonly Happening[] {
  const list: Happening[] = []
  for (const { room, from, to } of heats) {
    list.push({ at: from, run: () => rooms.set(room, 35) }, { at: to, run: () => rooms.set(room, 24) })
  }
  for (const fault of faults) {
    list.push({ at: fault.from, run: () => rigs.map((rig) => rig.strike(fault)) })
    list.push({ at: fault.to, run: () => rigs.map((rig) => rig.mend(fault)) })
  }
  return list.sort((a, b) => a.at - b.at)
}
